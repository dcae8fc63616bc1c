"""Memory of each process while a large fleet reports for a long time and people look at it.

`make bench-soak` runs it; `bench/README.md` says how to read it. The result goes into `docs/performance.md`.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench import machine, report
from bench.half_load import Paced, measure_seeded
from bench.places import DATABASES, new_database, new_folder
from bench.programs import CannotMeasure, Controller, controller, memory_mb
from bench.scale import PROCESSES, disk_mb
from bench.seed import seed_fleet
from telegraf_controller import __version__, clock
from telegraf_controller.db import migrate

_SAMPLE_SECONDS = 10.0
_LOOK_SECONDS = 5.0
_LOOKS = ("search=42", "status=fail", "sortBy=lastSeen&sortOrder=desc", "sortBy=version&page=1000", "search=edge-7")


@dataclass
class Soaked:
    """What one database's controller held, sample by sample: megabytes by process, and of the database on disk."""

    samples: list[dict[str, float]] = field(default_factory=list)
    paced: Paced | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write. Returns the exit code."""
    given = _parse(arguments)
    try:
        how = machine.describe()
        print(how, flush=True)
        soaked = {kind: _measure(kind, given) for kind in given.database or DATABASES}
    except CannotMeasure as error:
        print(f"Cannot measure: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    text = _markdown(soaked, given, how)
    print(f"\n{text}")
    if not given.no_write:
        print(f"Written to {report.write(text, 'soak')}.")
    return 0


def _measure(kind: str, given: argparse.Namespace) -> Soaked:
    soaked = Soaked()
    with new_folder() as folder, new_database(kind, folder) as database:
        migrate.upgrade(database)
        seed_fleet(database, given.agents)
        print(f"{kind}: {given.agents:,} agents are there", flush=True)
        with controller(folder, database) as server, ThreadPoolExecutor(2) as aside:
            over = threading.Event()
            looking = aside.submit(_look, server, over)
            reporting = aside.submit(measure_seeded, server, given.agents, given.per_second, seconds=given.minutes * 60)
            try:
                while not reporting.done():
                    soaked.samples.append(_sample(folder, kind, database))
                    print(f"  {len(soaked.samples) * _SAMPLE_SECONDS / 60:.1f} min: {soaked.samples[-1]}", flush=True)
                    time.sleep(_SAMPLE_SECONDS)
            finally:
                over.set()
            soaked.paced = reporting.result()
            looking.result()
    return soaked


def _sample(folder: Path, kind: str, database: str) -> dict[str, float]:
    held = {process: memory_mb(process) for process in PROCESSES[kind]}
    if kind == "sqlite":
        held["disk"] = sum(path.stat().st_size for path in folder.glob("controller.db*")) / 1e6
    else:
        held["disk"] = disk_mb(database)
    return {name: round(value) for name, value in held.items()}


def _look(server: Controller, over: threading.Event) -> None:
    """Ask for agents as a person would who keeps looking."""
    headers = {"Authorization": f"Bearer {server.owner_token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60, trust_env=False) as client:
        turn = 0
        while not over.wait(_LOOK_SECONDS):
            client.get(f"/api/agents?{_LOOKS[turn % len(_LOOKS)]}").raise_for_status()
            client.get("/api/agents/summary").raise_for_status()
            turn += 1


def _markdown(soaked: dict[str, Soaked], given: argparse.Namespace, how: str) -> str:
    minutes = [given.minutes * share // 4 for share in range(5)]
    lines = [
        f"Version {__version__}, {clock.now():%Y-%m-%d}; {how}. {given.agents:,} agents, {given.per_second:,} "
        f"heartbeats due each second for {given.minutes} minutes, a search and a summary every {_LOOK_SECONDS:.0f} "
        "seconds; megabytes.",
    ]
    for kind, one in soaked.items():
        assert one.paced is not None
        marks = [min(len(one.samples) - 1, int(minute * 60 / _SAMPLE_SECONDS)) for minute in minutes]
        lines += ["", f"| {report.NAMES[kind]} | {' | '.join(f'{minute} min' for minute in minutes)} | at most |"]
        lines += [f"| --- |{' ---: |' * (len(minutes) + 1)}"]
        for name in (*PROCESSES[kind], "disk"):
            values = [sample[name] for sample in one.samples]
            shown = [f"{values[mark]:,.0f}" for mark in marks] + [f"{max(values):,.0f}"]
            lines.append(f"| {'database on disk' if name == 'disk' else name} | {' | '.join(shown)} |")
        lines += [
            "",
            f"{report.NAMES[kind]}: {one.paced.per_second:,.0f} acknowledged each second, {one.paced.missed:,} missed, "
            f"p50 {one.paced.p50_ms:,.1f} ms, p99 {one.paced.p99_ms:,.1f} ms.",
        ]
    return "\n".join(lines)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.soak", description=__doc__)
    number: Callable[[str], int] = int
    parser.add_argument("--agents", type=number, default=1_000_000, help="size of the fleet (default 1,000,000)")
    parser.add_argument("--per-second", type=number, default=5_000, help="heartbeats (default 5,000)")
    parser.add_argument("--minutes", type=number, default=20, help="how long (default 20)")
    parser.add_argument("--database", action="append", choices=DATABASES, help="only this one; may be repeated")
    parser.add_argument("--no-write", action="store_true", help="leave docs/performance.md alone")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
