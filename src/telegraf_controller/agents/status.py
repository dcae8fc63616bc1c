"""What an agent can count as (A2)."""

from __future__ import annotations

from enum import IntEnum


class AgentStatus(IntEnum):
    """The numbers are the API's and the database's. Heartbeats report the first four; the sweep sets the last."""

    OK = 0
    WARN = 1
    FAIL = 2
    UNDEFINED = 3
    NOT_REPORTING = 4

    @property
    def wire_name(self) -> str:
        """As the API writes it: `not_reporting`."""
        return self.name.lower()
