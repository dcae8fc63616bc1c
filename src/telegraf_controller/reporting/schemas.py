"""Reporting rules on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from pydantic import AfterValidator, Field, field_validator

from telegraf_controller.reporting.actions import RuleFields
from telegraf_controller.reporting.queries import SortKey
from telegraf_controller.reporting.tables import ReportingRule
from telegraf_controller.web.schemas import Answer, Body, PageQuery, WireTime

DAY_SECONDS = 86_400


def _printable(value: str) -> str:
    value = value.strip()
    if not value:
        raise ValueError("must not be empty")
    if not value.isprintable():
        raise ValueError("must not contain control characters")
    return value


def _storable(value: str) -> str:
    # PostgreSQL cannot even be asked for a NUL.
    if "\0" in value:
        raise ValueError("must not contain a NUL character")
    return value


Description = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
NotReportingAfter = Annotated[int, Field(ge=10, le=30 * DAY_SECONDS, description="Seconds, 10 s to 30 days.")]
AutoDeleteAfter = Annotated[int, Field(ge=60, le=365 * DAY_SECONDS, description="Seconds, one minute to 365 days.")]

_COLUMNS = {
    "description": "description",
    "not_reporting_after": "not_reporting_after_seconds",
    "auto_delete": "auto_delete",
    "auto_delete_after": "auto_delete_after_seconds",
}


class RuleCreate(Body):
    """What a new rule is to be (R1)."""

    description: Description
    not_reporting_after: NotReportingAfter
    auto_delete: bool = False
    auto_delete_after: AutoDeleteAfter | None = None
    is_default: bool = False

    def fields(self) -> RuleFields:
        """As the action takes it."""
        return RuleFields(
            description=self.description,
            not_reporting_after_seconds=self.not_reporting_after,
            auto_delete=self.auto_delete,
            auto_delete_after_seconds=self.auto_delete_after,
        )


class RulePatch(Body):
    """What is to change; what is left out stays. `autoDeleteAfter` alone may be null."""

    description: Description | None = None
    not_reporting_after: NotReportingAfter | None = None
    auto_delete: bool | None = None
    auto_delete_after: AutoDeleteAfter | None = None
    is_default: bool | None = None

    @field_validator("description", "not_reporting_after", "auto_delete", "is_default", mode="before")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        # Without this a null would pass for "not given": asked to clear a field, the server would silently keep it.
        if value is None:
            raise ValueError("must not be null; leave it out to keep what is there")
        return value

    def fields(self) -> RuleFields:
        """As the action takes it: what was given."""
        given = {column: getattr(self, name) for name, column in _COLUMNS.items() if name in self.model_fields_set}
        return cast(RuleFields, given)


class RuleQuery(PageQuery):
    """Which rules to list, and in what order."""

    search: Annotated[str, Field(max_length=200), AfterValidator(_storable)] = ""
    sort_by: SortKey = "description"
    sort_order: Literal["asc", "desc"] = "asc"


class RuleAssignment(Body):
    """Which rule an agent is to follow."""

    rule_id: UUID


class BulkRuleAssignment(Body):
    """Which rule many agents are to follow."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]
    rule_id: UUID


class RuleRecord(Answer):
    """A reporting rule (R1)."""

    id: UUID
    description: str
    not_reporting_after: int
    """Seconds."""
    auto_delete: bool
    auto_delete_after: int | None
    """Seconds."""
    is_default: bool
    agents: int
    """How many agents follow it."""
    created_at: WireTime
    updated_at: WireTime

    @classmethod
    def of(cls, rule: ReportingRule, followers: Mapping[int, int]) -> RuleRecord:
        """Show a rule; `followers` has the number of its agents."""
        return cls(
            id=rule.id,
            description=rule.description,
            not_reporting_after=rule.not_reporting_after_seconds,
            auto_delete=rule.auto_delete,
            auto_delete_after=rule.auto_delete_after_seconds,
            is_default=rule.is_default,
            agents=followers[rule.number],
            created_at=rule.created_at,
            updated_at=rule.updated_at,
        )
