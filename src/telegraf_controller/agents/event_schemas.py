"""Changes of an agent's status on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from telegraf_controller.agents.schemas import StatusName
from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.agents.tables import AgentEvent, EventReason
from telegraf_controller.web.schemas import Answer, WireTime

Why = Literal["first_heartbeat", "heartbeat", "silence", "deleted", "auto_deleted"]


class AgentEventRecord(Answer):
    """One change of an agent's status (A7)."""

    at: WireTime
    from_status: StatusName | None = Field(alias="from")
    """What it counted as before; null when it was not known."""
    to_status: StatusName | None = Field(alias="to")
    """What it counts as since; null when it was deleted."""
    why: Why
    after_seconds: int | None
    """How much silence its rule allowed, where silence is the reason."""

    @classmethod
    def of(cls, event: AgentEvent) -> AgentEventRecord:
        """Show an event."""
        return cls.model_validate(
            {
                "at": event.at,
                "from_status": _name(event.from_status),
                "to_status": _name(event.to_status),
                "why": EventReason(event.reason).wire_name,
                "after_seconds": event.after_seconds,
            }
        )


def _name(status: int | None) -> str | None:
    return None if status is None else AgentStatus(status).wire_name
