"""What a simulation found."""

from __future__ import annotations

import msgspec

from telegraf_controller.simulate.histogram import Histogram


class Percentiles(msgspec.Struct, frozen=True, rename="camel"):
    """Durations in milliseconds."""

    p50: float
    p95: float
    p99: float
    max: float

    @classmethod
    def of(cls, histogram: Histogram) -> Percentiles:
        """Read the usual percentiles."""
        p50, p95, p99 = (round(histogram.percentile(share) * 1000, 3) for share in (0.50, 0.95, 0.99))
        return cls(p50, p95, p99, round(histogram.max_seconds * 1000, 3))


class Report(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The outcome, also midway. Everything that was due is acknowledged, refused, failed, or unsent."""

    url: str
    agents: int
    connections: int
    elapsed_seconds: float
    wanted_per_second: float | None
    """None: as fast as possible."""
    acknowledged: int
    acknowledged_per_second: float
    refused: dict[str, int]
    """Answers that were not 2xx, by status."""
    failed: dict[str, int]
    """Heartbeats without an answer, by reason."""
    unsent: int
    """Heartbeats that were due and never left, because every connection was busy."""
    latency_ms: Percentiles
    """From when a heartbeat was due to its acknowledgement, waiting for a free connection included: a slow moment
    counts for everybody whom it delayed. What was unsent, or not answered in time, counts until it was given up."""
    response_ms: Percentiles
    """From when a heartbeat was sent to its acknowledgement, connecting included."""
    first_refusal: str | None
    """What the controller said with the first refusal."""

    @property
    def all_acknowledged(self) -> bool:
        """Whether nothing went wrong."""
        return self.acknowledged > 0 and not self.refused and not self.failed and not self.unsent
