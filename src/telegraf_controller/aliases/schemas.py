"""Aliases on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from telegraf_controller.aliases.queries import AliasView
from telegraf_controller.web.schemas import Answer, Body, WireTime


class AliasCreate(Body):
    """A new alias."""

    alias: Annotated[str, Field(max_length=200)]
    """3 to 63 lowercase letters, digits and hyphens (L1)."""


class AliasTransfer(Body):
    """Where an alias is to lead to: a configuration or a group."""

    config_id: UUID | None = None
    group_id: UUID | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> AliasTransfer:
        if (self.config_id is None) == (self.group_id is None):
            raise ValueError("exactly one of configId and groupId is needed")
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
