"""Changing reporting rules. Each function works in the caller's transaction and records its change in the audit."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Target, before_and_after, record
from telegraf_controller.errors import Conflict, ValidationFailed
from telegraf_controller.reporting.queries import get_default, get_rule
from telegraf_controller.reporting.tables import ReportingRule

_ADVISORY_LOCK = 0x7463_7272
"""Named in no other place: "tcrr"."""


class RuleFields(TypedDict, total=False):
    """What of a rule is to change; what is left out stays."""

    description: str
    not_reporting_after_seconds: int
    auto_delete: bool
    auto_delete_after_seconds: int | None


async def create_rule(
    session: AsyncSession, by: Identity, fields: RuleFields, *, default: bool = False, now: datetime
) -> ReportingRule:
    """Store a rule, and make it the default when asked to (R1). Raises ValidationFailed."""
    await _lock_rules(session)
    last = await session.scalar(select(func.max(ReportingRule.number)))
    rule = ReportingRule(**fields, number=(last or 0) + 1, is_default=False, created_at=now, updated_at=now)
    _check(rule)
    session.add(rule)
    await session.flush()
    changes = before_and_after({}, _shown(rule))
    await record(session, by, "reporting_rule.create", target=_target(rule), changes=changes, now=now)
    if default:
        await _become_default(session, by, rule, now)
    return rule


async def update_rule(
    session: AsyncSession,
    by: Identity,
    rule_id: UUID,
    fields: RuleFields,
    *,
    default: bool | None = None,
    now: datetime,
) -> ReportingRule:
    """Change a rule; the next sweep judges by it (R2). `default` as True makes it the default.

    Raises NotFound, ValidationFailed, Conflict `default_rule` when the default is not to be one any more.
    """
    await _lock_rules(session)
    rule = await get_rule(session, rule_id)
    if default is False and rule.is_default:
        raise Conflict("default_rule", "There is always a default rule: make another one the default instead.")
    before = _shown(rule)
    for name, value in fields.items():
        setattr(rule, name, value)
    _check(rule)
    changes = before_and_after(before, _shown(rule))
    if changes:
        rule.updated_at = now
        await record(session, by, "reporting_rule.update", target=_target(rule), changes=changes, now=now)
    if default:
        await _become_default(session, by, rule, now)
    return rule


async def make_default(session: AsyncSession, by: Identity, rule_id: UUID, *, now: datetime) -> ReportingRule:
    """Let agents that come from now on follow this rule; those that there are keep theirs (R2). Raises NotFound."""
    await _lock_rules(session)
    rule = await get_rule(session, rule_id)
    await _become_default(session, by, rule, now)
    return rule


async def delete_rule(session: AsyncSession, by: Identity, rule_id: UUID, *, now: datetime) -> None:
    """Remove a rule; its agents follow the default from now on (R2). Raises NotFound, Conflict `default_rule`."""
    await _lock_rules(session)
    rule, default = await get_rule(session, rule_id), await get_default(session)
    if rule is default:
        raise Conflict("default_rule", "The default rule cannot be deleted: make another one the default first.")
    changes: dict[str, object] = {"agentsFollow": default.description}
    await record(session, by, "reporting_rule.delete", target=_target(rule), changes=changes, now=now)
    await session.execute(
        update(ReportingRule)
        .where(or_(ReportingRule.number == rule.number, ReportingRule.replaced_by == rule.number))
        .values(replaced_by=default.number, updated_at=now),
        execution_options={"synchronize_session": False},
    )


async def _lock_rules(session: AsyncSession) -> None:
    """Wait until no other transaction is changing rules: of two defaults made at once one must see the other.

    On SQLite the write transaction itself is that lock.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))


async def _become_default(session: AsyncSession, by: Identity, rule: ReportingRule, now: datetime) -> None:
    before = await get_default(session)
    if before is rule:
        return
    before.is_default = False
    # One after the other: the index allows one default at any moment.
    await session.flush()
    rule.is_default, rule.updated_at = True, now
    changes: dict[str, object] = {"default": [before.description, rule.description]}
    await record(session, by, "reporting_rule.make_default", target=_target(rule), changes=changes, now=now)


def _check(rule: ReportingRule) -> None:
    if rule.auto_delete and rule.auto_delete_after_seconds is None:
        raise ValidationFailed({"autoDeleteAfter": "is needed when agents are to be deleted"})


def _shown(rule: ReportingRule) -> dict[str, object]:
    return {
        "description": rule.description,
        "notReportingAfter": rule.not_reporting_after_seconds,
        "autoDelete": rule.auto_delete,
        "autoDeleteAfter": rule.auto_delete_after_seconds,
    }


def _target(rule: ReportingRule) -> Target:
    return Target("reporting_rule", rule.id, rule.description)
