"""Reading what heartbeats left behind (D2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.agents.identity import agent_id_of, agent_key
from telegraf_controller.agents.tables import Agent, AgentLiveness
from telegraf_controller.heartbeats.log_entries import StoredEntry, read_entries
from telegraf_controller.heartbeats.points import Point, points_of
from telegraf_controller.heartbeats.tables import AgentLog, HeartbeatGroup

_GROUPS_PER_READ = 100


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

    An agent that was deleted and came back begins anew.
    """
    first_seen = await session.scalar(select(Agent.first_seen).where(Agent.id == agent_id_of(instance_id)))
    if first_seen is None:
        return Series([], complete=True)
    key, start = agent_key(instance_id), max(start, first_seen)
    start_ms, end_ms = clock.to_epoch_ms(start), clock.to_epoch_ms(end)
    newest_first: list[Point] = []
    async for group in _groups(session, start, end):
        points = list(points_of(key, group.points, clock.to_epoch_ms(group.first_received_at)))
        newest_first += [point for point in reversed(points) if start_ms <= point.received_ms <= end_ms]
        if len(newest_first) > limit:
            break
    return Series(newest_first[:limit][::-1], complete=len(newest_first) <= limit)


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


async def _groups(session: AsyncSession, start: datetime, end: datetime) -> AsyncIterator[HeartbeatGroup]:
    """Yield the groups that touch a time, newest first, a few at a time."""
    place = tuple_(HeartbeatGroup.received_at, HeartbeatGroup.id)
    wanted = (
        select(HeartbeatGroup)
        .where(HeartbeatGroup.received_at >= start, HeartbeatGroup.first_received_at <= end)
        .order_by(HeartbeatGroup.received_at.desc(), HeartbeatGroup.id.desc())
        .limit(_GROUPS_PER_READ)
    )
    groups = (await session.scalars(wanted)).all()
    while groups:
        for group in groups:
            yield group
        # By its place and not by a count: meanwhile others are added in front.
        last = groups[-1]
        session.expunge_all()
        groups = (await session.scalars(wanted.where(place < (last.received_at, last.id)))).all()
