"""The agent pages with more agents than a page holds: what they load, and when."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Response, Route, expect

from tests.cast import AGENT_TOKEN
from tests.end_to_end.browser.agents import report
from tests.end_to_end.browser.steps import press
from tests.end_to_end.controller import Controller

PAGE = 25


@pytest.fixture(autouse=True, scope="module")
def _thirty_agents(controller: Controller) -> None:
    for number in range(30):
        assert report(controller, f"web-{number:02}", AGENT_TOKEN).is_success


@pytest.fixture
def held(owner_page: Page) -> Iterator[list[Route]]:
    """Requests that a test holds back: `owner_page.route("…", lambda route: held.append(route))`."""
    routes: list[Route] = []
    yield routes
    for route in routes:
        route.continue_()


def expect_rows(page: Page, which: str) -> None:
    expect(page.get_by_text(re.compile(which.replace(" ", r"\W", 1)))).to_be_visible()


def test_an_answer_never_holds_more_agents_than_a_page(owner_page: Page) -> None:
    answers: list[Response] = []
    owner_page.on("response", lambda answer: answers.append(answer))
    owner_page.goto("/agents")
    expect_rows(owner_page, "1 25 of 30")
    press(owner_page, "Next page")
    expect_rows(owner_page, "26 30 of 30")
    press(owner_page, "Last seen")
    expect_rows(owner_page, "1 25 of 30")
    owner_page.get_by_role("searchbox").fill("web-1")
    expect_rows(owner_page, "1 10 of 10")
    lists = [len(json.loads(one.text())["items"]) for one in answers if re.search(r"/api/agents\?", one.url)]
    assert lists.count(PAGE) >= 2
    assert max(lists) == PAGE


def test_the_list_is_asked_for_while_its_page_is_on_its_way(owner_page: Page, held: list[Route]) -> None:
    owner_page.route("**/assets/AgentsPage*.js", lambda route: held.append(route))
    with owner_page.expect_request(re.compile(r"/api/agents\?")):
        owner_page.goto("/agents", wait_until="commit")
    assert held


def test_an_agent_is_shown_as_listed_until_its_own_record_is_there(owner_page: Page, held: list[Route]) -> None:
    owner_page.goto("/agents")
    owner_page.route(re.compile(r"/api/agents/[0-9a-f-]+$"), lambda route: held.append(route))
    owner_page.get_by_role("link", name="web-03").click()
    about = owner_page.get_by_role("region", name="About")
    expect(about).to_contain_text("web-03")
    expect(owner_page.get_by_role("region", name="Status history")).to_contain_text("first heartbeat")
    assert held


def test_the_exact_instant_is_told_on_hover(owner_page: Page) -> None:
    owner_page.goto("/agents")
    time = owner_page.get_by_role("row").filter(has_text="web-03").locator("time")
    time.hover()
    exact = owner_page.get_by_role("tooltip")
    expect(exact).to_contain_text(re.compile(r"\d{4}"))
    owner_page.get_by_role("heading", level=1).hover()
    expect(exact).to_be_hidden()
    time.hover()
    expect(exact).to_be_visible()
    owner_page.keyboard.press("Escape")
    expect(exact).to_be_hidden()


def test_the_menu_of_a_row_is_for_the_keyboard_too(owner_page: Page) -> None:
    owner_page.goto("/agents")
    dots = owner_page.get_by_role("button", name="Actions for web-03")
    dots.focus()
    expect(dots).to_have_attribute("aria-expanded", "false")
    owner_page.keyboard.press("Enter")
    expect(dots).to_have_attribute("aria-expanded", "true")
    expect(owner_page.get_by_role("menu")).to_be_visible()
    expect(owner_page.get_by_role("menuitem", name="Reporting rule…")).to_be_focused()
    owner_page.keyboard.press("Escape")
    expect(owner_page.get_by_role("menu")).to_be_hidden()
    expect(dots).to_be_focused()
    dots.click()
    expect(owner_page.get_by_role("menu")).to_be_visible()
    dots.click()
    expect(owner_page.get_by_role("menu")).to_be_hidden()
