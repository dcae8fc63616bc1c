"""What a change means for agents, on the wire (V7)."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator

from telegraf_controller.configs.impact import Impact, shown
from telegraf_controller.configs.schemas import Toml
from telegraf_controller.web.schemas import Answer, Body, ErrorAnswer


class ConfigImpact(Body):
    """A new text for a configuration, or the version of it that is to be served again: one of them (V7)."""

    toml: Toml | None = None
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _one(cls, given: Any) -> Any:
        if isinstance(given, dict) and (given.get("toml") is None) == (given.get("version") is None):
            raise ValueError("give exactly one of toml and version")
        return given


class ImpactExample(Answer):
    """An agent that would fail, and the error that it would get from its URL."""

    id: UUID
    instance_id: str
    hostname: str | None
    reporting: bool
    error: ErrorAnswer


class ImpactRecord(Answer):
    """What a change would mean for today's agents, by the URLs that they report (V7)."""

    would_reload: int
    """How many agents that are reporting get another `Last-Modified` from one of their URLs."""
    would_fail: int
    """How many agents that are reporting are served by all their URLs now, and would get an error from one."""
    would_fail_not_reporting: int
    """The same of agents that have fallen silent: they keep nobody from the change."""
    examples: list[ImpactExample]
    """At most ten of those that would fail; none without the permission `agents:read`."""

    @classmethod
    def of(cls, found: Impact) -> ImpactRecord:
        """Show an impact."""
        return cls.model_validate({**shown(found), "would_reload": found.would_reload.reporting})
