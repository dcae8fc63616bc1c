"""Serving configurations: next to nginx with the same bytes in a file, and what a fleet's polling costs (C7).

`make bench-serving` runs it; `bench/README.md` says how to read it. The result goes into `docs/performance.md`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from bench import machine
from bench.fleet import CONFIGS, CONSTANTS, GROUPS, make_fleet
from bench.places import DATABASES, new_database, new_folder
from bench.programs import (
    Answers,
    CannotMeasure,
    Controller,
    answers_of,
    controller,
    free_port,
    nginx,
    processes_of,
    require_programs,
    run_wrk,
    running,
)
from bench.report import write
from bench.serving_report import Polling, Rates, Served, markdown

_SCRIPT = Path(__file__).with_name("serving.lua")
_FILE = "served.toml"
_POLLS_PER_SECOND = 1667
"""100,000 agents, each once a minute."""

_POLLING_CONNECTIONS = 256


@dataclass(frozen=True)
class Load:
    """How hard and how long, and as whom."""

    token: str
    folder: Path
    rounds: int
    seconds: int
    connections: int

    def drive(self, url: str, method: str, paths: Sequence[str]) -> Answers:
        """Ask as fast as answers come."""
        if method == "HEAD":
            return self._poll(url, paths, self.seconds, self.connections)
        steering = {"PATHS": self._listed(paths), "AGENT_TOKEN": self.token}
        return run_wrk(url, _SCRIPT, steering, seconds=self.seconds, connections=self.connections)

    def poll(self, url: str, paths: Sequence[str], seconds: int) -> Answers:
        """Ask by HEAD at the pace of 100,000 agents."""
        return self._poll(url, paths, seconds, _POLLING_CONNECTIONS, f"--per-second={_POLLS_PER_SECOND}")

    def _poll(self, url: str, paths: Sequence[str], seconds: int, connections: int, *more: str) -> Answers:
        host, _, port = url.removeprefix("http://").partition(":")
        command = [sys.executable, "-m", "bench.polling", host, port, self._listed(paths)]
        flags = [f"--connections={connections}", f"--seconds={seconds}", *more]
        return answers_of([*command, *flags], {"AGENT_TOKEN": self.token}, url)

    def _listed(self, paths: Sequence[str]) -> str:
        listed = self.folder / "paths"
        listed.write_text("".join(f"{path}\n" for path in paths))
        return str(listed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write. Returns the exit code."""
    given = _parse(arguments)
    # So that whoever ends this ends what it started too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        require_programs()
        described = machine.describe()
        print(described, flush=True)
        measured = [_measure(kind, given) for kind in given.database or DATABASES]
    except CannotMeasure as error:
        print(f"Cannot measure: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    text = markdown(
        measured,
        f"{described}. {given.connections} connections, {given.rounds} rounds of {given.seconds} s of each in turn, "
        f"medians; polling for {given.polling} s.",
    )
    print(f"\n{text}")
    if not given.no_write:
        print(f"Written to {write(text, 'serving')}.")
    return 0


def _measure(kind: str, given: argparse.Namespace) -> Served:
    with new_folder() as folder, new_database(kind, folder) as database, controller(folder, database) as server:
        load = Load(server.agent_token, folder, given.rounds, given.seconds, given.connections)
        print(f"\n{kind}: storing {CONFIGS} configurations, {GROUPS} groups, {CONSTANTS} constants", flush=True)
        fleet = make_fleet(server)
        _keep_file(server, fleet.one[0], folder)
        with nginx(folder, f"root {folder}; index {_FILE}; types {{ }} default_type text/x-toml;") as nginx_url:
            # Nothing is compiled yet, as after a start.
            cold = load.drive(server.url, "GET", fleet.full).per_second
            rates = [
                _rates(load, method, nginx_url, server.url, one=fleet.one, full=fleet.full)
                for method in ("GET", "HEAD")
            ]
        with _nothing(folder) as (nothing_url, nothing_id):
            idle = _polling(load, nothing_url, fleet.full, nothing_id, given.polling, lambda: 0.0)
        polled = _polling(load, server.url, fleet.full, _api_of(server), given.polling, _database_clock(kind))
        print(f"  polling: {polled.share:.1%} of a core, nothing {idle.share:.1%}", flush=True)
    return Served(kind, cold, rates, polled, idle)


