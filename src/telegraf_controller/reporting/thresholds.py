"""How much silence the rules allow, as conditions on agents' rows.

A sweep looks at every agent. A join with the rules would cost more than all the rest of it, so the few rules are read
first, and the condition names them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.agents.tables import AgentLiveness
from telegraf_controller.reporting.tables import ReportingRule


@dataclass(frozen=True, slots=True)
class Threshold:
    """What one rule allows, in seconds."""

    not_reporting_after: int
    delete_after: int | None
    """None when it deletes nobody."""


class Thresholds:
    """What each rule allows, by the numbers under which agents are noted."""

    def __init__(self, by_number: dict[int, Threshold]) -> None:
        self.by_number = by_number

    def silent(self, now: datetime) -> ColumnElement[bool]:
        """The condition that an agent has been silent for longer than its rule allows (A2)."""
        return self._longer(now, lambda allowed: allowed.not_reporting_after)

    def to_be_deleted(self, now: datetime) -> ColumnElement[bool] | None:
        """The condition that an agent has been silent for so long that its rule deletes it (R3); None: no rule does."""
        if all(allowed.delete_after is None for allowed in self.by_number.values()):
            return None
        return self._longer(now, lambda allowed: allowed.delete_after)

    def allowed_silence(self) -> ColumnElement[int]:
        """How many seconds of silence an agent's rule allows."""
        allowed = {number: one.not_reporting_after for number, one in self.by_number.items()}
        return case(allowed, value=AgentLiveness.rule)

    def _longer(self, now: datetime, seconds_of: Callable[[Threshold], int | None]) -> ColumnElement[bool]:
        numbers: dict[int, list[int]] = defaultdict(list)
        for number, allowed in self.by_number.items():
            seconds = seconds_of(allowed)
            if seconds is not None:
                numbers[seconds].append(number)
        seen = AgentLiveness.last_seen
        # Most agents are known by this alone to be heard of.
        shortest = seen < now - timedelta(seconds=min(numbers))
        if len(numbers) == 1 and len(numbers[min(numbers)]) == len(self.by_number):
            return shortest
        each = (
            AgentLiveness.rule.in_(those) & (seen < now - timedelta(seconds=seconds))
            for seconds, those in numbers.items()
        )
        return shortest & or_(*each)


async def read_thresholds(session: AsyncSession) -> Thresholds:
    """Return what the rules allow now; agents of a deleted rule are judged by the one that replaced it."""
    rules = {rule.number: rule for rule in await session.scalars(select(ReportingRule))}
    followed = {number: rules[rule.replaced_by or number] for number, rule in rules.items()}
    return Thresholds({number: _threshold(rule) for number, rule in followed.items()})


def _threshold(rule: ReportingRule) -> Threshold:
    return Threshold(
        not_reporting_after=rule.not_reporting_after_seconds,
        delete_after=rule.auto_delete_after_seconds if rule.auto_delete else None,
    )
