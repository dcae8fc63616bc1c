"""Labels on the wire."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, field_validator

from telegraf_controller.labels.actions import DEFAULT_COLOR, LabelChange
from telegraf_controller.labels.queries import LabelUse, SortKey
from telegraf_controller.labels.tables import Label
from telegraf_controller.web.schemas import Answer, Body, BulkAnswer, BulkResult, PageQuery, WireTime

MAX_LABELS = 50
"""How many labels one call names."""


def _printable(value: str) -> str:
    value = value.strip()
    if not value:
        raise ValueError("must not be empty")
    if not value.isprintable():
        raise ValueError("must not contain control characters")
    return value


def _storable(value: str) -> str:
    # PostgreSQL keeps no NUL.
    if "\0" in value:
        raise ValueError("must not contain a NUL character")
    return value


Name = Annotated[str, Field(min_length=1, max_length=50), AfterValidator(_printable)]
Description = Annotated[str, Field(max_length=1000), AfterValidator(_storable)]
Color = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$", examples=["#2f9e44"]), AfterValidator(str.lower)]
LabelIds = Annotated[list[UUID], Field(max_length=MAX_LABELS)]

LabelFilter = Annotated[
    list[Annotated[str, Field(max_length=50), AfterValidator(_storable)]],
    Field(max_length=MAX_LABELS, description="The id or name of a label; of several, all are wanted (B1)."),
]
"""How lists are narrowed to what carries labels."""


class LabelCreate(Body):
    """What a new label is to be (B1)."""

    name: Name
    description: Description = ""
    color: Color = DEFAULT_COLOR


class LabelPatch(Body):
    """What is to change; what is left out stays."""

    name: Name | None = None
    description: Description | None = None
    color: Color | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        # Without this a null would pass for "not given": asked to clear a field, the server would silently keep it.
        if value is None:
            raise ValueError("must not be null; leave it out to keep what is there")
        return value

    def wanted(self) -> LabelChange:
        """As the action takes it."""
        return LabelChange(self.name, self.description, self.color)


class LabelQuery(PageQuery):
    """Which labels to list, and in what order."""

    search: Annotated[str, Field(max_length=100), AfterValidator(_storable)] = ""
    sort_by: SortKey = "name"
    sort_order: Literal["asc", "desc"] = "asc"


class LabelBulk(Body):
    """Which labels a bulk call means."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]


class LabelAssignment(Body):
    """Which labels are to be put on, or taken off, which things."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]
    label_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_LABELS)]


class LabelRecord(Answer):
    """A label (B1)."""

    id: UUID
    name: str
    description: str
    color: str
    config_count: int
    group_count: int
    agent_count: int
    """How many configurations, groups and agents carry it."""
    created_at: WireTime
    created_by: str | None
    updated_at: WireTime
    updated_by: str | None

    @classmethod
    def of(cls, label: Label, use: LabelUse) -> LabelRecord:
        """Show a label and how much carries it."""
        plain = ("id", "name", "description", "color", "created_at", "created_by", "updated_at", "updated_by")
        counts = {"config_count": use.configs, "group_count": use.groups, "agent_count": use.agents}
        return cls.model_validate({name: getattr(label, name) for name in plain} | counts)


class LabelTag(Answer):
    """A label as the records of what carries it show it (V1)."""

    id: UUID
    name: str
    color: str

    @classmethod
    def of_all(cls, labels: Iterable[Label]) -> list[LabelTag]:
        """Show labels."""
        return [cls.model_validate(label) for label in labels]


def bulk_answer(ids: Iterable[UUID], there: Collection[UUID], refused: Collection[UUID] = ()) -> BulkAnswer:
    """Say for each id whether it was there, or the caller's token is held to others (T11)."""
    results: list[BulkResult] = []
    for one in dict.fromkeys(ids):
        if one in refused:
            results.append(BulkResult(id=str(one), ok=False, error="token_not_allowed_here"))
        else:
            results.append(BulkResult(id=str(one), ok=one in there, error=None if one in there else "not_found"))
    return BulkAnswer.of(results)
