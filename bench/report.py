"""The result as a table for people, and its place in the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.half_load import Paced
from bench.programs import Answers
from bench.waiting import Waiting
from telegraf_controller import __version__

DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
KEEP_ALIVE_TARGET = 0.25
ONE_SHOT_TARGET = 0.50
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class Pair:
    """A round: nginx, and right after it the controller."""

    nginx: Answers
    controller: Answers
    micros: Mapping[str, float]
    """Processor time of `nginx` for each of its answers, and of those that are `taking` and `storing` heartbeats."""

    @property
    def ratio(self) -> float:
        """The controller's rate as a share of nginx's."""
        return self.controller.per_second / self.nginx.per_second


@dataclass(frozen=True)
class Measured:
    """Everything that was found out about one database."""

    database: str
    keep_alive: list[Pair]
    one_shot: list[Pair]
    acknowledged: int
    half_load: Paced
    waiting: Waiting
    million: Paced | None


def median_rate(pairs: Sequence[Pair]) -> float:
    """Return the controller's median rate."""
    return median(pair.controller.per_second for pair in pairs)


def markdown(measured: Sequence[Measured], how: str) -> str:
    """Return the result as Markdown; `how` says on what machine and under what load."""
    return "\n".join(
        [
            f"Version {__version__}, {datetime.now(UTC):%Y-%m-%d}; {how}",
            "",
            "| database | connections | nginx `204` | committed heartbeats | of nginx (lowest, highest) | target "
            "| µs of nginx | µs of taking | µs of storing |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
            *(row for each in measured for row in _rate_rows(each)),
            "",
            "| database | pace | heartbeats/s | missed | p50 | p99 | p99 of the API meanwhile | before, idle |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
            *(row for each in measured for row in _pace_rows(each)),
            "",
            " ".join(
                f"{NAMES[each.database]} held all {each.acknowledged:,} heartbeats that were acknowledged."
                for each in measured
            ),
            measured[0].waiting.describe(),
        ]
    )


def write(text: str, place: str = "heartbeats") -> Path:
    """Put the result between the marks of its place in `docs/performance.md`, and return the path."""
    marks = f"<!-- bench/{place} begins -->", f"<!-- bench/{place} ends -->"
    document = DOCUMENT.read_text()
    before, begin, rest = document.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not (begin and end):
        raise ValueError(f"{DOCUMENT} has lost the marks {' and '.join(marks)}.")
    DOCUMENT.write_text(f"{before}{begin}\n{text}\n{end}{after}")
    return DOCUMENT


def _rate_rows(measured: Measured) -> Iterator[str]:
    for kind, pairs, target in (
        ("keep-alive", measured.keep_alive, KEEP_ALIVE_TARGET),
        ("one per heartbeat", measured.one_shot, ONE_SHOT_TARGET),
    ):
        ratios = sorted(pair.ratio for pair in pairs)
        micros = (median(pair.micros[part] for pair in pairs) for part in ("nginx", "taking", "storing"))
        yield (
            f"| {NAMES[measured.database]} | {kind} | {median(pair.nginx.per_second for pair in pairs):,.0f}/s "
            f"| {median_rate(pairs):,.0f}/s | {median(ratios):.0%} ({ratios[0]:.0%}, {ratios[-1]:.0%}) | {target:.0%} "
            f"| {' | '.join(f'{one:.1f}' for one in micros)} |"
        )


def _pace_rows(measured: Measured) -> Iterator[str]:
    for kind, paced in (("half load", measured.half_load), ("a million each minute", measured.million)):
        if paced is not None:
            yield (
                f"| {NAMES[measured.database]} | {kind}: {paced.agents:,} agents "
                f"| {paced.per_second:,.0f} | {paced.missed:,} "
                f"| {paced.p50_ms:,.1f} ms | {paced.p99_ms:,.1f} ms | {paced.api_p99_ms:,.1f} ms "
                f"| {_or_dash(paced.idle_api_p99_ms)} |"
            )


def _or_dash(milliseconds: float) -> str:
    return f"{milliseconds:,.1f} ms" if milliseconds else "-"
