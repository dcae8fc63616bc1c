"""What heartbeats left behind, on the wire."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from pydantic import Field

from telegraf_controller import clock
from telegraf_controller.agents.schemas import AgentStatistics, StatusName
from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.heartbeats.log_entries import StoredEntry
from telegraf_controller.heartbeats.points import Point
from telegraf_controller.heartbeats.queries import LatestHeartbeat, Series
from telegraf_controller.web.schemas import Answer, Body, WireTime

EpochMs = Annotated[int, Field(ge=0, le=253_402_300_799_999, description="Milliseconds since the epoch.")]


class SeriesQuery(Body):
    """Which part of an agent's statistics is wanted: the newest `limit` of those between two instants."""

    from_ms: EpochMs | None = Field(default=None, alias="from")
    to_ms: EpochMs | None = Field(default=None, alias="to")
    limit: Annotated[int, Field(ge=1, le=5000)] = 200


class LogEntry(Answer):
    """One log entry as the agent sent it."""

    time: str
    level: str
    source: str
    message: str
    attributes: dict[str, Any] | None
    truncated: bool
    """Whether the message or the attributes were longer (D1)."""

    @classmethod
    def of(cls, entry: StoredEntry) -> LogEntry:
        """Show an entry."""
        return cls(
            time=entry.time,
            level=entry.level,
            source=entry.source,
            message=entry.message,
            attributes=msgspec.json.decode(entry.attributes),
            truncated=entry.truncated,
        )


class LatestHeartbeatRecord(Answer):
    """The latest heartbeat of an agent (D2)."""

    received_at: WireTime
    statistics: AgentStatistics | None
    reported_logs: int
    """How many log entries it had."""
    stored_logs: int
    """How many of them are stored: the most severe, then newest."""
    logs: list[LogEntry]

    @classmethod
    def of(cls, latest: LatestHeartbeat) -> LatestHeartbeatRecord:
        """Show it."""
        liveness = latest.liveness
        return cls(
            received_at=liveness.last_seen,
            statistics=None if liveness.metrics is None else AgentStatistics.model_validate(liveness),
            reported_logs=latest.reported_logs,
            stored_logs=len(latest.logs),
            logs=[LogEntry.of(entry) for entry in latest.logs],
        )


class StatisticsPoint(Answer):
    """What one heartbeat reported; the counts are null when it had no statistics."""

    received_at: WireTime
    status: StatusName
    errors: int | None
    warnings: int | None
    metrics: int | None

    @classmethod
    def of(cls, point: Point) -> StatisticsPoint:
        """Show a point."""
        return cls.model_validate(
            {
                "received_at": clock.from_epoch_ms(point.received_ms),
                "status": AgentStatus(point.status).wire_name,
                "errors": point.errors,
                "warnings": point.warnings,
                "metrics": point.metrics,
            }
        )


class StatisticsSeries(Answer):
    """The statistics of an agent over time, oldest first (D2)."""

    items: list[StatisticsPoint]
    complete: bool
    """False when there may be more before the first item: the limit was reached, or reading took too long."""

    @classmethod
    def of(cls, series: Series) -> StatisticsSeries:
        """Show a series."""
        return cls(items=[StatisticsPoint.of(point) for point in series.points], complete=series.complete)
