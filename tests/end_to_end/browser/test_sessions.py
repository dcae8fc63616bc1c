"""Sessions of one's own: ended one at a time, or all others at once (U8)."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.cast import MONA, VICTOR, Person
from tests.end_to_end.browser.conftest import OpenPage
from tests.end_to_end.browser.steps import dialog, expect_said, press
from tests.end_to_end.controller import Controller


def signed_in(open_page: OpenPage, person: Person) -> Page:
    page = open_page(person)
    page.goto("/labels")
    expect(page.get_by_role("heading", name="Labels", level=1)).to_be_visible()
    return page


def sessions(page: Page) -> Locator:
    return page.get_by_role("list", name="Sessions").get_by_role("listitem")


def expect_signed_out(page: Page) -> None:
    page.reload()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()


def test_one_session_is_ended_from_another(controller: Controller, open_page: OpenPage) -> None:
    here, there = (signed_in(open_page, MONA) for _ in range(2))
    here.goto("/account")
    expect(sessions(here)).to_have_count(2)
    mine = sessions(here).filter(has_text="This session")
    expect(mine.get_by_role("button")).to_have_count(0)
    sessions(here).get_by_role("button").click()
    expect_said(here, "is signed out.")
    expect(sessions(here)).to_have_count(1)
    expect(mine).to_be_visible()
    expect_signed_out(there)
    here.reload()
    expect(mine).to_be_visible()


def test_all_others_are_ended_at_once(controller: Controller, open_page: OpenPage) -> None:
    here, *others = (signed_in(open_page, VICTOR) for _ in range(3))
    here.goto("/account")
    press(here, "Sign out everywhere else…")
    question = dialog(here, "Sign out everywhere else?")
    expect(question).to_contain_text("2 sessions end at once. This one stays.")
    press(question, "Cancel")
    expect(sessions(here)).to_have_count(3)
    press(here, "Sign out everywhere else…")
    press(question, "Sign out")
    expect_said(here, "You are signed out everywhere else.")
    expect(sessions(here)).to_have_count(1)
    for other in others:
        expect_signed_out(other)
