"""Heartbeats into SQLite: one thread, one connection, one transaction per group (O6).

Rows travel as many as possible in one statement: Python's driver gives up and takes back the interpreter's lock around
every step of a statement, and next to a busy event loop each taking back costs milliseconds (measured: 600 rows a
second with `executemany`, 20,000 like this).
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from telegraf_controller.db.engine import SQLITE_PRAGMAS, is_unavailable_driver_error
from telegraf_controller.errors import StorageUnavailable
from telegraf_controller.heartbeats.batch import (
    Batch,
    Row,
    identity_rows,
    reference_rows,
    status_events,
    unless_newer,
)
from telegraf_controller.heartbeats.checkpoints import BACKSTOP_PAGES, Checkpoints
from telegraf_controller.heartbeats.store import GenerationMoved

T = TypeVar("T")

ROWS_PER_STATEMENT = 512
_PADDED_SIZES = (32, 128, ROWS_PER_STATEMENT)
"""The frequent statement is filled up to one of these sizes: few forms of it stay prepared for good."""

LOCK_SECONDS = 4
"""How long to wait for another process that is writing; agents wait five for their answer."""

_PRAGMAS = (
    *SQLITE_PRAGMAS,
    f"PRAGMA busy_timeout={LOCK_SECONDS * 1000}",
    "PRAGMA cache_size=-65536",
    f"PRAGMA wal_autocheckpoint={BACKSTOP_PAGES}",
    "PRAGMA journal_size_limit=67108864",
)


# Agents whose status changes are left to the statements below, which write that down: so the others pay nothing for it.
_UPDATE = f"""
UPDATE agent_liveness SET
    last_seen = column2, errors = column4, warnings = column5, metrics = column6, reported_status = column8
FROM (VALUES {{rows}})
WHERE agent_id = column1 AND identity = column3 AND status = column7 AND {unless_newer("column2")}
"""  # noqa: S608

_UNMATCHED = f"""
SELECT column1, agent_id IS NULL OR identity <> column3
FROM (VALUES {{rows}}) LEFT JOIN agent_liveness ON agent_id = column1
WHERE agent_id IS NULL OR ((identity <> column3 OR status <> column7) AND {unless_newer("column2")})
"""  # noqa: S608

_IDENTITY = """
INSERT INTO agents (
    id, instance_id, hostname, ip_address, telegraf_version, version_key, telegraf_build, configurations, name_key,
    search_text, first_seen
) VALUES {rows}
ON CONFLICT (id) DO UPDATE SET
    hostname = excluded.hostname, ip_address = excluded.ip_address, telegraf_version = excluded.telegraf_version,
    version_key = excluded.version_key, telegraf_build = excluded.telegraf_build,
    configurations = excluded.configurations, name_key = excluded.name_key, search_text = excluded.search_text
"""

_LIVENESS = f"""
INSERT INTO agent_liveness (
    agent_id, last_seen, identity, errors, warnings, metrics, status, reported_status, rule
) SELECT *, (SELECT number FROM reporting_rules WHERE is_default) FROM (VALUES {{rows}}) WHERE true
ON CONFLICT (agent_id) DO UPDATE SET
    last_seen = excluded.last_seen, identity = excluded.identity, errors = excluded.errors,
    warnings = excluded.warnings, metrics = excluded.metrics, previous_status = agent_liveness.status,
    status = excluded.status, reported_status = excluded.reported_status
WHERE {unless_newer("excluded.last_seen")}
RETURNING agent_id, last_seen, previous_status, status
"""  # noqa: S608

_EVENTS = "INSERT INTO agent_events (agent_id, at, from_status, to_status, reason) VALUES {rows}"

_FORGET_REFERENCES = "DELETE FROM agent_references WHERE agent_id IN (SELECT column1 FROM (VALUES {rows}))"
_REFERENCES = "INSERT INTO agent_references (agent_id, reference, shape) VALUES {rows}"

_LOGS = f"""
INSERT INTO agent_logs (agent_id, received_at, reported, entries) VALUES {{rows}}
ON CONFLICT (agent_id) DO UPDATE SET
    received_at = excluded.received_at, reported = excluded.reported, entries = excluded.entries
