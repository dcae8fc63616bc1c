"""How an agent's status changed over time (A7): kept for 30 days, by the agent's id, also when the agent is gone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.agents.tables import AgentEvent, AgentLiveness, EventReason
from telegraf_controller.db.base import Instant
from telegraf_controller.db.engine import Database

KEPT = timedelta(days=30)

MAX_EVENTS = 10_000_000
"""How many are kept at the most, about a gigabyte: agents that change with every heartbeat must not fill the disk."""

EVENTS_PER_STEP = 5_000
"""How many are deleted in one transaction: few enough that no heartbeat waits for it."""


async def list_events(
    session: AsyncSession, agent_id: UUID, *, offset: int = 0, limit: int = 25
) -> tuple[list[AgentEvent], int]:
    """Return one page of an agent's events, newest first, and how many there are."""
    wanted = AgentEvent.agent_id == agent_id
    total = await session.scalar(select(func.count()).select_from(AgentEvent).where(wanted))
    page = select(AgentEvent).where(wanted).order_by(AgentEvent.id.desc()).offset(offset).limit(limit)
    return list(await session.scalars(page)), total or 0


async def record_events(
    session: AsyncSession,
    now: datetime,
    reason: EventReason,
    changes: Iterable[tuple[UUID, int | None, int | None, int | None]],
) -> None:
    """Write down `(agent, status before, status after, seconds of silence allowed)` of agents that just changed."""
    rows = [
        {
            "agent_id": agent_id,
            "at": now,
            "from_status": before,
            "to_status": after,
            "reason": reason.value,
            "after_seconds": seconds,
        }
        for agent_id, before, after, seconds in changes
    ]
    await session.execute(insert(AgentEvent), rows)


async def record_events_of(
    session: AsyncSession,
    condition: ColumnElement[bool],
    now: datetime,
    reason: EventReason,
    *,
    to_status: int,
    after_seconds: ColumnElement[int],
) -> None:
    """Write down, before it happens, that the status of the agents that meet a condition becomes `to_status`."""
    changes = select(
        AgentLiveness.agent_id,
        literal(now, Instant),
        AgentLiveness.status,
        literal(to_status),
        literal(reason.value),
        after_seconds,
    ).where(condition)
    columns = ["agent_id", "at", "from_status", "to_status", "reason", "after_seconds"]
    await session.execute(insert(AgentEvent).from_select(columns, changes))


async def trim_events(database: Database, now: datetime) -> int:
    """Delete events that are older than they are kept, or too many, in small steps. Returns how many.

    Raises StorageUnavailable.
    """
    # Events are numbered as they happen: the oldest stand first, and the numbers tell how many there are.
    oldest = select(AgentEvent.id, AgentEvent.at).order_by(AgentEvent.id).limit(EVENTS_PER_STEP)
    deleted = 0
    while True:
        async with database.read() as session:
            last = await session.scalar(select(func.max(AgentEvent.id))) or 0
            rows = (await session.execute(oldest)).all()
        ids = [number for number, at in rows if at < now - KEPT or number <= last - MAX_EVENTS]
        if ids:
            async with database.write() as session:
                await session.execute(delete(AgentEvent).where(AgentEvent.id.in_(ids)))
        deleted += len(ids)
        if len(ids) < EVENTS_PER_STEP:
            return deleted
