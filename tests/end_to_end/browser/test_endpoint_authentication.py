"""Parts of the API are opened to anybody and closed again: E1, E2, E4."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.cast import MONA, OLIVIA
from tests.end_to_end.browser.agents import fetch, report
from tests.end_to_end.browser.conftest import OpenPage
from tests.end_to_end.browser.steps import dialog, expect_said, press
from tests.end_to_end.controller import Controller
from tests.processes.running import until


def switch(page: Page, group: str) -> Locator:
    return page.get_by_role("switch", name=f"{group} need credentials")


def toggle(page: Page, group: str) -> None:
    # The switch itself is drawn by its label.
    page.get_by_role("region", name="Endpoint authentication").get_by_text(group, exact=True).click()


def confirm(form: Locator, password: str, button: str) -> None:
    form.get_by_role("textbox", name="Your password").fill(password)
    press(form, button)


def test_the_owner_opens_a_part_with_the_password_and_closes_it_again(
    controller: Controller, open_page: OpenPage, owner_page: Page
) -> None:
    with controller.api(MONA.token) as api:
        config = api.post("/api/configs", json={"name": "open", "toml": "[agent]\n"}).raise_for_status().json()["id"]
    assert fetch(controller, config).status_code == report(controller, "web-1").status_code == 401
    owner_page.goto("/settings")
    toggle(owner_page, "Heartbeats")
    form = dialog(owner_page, "Open heartbeats to anybody")
    confirm(form, "not the password", "Open to anybody")
    expect(form.get_by_role("textbox", name="Your password")).to_have_attribute("aria-invalid", "true")
    assert report(controller, "web-1").status_code == 401
    confirm(form, OLIVIA.password, "Open to anybody")
    expect_said(owner_page, "Heartbeats: open to anybody from now on.")
    until(lambda: report(controller, "web-1").status_code == 204)
    assert fetch(controller, config).status_code == 401
    expect(switch(owner_page, "Heartbeats")).not_to_be_checked()
    owner_page.get_by_role("link", name="Groups").click()
    expect(owner_page.get_by_role("status").filter(has_text="without credentials")).to_contain_text("Heartbeats")

    owner_page.get_by_role("link", name="Settings").first.click()
    toggle(owner_page, "Heartbeats")
    confirm(dialog(owner_page, "Require credentials for heartbeats"), OLIVIA.password, "Require credentials")
    expect_said(owner_page, "Heartbeats: credentials are needed from now on.")
    until(lambda: report(controller, "web-1").status_code == 401)
    expect(owner_page.get_by_role("status").filter(has_text="without credentials")).to_have_count(0)


def test_an_administrator_sees_the_switches_and_moves_none(administrator_page: Page) -> None:
    administrator_page.goto("/settings")
    for group in ("Agents", "Configurations", "Labels", "Reporting rules", "Heartbeats"):
        expect(switch(administrator_page, group)).to_be_disabled()
    expect(administrator_page.get_by_text("Only the owner changes this.")).to_be_visible()
