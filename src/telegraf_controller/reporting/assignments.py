"""Which rule an agent follows (R2), changed in the caller's transaction and recorded with it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.agents.tables import Agent, AgentLiveness
from telegraf_controller.audit.record import Target, record_each
from telegraf_controller.errors import NotFound
from telegraf_controller.reporting.queries import get_rule
from telegraf_controller.reporting.tables import ReportingRule


async def assign_rule(
    session: AsyncSession, by: Identity, agent_ids: Collection[UUID], rule_id: UUID, *, now: datetime
) -> set[UUID]:
    """Let agents follow a rule. Returns the ids that there are. Raises NotFound when there is no such rule."""
    rule = await get_rule(session, rule_id)
    names = await _followed(session)
    # In the order of their ids, as heartbeats are written, so that neither waits for the other in a circle.
    held = (
        select(AgentLiveness.agent_id, AgentLiveness.rule, Agent.instance_id)
        .join(Agent, Agent.id == AgentLiveness.agent_id)
        .where(AgentLiveness.agent_id.in_(agent_ids))
        .order_by(AgentLiveness.agent_id)
        .with_for_update(of=AgentLiveness)
    )
    agents = (await session.execute(held)).all()
    await session.execute(
        update(AgentLiveness)
        .where(AgentLiveness.agent_id.in_([agent_id for agent_id, _, _ in agents]))
        .values(rule=rule.number),
        execution_options={"synchronize_session": False},
    )
    changed = [
        (Target("agent", agent_id, instance_id), {"rule": [names[number][1], rule.description]})
        for agent_id, number, instance_id in agents
        if names[number][0] != rule.id
    ]
    await record_each(session, by, "agent.rule", changed, now=now)
    return {agent_id for agent_id, _, _ in agents}


async def assign_rule_to(session: AsyncSession, by: Identity, agent_id: UUID, rule_id: UUID, *, now: datetime) -> None:
    """The same for one agent. Raises NotFound also when there is no such agent."""
    if not await assign_rule(session, by, [agent_id], rule_id, now=now):
        raise NotFound("agent", agent_id)


async def _followed(session: AsyncSession) -> dict[int, tuple[UUID, str]]:
    """Return the id and description of the rule that each number stands for."""
    rules = {rule.number: rule for rule in await session.scalars(select(ReportingRule))}
    followed = {number: rules[rule.replaced_by or number] for number, rule in rules.items()}
    return {number: (rule.id, rule.description) for number, rule in followed.items()}
