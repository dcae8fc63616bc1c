"""Reading reporting rules, and how many agents follow each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import SQLColumnExpression, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.agents.tables import AgentLiveness
from telegraf_controller.db.text import contains
from telegraf_controller.errors import NotFound
from telegraf_controller.reporting.tables import ReportingRule

SortKey = Literal["description", "notReportingAfter", "createdAt"]

EXISTS = ReportingRule.replaced_by.is_(None)
"""Rules that were deleted keep their row, for the agents that are still noted under its number."""


async def get_rule(session: AsyncSession, rule_id: UUID) -> ReportingRule:
    """Return one rule. Raises NotFound."""
    rule = await session.scalar(select(ReportingRule).where(ReportingRule.id == rule_id, EXISTS))
    if rule is None:
        raise NotFound("reporting rule", rule_id)
    return rule


async def get_default(session: AsyncSession) -> ReportingRule:
    """Return the rule that new agents follow."""
    return (await session.scalars(select(ReportingRule).where(ReportingRule.is_default))).one()


async def list_rules(
    session: AsyncSession,
    *,
    search: str = "",
    sort_by: SortKey = "description",
    descending: bool = False,
    offset: int = 0,
    limit: int = 25,
) -> tuple[list[ReportingRule], int]:
    """Return one page of rules, and how many there are. A search looks into descriptions."""
    statement = select(ReportingRule).where(EXISTS)
    if search:
        statement = statement.where(contains(ReportingRule.description, search))
    total = await session.scalar(select(func.count()).select_from(statement.subquery()))
    column: SQLColumnExpression[Any] = {
        "description": func.lower(ReportingRule.description),
        "notReportingAfter": ReportingRule.not_reporting_after_seconds,
        "createdAt": ReportingRule.created_at,
    }[sort_by]
    order = column.desc() if descending else column.asc()
    rows = await session.scalars(statement.order_by(order, ReportingRule.id).offset(offset).limit(limit))
    return list(rows), total or 0


async def followers(session: AsyncSession, rules: Iterable[ReportingRule]) -> Counter[int]:
    """Return how many agents follow each of some rules, by the rule's number."""
    wanted = [rule.number for rule in rules]
    followed = func.coalesce(ReportingRule.replaced_by, ReportingRule.number)
    rows = await session.execute(select(ReportingRule.number, followed).where(followed.in_(wanted)))
    follows = dict(rows.all())
    counts: Counter[int] = Counter()
    # By number alone, which an index answers: a join with the rules would be made for each agent.
    counted = (
        select(AgentLiveness.rule, func.count()).where(AgentLiveness.rule.in_(follows)).group_by(AgentLiveness.rule)
    )
    for number, count in await session.execute(counted):
        counts[follows[number]] += count
    return counts
