"""`/api/reporting-rules`, and `/api/agents/…/reporting-rule`: rules over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.require import Caller, GlanceSession, WriteSession, requires
from telegraf_controller.agents.managed import names_for
from telegraf_controller.agents.queries import get_agent
from telegraf_controller.agents.schemas import AgentRecord
from telegraf_controller.labels.schemas import bulk_answer
from telegraf_controller.reporting import actions, queries
from telegraf_controller.reporting.assignments import assign_rule, assign_rule_to
from telegraf_controller.reporting.schemas import (
    BulkRuleAssignment,
    RuleAssignment,
    RuleCreate,
    RulePatch,
    RuleQuery,
    RuleRecord,
)
from telegraf_controller.reporting.tables import ReportingRule
from telegraf_controller.web.declared import also
from telegraf_controller.web.routing import Router
from telegraf_controller.web.schemas import BulkAnswer, Page

router = Router(prefix="/api/reporting-rules", tags=["reporting rules"])
agents_router = Router(prefix="/api/agents", tags=["agents"])

RuleId = Annotated[UUID, Path(alias="ruleId")]


@router.get("", **requires("reporting-rules:read"))
async def list_rules(wanted: Annotated[RuleQuery, Query()], session: GlanceSession) -> Page[RuleRecord]:
    """List reporting rules, each with the number of its agents (R1)."""
    rules, total = await queries.list_rules(
        session,
        search=wanted.search.strip(),
        sort_by=wanted.sort_by,
        descending=wanted.sort_order == "desc",
        offset=wanted.offset,
        limit=wanted.limit,
    )
    followers = await queries.followers(session, rules)
    items = [RuleRecord.of(rule, followers) for rule in rules]
    return Page[RuleRecord](items=items, total=total, page=wanted.page, limit=wanted.limit)


@router.post("", status_code=201, **requires("reporting-rules:write"))
async def create_rule(body: RuleCreate, by: Caller, session: WriteSession, response: Response) -> RuleRecord:
    """Store a reporting rule (R1)."""
    rule = await actions.create_rule(session, by, body.fields(), default=body.is_default, now=clock.now())
    response.headers["Location"] = f"/api/reporting-rules/{rule.id}"
    return await _record(session, rule)


@router.get("/{ruleId}", **requires("reporting-rules:read"))
async def read_rule(rule_id: RuleId, session: GlanceSession) -> RuleRecord:
    """Show one reporting rule."""
    return await _record(session, await queries.get_rule(session, rule_id))


@router.patch("/{ruleId}", **requires("reporting-rules:write"))
async def update_rule(rule_id: RuleId, body: RulePatch, by: Caller, session: WriteSession) -> RuleRecord:
    """Change a reporting rule; its agents are judged by it within seconds (R2)."""
    rule = await actions.update_rule(session, by, rule_id, body.fields(), default=body.is_default, now=clock.now())
    return await _record(session, rule)


@router.delete("/{ruleId}", status_code=204, **requires("reporting-rules:delete"))
async def delete_rule(rule_id: RuleId, by: Caller, session: WriteSession) -> None:
    """Remove a reporting rule; its agents follow the default from now on (R2)."""
    await actions.delete_rule(session, by, rule_id, now=clock.now())


@router.post("/{ruleId}/make-default", **requires("reporting-rules:write"))
async def make_default(rule_id: RuleId, by: Caller, session: WriteSession) -> RuleRecord:
    """Let agents that come from now on follow this rule; those that there are keep theirs (R2)."""
    return await _record(session, await actions.make_default(session, by, rule_id, now=clock.now()))


@agents_router.put("/bulk/reporting-rule", responses=also(404), **requires("agents:write"))
async def bulk_assign_rule(body: BulkRuleAssignment, by: Caller, session: WriteSession) -> BulkAnswer:
    """Let many agents follow a reporting rule; the answer says for each what happened (R2)."""
    return bulk_answer(body.ids, await assign_rule(session, by, set(body.ids), body.rule_id, now=clock.now()))


@agents_router.put("/{agent_id}/reporting-rule", **requires("agents:write"))
async def assign_one(agent_id: UUID, body: RuleAssignment, by: Caller, session: WriteSession) -> AgentRecord:
    """Let an agent follow a reporting rule (R2)."""
    await assign_rule_to(session, by, agent_id, body.rule_id, now=clock.now())
    view = await get_agent(session, agent_id)
    return AgentRecord.of(view, await names_for(session, by, [view]))


async def _record(session: AsyncSession, rule: ReportingRule) -> RuleRecord:
    return RuleRecord.of(rule, await queries.followers(session, [rule]))
