"""Moving SQLite's log of writes into the database file next to the writer, instead of within one of its commits.

A checkpoint costs the commit that it falls on tens of milliseconds. Here a second thread copies what is there, and the
writer only what was added meanwhile. Both are needed: the log begins anew only when all of it has been copied, and
under load something is always being added. Measured with a million agents: half as many heartbeats again in a second,
and half the 99th percentile of their commits.
"""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress

from telegraf_controller.heartbeats.batch import Batch
from telegraf_controller.heartbeats.parse import Liveness

CHECKPOINT_PAGES = 1_000
"""How many pages of 4 KiB the log may grow between checkpoints.

The database's file is flushed to disk by whoever copies the last page, and that is the writer: with 16,000 pages, which
were a quarter fewer to copy, its commits waited 60 ms each time, and the 99th percentile was twice as high.
"""

BACKSTOP_PAGES = 64_000
"""How many it may have before SQLite makes one by itself within a commit."""

_PAGE_BYTES = 4096
_PAGES_OF_A_COMMIT = 4
"""Beyond those of its rows: the ends of tables and indexes."""

_CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpoints:
    """Makes checkpoints of one database. `address` is the `file:` URI by which SQLite opens it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoints")
        self._pages = 0
        self._running: Future[None] | None = None
        self._copied = False

    def committed(self, batch: Batch[Liveness]) -> None:
        """Count what a commit has written, and begin a checkpoint in the background when it is time for one."""
        # How long the log is cannot be asked without making a checkpoint. Rows of a batch rarely share a page.
        self._pages += len(batch.latest) + len(batch.points or b"") // _PAGE_BYTES + _PAGES_OF_A_COMMIT
        if self._pages >= CHECKPOINT_PAGES and (self._running is None or self._running.done()):
            self._pages = 0
            self._running = self._thread.submit(self._copy)

    def finish(self, connection: sqlite3.Connection) -> None:
        """Between two commits: copy what was added since the background copied the rest."""
        if self._copied:
            self._copied = False
            connection.execute(_CHECKPOINT)

    def close(self) -> None:
        """Wait for the checkpoint that is running."""
        self._thread.shutdown()

    def _copy(self) -> None:
        # What is wrong with the file, the writer will hear from its own statements.
        with suppress(sqlite3.Error), closing(sqlite3.connect(self._address, uri=True)) as connection:
            connection.execute(_CHECKPOINT)
            self._copied = True
