"""Old versions are dropped, and the one that is served never is (V3)."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.cast import ADAM, VICTOR
from tests.end_to_end.browser.conftest import OpenPage
from tests.end_to_end.browser.steps import dialog, expect_said, press
from tests.end_to_end.controller import Controller


def config_with_versions(controller: Controller, name: str, count: int) -> str:
    """Create a configuration whose text says which version it is; return its id."""
    with controller.api(ADAM.token) as api:
        made = api.post("/api/configs", json={"name": name, "toml": "# version 1\n"}).raise_for_status().json()
        for version in range(2, count + 1):
            api.patch(f"/api/configs/{made['id']}", json={"toml": f"# version {version}\n"}).raise_for_status()
    return str(made["id"])


def kept(controller: Controller, config: str) -> list[int]:
    """Return the numbers of the versions that there are, newest first."""
    with controller.api(ADAM.token) as api:
        listed = api.get(f"/api/configs/{config}/versions").raise_for_status().json()
    return [one["version"] for one in listed["items"]]


def expect_versions(page: Page, *numbers: int) -> None:
    boxes = page.get_by_role("table", name="Versions").get_by_role("checkbox")
    expect(boxes).to_have_count(len(numbers))
    for number in numbers:
        expect(page.get_by_role("checkbox", name=f"Choose version {number}", exact=True)).to_be_visible()


def test_versions_before_one_are_removed_and_the_others_stay(controller: Controller, open_page: OpenPage) -> None:
    config = config_with_versions(controller, "long history", 5)
    page = open_page(ADAM)
    page.goto(f"/configurations/{config}/versions")
    for version in (1, 5):
        page.get_by_role("checkbox", name=f"Choose version {version}").check()
    press(page, "Prune…")
    form = dialog(page, "Prune versions")
    form.get_by_role("textbox", name="Remove all versions before").fill("4")
    press(form, "Cancel")
    expect(form).to_be_hidden()
    assert kept(controller, config) == [5, 4, 3, 2, 1]

    press(page, "Prune…")
    form.get_by_role("textbox", name="Remove all versions before").fill("4")
    press(form, "Prune")
    expect_said(page, "3 versions removed.")
    expect_versions(page, 5, 4)
    expect(page.get_by_role("heading", name="2 versions")).to_be_visible()
    expect(page.get_by_role("button", name="Compare", exact=True)).to_be_disabled()
    assert kept(controller, config) == [5, 4]


def test_the_version_that_is_served_stays_whatever_is_asked_for(controller: Controller, open_page: OpenPage) -> None:
    config = config_with_versions(controller, "short history", 3)
    page = open_page(ADAM)
    page.goto(f"/configurations/{config}/versions")
    press(page, "Prune…")
    form = dialog(page, "Prune versions")
    expect(form).to_contain_text("Version 3, which is served, stays whatever you choose.")
    form.get_by_role("textbox", name="Remove all versions before").fill("99")
    press(form, "Prune")
    expect_said(page, "2 versions removed.")
    expect_versions(page, 3)
    expect(page.get_by_role("button", name="Prune…")).to_have_count(0)
    assert kept(controller, config) == [3]


def test_who_may_not_delete_sees_no_button_for_it(controller: Controller, open_page: OpenPage) -> None:
    config = config_with_versions(controller, "nobody's to prune", 2)
    page = open_page(VICTOR)
    page.goto(f"/configurations/{config}/versions")
    expect_versions(page, 2, 1)
    expect(page.get_by_role("button", name="Prune…")).to_have_count(0)
