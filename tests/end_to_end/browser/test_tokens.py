"""API tokens from their creation to their end, each step seen by an agent that uses the value."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.cast import MAX, MONA, OLIVIA, READ_TOKEN
from tests.end_to_end.browser.agents import fetch, heard
from tests.end_to_end.browser.conftest import OpenPage
from tests.end_to_end.browser.steps import choose, dialog, expect_said, from_menu, press, row
from tests.end_to_end.controller import Controller

WORKS, REFUSED = (200, 204), (401, 401)


def create_config(controller: Controller, name: str) -> str:
    with controller.api(MONA.token) as api:
        return str(api.post("/api/configs", json={"name": name, "toml": "[agent]\n"}).raise_for_status().json()["id"])


def create_token(controller: Controller, name: str) -> str:
    with controller.api(MONA.token) as api:
        made = api.post("/api/tokens", json={"name": name, "permissions": ["configs:read", "heartbeat:write"]})
    return str(made.raise_for_status().json()["token"])


def shown_value(shown: Locator) -> str:
    """Read the value that is shown this once, and close the dialog."""
    value = shown.locator("[data-secret]").inner_text()
    assert re.fullmatch("tc-apiv1_[0-9a-f]{64}", value)
    press(shown, "Done")
    expect(shown).to_be_hidden()
    return value


def new_token(page: Page, name: str, preset: str, agents: str) -> str:
    """Create a token that works for some agents only, and return its value."""
    press(page, "New token")
    form = dialog(page, "New API token")
    form.get_by_role("textbox", name="Name").fill(name)
    form.get_by_role("radio", name=preset).click()
    press(form, "Restrict where it works")
    form.get_by_label("For these agents").fill(agents)
    page.keyboard.press("Enter")
    press(form, "Create token")
    return shown_value(dialog(page, f"Token {name}"))


def test_a_token_is_created_restricted_rotated_and_revoked_and_the_agent_hears_it(
    controller: Controller, open_page: OpenPage
) -> None:
    """T1, T9, T11, T12"""
    config = create_config(controller, "for a life")
    page = open_page(MONA)
    page.goto("/tokens")
    first = new_token(page, "edge", "Telegraf agent", "edge-*")
    expect(row(page, "edge")).to_contain_text("Telegraf agent")
    assert heard(controller, config, "edge-1", first) == WORKS
    assert heard(controller, config, "db-1", first) == (403, 403)
    page.reload()
    page.get_by_role("link", name="edge", exact=True).click()
    expect(page.get_by_role("region", name="Where it works")).to_contain_text("edge-*")
    expect(page.get_by_role("region", name="About")).to_contain_text(first[-4:])
    assert first not in page.content()

    press(page, "Rotate…")
    form = dialog(page, "Rotate edge")
    choose(form, "The old value works on for", "1 hour")
    press(form, "Rotate")
    second = shown_value(dialog(page, "New value of edge"))
    assert heard(controller, config, "edge-1", first) == heard(controller, config, "edge-1", second) == WORKS
    expect(page.get_by_text("The value before the last rotation still works")).to_be_visible()

    from_menu(page, "edge", "Revoke…")
    press(dialog(page, "Revoke this token?"), "Revoke")
    expect_said(page, "edge is revoked.")
    for value in (first, second):
        assert heard(controller, config, "edge-1", value) == REFUSED
    expect(page.get_by_text("Revoked", exact=True).first).to_be_visible()
    expect(page.get_by_role("button", name="Rotate…")).to_have_count(0)


def test_a_rotation_without_overlap_ends_the_old_value_at_once(controller: Controller, open_page: OpenPage) -> None:
    """T12"""
    config, first = create_config(controller, "for a rotation"), create_token(controller, "leaked")
    page = open_page(MONA)
    page.goto("/tokens")
    from_menu(page, "leaked", "Rotate…")
    form = dialog(page, "Rotate leaked")
    choose(form, "The old value works on for", "Not at all")
    press(form, "Rotate")
    second = shown_value(dialog(page, "New value of leaked"))
    assert heard(controller, config, "web-1", first) == REFUSED
    assert heard(controller, config, "web-1", second) == WORKS


def test_what_a_token_may_do_is_chosen_one_by_one(controller: Controller, open_page: OpenPage) -> None:
    """P1, T5"""
    config = create_config(controller, "for a grid")
    page = open_page(MONA)
    page.goto("/tokens")
    press(page, "New token")
    form = dialog(page, "New API token")
    form.get_by_role("textbox", name="Name").fill("only reads")
    form.get_by_role("radio", name="Custom").click()
    grid = form.get_by_role("table", name="Permissions")
    grid.get_by_role("checkbox", name="Heartbeats: write").uncheck()
    expect(form.get_by_role("radio", name="Custom")).to_be_checked()
    press(form, "Create token")
    value = shown_value(dialog(page, "Token only reads"))
    assert heard(controller, config, "web-1", value) == (200, 403)


def test_a_name_that_is_taken_is_said_at_the_field_and_nothing_typed_is_lost(open_page: OpenPage) -> None:
    """T13"""
    page = open_page(MONA)
    page.goto("/tokens")
    press(page, "New token")
    form = dialog(page, "New API token")
    name = form.get_by_role("textbox", name="Name")
    name.fill("read")
    form.get_by_role("radio", name="Read only").click()
    press(form, "Create token")
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_be_focused()
    expect(form.get_by_role("radio", name="Read only")).to_be_checked()


def test_a_token_changes_hands_and_keeps_its_value(controller: Controller, open_page: OpenPage) -> None:
    """T10"""
    config, value = create_config(controller, "for a heir"), create_token(controller, "inherited")
    page = open_page(OLIVIA)
    page.goto("/tokens?search=inherited")
    from_menu(page, "inherited", "Reassign…")
    form = dialog(page, "Reassign this token")
    choose(form, "Acts for", MAX.username)
    press(form, "Reassign")
    expect(form).to_be_hidden()
    expect(row(page, "inherited")).to_contain_text(MAX.username)
    assert heard(controller, config, "web-1", value) == WORKS
    mona = open_page(MONA)
    mona.goto("/tokens?search=inherited")
    expect(mona.get_by_role("heading", name="No API tokens match")).to_be_visible()


def test_many_tokens_are_revoked_and_deleted_at_once(controller: Controller, open_page: OpenPage) -> None:
    """T9"""
    config = create_config(controller, "for many")
    values = [create_token(controller, f"batch {number}") for number in range(3)]
    page = open_page(MONA)
    page.goto("/tokens?search=batch")
    for number in range(2):
        page.get_by_role("checkbox", name=f"Choose batch {number}").check()
    press(page.get_by_role("toolbar", name="Chosen rows"), "Revoke…")
    press(dialog(page, "Revoke 2 tokens?"), "Revoke")
    expect(page.get_by_role("row").filter(has_text="Revoked")).to_have_count(2)
    assert [fetch(controller, config, value).status_code for value in values] == [401, 401, 200]

    page.get_by_role("checkbox", name="Choose all API tokens of this page").check()
    press(page.get_by_role("toolbar", name="Chosen rows"), "Delete…")
    press(dialog(page, "Delete 3 tokens?"), "Delete")
    expect(page.get_by_role("heading", name="No API tokens match")).to_be_visible()
    assert fetch(controller, config, values[2]).status_code == 401
    assert fetch(controller, config, READ_TOKEN).status_code == 200
