"""Changing agents. Each function works in the caller's transaction and records its change in the audit trail."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.identity import Identity
from telegraf_controller.agents.events import record_events
from telegraf_controller.agents.tables import Agent, AgentLiveness, EventReason
from telegraf_controller.audit.record import Target, record
from telegraf_controller.errors import NotFound


async def delete_agent(session: AsyncSession, by: Identity, agent_id: UUID) -> None:
    """Forget an agent; its next heartbeat creates it anew (A6). Raises NotFound.

    Whoever deletes several in one transaction goes by their ids: heartbeats are written in that order too, so neither
    can wait for the other in a circle.
    """
    # Heartbeats hold this row first, so it is taken first here.
    held = select(AgentLiveness.status).where(AgentLiveness.agent_id == agent_id).with_for_update()
    status = await session.scalar(held)
    instance_id = await session.scalar(select(Agent.instance_id).where(Agent.id == agent_id))
    if instance_id is None:
        raise NotFound("agent", agent_id)
    await session.execute(delete(Agent).where(Agent.id == agent_id))
    now = clock.now()
    await record_events(session, now, EventReason.DELETED, [(agent_id, status, None, None)])
    await record(session, by, "agent.delete", target=Target("agent", agent_id, instance_id), now=now)
