"""Heartbeats into PostgreSQL: three round trips per group on a connection of its own (O6)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import asyncpg
import msgspec
from asyncpg.pgproto.pgproto import UUID

from telegraf_controller.agents.tables import EventReason
from telegraf_controller.db.engine import is_unavailable_driver_error
from telegraf_controller.db.url import DatabaseTarget
from telegraf_controller.errors import StorageUnavailable
from telegraf_controller.heartbeats.batch import (
    Batch,
    Row,
    identity_rows,
    liveness_rows,
    reference_rows,
    status_events,
    unless_newer,
)
from telegraf_controller.heartbeats.parse import Heartbeat
from telegraf_controller.heartbeats.store import GenerationMoved, TryAgain

CONNECT_SECONDS = 5
WRITE_SECONDS = 10
"""A transaction that takes longer counts as lost: the network may have swallowed the answer."""

# - The time-out frees what a server still holds for a connection that was given up here.
# - Rows are looked up one by one in the order of the batch, and so locked in that order by every writer: none can wait
#   for another in a circle. Other plans would lock them in the order of the table.
# - Whoever raises the generation locks the table against this mode first, so that it cannot move between the check
#   below and the commit (see `db.generations.raise_generation`).
_BEGIN = f"""
BEGIN;
SET LOCAL statement_timeout = '{WRITE_SECONDS}s';
SET LOCAL enable_seqscan = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
LOCK TABLE generations IN ROW SHARE MODE
"""


# Of arrays, the driver asks each element whether it is an array, too: a third of what storing costs in this process.
# As texts they cost the server a little more, and a quarter of that.
_LIVENESS_ARRAYS = """
unnest($1::text::uuid[], $2::text::bigint[], $3::text::bigint[], $4::text::bigint[], $5::text::bigint[],
    $6::text::bigint[], $7::text::smallint[], $8::text::smallint[])
    AS beat (agent, seen, new_identity, errors, warnings, metrics, status, reported_status)
"""

_UPDATE = f"""
WITH access AS (SELECT value FROM generations WHERE name = 'access'),
updated AS (
    UPDATE agent_liveness SET
        last_seen = seen, errors = beat.errors, warnings = beat.warnings, metrics = beat.metrics,
        previous_status = agent_liveness.status, status = beat.status, reported_status = beat.reported_status
    FROM {_LIVENESS_ARRAYS}, access
    WHERE agent_id = agent AND {unless_newer("seen")} AND access.value = $9
    RETURNING identity = new_identity AS same, agent_id, last_seen, previous_status, agent_liveness.status
),
noted AS (
    INSERT INTO agent_events (agent_id, at, from_status, to_status, reason)
    SELECT agent_id, last_seen, previous_status, status, {EventReason.HEARTBEAT:d} FROM updated
    WHERE previous_status <> status
),
kept AS (
    INSERT INTO heartbeat_groups (received_at, first_received_at, heartbeats, points)
    SELECT $10, $11, $12, $13::bytea FROM access WHERE access.value = $9 AND $13::bytea IS NOT NULL
)
SELECT (SELECT value FROM access), (SELECT count(*) FROM updated WHERE same)
"""  # noqa: S608

_UNMATCHED = """
SELECT agent FROM unnest($1::uuid[], $2::bigint[]) AS beat (agent, new_identity)
LEFT JOIN agent_liveness ON agent_id = agent
WHERE agent_id IS NULL OR identity <> new_identity
"""

_IDENTITY = """
INSERT INTO agents (
    id, instance_id, hostname, ip_address, telegraf_version, version_key, telegraf_build, configurations, name_key,
    search_text, first_seen
)
SELECT id, instance_id, hostname, ip_address, telegraf_version, version_key, telegraf_build, configurations::json,
    name_key, search_text, first_seen
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::bigint[]) AS beat (id, instance_id, hostname, ip_address, telegraf_version,
    version_key, telegraf_build, configurations, name_key, search_text, first_seen)
ON CONFLICT (id) DO UPDATE SET
    hostname = excluded.hostname, ip_address = excluded.ip_address, telegraf_version = excluded.telegraf_version,
    version_key = excluded.version_key, telegraf_build = excluded.telegraf_build,
    configurations = excluded.configurations, name_key = excluded.name_key, search_text = excluded.search_text
"""

_LIVENESS = f"""
INSERT INTO agent_liveness (
    agent_id, last_seen, identity, errors, warnings, metrics, status, reported_status, rule
)
SELECT beat.*, (SELECT number FROM reporting_rules WHERE is_default) FROM {_LIVENESS_ARRAYS}
ON CONFLICT (agent_id) DO UPDATE SET
    last_seen = excluded.last_seen, identity = excluded.identity, errors = excluded.errors,
    warnings = excluded.warnings, metrics = excluded.metrics, previous_status = agent_liveness.status,
    status = excluded.status, reported_status = excluded.reported_status
