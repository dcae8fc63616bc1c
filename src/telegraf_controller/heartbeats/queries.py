"""Reading what heartbeats left behind (D2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from sqlalchemy import LargeBinary, Row, Select, case, func, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.agents.identity import agent_id_of, agent_key
from telegraf_controller.agents.tables import Agent, AgentLiveness
from telegraf_controller.heartbeats.log_entries import StoredEntry, read_entries
from telegraf_controller.heartbeats.points import Point, bucket_of, points_of
from telegraf_controller.heartbeats.tables import AgentLog, HeartbeatBlock, HeartbeatGroup, HeartbeatRun

READ_SECONDS = 2.0
"""How long one series may be read; the oldest part is left out then."""

_GROUPS_PER_READ = 500
_RUNS_PER_READ = 100


@dataclass(frozen=True, slots=True)
class Series:
    """What an agent's heartbeats reported, oldest first."""

    points: list[Point]
    complete: bool
    """False when older ones of the time that was asked for may be left out."""


@dataclass(frozen=True, slots=True)
class LatestHeartbeat:
    """How an agent is by its latest heartbeat, and the log entries that this had."""

    liveness: AgentLiveness
    reported_logs: int
    logs: list[StoredEntry]


async def read_series(
    session: AsyncSession, instance_id: str, *, start: datetime, end: datetime, limit: int = 200
) -> Series:
    """Return what an agent's heartbeats reported between two instants, the newest `limit` of them.

    Takes no longer than READ_SECONDS, and begins with the newest. An agent that was deleted and came back begins anew.
    The session must be new: groups and runs are read from one snapshot, because the ones become the others.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    first_seen = await session.scalar(select(Agent.first_seen).where(Agent.id == agent_id_of(instance_id)))
    if first_seen is None:
        return Series([], complete=True)
    key, start = agent_key(instance_id), max(start, first_seen)
    start_ms, end_ms = clock.to_epoch_ms(start), clock.to_epoch_ms(end)
    points: list[Point] = []
    read_until = monotonic() + READ_SECONDS
    for source in (_groups, _runs):
        async for last_ms, packed in source(session, key, start, end):
            if len(points) > limit:
                points.sort(key=_newest_first)
                # Sources are in the order of their ends; what they hold may still lie between each other's.
                if points[limit].received_ms >= last_ms:
                    break
            if packed is not None:
                found = points_of(key, packed, last_ms)
                points += [point for point in found if start_ms <= point.received_ms <= end_ms]
            if monotonic() > read_until:
                return _series(points, limit, complete=False)
    return _series(points, limit, complete=True)


def _series(points: list[Point], limit: int, *, complete: bool) -> Series:
    points.sort(key=_newest_first)
    return Series(points[:limit][::-1], complete=complete and len(points) <= limit)


async def read_latest(session: AsyncSession, instance_id: str) -> LatestHeartbeat | None:
    """Return an agent's latest heartbeat, None when there is no such agent."""
    # Entries of an earlier heartbeat stay behind when the latest one had none.
    of_the_latest = (AgentLog.agent_id == AgentLiveness.agent_id) & (AgentLog.received_at == AgentLiveness.last_seen)
    wanted = select(AgentLiveness, AgentLog).outerjoin(AgentLog, of_the_latest)
    row = (await session.execute(wanted.where(AgentLiveness.agent_id == agent_id_of(instance_id)))).one_or_none()
    if row is None:
        return None
    liveness, log = row
    return LatestHeartbeat(liveness, *((0, []) if log is None else (log.reported, read_entries(log.entries))))


def _newest_first(point: Point) -> int:
    return -point.received_ms


async def _groups(
    session: AsyncSession, key: bytes, start: datetime, end: datetime
) -> AsyncIterator[tuple[int, bytes | None]]:
    """Yield the groups that touch a time, newest first: when each ends, and its points if the agent is among them."""
    # Looked for where it is: most groups of a small fleet hold one heartbeat, and few of them are this agent's.
    find = func.pg_catalog.position if session.get_bind().dialect.name == "postgresql" else func.instr
    within = find(HeartbeatGroup.points, literal(key, LargeBinary)) > 0
    points = case((within, HeartbeatGroup.points), else_=None)
    wanted = select(HeartbeatGroup.id, HeartbeatGroup.received_at, points.label("points"))
    async for row in _pages(session, HeartbeatGroup, wanted, start, end, _GROUPS_PER_READ):
        yield clock.to_epoch_ms(row.received_at), row.points


async def _runs(
    session: AsyncSession, key: bytes, start: datetime, end: datetime
) -> AsyncIterator[tuple[int, bytes | None]]:
    """The same for runs: of each, the one block where the agent would be."""
    bucket = literal(bucket_of(key)) // HeartbeatRun.bucket_width
    here = (HeartbeatBlock.run_id == HeartbeatRun.id) & (HeartbeatBlock.bucket == bucket)
    wanted = select(HeartbeatRun.id, HeartbeatRun.received_at, HeartbeatBlock.points).outerjoin(HeartbeatBlock, here)
    async for row in _pages(session, HeartbeatRun, wanted, start, end, _RUNS_PER_READ):
        yield clock.to_epoch_ms(row.received_at), row.points


async def _pages(
    session: AsyncSession,
    source: type[HeartbeatGroup | HeartbeatRun],
    wanted: Select[int, datetime, bytes | None],
    start: datetime,
    end: datetime,
    size: int,
) -> AsyncIterator[Row[int, datetime, bytes | None]]:
    """Yield the rows that touch a time, newest first, a few at a time."""
    place = tuple_(source.received_at, source.id)
    page = (
        wanted.where(source.received_at >= start, source.first_received_at <= end)
        .order_by(source.received_at.desc(), source.id.desc())
        .limit(size)
    )
    rows = (await session.execute(page)).all()
    while rows:
        for row in rows:
            yield row
        # By its place and not by a count: meanwhile others are added in front.
        last = rows[-1]
        rows = (await session.execute(page.where(place < (last.received_at, last.id)))).all()
