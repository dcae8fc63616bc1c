"""How the interface and the API reference reach the browser: small, and only from here."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.browser.accessibility import assert_accessible
from tests.end_to_end.browser.conftest import OpenPage
from tests.end_to_end.browser.watch import Watch

FIRST_LOAD_BYTES = 600_000

LOADED = """() => performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
    .map((entry) => [entry.name, entry.encodedBodySize])"""

PAGES = {
    "/agents": "Agents",
    "/configurations": "Configurations",
    "/groups": "Groups",
    "/constants": "Constants",
    "/labels": "Labels",
    "/tokens": "API tokens",
    "/users": "Users",
    "/settings": "Settings",
    "/account": "Account",
}


@pytest.mark.parametrize(("address", "title"), PAGES.items())
def test_every_page_has_a_title_and_asks_this_host_alone(owner_page: Page, address: str, title: str) -> None:
    """Console messages, among them what the content security policy refuses, fail it, too (O6)."""
    owner_page.goto(address)
    expect(owner_page).to_have_title(f"{title} · Telegraf Controller")
    expect(owner_page.get_by_role("heading", level=1)).to_have_count(1)
    assert_accessible(owner_page)


def test_the_first_load_is_small_and_the_editor_comes_on_demand(owner_page: Page) -> None:
    owner_page.goto("/agents")
    expect(owner_page.get_by_role("heading", level=1)).to_be_visible()
    owner_page.wait_for_load_state("networkidle")
    first: dict[str, int] = dict(owner_page.evaluate(LOADED))
    print("first load:", sum(first.values()), "bytes")
    assert 50_000 < sum(first.values()) < FIRST_LOAD_BYTES
    assert not [name for name in first if "Editor" in name]
    owner_page.goto("/configurations/new")
    expect(owner_page.locator(".cm-editor")).to_be_visible()
    assert [name for name, _ in owner_page.evaluate(LOADED) if "Editor" in name]


def test_an_unknown_address_and_a_forbidden_page_are_explained(viewer_page: Page) -> None:
    viewer_page.goto("/no/such/page")
    expect(viewer_page).to_have_title("Not found · Telegraf Controller")
    viewer_page.get_by_role("link", name="To the start").click()
    expect(viewer_page).to_have_url(re.compile("/agents$"))
    viewer_page.goto("/users")
    expect(viewer_page).to_have_title("Not allowed · Telegraf Controller")
    assert_accessible(viewer_page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_api_reference_is_made_here_and_nowhere_else(open_page: OpenPage, watch: Watch, scheme: str) -> None:
    # Its own check of documents takes references within ours for mistakes.
    watch.allow(r"console warning: (document validation errors|\[Object)")
    page = open_page(color_scheme=scheme)
    page.goto("/api/docs")
    expect(page.get_by_role("heading", name="Telegraf Controller")).to_be_visible()
    expect(page.get_by_text("/api/auth/status").first).to_be_visible()
    assert page.evaluate("document.body.classList.contains('dark-mode')") == (scheme == "dark")


def test_the_api_reference_sends_requests_to_this_instance(owner_page: Page, watch: Watch) -> None:
    watch.allow(r"console warning: (document validation errors|\[Object)")
    owner_page.goto("/api/docs#tag/people/GET/api/auth/status")
    owner_page.get_by_role("button", name="Test Request").first.click()
    owner_page.get_by_role("button", name="Send").first.click()
    expect(owner_page.get_by_text("200 OK")).to_be_visible()


def test_the_api_reference_is_readable_without_scripts(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.goto("/api/docs")
    expect(page).to_have_url(re.compile("/api/docs/plain$"))
    expect(page.get_by_text("/api/tokens/{token_id}/revoke")).to_be_visible()