WHERE {unless_newer("excluded.last_seen")}
RETURNING agent_id, last_seen, previous_status, status
"""  # noqa: S608

_EVENTS = """
INSERT INTO agent_events (agent_id, at, from_status, to_status, reason)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::smallint[], $5::smallint[])
"""

_FORGET_REFERENCES = "DELETE FROM agent_references WHERE agent_id = ANY ($1::uuid[])"
_REFERENCES = """
INSERT INTO agent_references (agent_id, reference, shape) SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
ON CONFLICT DO NOTHING
"""

_LOGS = f"""
INSERT INTO agent_logs (agent_id, received_at, reported, entries)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::integer[], $4::bytea[])
ON CONFLICT (agent_id) DO UPDATE SET
    received_at = excluded.received_at, reported = excluded.reported, entries = excluded.entries
WHERE {unless_newer("excluded.received_at", stored="agent_logs.received_at")}
"""  # noqa: S608


class PostgresStore:
    """One writer of heartbeats on PostgreSQL; every heartbeat process of every node has its own."""

    def __init__(self, target: DatabaseTarget, *, keep_points: bool = True) -> None:
        """Without `keep_points` only the latest statistics are kept."""
        self._target = target
        self._keep_points = keep_points
        self._connection: Any = None

    async def write(self, heartbeats: Sequence[Heartbeat], generation: int) -> None:
        """See HeartbeatStore."""
        batch = Batch(heartbeats, keep_points=self._keep_points)
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                connection = await self._open()
                await _write(connection, batch, generation)
        except GenerationMoved:
            await self._roll_back()
            raise
        except BaseException as error:
            await self._fail(error)
            raise

    async def probe(self) -> None:
        """See HeartbeatStore."""
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                connection = await self._open()
                await connection.execute(_BEGIN)
                # Refused on a server that only reads, as a stand-by is until it takes over.
                await connection.execute("UPDATE generations SET value = value WHERE false; ROLLBACK")
        except BaseException as error:
            await self._fail(error)
            raise

    async def close(self) -> None:
        """See HeartbeatStore."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                await connection.close(timeout=2)

    async def _open(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(**self._target.asyncpg_arguments(), timeout=CONNECT_SECONDS)
        return self._connection

    async def _roll_back(self) -> None:
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self._connection.execute("ROLLBACK")
        except BaseException as error:
            await self._fail(error)
            raise

    async def _fail(self, error: BaseException) -> None:
        """Clean up after an error, and raise what the writer understands in its place if there is such."""
        if isinstance(error, asyncpg.PostgresError) and not is_unavailable_driver_error(error):
            await self._roll_back()
            if isinstance(error, asyncpg.TransactionRollbackError):
                raise TryAgain from error
            return
        # In doubt about the connection: its transaction ends with it.
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
        if is_unavailable_driver_error(error):
            raise StorageUnavailable from error


async def _write(connection: Any, batch: Batch[Heartbeat], generation: int) -> None:
    await connection.execute(_BEGIN)
    group = (generation, batch.last_ms, batch.first_ms, batch.count, batch.points)
    current, matched = await connection.fetchrow(_UPDATE, *_liveness_arrays(batch.liveness_rows()), *group)
    if current != generation:
        raise GenerationMoved(current)
    if matched < len(batch.latest):
        await _write_unmatched(connection, batch)
    logs = batch.log_rows()
    if logs:
        await connection.execute(_LOGS, *_arrays(logs, 4))
    await connection.execute("COMMIT")


async def _write_unmatched(connection: Any, batch: Batch[Heartbeat]) -> None:
    """Write the agents that are new, were deleted, or have changed who they are."""
    keys = [UUID(heartbeat.agent_key) for heartbeat in batch.latest]
    found = await connection.fetch(_UNMATCHED, keys, [heartbeat.identity for heartbeat in batch.latest])
    unmatched = {row[0].bytes for row in found}
    changed = [heartbeat for heartbeat in batch.latest if heartbeat.agent_key in unmatched]
    if not changed:
        return
    # Liveness first, as everywhere: who has an agent's row there has the agent.
    written = await connection.fetch(_LIVENESS, *_liveness_arrays(liveness_rows(changed)))
    if not written:
        return
    events = status_events(written)
    if events:
        await connection.execute(_EVENTS, *map(list, zip(*events, strict=True)))
    # Of another process a newer heartbeat may have come first: it says who the agent is.
    newest = {row[0].bytes for row in written}
    changed = [heartbeat for heartbeat in changed if heartbeat.agent_key in newest]
    await connection.execute(_IDENTITY, *_arrays(identity_rows(changed, batch.first_ms), 11))
    await connection.execute(_FORGET_REFERENCES, [UUID(heartbeat.agent_key) for heartbeat in changed])
    references = reference_rows(changed)
    if references:
        await connection.execute(_REFERENCES, *_arrays(references, 3))


def _liveness_arrays(rows: Sequence[Row]) -> list[str]:
    """Turn rows of liveness into one array per column, each as PostgreSQL writes arrays."""
    keys, *numbers = zip(*rows, strict=True)
    ids = ",".join([key.hex() for key in keys])
    # Of numbers and nulls, JSON's lists differ in nothing but their brackets.
    return [f"{{{ids}}}", *(f"{{{msgspec.json.encode(column)[1:-1].decode()}}}" for column in numbers)]


def _arrays(rows: Sequence[Row], columns: int) -> list[list[Any]]:
    """Turn rows into one list per column; the first column is the agent's key."""
    keys, *others = map(list, zip(*rows, strict=True))
    assert len(others) == columns - 1
    return [list(map(UUID, keys)), *others]
