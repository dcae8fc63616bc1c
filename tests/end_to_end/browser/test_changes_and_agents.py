"""Changes that would cut agents off ask first and lose nothing typed (V7); files become configurations (V6)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.cast import AGENT_TOKEN, MONA, bearer
from tests.end_to_end.browser.accessibility import assert_accessible
from tests.end_to_end.browser.conftest import OpenPage
from tests.end_to_end.browser.steps import dialog, expect_said, from_menu, press, write
from tests.end_to_end.controller import Controller
from tests.support.plain_http import NO_TLS

TOML = "[[inputs.cpu]]\n"
NEEDS_REGION = '[inputs.cpu.tags]\nregion = "&{region}"\n'


def make(controller: Controller, method: str, url: str, body: object) -> Any:
    """Do something as Mona, over the API."""
    with controller.api(MONA.token) as api:
        answer = api.request(method, url, json=body)
    assert answer.is_success, answer.text
    return answer.json()


def report(controller: Controller, instance_id: str, url: str) -> None:
    """Let an agent report that it runs what is at a URL."""
    body = {"id": instance_id, "version": "Telegraf 1.40.0", "configurations": [f"{controller.url}{url}"]}
    answer = httpx.post(controller.heartbeat_url, json=body, headers=bearer(AGENT_TOKEN), timeout=20, verify=NO_TLS)
    assert answer.status_code == 204, answer.text


def test_saving_asks_before_it_cuts_agents_off(controller: Controller, open_page: OpenPage) -> None:
    """V7"""
    config = make(controller, "POST", "/api/configs", {"name": "servers", "toml": TOML})
    report(controller, "web-1", f"/api/configs/{config['id']}/toml")
    page = open_page(MONA)
    page.goto(f"/configurations/{config['id']}")
    editor = page.get_by_role("textbox", name="Configuration")
    editor.click()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(NEEDS_REGION)
    page.get_by_role("button", name="Save").click()
    question = page.get_by_role("dialog", name="1 agent would fail")
    expect(question.get_by_role("link", name="web-1")).to_be_visible()
    expect(question).to_contain_text("The configuration needs the parameter 'region'.")
    assert_accessible(page)
    question.get_by_role("button", name="Back to editing").click()
    expect(question).to_be_hidden()
    expect(editor).to_contain_text("region")
    expect(page.get_by_role("alert")).to_contain_text("would get an error")
    page.get_by_role("button", name="Save").click()
    question.get_by_role("button", name="Save anyway").click()
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()


def test_the_editor_says_how_many_agents_saving_reaches(controller: Controller, open_page: OpenPage) -> None:
    """V7: whichever way they come, and also while the text is no TOML yet."""
    config = make(controller, "POST", "/api/configs", {"name": "reaching", "toml": TOML})
    group = make(controller, "POST", "/api/config-groups", {"name": "reaching too", "members": [config["id"]]})
    page = open_page(MONA)
    page.goto(f"/configurations/{config['id']}")
    write(page, "[[inputs.mem]]\n")
    expect(page.get_by_text("Saving reaches no agent that reports now.")).to_be_visible()
    report(controller, "direct", f"/api/configs/{config['id']}/toml")
    report(controller, "grouped", f"/api/config-groups/{group['id']}/toml")
    write(page, TOML + NEEDS_REGION)
    expect(page.get_by_text("Saving reaches no agent that reports now; 2 would get an error.")).to_be_visible()
    write(page, "[[inputs.mem]\n")
    expect(page.get_by_role("list", name="Problems")).to_contain_text("line 1")
    write(page, "[[inputs.mem]]\n")
    expect(page.get_by_text("Saving reaches 2 agents when they next look.")).to_be_visible()
    press(page, "Save")
    expect_said(page, "Saved as version 2.")
    expect(page.get_by_text("Saving reaches")).to_have_count(0)

    page.get_by_role("tab", name="Versions").click()
    from_menu(page, "version 1", "Roll back to this…")
    question = dialog(page, "Roll back to version 1?")
    expect(question).to_contain_text("Rolling back reaches 2 agents when they next look.")


def test_a_constant_keeps_its_new_value_on_the_way_back(controller: Controller, open_page: OpenPage) -> None:
    """V7: Escape closes the question and not the dialog below it."""
    make(controller, "POST", "/api/constants", {"name": "SITE", "value": "here"})
    config = make(controller, "POST", "/api/configs", {"name": "sites", "toml": "k = '::{SITE}&{a:x}'\n"})
    report(controller, "db-1", f"/api/configs/{config['id']}/toml?a=1")
    page = open_page(MONA)
    page.goto("/constants")
    page.get_by_role("button", name="Actions for SITE").click()
    page.get_by_role("menuitem", name="Change").click()
    form = page.get_by_role("dialog", name="SITE")
    form.get_by_label("Value").fill("it's")
    form.get_by_role("button", name="Save").click()
    question = page.get_by_role("dialog", name="1 agent would fail")
    expect(question.get_by_role("link", name="db-1")).to_be_visible()
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(form.get_by_label("Value")).to_have_value("it's")


def test_an_alias_is_moved_only_when_its_agents_are_accepted(controller: Controller, open_page: OpenPage) -> None:
    """V7, L1"""
    source = make(controller, "POST", "/api/configs", {"name": "old", "toml": TOML})
    make(controller, "POST", "/api/configs", {"name": "demanding", "toml": TOML + NEEDS_REGION})
    make(controller, "POST", f"/api/configs/{source['id']}/aliases", {"alias": "edge"})
    report(controller, "edge-1", "/c/edge")
    page = open_page(MONA)
    page.goto(f"/configurations/{source['id']}/aliases")
    page.get_by_role("button", name="Actions for edge").click()
    page.get_by_role("menuitem", name="Move").click()
    page.get_by_role("dialog", name="Move the alias edge").get_by_label("To").click()
    page.get_by_role("option", name="demanding").click()
    page.get_by_role("button", name="Move", exact=True).click()
    page.get_by_role("dialog", name="1 agent would fail").get_by_role("button", name="Move anyway").click()
    expect(page.get_by_text("edge now stands for demanding.")).to_be_visible()


def test_a_file_becomes_a_configuration(manager_page: Page, tmp_path: Path) -> None:
    """V6"""
    page = manager_page
    page.goto("/configurations")
    (tmp_path / "linux-base.conf").write_text(TOML + "# Kälte\n", "utf-8")
    page.get_by_role("button", name="Import").locator("xpath=preceding-sibling::input").set_input_files(
        tmp_path / "linux-base.conf"
    )
    expect(page.get_by_label("Name")).to_have_value("linux-base")
    expect(page.get_by_role("textbox", name="Configuration")).to_contain_text("Kälte")
    page.get_by_role("button", name="Create configuration").click()
    expect(page.get_by_role("heading", name="linux-base")).to_be_visible()


def test_a_file_that_is_no_text_is_refused_with_the_reason(manager_page: Page) -> None:
    """V6: dropped onto the list"""
    page = manager_page
    page.goto("/configurations")
    expect(page.get_by_role("heading", name="Configurations")).to_be_visible()
    dropped = page.evaluate_handle(
        """() => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array([0xff, 0xfe, 0x61, 0])], "windows.toml"));
            return transfer;
        }"""
    )
    page.get_by_role("heading", name="Configurations").dispatch_event("drop", {"dataTransfer": dropped})
    expect(page.get_by_role("alert")).to_contain_text("It is text in UTF-16; save it as UTF-8.")
