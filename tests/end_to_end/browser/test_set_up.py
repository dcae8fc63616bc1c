"""The first owner, made in a real browser (U1)."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.end_to_end.browser.accessibility import assert_accessible
from tests.end_to_end.browser.conftest import OpenPage
from tests.end_to_end.controller import Controller

PASSWORD = "correct horse battery staple"


def fill_in(page: Page, code: str) -> None:
    page.get_by_label("Set-up code").fill(code)
    page.get_by_label("Username").fill("Olivia")
    page.get_by_label("E-mail").fill("olivia@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Become the owner").click()


def test_whoever_has_the_printed_code_becomes_the_owner(new_controller: Controller, open_page: OpenPage) -> None:
    printed = re.search(r"\b(?:[2-9A-Z]{4}-){3}[2-9A-Z]{4}\b", new_controller.out)
    assert printed is not None
    # Behind a proxy nobody sits at the machine, so the code is asked for.
    page = open_page(extra_http_headers={"X-Forwarded-For": "192.0.2.7"})
    page.goto("/tokens")
    expect(page).to_have_title("Set up · Telegraf Controller")
    assert_accessible(page)
    fill_in(page, "2222-2222-2222-2222")
    expect(page.get_by_label("Set-up code")).to_have_attribute("aria-invalid", "true")
    fill_in(page, printed.group())
    expect(page.get_by_role("navigation", name="Rooms")).to_be_visible()
    # Nobody becomes the owner a second time.
    page.goto("/set-up")
    expect(page).not_to_have_title("Set up · Telegraf Controller")


def test_whoever_is_too_late_with_the_code_is_told_to_ask_for_an_invite(
    new_controller: Controller, open_page: OpenPage
) -> None:
    printed = re.search(r"\b(?:[2-9A-Z]{4}-){3}[2-9A-Z]{4}\b", new_controller.out)
    assert printed is not None
    pages = [open_page(extra_http_headers={"X-Forwarded-For": f"192.0.2.{number}"}) for number in (7, 8)]
    for page in pages:
        page.goto("/")
    fill_in(pages[0], printed.group())
    expect(pages[0].get_by_role("navigation", name="Rooms")).to_be_visible()
    fill_in(pages[1], printed.group())
    expect(pages[1]).to_have_title("Sign in · Telegraf Controller")
    expect(pages[1].get_by_text("Somebody else has set this instance up meanwhile.")).to_be_visible()
