"""Heartbeats into SQLite: one connection, one transaction per group (O6)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
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
from telegraf_controller.heartbeats.parse import Heartbeat, Liveness
from telegraf_controller.heartbeats.storage.checkpoints import BACKSTOP_PAGES, Checkpoints
from telegraf_controller.heartbeats.store import GenerationMoved

LOCK_SECONDS = 4
"""How long to wait for another process that is writing; agents wait five for their answer."""

_LOOK_SECONDS = 0.002
"""How long between two looks whether another process still writes. SQLite's own waiting looks more and more rarely, up
to each tenth of a second; one transaction of the scheduler's would keep heartbeats waiting for half as long again."""

_AT_ONCE = 32
"""How many rows one call updates. If one of them does not match, all of these are tried one by one."""

Whole = Callable[[], Sequence[Heartbeat]]

_PRAGMAS = (
    *SQLITE_PRAGMAS,
    "PRAGMA busy_timeout=0",
    "PRAGMA cache_size=-65536",
    f"PRAGMA wal_autocheckpoint={BACKSTOP_PAGES}",
    "PRAGMA journal_size_limit=67108864",
)

# Agents whose status changes are left to the statements below, which write that down: so the others pay nothing for it.
_UPDATE = f"""
UPDATE agent_liveness SET last_seen = ?2, errors = ?4, warnings = ?5, metrics = ?6, reported_status = ?8
WHERE agent_id = ?1 AND identity = ?3 AND status = ?7 AND {unless_newer("?2")}
"""  # noqa: S608

_IDENTITY_OF = "SELECT identity FROM agent_liveness WHERE agent_id = ?"

_LIVENESS = f"""
INSERT INTO agent_liveness (
    agent_id, last_seen, identity, errors, warnings, metrics, status, reported_status, rule
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT number FROM reporting_rules WHERE is_default))
ON CONFLICT (agent_id) DO UPDATE SET
    last_seen = excluded.last_seen, identity = excluded.identity, errors = excluded.errors,
    warnings = excluded.warnings, metrics = excluded.metrics, previous_status = agent_liveness.status,
    status = excluded.status, reported_status = excluded.reported_status
WHERE {unless_newer("excluded.last_seen")}
RETURNING agent_id, last_seen, previous_status, status
"""  # noqa: S608

_IDENTITY = """
INSERT INTO agents (
    id, instance_id, hostname, ip_address, telegraf_version, version_key, telegraf_build, configurations, name_key,
    search_text, first_seen
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    hostname = excluded.hostname, ip_address = excluded.ip_address, telegraf_version = excluded.telegraf_version,
    version_key = excluded.version_key, telegraf_build = excluded.telegraf_build,
    configurations = excluded.configurations, name_key = excluded.name_key, search_text = excluded.search_text
"""

_EVENTS = "INSERT INTO agent_events (agent_id, at, from_status, to_status, reason) VALUES (?, ?, ?, ?, ?)"

_FORGET_REFERENCES = "DELETE FROM agent_references WHERE agent_id = ?"
_REFERENCES = "INSERT INTO agent_references (agent_id, reference, shape) VALUES (?, ?, ?)"

_LOGS = f"""
INSERT INTO agent_logs (agent_id, received_at, reported, entries) VALUES (?, ?, ?, ?)
ON CONFLICT (agent_id) DO UPDATE SET
    received_at = excluded.received_at, reported = excluded.reported, entries = excluded.entries
WHERE {unless_newer("excluded.received_at", stored="agent_logs.received_at")}
"""  # noqa: S608

_GROUP = "INSERT INTO heartbeat_groups (received_at, first_received_at, heartbeats, points) VALUES (?, ?, ?, ?)"


