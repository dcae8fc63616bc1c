"""The page of an agent: what its heartbeats counted, what it logged, when its status changed (D1, D2)."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.cast import AGENT_TOKEN, MONA, bearer
from tests.end_to_end.browser.conftest import OpenPage
from tests.end_to_end.browser.steps import press
from tests.end_to_end.controller import Controller
from tests.support.plain_http import NO_TLS

LOGS = [
    {"time": "2026-01-05T10:00:00Z", "level": "WARN", "source": "outputs.http", "message": "slow answer"},
    {
        "time": "2026-01-05T10:00:01Z",
        "level": "ERROR",
        "source": "inputs.postgresql",
        "message": "connection refused",
        "attributes": {"server": "db-4:5432"},
    },
]


def beat(controller: Controller, agent: str, status: str, counts: tuple[int, int, int], logs: object = ()) -> None:
    """Send a heartbeat that counted errors, warnings and metrics."""
    statistics = dict(zip(("errors", "warnings", "metrics"), counts, strict=True))
    message = {"id": agent, "version": "Telegraf 1.40.0", "status": status, "statistics": statistics, "logs": logs}
    answer = httpx.post(controller.heartbeat_url, json=message, headers=bearer(AGENT_TOKEN), timeout=20, verify=NO_TLS)
    answer.raise_for_status()


def agent_page(open_page: OpenPage, agent: str) -> Page:
    page = open_page(MONA)
    page.goto(f"/agents?search={agent}")
    page.get_by_role("link", name=agent, exact=True).click()
    expect(page.get_by_role("heading", name=agent, level=1)).to_be_visible()
    return page


def section(page: Page, title: str) -> Locator:
    heading = page.get_by_role("heading", name=title, exact=True)
    return page.locator("section").filter(has=heading)


def expect_chart(page: Page, says: str) -> None:
    """How many heartbeats are missing by now depends on how quick the test is."""
    expect(page.get_by_role("img", name=re.compile(f"^{re.escape(says)}"))).to_be_visible()


def test_charts_and_numbers_tell_what_heartbeats_counted(controller: Controller, open_page: OpenPage) -> None:
    beat(controller, "counting", "ok", (0, 3, 1200))
    beat(controller, "counting", "warn", (7, 1, 900))
    page = agent_page(open_page, "counting")
    expect_chart(page, "Errors of the last 2 heartbeats: 7 in the latest, 7 at most")
    expect_chart(page, "Warnings of the last 2 heartbeats: 1 in the latest, 3 at most")
    expect_chart(page, "Metrics of the last 2 heartbeats: 900 in the latest, 1,200 at most")
    press(page, "The same in numbers")
    rows = page.get_by_role("table", name="Last heartbeats").get_by_role("row")
    expect(rows).to_have_count(3)
    for number, cells in ((1, ("7", "1", "900")), (2, ("0", "3", "1,200"))):
        for column, text in enumerate(cells, start=2):
            expect(rows.nth(number).get_by_role("cell").nth(column)).to_have_text(text)

    beat(controller, "counting", "ok", (0, 0, 1300))
    press(page, "Refresh")
    expect_chart(page, "Errors of the last 3 heartbeats: 0 in the latest, 7 at most")
    expect(rows).to_have_count(4)


def test_the_reported_log_is_filtered_unfolded_and_downloaded(
    controller: Controller, open_page: OpenPage, tmp_path: Path
) -> None:
    beat(controller, "talkative", "fail", (1, 1, 10), LOGS)
    page = agent_page(open_page, "talkative")
    log = section(page, "Reported log")
    entries = log.get_by_role("button", expanded=False).filter(has=page.locator("time"))
    expect(entries).to_have_text([re.compile("connection refused"), re.compile("slow answer")])
    log.get_by_text("ERROR 1", exact=True).click()
    expect(entries).to_have_text([re.compile("connection refused")])
    expect(log.get_by_text("db-4:5432")).to_be_hidden()
    entries.click()
    expect(log.get_by_text("db-4:5432")).to_be_visible()

    with page.expect_download() as download:
        press(log, "Download")
    download.value.save_as(tmp_path / "log.txt")
    assert (tmp_path / "log.txt").read_text("utf-8").splitlines() == [
        "2026-01-05T10:00:00Z WARN  [outputs.http] slow answer",
        '2026-01-05T10:00:01Z ERROR [inputs.postgresql] connection refused server="db-4:5432"',
    ]


def test_the_history_tells_when_the_status_changed_and_why(controller: Controller, open_page: OpenPage) -> None:
    beat(controller, "changeful", "ok", (0, 0, 1))
    page = agent_page(open_page, "changeful")
    changes = section(page, "Status history").get_by_role("listitem")
    expect(changes).to_have_text([re.compile("Ok.*first heartbeat", re.IGNORECASE)])
    beat(controller, "changeful", "fail", (1, 0, 1))
    press(page, "Refresh")
    said = re.compile("Ok.*Fail.*as its heartbeat said", re.IGNORECASE)
    expect(changes).to_have_text([said, re.compile("first heartbeat")])
