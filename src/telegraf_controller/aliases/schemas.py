"""Aliases on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from telegraf_controller.aliases.queries import AliasView
from telegraf_controller.configs.schemas import AcceptImpact
from telegraf_controller.web.schemas import Answer, Body, WireTime


class AliasCreate(Body):
    """A new alias."""

    alias: Annotated[str, Field(max_length=200)]
    """3 to 63 lowercase letters, digits and hyphens (L1)."""


class AliasTarget(Body):
    """Where an alias is to lead to: a configuration or a group."""

    config_id: UUID | None = None
    group_id: UUID | None = None


class AliasTransfer(AliasTarget):
    """Where an alias is to lead to from now on."""

    accept_impact: AcceptImpact = False

    @model_validator(mode="after")
    def _one_of_them(self) -> AliasTransfer:
        if (self.config_id is None) == (self.group_id is None):
            raise ValueError("exactly one of configId and groupId is needed")
        return self


class AliasImpact(AliasTarget):
    """Where an alias might lead to; neither asks about giving it up (V7)."""

    @model_validator(mode="after")
    def _not_both(self) -> AliasImpact:
        if self.config_id is not None and self.group_id is not None:
            raise ValueError("at most one of configId and groupId can be given")
        return self


class AliasRecord(Answer):
    """An alias, what it leads to, and how many agents have it in a URL (L1)."""

    alias: str
    config_id: UUID | None
    group_id: UUID | None
    agent_count: int
    created_at: WireTime
    created_by: str | None

    @classmethod
    def of(cls, view: AliasView) -> AliasRecord:
        """Show an alias."""
        plain = ("alias", "config_id", "group_id", "created_at", "created_by")
        return cls.model_validate(
            {**{name: getattr(view.alias, name) for name in plain}, "agent_count": view.agent_count}
        )