class SqliteStore:
    """The one writer of heartbeats on SQLite. Its methods raise StorageUnavailable when the database is away."""

    def __init__(self, path: Path, *, keep_points: bool = True) -> None:
        """Take the database's file. Without `keep_points` only the latest statistics are kept."""
        self._path = path
        self._keep_points = keep_points
        # Not made when missing: heartbeats must not go into an empty file while somebody restores the real one.
        self._address = f"file:{quote(str(path))}?mode=rw"
        self._checkpoints = Checkpoints(path, self._address)
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def write(self, heartbeats: Sequence[Liveness], generation: int, whole: Whole) -> None:
        """Store heartbeats as `HeartbeatStore.write` does; `whole` returns all of the same when it is needed."""
        batch = Batch(heartbeats, keep_points=self._keep_points)
        self._guarded(lambda connection: self._write(connection, batch, generation, whole))
        self._checkpoints.committed(batch)

    def probe(self) -> None:
        """Prove that heartbeats can be written."""
        self._guarded(_probe)

    def close(self) -> None:
        """Close the connection. Never raises."""
        self._disconnect()
        self._checkpoints.close()

    def _write(self, connection: sqlite3.Connection, batch: Batch[Liveness], generation: int, whole: Whole) -> None:
        self._checkpoints.finish(connection)
        _write(connection, batch, generation, whole)

    def _guarded(self, work: Callable[[sqlite3.Connection], None]) -> None:
        try:
            work(self._open())
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
            self._connection = sqlite3.connect(self._address, uri=True, isolation_level=None)
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
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Cursor]:
    cursor = connection.cursor()
    _begin(cursor)
    try:
        yield cursor
        cursor.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _begin(cursor: sqlite3.Cursor) -> None:
    ends = monotonic() + LOCK_SECONDS
    while True:
        try:
            cursor.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > ends:
                raise
            sleep(_LOOK_SECONDS)


def _probe(connection: sqlite3.Connection) -> None:
    with _transaction(connection) as cursor:
        _generation(cursor)


def _write(connection: sqlite3.Connection, batch: Batch[Liveness], generation: int, whole: Whole) -> None:
    with _transaction(connection) as cursor:
        current = _generation(cursor)
        if current != generation:
            raise GenerationMoved(current)
        unmatched = _update(cursor, batch.liveness_rows())
        if unmatched:
            _write_unmatched(cursor, unmatched, whole(), batch.first_ms)
        cursor.executemany(_LOGS, batch.log_rows())
        if batch.points is not None:
            cursor.execute(_GROUP, (batch.last_ms, batch.first_ms, batch.count, batch.points))


def _update(cursor: sqlite3.Cursor, rows: list[Row]) -> list[Row]:
    """Update agents that are there and the same as before; return the rows of the others."""
    unmatched: list[Row] = []
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        cursor.executemany(_UPDATE, some)
        if cursor.rowcount != len(some):
            # Which it was, only one by one can tell; those that were updated stay as they are.
            unmatched += [row for row in some if cursor.execute(_UPDATE, row).rowcount == 0]
    return unmatched


def _generation(cursor: sqlite3.Cursor) -> int:
    row = cursor.execute("SELECT value FROM generations WHERE name = 'access'").fetchone()
    return int(row[0])


def _write_unmatched(
    cursor: sqlite3.Cursor, unmatched: Sequence[Row], heartbeats: Sequence[Heartbeat], first_ms: int
) -> None:
    """Write the agents that are new, were deleted, or have changed who they are or their status.

    One whose row is newer than the heartbeat is left alone.
    """
    written, changed = [], []
    newest = {heartbeat.agent_key: heartbeat for heartbeat in heartbeats}
    for row in unmatched:
        heartbeat = newest[row[0]]
        before = cursor.execute(_IDENTITY_OF, (heartbeat.agent_key,)).fetchone()
        after = cursor.execute(_LIVENESS, row).fetchall()
        written += after
        if after and (before is None or before[0] != heartbeat.identity):
            changed.append(heartbeat)
    cursor.executemany(_EVENTS, status_events(written))
    cursor.executemany(_IDENTITY, identity_rows(changed, first_ms))
    cursor.executemany(_FORGET_REFERENCES, [(heartbeat.agent_key,) for heartbeat in changed])
    cursor.executemany(_REFERENCES, reference_rows(changed))
