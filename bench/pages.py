"""How quick the agent pages of the web interface are with 100,000 agents, next to the same with 1,000.

`make bench-pages` runs it; `bench/README.md` says how to read it. The result goes into `docs/performance.md`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from sqlite3 import connect
from typing import Any

import httpx
from playwright.sync_api import Browser

from bench import machine, report
from bench.browser import Painted, Tab, chromium, sign_in, tab
from bench.places import new_database, new_folder
from bench.programs import CannotMeasure, Controller, controller
from bench.seed import CONFIGS, LABELS, seed_fleet
from telegraf_controller import __version__, clock
from telegraf_controller.db import migrate

SMALL, LARGE = 1_000, 100_000
TARGET_MS = 300
_PAGE = 25
_PASSWORD = "correct horse battery staple"
_READY_SECONDS = 120.0
_HEARTBEATS = 24
_PATIENT_SECONDS = 30 * 86_400
_DEBOUNCE = "no key has come for 120 ms"

Timings = dict[str, list[Painted]]


@dataclass
class Seen:
    """What somebody saw of a fleet."""

    agents: int
    timings: Timings = field(default_factory=dict)
    answers: list[tuple[str, int, int]] = field(default_factory=list)
    """Path, items and bytes of each answer of the API."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write. Returns the exit code."""
    given = _parse(arguments)
    try:
        how = machine.describe()
        print(how, flush=True)
        meanwhile = machine.Meanwhile()
        seen = [_measure(agents, given.times) for agents in (SMALL, given.agents)]
        how += f"; others took up to {meanwhile.share():.0%} of the processors meanwhile"
    except CannotMeasure as error:
        print(f"Cannot measure: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    text = _markdown(seen, f"{how}. {given.times} times each")
    print(f"\n{text}")
    if not given.no_write:
        print(f"Written to {report.write(text, 'pages')}.")
    return 0


def _measure(agents: int, times: int) -> Seen:
    seen = Seen(agents)
    with new_folder() as folder, new_database("sqlite", folder) as database:
        migrate.upgrade(database)
        seed_fleet(database, agents)
        _keep_still(database)
        with controller(folder, database, OWNER_PASSWORD=_PASSWORD) as server, chromium() as browser:
            _report_of_first(server, agents, times)
            cookies = sign_in(browser, server.url, "owner", _PASSWORD)
            # The first round warms up what a running server and a browser in use have warm.
            for turn in range(-1, times):
                timings: Timings = {}
                _look_around(browser, server, cookies, max(turn, 0), timings, seen)
                if turn >= 0:
                    for what, painted in timings.items():
                        seen.timings.setdefault(what, []).extend(painted)
                print(f"{agents:,} agents, round {turn + 1} of {times}", flush=True)
    return seen


def _look_around(browser: Browser, server: Controller, cookies: Any, turn: int, timings: Timings, seen: Seen) -> None:
    def did(what: str, painted: Painted) -> None:
        timings.setdefault(what, []).append(painted)
        answers = one.answers()
        seen.answers += answers
        too_many = [path for path, items, _ in answers if items > _PAGE and path.startswith("/api/agents")]
        if too_many:
            raise CannotMeasure(f"{too_many[0]} answered with more than a page.")

    with tab(browser, server.url, cookies) as one:
        did("open the list by its address, nothing cached", one.open("/agents", "list"))
    with tab(browser, server.url, cookies) as one:
        _visit(one, turn, did)


def _visit(one: Tab, turn: int, did: Callable[[str, Painted], None]) -> None:
    page = one.page

    def click(what: str, name: str, *, role: Any = "button", outcome: str = "list", exact: bool = True) -> None:
        target = page.get_by_role(role, name=name, exact=exact)
        target.scroll_into_view_if_needed()
        one.watch(outcome, "pointerdown")
        target.click()
        did(what, one.painted(what))
        _pause()

    page.goto(f"{one.url}/labels")
    page.get_by_role("table", name="labels").get_by_role("row").nth(1).wait_for()
    _pause(1.0)
    click("open the list from another page", "Agents", role="link")
    click("next page", "Next page")
    click("last page", "Last page")
    click("first page", "First page")
    for column in ("Status", "Telegraf", "Last seen", "Agent"):
        click(f"sort by {column}", column)

    one.watch("list", "keydown")
    page.get_by_role("searchbox").press_sequentially(f"host-0000{turn:02}", delay=60)
    did("search, from the last key", one.painted("search"))
    _pause()
    page.get_by_role("button", name="Clear search", exact=True).click()
    _pause(1.0)

    page.get_by_role("button", name="Filter by status", exact=True).click()
    click("choose a status", "Not reporting", role="menuitemradio")
    click("remove it", "Remove filter status Not reporting")
    click("open the choice of labels", "Filter by label", outcome="options")
    click("choose a label", LABELS[1][1], role="option")
    page.keyboard.press("Escape")
    click("remove it again", f"Remove filter label {LABELS[1][1]}")

    link = page.get_by_role("table", name="agents").get_by_role("link").nth(turn % 10)
    one.watch("agent", "pointerdown")
    link.click()
    did("open an agent", one.painted("open an agent"))
    _pause()
    main = page.get_by_role("main")
    one.watch("list", "pointerdown")
    main.get_by_role("link", name="Agents", exact=True).click()
    did("back to the list", one.painted("back to the list"))

    page.goto(f"{one.url}/configurations/{CONFIGS[0][0]}/manage")
    page.get_by_role("tab", name="Agents", exact=False).wait_for()
    _pause(1.0)
    click("agents of a configuration", "Agents", role="tab", outcome="tab", exact=False)


def _pause(seconds: float = 0.3) -> None:
    """Leave a moment, as somebody does who looks at what came."""
    time.sleep(seconds)


def _keep_still(database: str) -> None:
    """Let nobody fall silent while pages are measured: nothing reports meanwhile."""
    with closing(connect(database)) as connection, connection:
        connection.execute("UPDATE reporting_rules SET not_reporting_after_seconds = ?", (_PATIENT_SECONDS,))


def _report_of_first(server: Controller, agents: int, times: int) -> None:
    """Give the agents that will be opened heartbeats to show, and wait until the API knows the fleet."""
    headers = {"Authorization": f"Bearer {server.owner_token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60, trust_env=False) as client:
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            answer = client.get("/api/agents", params={"sortBy": "name", "limit": _PAGE})
            if answer.json()["total"] != agents:
                raise CannotMeasure(f"{agents:,} agents were made and {answer.json()['total']:,} are listed.")
            if agents <= 10_000 or "as-of" in answer.headers:
                break
            if time.monotonic() > deadline:
                raise CannotMeasure("The API did not get ready.")
            time.sleep(0.5)
    authorization = {"Authorization": f"Bearer {server.agent_token}"}
    with httpx.Client(headers=authorization, timeout=60, trust_env=False) as client:
        for agent in answer.json()["items"]:
            for beat in range(_HEARTBEATS):
                client.post(server.heartbeat_url, json=_message(agent, beat)).raise_for_status()


def _message(agent: dict[str, Any], beat: int) -> dict[str, Any]:
    return {
        "id": agent["instanceId"],
        "hostname": agent["hostname"],
        "version": agent["telegrafBuild"],
        "configurations": [one["source"] for one in agent["configs"]],
        "statistics": {"errors": beat % 3, "warnings": beat % 5, "metrics": 400 + 37 * beat},
        "status": "WARN",
        "logs": [{"time": "2026-01-01T00:00:00Z", "level": "WARN", "source": "inputs.disk", "message": "It took long"}],
    }


def _markdown(seen: Sequence[Seen], how: str) -> str:
    small, large = seen
    lines = [
        f"Version {__version__}, {clock.now():%Y-%m-%d}; {how}, in headless Chromium on the same machine; SQLite. "
        "Median, and 95th percentile in brackets.",
        "",
        f"| interaction | {small.agents:,} agents | {large.agents:,} agents | of which the API |",
        "| --- | ---: | ---: | ---: |",
    ]
    slow = []
    for what, painted in large.timings.items():
        before = _spread([one.took_ms for one in small.timings[what]])
        after = _spread([one.took_ms for one in painted])
        awaited = _spread([one.awaited_ms for one in painted])
        lines.append(f"| {what} | {_shown(before)} | {_shown(after)} | {_shown(awaited)} |")
        if max(after) >= TARGET_MS:
            slow.append(what)
    within = f"All are under {TARGET_MS} ms" if not slow else f"Not under {TARGET_MS} ms: {', '.join(slow)}"
    of_agents = [(items, size) for path, items, size in large.answers if path.startswith("/api/agents?")]
    most, largest = max(items for items, _ in of_agents), max(size for _, size in of_agents)
    lines += [
        "",
        f"{within}, median and 95th percentile. {len(of_agents):,} answers were lists of agents: at most {most} agents "
        f"and {largest / 1000:,.0f} kB in each. A search begins when {_DEBOUNCE}; they are part of its time.",
    ]
    return "\n".join(lines)


def _spread(values: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 95th percentile."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def _shown(spread: tuple[float, float]) -> str:
    return f"{spread[0]:,.0f} ({spread[1]:,.0f}) ms"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.pages", description=__doc__)
    parser.add_argument("--agents", type=int, default=LARGE, help=f"size of the large fleet (default {LARGE})")
    parser.add_argument("--times", type=int, default=15, help="how often each is done (default 15)")
    parser.add_argument("--no-write", action="store_true", help="leave docs/performance.md alone")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
