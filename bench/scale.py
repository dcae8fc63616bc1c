"""How cost grows with the fleet, from 1,000 agents to 1,000,000, on SQLite and PostgreSQL.

`make bench-scale` runs it; `bench/README.md` says how to read it. The result goes into `docs/performance.md`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from sqlite3 import connect

import asyncpg
import httpx

from bench import machine, report
from bench.half_load import Paced, measure_maximum, measure_seeded
from bench.places import DATABASES, new_database, new_folder
from bench.programs import CannotMeasure, Controller, controller, memory_mb
from bench.seed import CONFIGS, GROUP, LABELS, RULE, seed_fleet
from telegraf_controller import __version__, clock
from telegraf_controller.agents.fleet import EXACT_AGENTS
from telegraf_controller.db import migrate
from telegraf_controller.db.engine import Database
from telegraf_controller.db.url import DatabaseTarget
from telegraf_controller.reporting.sweep import sweep

SIZES = (1_000, 10_000, 100_000, 1_000_000)
_LIMIT = 25
_TIMES = 15
"""How often each question is asked; the 95th percentile is over all questions of a kind."""
_READY_SECONDS = 120.0
_CALM_SECONDS = 25
"""How long agents report at half of the maximum before that is measured."""

_SETTLE_SECONDS = 8.0
"""How long heartbeats arrive before sweeps are timed."""

PROCESSES = {
    "sqlite": ("api", "heartbeat", "storage", "scheduler"),
    "postgresql": ("api", "heartbeat", "scheduler"),
}

_SORTS = ("name", "status", "lastSeen", "version")
_DEEP = "DEEP"

QUESTIONS: dict[str, list[str]] = {
    "list, first page": [f"sortBy={by}&sortOrder={order}" for by in _SORTS for order in ("asc", "desc")],
    "list, middle and last pages": [
        f"sortBy={by}&sortOrder={order}&page={_DEEP}" for by in _SORTS for order in ("asc", "desc")
    ],
    "search, 1 or 2 characters": ["search=7", "search=e", "search=42", "search=zq"],
    "search, longer": ["search=host-0000", "search=0042", "search=sim.example", "search=nowhere", "search=EDGE-"],
    "status": ["status=fail", "status=not_reporting&sortBy=lastSeen"],
    "version": ["version=1.40.0", "version=1.30.1"],
    "configuration": [f"config={CONFIGS[0][0]}", f"config={CONFIGS[3][2]}"],
    "group, alias": [f"group={GROUP[0]}", f"alias={CONFIGS[3][2]}"],
    "rule": [f"reportingRule={RULE}"],
    "label": [f"label={LABELS[0][1]}", f"label={LABELS[1][1]}"],
    "several of these": [
        f"search=1&label={LABELS[0][1]}&status=ok&version=1.40.0&sortBy=lastSeen&sortOrder=desc",
        f"reportingRule={RULE}&config={CONFIGS[0][0]}&search=host&sortBy=status&page={_DEEP}",
    ],
}
SUMMARIES = ["", "search=7", "status=fail", f"label={LABELS[0][1]}&config={CONFIGS[0][0]}"]


@dataclass
class Grown:
    """What the controller does with a fleet of one size on one database."""

    agents: int
    answers_ms: dict[str, float] = field(default_factory=dict)
    """The 95th percentile of each kind of question."""
    sweep_ms: float = 0.0
    busy_sweep_ms: float = 0.0
    """While heartbeats arrive at half of the maximum."""
    silence_s: float = 0.0
    """Until every agent was marked, when all of them fall silent at once."""
    heartbeats: float = 0.0
    half: Paced | None = None
    memory_mb: dict[str, float] = field(default_factory=dict)
    disk_mb: float = 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write. Returns the exit code."""
    given = _parse(arguments)
    try:
        how = f"{machine.describe()}"
        print(how, flush=True)
        tables = {}
        for kind in given.database or DATABASES:
            tables[kind] = [_measure(kind, size, given.seconds) for size in given.agents or SIZES]
    except CannotMeasure as error:
        print(f"Cannot measure: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    text = _markdown(tables, how)
    print(f"\n{text}")
    if not given.no_write:
        print(f"Written to {report.write(text, 'scale')}.")
    return 0


def _measure(kind: str, agents: int, seconds: int) -> Grown:
    grown = Grown(agents)
    with new_folder() as folder, new_database(kind, folder) as database:
        began = time.perf_counter()
        migrate.upgrade(database)
        seed_fleet(database, agents)
        print(f"{kind}, {agents:,} agents: made in {time.perf_counter() - began:.0f} s", flush=True)
        with controller(folder, database) as server:
            _ask_all(server, grown)
            grown.sweep_ms = asyncio.run(_sweep_ms(database))
            if seconds:
                _let_report(server, database, grown, seconds)
            grown.memory_mb = {process: memory_mb(process) for process in PROCESSES[kind]}
        grown.disk_mb = disk_mb(database)
        grown.silence_s = asyncio.run(_silence_s(database))
    print(f"  {grown}", flush=True)
    return grown


def _let_report(server: Controller, database: str, grown: Grown, seconds: int) -> None:
    """Let the known agents report as fast as answers come; then at half of that, with sweeps meanwhile."""
    fastest = measure_maximum(server, grown.agents, seconds)
    grown.heartbeats = fastest.per_second
    _say_missed(fastest)
    # A database that was just filled, and then driven as hard as it goes, has work to do behind all that.
    measure_seeded(server, grown.agents, fastest.per_second / 2, seconds=_CALM_SECONDS)
    with ThreadPoolExecutor(1) as aside:
        half = aside.submit(measure_seeded, server, grown.agents, fastest.per_second / 2)
        time.sleep(_SETTLE_SECONDS)
        grown.busy_sweep_ms = asyncio.run(_sweep_ms(database))
        grown.half = half.result()
    _say_missed(grown.half)


def _ask_all(server: Controller, grown: Grown) -> None:
    headers = {"Authorization": f"Bearer {server.owner_token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60, trust_env=False) as client:
        _wait_until_ready(client, grown.agents)
        for kind, questions in QUESTIONS.items():
            paths = [f"/api/agents?limit={_LIMIT}&{question}" for question in questions]
            grown.answers_ms[kind] = _percentile_ms(client, paths, grown.agents)
        grown.answers_ms["summary"] = _percentile_ms(client, [f"/api/agents/summary?{one}" for one in SUMMARIES], 0)


def _percentile_ms(client: httpx.Client, paths: Sequence[str], agents: int) -> float:
    pages = max(1, agents // _LIMIT)
    taken = []
    for turn in range(_TIMES):
        deep = str(pages if turn % 2 else max(1, pages * turn // _TIMES))
        for path in paths:
            began = time.perf_counter()
            answer = client.get(path.replace(_DEEP, deep))
            taken.append(time.perf_counter() - began)
            if not answer.is_success:
                raise CannotMeasure(f"{path}: {answer.status_code} {answer.text[:200]}")
    return sorted(taken)[int(len(taken) * 0.95)] * 1000


def _wait_until_ready(client: httpx.Client, agents: int) -> None:
    """Ask once, and when the fleet is large, until the API has it in memory."""
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        answer = client.get("/api/agents")
        total = answer.json()["total"]
        if total != agents:
            raise CannotMeasure(f"{agents:,} agents were made and {total:,} are listed.")
        if agents <= EXACT_AGENTS or "as-of" in answer.headers:
            return
        time.sleep(0.5)
    raise CannotMeasure("The API did not get ready.")


async def _sweep_ms(address: str) -> float:
    """Let the silent be looked for; returns the median time."""
    database = Database(DatabaseTarget.parse(address))
    try:
        taken = []
        for _ in range(3):
            began = time.perf_counter()
            await sweep(database, clock.now())
            taken.append(time.perf_counter() - began)
    finally:
        await database.close()
    return sorted(taken)[1] * 1000


async def _silence_s(address: str) -> float:
    """Let everybody be silent, and see how long it takes to mark them."""
    database = Database(DatabaseTarget.parse(address))
    try:
        began = time.perf_counter()
        await sweep(database, clock.now() + timedelta(days=1))
        return time.perf_counter() - began
    finally:
        await database.close()


def _say_missed(paced: Paced) -> None:
    if paced.missed:
        print(f"  {paced.missed:,} heartbeats were not acknowledged", flush=True)


def disk_mb(address: str) -> float:
    """Return the size of a database on disk."""
    target = DatabaseTarget.parse(address)
    if target.path is not None:
        with closing(connect(target.path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return Path(target.path).stat().st_size / 1e6
    return asyncio.run(_postgresql_size_mb(target))


async def _postgresql_size_mb(target: DatabaseTarget) -> float:
    connection = await asyncpg.connect(**target.asyncpg_arguments())
    try:
        return float(await connection.fetchval("SELECT pg_database_size(current_database())")) / 1e6
    finally:
        await connection.close()


def _markdown(tables: dict[str, list[Grown]], how: str) -> str:
    lines = [f"Version {__version__}, {clock.now():%Y-%m-%d}; {how}."]
    for kind, grown in tables.items():
        rows: list[tuple[str, Callable[[Grown], str]]] = [
            *((name, lambda one, name=name: f"{one.answers_ms[name]:,.0f} ms") for name in QUESTIONS),
            ("summary", lambda one: f"{one.answers_ms['summary']:,.0f} ms"),
            ("sweep, nobody silent anew", lambda one: f"{one.sweep_ms:,.0f} ms"),
            ("the same at half load", lambda one: f"{one.busy_sweep_ms:,.0f} ms"),
            ("sweep, all silent at once", lambda one: f"{one.silence_s:,.1f} s"),
            ("heartbeats, at most", lambda one: f"{one.heartbeats:,.0f}/s"),
            ("p99 of heartbeats at half load", lambda one: _half(one, "p99_ms")),
            ("p99 of the list meanwhile", lambda one: _half(one, "api_p99_ms")),
            *(
                (f"memory, {process}", lambda one, process=process: f"{one.memory_mb[process]:,.0f} MB")
                for process in PROCESSES[kind]
            ),
            ("database on disk", lambda one: f"{one.disk_mb:,.0f} MB"),
        ]
        lines += ["", f"| {report.NAMES[kind]} | {' | '.join(f'{one.agents:,}' for one in grown)} |"]
        lines += [f"| --- |{' ---: |' * len(grown)}"]
        lines += [f"| {name} | {' | '.join(shown(one) for one in grown)} |" for name, shown in rows]
    return "\n".join(lines)


def _half(grown: Grown, value: str) -> str:
    return "-" if grown.half is None else f"{getattr(grown.half, value):,.0f} ms"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.scale", description=__doc__)
    number: Callable[[str], int] = int
    parser.add_argument("--agents", action="append", type=number, help="size of a fleet; may be repeated")
    parser.add_argument("--database", action="append", choices=DATABASES, help="only this one; may be repeated")
    parser.add_argument("--seconds", type=number, default=10, help="of heartbeats at each size (default 10; 0: none)")
    parser.add_argument("--no-write", action="store_true", help="leave docs/performance.md alone")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
