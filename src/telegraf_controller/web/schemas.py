"""What every request and answer of the API has in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel

from telegraf_controller import clock

MAX_PAGE_SIZE = 500

T = TypeVar("T")


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("the time needs a zone, for example 2026-11-23T17:10:02Z")
    return instant.astimezone(UTC)


WireTime = Annotated[
    datetime, AfterValidator(_aware), PlainSerializer(clock.to_wire, return_type=str, when_used="json")
]
"""An instant as the API writes it, `2026-11-23T17:10:02.123Z`; on the way in, any zone but none is refused."""


class Answer(BaseModel):
    """The base of answers: camelCase keys, every key always there."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)


class Body(BaseModel):
    """The base of request bodies: camelCase keys; an unknown one is refused, for it may be a typo."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", str_strip_whitespace=False)


class Page(Answer, Generic[T]):
    """One page of a list."""

    items: list[T]
    total: int
    page: int
    limit: int


class PageQuery(Body):
    """Which page of a list is wanted. Lists with filters extend it."""

    page: Annotated[int, Query(ge=1, le=10_000_000)] = 1
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = 25

    @property
    def offset(self) -> int:
        """How many items come before the page."""
        return (self.page - 1) * self.limit


class BulkResult(Answer):
    """What happened to one id of a bulk call."""

    id: str
    ok: bool
    error: str | None = None


class BulkAnswer(Answer):
    """What a bulk call did, per id."""

    results: list[BulkResult]
    succeeded: int
    failed: int

    @classmethod
    def of(cls, results: Sequence[BulkResult]) -> BulkAnswer:
        """Count the results."""
        succeeded = sum(result.ok for result in results)
        return cls(results=list(results), succeeded=succeeded, failed=len(results) - succeeded)


class ErrorAnswer(Answer):
    """Every error of the API."""

    error: str
    message: str
    details: dict[str, Any] = {}