WHERE {unless_newer("excluded.received_at", stored="agent_logs.received_at")}
"""  # noqa: S608

_GROUP = "INSERT INTO heartbeat_groups (received_at, first_received_at, heartbeats, points) VALUES (?, ?, ?, ?)"


class SqliteStore:
    """The one writer of heartbeats on SQLite."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Not made when missing: heartbeats must not go into an empty file while somebody restores the real one.
        self._address = f"file:{quote(str(path))}?mode=rw"
        self._checkpoints = Checkpoints(self._address)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="heartbeats")
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    async def write(self, batch: Batch, generation: int) -> None:
        """See HeartbeatStore."""
        await self._run(lambda connection: self._write(connection, batch, generation))
        self._checkpoints.committed(batch)

    async def probe(self) -> None:
        """See HeartbeatStore."""
        await self._run(_probe)

    async def close(self) -> None:
        """See HeartbeatStore."""
        await self._checkpoints.close()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown(wait=False)

    def _write(self, connection: sqlite3.Connection, batch: Batch, generation: int) -> None:
        self._checkpoints.finish(connection)
        _write(connection, batch, generation)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, work)

    def _guarded(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(self._open())
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, OSError) or is_unavailable_driver_error(error) or _is_damage(error):
                self._disconnect()
                raise StorageUnavailable from error
            raise

    def _open(self) -> sqlite3.Connection:
        """Return the connection, a new one if the file at the path is not the one that is open. Raises OSError."""
        status = os.stat(self._path)
        file = (status.st_dev, status.st_ino)
        if self._connection is None or self._file != file:
            self._disconnect()
            self._connection = sqlite3.connect(self._address, uri=True, isolation_level=None, check_same_thread=False)
            self._file = file
            for pragma in _PRAGMAS:
                self._connection.execute(pragma)
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()


def _is_damage(error: BaseException) -> bool:
    # "database disk image is malformed", "file is not a database": no row's fault.
    return type(error) is sqlite3.DatabaseError


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _probe(connection: sqlite3.Connection) -> None:
    with _transaction(connection):
        _generation(connection)


def _write(connection: sqlite3.Connection, batch: Batch, generation: int) -> None:
    with _transaction(connection):
        current = _generation(connection)
        if current != generation:
            raise GenerationMoved(current)
        rows = batch.liveness_rows()
        if sum(connection.execute(*_padded(_UPDATE, chunk)).rowcount for chunk in _chunks(rows)) < len(rows):
            _write_unmatched(connection, batch, rows)
        _execute(connection, _LOGS, batch.log_rows())
        if batch.points is not None:
            connection.execute(_GROUP, (batch.last_ms, batch.first_ms, batch.count, batch.points))


def _generation(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT value FROM generations WHERE name = 'access'").fetchone()
    return int(row[0])


def _write_unmatched(connection: sqlite3.Connection, batch: Batch, rows: Sequence[Row]) -> None:
    """Write the agents that are new, were deleted, or have changed who they are or their status."""
    found = {
        row[0]: bool(row[1]) for chunk in _chunks(rows) for row in connection.execute(*_statement(_UNMATCHED, chunk))
    }
    unmatched = [row for row in rows if row[0] in found]
    written = [row for chunk in _chunks(unmatched) for row in connection.execute(*_statement(_LIVENESS, chunk))]
    _execute(connection, _EVENTS, status_events(written))
    changed = [heartbeat for heartbeat in batch.latest if found.get(heartbeat.agent_key)]
    _execute(connection, _IDENTITY, identity_rows(changed, batch.first_ms))
    _execute(connection, _FORGET_REFERENCES, [(heartbeat.agent_key,) for heartbeat in changed])
    _execute(connection, _REFERENCES, reference_rows(changed))


def _execute(connection: sqlite3.Connection, template: str, rows: Sequence[Row]) -> int:
    """Run a statement over all rows and return how many it changed."""
    return sum(connection.execute(*_statement(template, chunk)).rowcount for chunk in _chunks(rows))


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        yield rows[start : start + ROWS_PER_STATEMENT]


def _padded(template: str, rows: Sequence[Row]) -> tuple[str, list[object]]:
    """Fill up with rows of NULL, which match nothing."""
    size = next(size for size in _PADDED_SIZES if size >= len(rows))
    columns = len(rows[0])
    values: list[object] = list(chain.from_iterable(rows))
    values += [None] * ((size - len(rows)) * columns)
    return _with_rows(template, size, columns), values


def _statement(template: str, rows: Sequence[Row]) -> tuple[str, list[object]]:
    return _with_rows(template, len(rows), len(rows[0])), list(chain.from_iterable(rows))


@lru_cache(maxsize=256)
def _with_rows(template: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return template.format(rows=", ".join([row] * rows))
