"""A tab that stays open while its session ends, or while the controller is updated."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.cast import MONA
from tests.end_to_end.browser.accessibility import assert_accessible
from tests.end_to_end.browser.people import end_sessions
from tests.end_to_end.browser.watch import Watch, page_is_settled
from tests.end_to_end.controller import Controller


def sign_in_again(page: Page) -> None:
    page.get_by_label("Password", exact=True).fill(MONA.password)
    page.get_by_role("button", name="Sign in").click()


def test_whose_session_ends_signs_in_and_is_back_where_they_were(manager_page: Page, controller: Controller) -> None:
    """U11"""
    manager_page.goto("/labels?search=web")
    expect(manager_page.get_by_role("heading", name="Labels", level=1)).to_be_visible()
    page_is_settled(manager_page)  # or what it still asks for would lead to the sign-in page, without the link
    end_sessions(controller.database, MONA)
    manager_page.get_by_role("link", name="Constants").click()
    expect(manager_page).to_have_title("Sign in · Telegraf Controller")
    manager_page.get_by_label("Username or e-mail").fill(MONA.username)
    sign_in_again(manager_page)
    expect(manager_page).to_have_title("Constants · Telegraf Controller")


def test_what_is_not_saved_outlives_the_session(manager_page: Page, controller: Controller) -> None:
    """U11"""
    manager_page.goto("/configurations/new")
    manager_page.get_by_label("Name").fill("Outlives")
    manager_page.locator(".cm-content").click()
    manager_page.keyboard.press("ControlOrMeta+End")
    manager_page.keyboard.type("# typed before the session ended\n")
    end_sessions(controller.database, MONA)
    manager_page.keyboard.press("ControlOrMeta+s")
    dialog = manager_page.get_by_role("dialog", name="Your session has ended")
    expect(dialog).to_be_visible()
    assert_accessible(manager_page, within="[role=dialog]")
    sign_in_again(manager_page)
    expect(dialog).to_be_hidden()
    expect(manager_page.locator(".cm-content")).to_contain_text("# typed before the session ended")
    manager_page.locator(".cm-content").click()
    manager_page.keyboard.press("ControlOrMeta+s")
    expect(manager_page).to_have_title("Outlives · Telegraf Controller")


def test_a_tab_from_before_an_update_loads_itself_anew(owner_page: Page, watch: Watch) -> None:
    owner_page.goto("/agents")
    expect(owner_page.get_by_role("heading", level=1)).to_be_visible()
    watch.allow(r"/assets/LabelsPage")
    watch.allow("dynamically imported module")
    # As after an update: the tab's script and the page that it asks for are no more.
    owner_page.evaluate("""() => { document.querySelector('script[type="module"]').src = "/assets/index-old.js" }""")
    owner_page.route("**/assets/LabelsPage*", lambda route: route.fulfill(status=404), times=1)
    owner_page.get_by_role("link", name="Labels").click()
    expect(owner_page.get_by_role("heading", name="Labels", level=1)).to_be_visible()


def test_a_page_that_cannot_be_loaded_can_be_asked_for_again(owner_page: Page, watch: Watch) -> None:
    owner_page.goto("/agents")
    expect(owner_page.get_by_role("heading", level=1)).to_be_visible()
    watch.allow(r"/assets/LabelsPage")
    watch.allow("dynamically imported module")
    owner_page.route("**/assets/LabelsPage*", lambda route: route.abort(), times=1)
    owner_page.get_by_role("link", name="Labels").click()
    expect(owner_page.get_by_role("alert")).to_contain_text("This page could not be shown")
    owner_page.get_by_role("button", name="Load the page anew").click()
    expect(owner_page.get_by_role("heading", name="Labels", level=1)).to_be_visible()
