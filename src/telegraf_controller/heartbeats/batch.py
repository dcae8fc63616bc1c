"""What one transaction writes: the newest heartbeat of each agent, and the statistics of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar

import msgspec

from telegraf_controller.agents.identity import bare_version, name_key, search_text, version_key
from telegraf_controller.agents.references import stored_references
from telegraf_controller.agents.tables import EventReason
from telegraf_controller.heartbeats.parse import Heartbeat, Liveness
from telegraf_controller.heartbeats.points import pack_points

Row = tuple[Any, ...]
B = TypeVar("B", bound=Liveness)

CLOCK_ERROR_MS = 60_000
"""An agent's row that is newer than a heartbeat is left alone (another node was faster), unless it is newer by more
than this: then the clock that wrote it was wrong."""


def unless_newer(seen: str, *, stored: str = "agent_liveness.last_seen") -> str:
    """Return the SQL condition for what is stored not to be newer than a heartbeat of the time `seen`."""
    return f"NOT {stored} BETWEEN {seen} + 1 AND {seen} + {CLOCK_ERROR_MS}"


_by_agent = attrgetter("agent_key")


class Batch(Generic[B]):
    """Heartbeats in the order of their agents: writers that all keep to it cannot wait for each other in a circle."""

    def __init__(self, heartbeats: Sequence[B], *, keep_points: bool = True) -> None:
        """Take heartbeats in the order of their arrival. Without `keep_points` only the latest statistics are kept."""
        newest = {heartbeat.agent_key: heartbeat for heartbeat in heartbeats}
        self.latest: list[B] = sorted(newest.values(), key=_by_agent)
        """The newest of each agent."""
        self.count = len(heartbeats)
        received = [heartbeat.received_ms for heartbeat in heartbeats]
        self.first_ms, self.last_ms = min(received), max(received)
        every = self.latest if len(newest) == len(heartbeats) else sorted(heartbeats, key=_by_agent)
        self.points: bytes | None = pack_points(every) if keep_points else None

    def liveness_rows(self) -> list[Row]:
        """`(agent, last_seen, identity, errors, warnings, metrics, status, reported_status)` of every agent."""
        return liveness_rows(self.latest)

    def log_rows(self) -> list[Row]:
        """`(agent, received_at, reported, entries)` of the agents whose newest heartbeat has log entries."""
        return [
            (heartbeat.agent_key, heartbeat.received_ms, heartbeat.reported_logs, heartbeat.logs)
            for heartbeat in self.latest
            if heartbeat.logs is not None
        ]


def liveness_rows(heartbeats: Iterable[Liveness]) -> list[Row]:
    """`(agent, last_seen, identity, errors, warnings, metrics, status, reported_status)` of each heartbeat."""
    return [
        (
            heartbeat.agent_key,
            heartbeat.received_ms,
            heartbeat.identity,
            heartbeat.errors,
            heartbeat.warnings,
            heartbeat.metrics,
            heartbeat.status,
            heartbeat.reported_status,
        )
        for heartbeat in heartbeats
    ]


def status_events(written: Iterable[Row]) -> list[Row]:
    """`(agent, at, from, to, reason)` of the agents whose status has changed (A7).

    `written` has `(agent, last_seen, previous_status, status)` of agents' rows as they were just written.
    """
    return [
        (agent, seen, before, after, EventReason.FIRST_HEARTBEAT if before is None else EventReason.HEARTBEAT)
        for agent, seen, before, after in written
        if before != after
    ]


def identity_rows(heartbeats: Iterable[Heartbeat], first_seen_ms: int) -> list[Row]:
    """`(id, instance_id, hostname, ip_address, telegraf_version, version_key, telegraf_build, configurations, name_key,
    search_text, first_seen)` of each heartbeat; `configurations` is JSON."""
    return [_identity_row(heartbeat, first_seen_ms) for heartbeat in heartbeats]


def _identity_row(heartbeat: Heartbeat, first_seen_ms: int) -> Row:
    version = bare_version(heartbeat.build)
    return (
        heartbeat.agent_key,
        heartbeat.instance_id,
        heartbeat.hostname,
        heartbeat.address,
        version,
        version_key(version),
        heartbeat.build,
        msgspec.json.encode(heartbeat.configurations).decode(),
        name_key(heartbeat.hostname, heartbeat.instance_id),
        search_text(heartbeat.hostname, heartbeat.instance_id, heartbeat.address),
        first_seen_ms,
    )


def reference_rows(heartbeats: Iterable[Heartbeat]) -> list[Row]:
    """`(agent, reference, shape)` for everything of this controller that these agents run."""
    return [
        (heartbeat.agent_key, reference, shape)
        for heartbeat in heartbeats
        for reference, shape in stored_references(heartbeat.configurations).items()
    ]
