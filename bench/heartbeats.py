"""Committed heartbeats per second on SQLite and PostgreSQL, next to nginx answering 204, on one machine in one run.

`make bench` runs it; `bench/README.md` says how to read it. The result goes into `docs/performance.md`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import machine, report
from bench.half_load import Paced, measure_half_load, measure_million
from bench.places import DATABASES, new_database, new_folder
from bench.programs import (
    Answers,
    CannotMeasure,
    Controller,
    controller,
    nginx,
    processor_seconds_by_part,
    require_programs,
    wrk,
)
from bench.report import Measured, Pair
from bench.seed import seed_fleet
from bench.stored import count_stored
from bench.waiting import measure_waiting
from telegraf_controller.db import migrate

_HEARTBEAT_PATH = "/agents/heartbeat"


@dataclass(frozen=True)
class Load:
    """How hard and how long."""

    rounds: int
    seconds: int
    connections: int
    agents: int

    def describe(self) -> str:
        """Say it for the report."""
        return (
            f"{self.agents:,} agents, {self.connections} connections, "
            f"{self.rounds} rounds of {self.seconds} s of each in turn; medians."
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write. Returns the exit code."""
    given = _parse(arguments)
    load = Load(given.rounds, given.seconds, given.connections, given.agents)
    try:
        require_programs()
        described = machine.describe()
        print(described, flush=True)
        measured = [_measure(kind, load, million=given.million) for kind in given.database or DATABASES]
    except CannotMeasure as error:
        print(f"Cannot measure: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    text = report.markdown(measured, f"{described}. {load.describe()}")
    print(f"\n{text}")
    if given.no_write:
        return 0
    print(f"Written to {report.write(text)}.")
    return 0


def _measure(kind: str, load: Load, *, million: bool) -> Measured:
    with new_folder() as folder, new_database(kind, folder) as database, controller(folder, database) as server:
        with nginx(folder) as nginx_url:
            print(f"\n{kind}: every agent reports once", flush=True)
            _drive(server, load, one_shot=False)
            before = count_stored(database)
            keep_alive = _rounds(server, nginx_url, load, one_shot=False)
            one_shot = _rounds(server, nginx_url, load, one_shot=True)
        acknowledged = sum(pair.controller.acknowledged for pair in (*keep_alive, *one_shot))
        _check_stored(acknowledged, count_stored(database) - before, load)
        print(f"{kind}: {acknowledged:,} acknowledged, all of them stored; now half the load", flush=True)
        half = measure_half_load(server, report.median_rate(keep_alive) / 2)
        waiting = measure_waiting(server)
    return Measured(
        kind, keep_alive, one_shot, acknowledged, half, waiting, _measure_million(kind) if million else None
    )


def _measure_million(kind: str) -> Paced:
    with new_folder() as folder, new_database(kind, folder) as database:
        migrate.upgrade(database)
        seed_fleet(database, 1_000_000)
        print(f"{kind}: a million agents are there and begin to report", flush=True)
        with controller(folder, database) as server:
            return measure_million(server)


def _rounds(server: Controller, nginx_url: str, load: Load, *, one_shot: bool) -> list[Pair]:
    """Drive both in turn, so that whatever else happens on the machine happens to both."""
    pairs = []
    for number in range(load.rounds):
        before = processor_seconds_by_part()
        of_nginx = _drive_url(f"{nginx_url}{_HEARTBEAT_PATH}", server.agent_token, load, one_shot=one_shot)
        of_controller = _drive(server, load, one_shot=one_shot)
        after = processor_seconds_by_part()
        answers = {"nginx": of_nginx.acknowledged, "taking": of_controller.acknowledged}
        answers["storing"] = answers["taking"]
        micros = {part: (after[part] - before[part]) / count * 1e6 for part, count in answers.items()}
        pairs.append(Pair(of_nginx, of_controller, micros))
        print(
            f"  round {number + 1}, {'a connection each' if one_shot else 'keep-alive'}:"
            f" nginx {of_nginx.per_second:,.0f}/s, controller {of_controller.per_second:,.0f}/s"
            f" ({pairs[-1].ratio:.0%}); microseconds {', '.join(f'{part} {one:.1f}' for part, one in micros.items())}",
            flush=True,
        )
    return pairs


def _drive(server: Controller, load: Load, *, one_shot: bool) -> Answers:
    return _drive_url(server.heartbeat_url, server.agent_token, load, one_shot=one_shot)


def _drive_url(url: str, token: str, load: Load, *, one_shot: bool) -> Answers:
    return wrk(url, token, seconds=load.seconds, connections=load.connections, agents=load.agents, one_shot=one_shot)


def _check_stored(acknowledged: int, stored: int, load: Load) -> None:
    """Hold the database against what was acknowledged: an answer that is still under way at the end is not counted."""
    under_way = 2 * load.rounds * load.connections
    if not acknowledged <= stored <= acknowledged + under_way:
        raise CannotMeasure(f"{acknowledged:,} heartbeats were acknowledged and {stored:,} stored.")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.heartbeats", description=__doc__)
    number: Callable[[str], int] = int
    parser.add_argument("--rounds", type=number, default=5, help="of each server and kind (default 5)")
    parser.add_argument("--seconds", type=number, default=5, help="of each round (default 5)")
    parser.add_argument("--connections", type=number, default=256, help="that wrk keeps busy (default 256)")
    parser.add_argument("--agents", type=number, default=20_000, help="different ids (default 20,000)")
    parser.add_argument("--database", action="append", choices=DATABASES, help="only this one; may be repeated")
    parser.add_argument("--million", action="store_true", help="also 1,000,000 agents each minute, for two minutes")
    parser.add_argument("--no-write", action="store_true", help="leave docs/performance.md alone")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
