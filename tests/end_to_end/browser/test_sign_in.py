"""Signing in, in a real browser (U11)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.cast import ADAM, DORA, MONA, OLIVIA, VICTOR, Person
from tests.end_to_end.browser.accessibility import assert_accessible
from tests.end_to_end.browser.conftest import OpenPage


def sign_in(page: Page, person: Person, password: str | None = None) -> None:
    page.get_by_label("Username or e-mail").fill(person.username)
    page.get_by_label("Password", exact=True).fill(password or person.password)
    page.get_by_role("button", name="Sign in").click()


def test_people_come_to_the_page_that_they_asked_for(visitor_page: Page) -> None:
    visitor_page.goto("/labels?search=web")
    expect(visitor_page).to_have_title("Sign in · Telegraf Controller")
    assert_accessible(visitor_page)
    sign_in(visitor_page, MONA)
    expect(visitor_page.get_by_role("heading", name="Labels", level=1)).to_be_visible()
    assert visitor_page.url.endswith("/labels?search=web")


def test_a_wrong_password_is_said_and_another_try_is_possible(visitor_page: Page) -> None:
    visitor_page.goto("/")
    sign_in(visitor_page, ADAM, "not the password")
    expect(visitor_page.get_by_role("alert")).to_be_visible()
    sign_in(visitor_page, ADAM)
    expect(visitor_page.get_by_role("navigation", name="Rooms")).to_be_visible()


def test_whoever_is_disabled_stays_outside(visitor_page: Page) -> None:
    visitor_page.goto("/")
    sign_in(visitor_page, DORA)
    expect(visitor_page.get_by_role("alert")).to_be_visible()


@pytest.mark.parametrize("person", [OLIVIA, ADAM, MONA, VICTOR], ids=lambda person: person.role)
def test_every_role_is_in_at_once_when_signed_in(open_page: OpenPage, person: Person) -> None:
    page = open_page(person)
    page.goto("/agents")
    expect(page.get_by_role("heading", name="Agents", exact=True)).to_be_visible()
    expect(page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Users")).to_have_count(
        1 if person in (OLIVIA, ADAM) else 0
    )
    assert_accessible(page)
