"""Everything by keyboard, and focus is never lost on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.cast import AGENT_TOKEN, MONA
from tests.end_to_end.browser.agents import report
from tests.end_to_end.browser.steps import dialog, editor, expect_said, row
from tests.end_to_end.controller import Controller


@pytest.fixture(autouse=True)
def labels(controller: Controller) -> Iterator[None]:
    """Two labels to begin with."""
    with controller.api(MONA.token) as api:
        made = [
            api.post("/api/labels", json={"name": name, "color": "#2f9e63"}).raise_for_status().json()
            for name in ("Berlin", "Paris")
        ]
        yield
        for label in made:
            api.delete(f"/api/labels/{label['id']}")


def expect_focus(page: Page) -> None:
    """Fail when nothing has focus, so that a keyboard would begin at the top of the page again."""
    expect(page.locator(":focus")).to_have_count(1)


def tab_to(page: Page, wanted: Locator) -> None:
    """Go on with the Tab key until something has focus."""
    for _ in range(60):
        if wanted.evaluate_all("all => all.includes(document.activeElement)"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} is not within 60 steps")


def press_keys(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_dialog_holds_focus_and_gives_it_back(manager_page: Page) -> None:
    page = manager_page
    page.goto("/labels")
    expect(row(page, "Berlin")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="New label", exact=True))
    page.keyboard.press("Enter")
    form = dialog(page, "New label")
    expect(form.get_by_role("textbox", name="Name")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        assert form.evaluate("form => form.contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(form).to_be_hidden()
    expect(page.get_by_role("button", name="New label")).to_be_focused()

    press_keys(page, "Enter")
    expect(dialog(page, "New label").get_by_role("textbox", name="Name")).to_be_focused()
    page.keyboard.type("Rome")
    page.keyboard.press("Enter")
    expect(row(page, "Rome")).to_be_visible()
    expect(form).to_be_hidden()
    expect(page.get_by_role("button", name="New label")).to_be_focused()


def test_a_menu_gives_focus_back_and_so_does_the_dialog_that_it_opens(manager_page: Page) -> None:
    page = manager_page
    page.goto("/labels")
    expect(row(page, "Berlin")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Actions for Berlin", exact=True))
    opener = page.get_by_role("button", name="Actions for Berlin")
    press_keys(page, "Enter")
    expect(page.get_by_role("menuitem", name="Edit…")).to_be_focused()
    press_keys(page, "Escape")
    expect(opener).to_be_focused()
    press_keys(page, "Enter")
    expect(page.get_by_role("menuitem", name="Edit…")).to_be_focused()
    press_keys(page, "Enter")
    form = dialog(page, "Edit label")
    page.keyboard.press("Escape")
    expect(form).to_be_hidden()
    expect(opener).to_be_focused()


def test_focus_survives_what_was_deleted(manager_page: Page) -> None:
    page = manager_page
    page.goto("/labels")
    expect(row(page, "Paris")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Actions for Paris", exact=True))
    press_keys(page, "Enter")
    expect(page.get_by_role("menuitem", name="Edit…")).to_be_focused()
    press_keys(page, "ArrowDown", "Enter")
    question = dialog(page, "Delete this label?")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    press_keys(page, "Tab", "Enter")
    expect(row(page, "Paris")).to_have_count(0)
    expect(question).to_be_hidden()
    expect_focus(page)


def test_focus_survives_a_bar_and_a_filter_that_go_away(manager_page: Page) -> None:
    page = manager_page
    page.goto("/labels")
    expect(row(page, "Paris")).to_be_visible()
    tab_to(page, page.get_by_role("checkbox", name="Choose Paris", exact=True))
    press_keys(page, "Space")
    page.get_by_role("button", name="Choose none").focus()
    press_keys(page, "Enter")
    expect(page.get_by_role("toolbar", name="Chosen rows")).to_have_count(0)
    expect_focus(page)

    page.goto("/tokens?status=revoked")
    expect(row(page, "revoked")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Remove filter status Revoked", exact=True))
    press_keys(page, "Enter")
    expect(page.get_by_role("button", name="Remove filter status Revoked")).to_have_count(0)
    expect_focus(page)


def test_focus_is_in_the_page_that_a_link_leads_to(controller: Controller, manager_page: Page) -> None:
    assert report(controller, "web-1", AGENT_TOKEN).status_code == 204
    page = manager_page
    page.goto("/agents")
    expect(row(page, "web-1")).to_be_visible()
    tab_to(page, page.get_by_role("link", name="web-1", exact=True))
    press_keys(page, "Enter")
    expect(page.get_by_role("heading", name="web-1", level=1)).to_be_visible()
    expect_focus(page)
    press_keys(page, "Tab")
    assert page.get_by_role("main").evaluate("main => main.contains(document.activeElement)")


def test_saving_keeps_focus_where_it_was(controller: Controller, manager_page: Page) -> None:
    with controller.api(MONA.token) as api:
        config = api.post("/api/configs", json={"name": "typed", "toml": "[agent]\n"}).raise_for_status().json()["id"]
    page = manager_page
    page.goto(f"/configurations/{config}")
    editor(page).click()
    press_keys(page, "ControlOrMeta+End")
    page.keyboard.type("[[inputs.cpu]]")
    page.get_by_role("button", name="Save", exact=True).focus()
    press_keys(page, "Enter")
    expect_said(page, "Saved as version 2.")
    expect_focus(page)
    page.goto(f"/configurations/{config}/manage")
    page.get_by_role("textbox", name="Description").fill("What it is for")
    tab_to(page, page.get_by_role("button", name="Save", exact=True))
    press_keys(page, "Enter")
    expect_said(page, "The configuration is saved.")
    expect_focus(page)


def test_the_palette_finds_pages_configurations_and_agents(controller: Controller, manager_page: Page) -> None:
    with controller.api(MONA.token) as api:
        api.post("/api/configs", json={"name": "linux-base", "toml": "[agent]\n"}).raise_for_status()
    assert report(controller, "palette-host", AGENT_TOKEN).status_code == 204
    page = manager_page
    page.goto("/labels")
    expect(row(page, "Berlin")).to_be_visible()
    for typed, heading in (
        ("shared val", ""),
        ("Constants", "Constants"),
        ("linux-b", "linux-base"),
        ("palette-h", "palette-host"),
    ):
        press_keys(page, "ControlOrMeta+k")
        field = page.get_by_role("textbox", name="Go to").or_(page.get_by_role("combobox", name="Go to"))
        expect(field).to_be_focused()
        page.keyboard.type(typed)
        if not heading:
            expect(page.get_by_text("Nothing is called that.")).to_be_visible()
            press_keys(page, "Escape")
            expect(field).to_be_hidden()
            expect_focus(page)
            continue
        expect(page.locator("[data-action]").filter(has_text=heading).first).to_be_visible()
        press_keys(page, "ArrowDown", "Enter")
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        expect(field).to_be_hidden()
        expect_focus(page)


def test_the_palette_offers_only_what_the_role_may_see(viewer_page: Page) -> None:
    viewer_page.goto("/labels")
    expect(row(viewer_page, "Berlin")).to_be_visible()
    press_keys(viewer_page, "ControlOrMeta+k")
    entries = viewer_page.locator("[data-action]")
    expect(entries.filter(has_text="Configurations")).to_be_visible()
    for hidden in ("API tokens", "Users", "Settings"):
        expect(entries.filter(has_text=hidden)).to_have_count(0)


def test_the_content_is_one_key_away(manager_page: Page) -> None:
    manager_page.goto("/labels")
    expect(row(manager_page, "Berlin")).to_be_visible()
    press_keys(manager_page, "Tab")
    expect(manager_page.get_by_role("link", name="Skip to the content")).to_be_focused()
    press_keys(manager_page, "Enter", "Tab")
    assert manager_page.get_by_role("main").evaluate("main => main.contains(document.activeElement)")
