"""What was measured of serving, as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from telegraf_controller import __version__

POLLING_TARGET = 0.20
"""Of a core, for 100,000 agents that poll each minute (C7)."""

_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class Rates:
    """Medians of answers per second."""

    method: str
    nginx: float
    one: float
    """Of one configuration."""
    full: float
    """Of all configurations and groups in turn."""
    ratios: list[float]
    """One configuration's rate as a share of nginx's, in rising order."""


@dataclass(frozen=True)
class Polling:
    """A fleet that polls: how often, and how much of a core that takes in the application and in the database."""

    per_second: float
    share: float
    database_share: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Served:
    """Everything that was found out about one database."""

    database: str
    cold: float
    """Answers per second of all configurations and groups to GET, in a first round that compiles each of them."""
    rates: list[Rates]
    polled: Polling
    nothing: Polling


def markdown(measured: Sequence[Served], how: str) -> str:
    """Return the result as Markdown; `how` says on what machine and under what load."""
    return "\n".join(
        [
            f"Version {__version__}, {datetime.now(UTC):%Y-%m-%d}; {how}",
            "",
            "| database | method | nginx, a file | one of them | of nginx (lowest, highest) | all | all, cold |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
            *(
                f"| {_NAMES[each.database]} | {rates.method} | {rates.nginx:,.0f}/s "
                f"| {rates.one:,.0f}/s | {rates.one / rates.nginx:.0%} ({rates.ratios[0]:.0%}, {rates.ratios[-1]:.0%}) "
                f"| {rates.full:,.0f}/s | {_cold(each, rates)} |"
                for each in measured
                for rates in each.rates
            ),
            "",
            "| database | HEAD/s | of a core | target | doing nothing | PostgreSQL itself | p50 | p99 |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
            *(
                f"| {_NAMES[each.database]} | {each.polled.per_second:,.0f} | {each.polled.share:.1%} "
                f"| {POLLING_TARGET:.0%} | {each.nothing.share:.1%} | {_share(each)} "
                f"| {each.polled.p50_ms:.1f} ms | {each.polled.p99_ms:.1f} ms |"
                for each in measured
            ),
        ]
    )


def _cold(served: Served, rates: Rates) -> str:
    return f"{served.cold:,.0f}/s" if rates.method == "GET" else "-"


def _share(served: Served) -> str:
    return f"{served.polled.database_share:.1%}" if served.database == "postgresql" else "-"
