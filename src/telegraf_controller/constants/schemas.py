"""Constants on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from telegraf_controller.configs.schemas import AcceptImpact
from telegraf_controller.constants.queries import NAME_SHAPE, SortKey, Usage
from telegraf_controller.constants.tables import Constant
from telegraf_controller.web.schemas import Answer, Body, PageQuery, WireTime

MAX_VALUE_LENGTH = 65_536


def _one_line_without_quotes(value: str) -> str:
    for character, name in (('"', "a double quote"), ("\n", "a line break"), ("\r", "a line break"), ("\0", "NUL")):
        if character in value:
            raise ValueError(f"must not contain {name}")
    return value


ConstantName = Annotated[str, Field(pattern=f"^{NAME_SHAPE.pattern}$", max_length=128)]
ConstantValue = Annotated[str, Field(max_length=MAX_VALUE_LENGTH), AfterValidator(_one_line_without_quotes)]


class ConstantCreate(Body):
    """What a new constant is to be (K1)."""

    name: ConstantName
    value: ConstantValue


class ConstantImpact(Body):
    """A new value to ask about (V7)."""

    value: ConstantValue


class ConstantPatch(ConstantImpact):
    """The new value; a name never changes."""

    accept_impact: AcceptImpact = False


class ConstantQuery(PageQuery):
    """Which constants to list, and in what order."""

    search: Annotated[str, Field(max_length=128)] = ""
    sort_by: SortKey = "name"
    sort_order: Literal["asc", "desc"] = "asc"


class ConstantSummary(Answer):
    """A constant as lists show it."""

    name: str
    value: str
    usage_count: int
    """How many configurations use it in the version that is served."""
    created_at: WireTime
    created_by: str | None
    updated_at: WireTime
    updated_by: str | None

    @classmethod
    def of(cls, constant: Constant, usage_count: int) -> ConstantSummary:
        """Show a constant."""
        return cls.model_validate({**_fields(constant), "usage_count": usage_count})


class ConstantUsage(Answer):
    """A configuration that uses a constant in the version that is served."""

    id: UUID
    name: str


class ConstantRecord(ConstantSummary):
    """A constant with the configurations that use it (K1)."""

    used_by: list[ConstantUsage]

    @classmethod
    def of_used(cls, constant: Constant, used_by: Sequence[Usage]) -> ConstantRecord:
        """Show a constant."""
        return cls.model_validate({**_fields(constant), "usage_count": len(used_by), "used_by": list(used_by)})


def _fields(constant: Constant) -> dict[str, object]:
    plain = ("name", "value", "created_at", "created_by", "updated_at", "updated_by")
    return {name: getattr(constant, name) for name in plain}