def _rates(load: Load, method: str, nginx_url: str, url: str, *, one: Sequence[str], full: Sequence[str]) -> Rates:
    """Drive nginx and the controller in turn, so that whatever else happens on the machine happens to all."""
    rounds: list[tuple[float, float, float]] = []
    for number in range(load.rounds):
        of_file = load.drive(nginx_url, method, [f"/{_FILE}?{path.partition('?')[2]}" for path in one])
        of_one = load.drive(url, method, one)
        of_full = load.drive(url, method, full)
        rounds.append((of_file.per_second, of_one.per_second, of_full.per_second))
        print(
            f"  round {number + 1}, {method}: nginx {rounds[-1][0]:,.0f}/s, one configuration {rounds[-1][1]:,.0f}/s,"
            f" all of them {rounds[-1][2]:,.0f}/s",
            flush=True,
        )
    ratios = sorted(one_rate / nginx_rate for nginx_rate, one_rate, _ in rounds)
    of_nginx, of_one, of_full = (median(column) for column in zip(*rounds, strict=True))
    return Rates(method, of_nginx, of_one, of_full, ratios)


def _polling(
    load: Load, url: str, paths: Sequence[str], process_id: int, seconds: int, database_clock: Callable[[], float]
) -> Polling:
    """Let a fleet poll, and see how much processor time a process takes for it."""
    load.poll(url, paths, 3)
    answers: list[Answers] = []
    asking = threading.Thread(target=lambda: answers.append(load.poll(url, paths, seconds)))
    asking.start()
    time.sleep(1)
    began, before, database = time.monotonic(), machine.processor_seconds(process_id), database_clock()
    time.sleep(seconds - 2)
    spent = machine.processor_seconds(process_id) - before
    database = database_clock() - database
    wall = time.monotonic() - began
    asking.join()
    if not answers:
        raise CannotMeasure(f"{url} was not polled.")
    return Polling(answers[0].per_second, spent / wall, database / wall, answers[0].p50_ms, answers[0].p99_ms)


def _database_clock(kind: str) -> Callable[[], float]:
    """Return what counts the processor time of PostgreSQL's processes; SQLite has none."""
    ids = machine.processes("postgres") if kind == "postgresql" else []
    return lambda: sum(map(machine.processor_seconds, ids))


def _api_of(server: Controller) -> int:
    """Return the id of the process that serves the API."""
    found = processes_of("api", above=server.process_id)
    if len(found) != 1:
        raise CannotMeasure("The API process cannot be found.")
    return int(found[0].pid)


@contextmanager
def _nothing(folder: Path) -> Iterator[tuple[str, int]]:
    """Run an application that does nothing; gives its URL and process id."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "bench.nothing", str(port)]
    with running(command, folder / "nothing.out", os.environ, [url]) as process_id:
        yield url, process_id


def _keep_file(server: Controller, path: str, folder: Path) -> None:
    """Write what the controller serves to a file for nginx."""
    headers = {"Authorization": f"Bearer {server.agent_token}"}
    answer = httpx.get(f"{server.url}{path}", headers=headers, trust_env=False)
    answer.raise_for_status()
    (folder / _FILE).write_bytes(answer.content)
    # Its processes may be somebody else's.
    (folder / _FILE).chmod(0o644)
    folder.chmod(0o755)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.serving", description=__doc__)
    number: Callable[[str], int] = int
    parser.add_argument("--rounds", type=number, default=3, help="of each server and method (default 3)")
    parser.add_argument("--seconds", type=number, default=4, help="of each round (default 4)")
    parser.add_argument("--connections", type=number, default=64, help="that wrk keeps busy (default 64)")
    parser.add_argument("--polling", type=number, default=20, help="seconds of a fleet's polling (default 20)")
    parser.add_argument("--database", action="append", choices=DATABASES, help="only this one; may be repeated")
    parser.add_argument("--no-write", action="store_true", help="leave docs/performance.md alone")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
