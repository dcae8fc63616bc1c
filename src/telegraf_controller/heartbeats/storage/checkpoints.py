"""Moving SQLite's log of writes into the database file next to the writer, instead of within one of its commits.

A checkpoint costs the commit that it falls on tens of milliseconds. Here a second thread copies what is there, and the
writer only what was added meanwhile. Both are needed: the log begins anew only when all of it has been copied, and
under load something is always being added. Measured with a million agents: half as many heartbeats again in a second,
and half the 99th percentile of their commits.

SQLite flushes the database file when the last page has been copied, which is the writer's to wait for: 60 ms. So the
second thread flushes what it has copied, through a file descriptor of its own. That one is never closed while SQLite
has the same file open: closing any of them takes away the locks that a process has on a file.
"""

from __future__ import annotations

import os
import sqlite3
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

from telegraf_controller.heartbeats.batch import Batch
from telegraf_controller.heartbeats.parse import Liveness

CHECKPOINT_PAGES = 4_000
CHECKPOINT_SECONDS = 0.5
"""How many pages of 4 KiB the log grows, and how long, before the next checkpoint. The fewer they are, the shorter do
commits wait behind the disk; the more, the more pages have changed again and are copied only once."""

BACKSTOP_PAGES = 64_000
"""How many it may have before SQLite makes one by itself within a commit."""

_PAGE_BYTES = 4096
_PAGES_OF_A_COMMIT = 4
"""Beyond those of its rows: the ends of tables and indexes."""

_CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpoints:
    """Makes checkpoints of one database."""

    def __init__(self, path: Path, address: str) -> None:
        """Take the database's file and the `file:` URI by which SQLite opens it."""
        self._address = address
        self._file = _Flushed(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoints")
        self._pages = 0
        self._last = float("-inf")
        self._running: Future[None] | None = None
        self._copied = False

    def committed(self, batch: Batch[Liveness]) -> None:
        """Count what a commit has written, and begin a checkpoint in the background when it is time for one."""
        # How long the log is cannot be asked without making a checkpoint. Rows of a batch rarely share a page.
        self._pages += len(batch.latest) + len(batch.points or b"") // _PAGE_BYTES + _PAGES_OF_A_COMMIT
        now = time.monotonic()
        is_due = self._pages >= CHECKPOINT_PAGES and now >= self._last + CHECKPOINT_SECONDS
        if is_due and (self._running is None or self._running.done()):
            self._pages, self._last = 0, now
            self._running = self._thread.submit(self._copy)

    def finish(self, connection: sqlite3.Connection) -> None:
        """Between two commits: copy what was added since the background copied the rest."""
        if self._copied:
            self._copied = False
            connection.execute(_CHECKPOINT)

    def close(self) -> None:
        """Wait for the checkpoint that is running. The last to be called, when the writer has closed its connection."""
        self._thread.shutdown()
        self._file.close()

    def _copy(self) -> None:
        # What is wrong with the file, the writer will hear from its own statements.
        with suppress(sqlite3.Error, OSError):
            with closing(sqlite3.connect(self._address, uri=True)) as connection:
                connection.execute(_CHECKPOINT)
            self._file.flush()
            self._copied = True


class _Flushed:
    """Flushes a file to disk, whichever is at a path now."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def flush(self) -> None:
        """Wait until what was written to the file is on disk. Raises OSError."""
        if self._descriptor is None or not os.path.samestat(os.stat(self._path), os.fstat(self._descriptor)):
            self.close()
            self._descriptor = os.open(self._path, os.O_RDONLY)
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of the file."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
