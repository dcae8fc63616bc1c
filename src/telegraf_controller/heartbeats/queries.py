"""Reading what heartbeats left behind (D2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
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


async def read_series(
    session: AsyncSession, instance_id: str, *, start: datetime, end: datetime, limit: int = 200
) -> list[Point]:
    """Return what an agent's heartbeats reported between two instants, the newest `limit` of them, oldest first.

    An agent that was deleted and came back begins anew.
    """
    first_seen = await session.scalar(select(Agent.first_seen).where(Agent.id == agent_id_of(instance_id)))
    if first_seen is None:
        return []
    key, start = agent_key(instance_id), max(start, first_seen)
    start_ms, end_ms = clock.to_epoch_ms(start), clock.to_epoch_ms(end)
    newest_first: list[Point] = []
    async for group in _groups(session, start, end):
        points = list(points_of(key, group.points, clock.to_epoch_ms(group.first_received_at)))
        newest_first += [point for point in reversed(points) if start_ms <= point.received_ms <= end_ms]
        if len(newest_first) >= limit:
            break
    return newest_first[:limit][::-1]


async def read_latest_logs(session: AsyncSession, instance_id: str) -> tuple[int, list[StoredEntry]]:
    """Return how many log entries an agent's latest heartbeat had, and those that are stored."""
    row = await session.scalar(
        select(AgentLog)
        .join(AgentLiveness, AgentLiveness.agent_id == AgentLog.agent_id)
        # Entries of an earlier heartbeat stay behind when the latest one had none.
        .where(AgentLog.agent_id == agent_id_of(instance_id), AgentLog.received_at == AgentLiveness.last_seen)
    )
    return (0, []) if row is None else (row.reported, read_entries(row.entries))


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
