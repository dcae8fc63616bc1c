"""Where an agent falls silent (A2), and where it is deleted after long silence (R3).

Both read every agent once and write only those that change, in steps; each step is a transaction in which what makes an
agent silent is asked again. Rows that a heartbeat holds at that moment are left out: their agents are not silent. So an
agent that has just reported is neither marked nor deleted, and nobody waits for anybody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.agents.events import record_events, record_events_of
from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.agents.tables import Agent, AgentLiveness, EventReason
from telegraf_controller.audit.record import SYSTEM, Target, record_each
from telegraf_controller.db.engine import Database
from telegraf_controller.reporting.thresholds import Thresholds, read_thresholds

AGENTS_PER_STEP = 2_000
"""How many are marked in one transaction, when a whole network goes away: heartbeats must not wait for a million."""

DELETED_PER_STEP = 500
"""The same for deleting, which touches more of each."""

_PLAIN = {"synchronize_session": False}

Found = Sequence[Row[UUID, int, int]]
"""`agent_id`, `status`, and `rule` (its number) of agents."""


async def sweep(database: Database, now: datetime) -> int:
    """Mark the agents that have been silent for longer than their rule allows. Returns how many (A2).

    Raises StorageUnavailable.
    """
    async with database.read() as session:
        thresholds = await read_thresholds(session)
        silent = (AgentLiveness.status != AgentStatus.NOT_REPORTING.value) & thresholds.silent(now)

        async def mark(writing: AsyncSession, agents: Found) -> None:
            await _mark(writing, agents, thresholds, now)

        return await _step_by_step(database, session, silent, AGENTS_PER_STEP, mark)


async def delete_silent(database: Database, now: datetime) -> int:
    """Delete the agents that have been silent for so long that their rule deletes them. Returns how many (R3).

    They come back with their next heartbeat. Raises StorageUnavailable.
    """
    async with database.read() as session:
        thresholds = await read_thresholds(session)
        condition = thresholds.to_be_deleted(now)
        if condition is None:
            return 0

        async def forget(writing: AsyncSession, agents: Found) -> None:
            await _delete(writing, agents, thresholds, now)

        return await _step_by_step(database, session, condition, DELETED_PER_STEP, forget)


async def _step_by_step(
    database: Database,
    reading: AsyncSession,
    condition: ColumnElement[bool],
    size: int,
    change: Callable[[AsyncSession, Found], Awaitable[None]],
) -> int:
    """Find the agents that meet a condition, and change those that meet it still. Returns how many were changed."""
    changed = 0
    found = await reading.stream_scalars(
        select(AgentLiveness.agent_id).where(condition), execution_options={"yield_per": size}
    )
    async for ids in found.partitions():
        async with database.write() as writing:
            agents = await _still(writing, ids, condition)
            if agents:
                await change(writing, agents)
        changed += len(agents)
    return changed


async def _still(session: AsyncSession, ids: Sequence[UUID], condition: ColumnElement[bool]) -> Found:
    held = (
        select(AgentLiveness.agent_id, AgentLiveness.status, AgentLiveness.rule)
        .where(AgentLiveness.agent_id.in_(ids), condition)
        .order_by(AgentLiveness.agent_id)
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(held)).all()


async def _mark(session: AsyncSession, agents: Found, thresholds: Thresholds, now: datetime) -> None:
    """Both statements by set: when a network goes away, a row each through this process would take most of the time."""
    these = AgentLiveness.agent_id.in_([agent.agent_id for agent in agents])
    silent = AgentStatus.NOT_REPORTING.value
    await record_events_of(
        session, these, now, EventReason.SILENCE, to_status=silent, after_seconds=thresholds.allowed_silence()
    )
    await session.execute(
        update(AgentLiveness).where(these).values(previous_status=AgentLiveness.status, status=silent),
        execution_options=_PLAIN,
    )


async def _delete(session: AsyncSession, agents: Found, thresholds: Thresholds, now: datetime) -> None:
    ids = [agent.agent_id for agent in agents]
    names = dict((await session.execute(select(Agent.id, Agent.instance_id).where(Agent.id.in_(ids)))).all())
    await session.execute(delete(Agent).where(Agent.id.in_(ids)), execution_options=_PLAIN)
    allowed = {agent.agent_id: thresholds.by_number[agent.rule].delete_after for agent in agents}
    await record_events(
        session,
        now,
        EventReason.AUTO_DELETED,
        [(agent.agent_id, agent.status, None, allowed[agent.agent_id]) for agent in agents],
    )
    entries = [(Target("agent", one, names[one]), {"silentForSeconds": allowed[one]}) for one in ids]
    await record_each(session, SYSTEM, "agent.auto_delete", entries, now=now)
