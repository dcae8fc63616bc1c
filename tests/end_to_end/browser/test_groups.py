"""Groups and the agents that fetch them: how many there are, and the command that starts one (G1)."""

from __future__ import annotations

from pathlib import Path

import httpx
from playwright.sync_api import expect

from tests.cast import AGENT_TOKEN, MONA, bearer
from tests.end_to_end.browser.conftest import OpenPage
from tests.end_to_end.browser.steps import dialog, press, row
from tests.end_to_end.controller import Controller
from tests.support.plain_http import NO_TLS


def create_group(controller: Controller, name: str, toml: str, alias: str) -> tuple[str, str]:
    """Create a group of one configuration; return their ids."""
    with controller.api(MONA.token) as api:
        member = api.post("/api/configs", json={"name": f"{name} base", "toml": toml}).raise_for_status().json()["id"]
        made = api.post("/api/config-groups", json={"name": name, "members": [member]}).raise_for_status().json()["id"]
        api.post(f"/api/config-groups/{made}/aliases", json={"alias": alias}).raise_for_status()
    return made, member


def report(controller: Controller, instance_id: str, path: str) -> None:
    """Let an agent report that it runs what is at a path."""
    body = {"id": instance_id, "version": "Telegraf 1.40.0", "configurations": [f"{controller.url}{path}"]}
    answer = httpx.post(controller.heartbeat_url, json=body, headers=bearer(AGENT_TOKEN), timeout=20, verify=NO_TLS)
    answer.raise_for_status()


def test_the_number_of_its_agents_leads_to_them(controller: Controller, open_page: OpenPage) -> None:
    made, member = create_group(controller, "branches", "[[inputs.cpu]]\n", "branches")
    report(controller, "by-id", f"/api/config-groups/{made}/toml")
    report(controller, "by-alias", "/c/branches")
    report(controller, "alone", f"/api/configs/{member}/toml")
    page = open_page(MONA)
    page.goto("/groups")
    row(page, "branches").get_by_role("link", name="2", exact=True).click()
    for agent in ("by-id", "by-alias"):
        expect(page.get_by_role("link", name=agent)).to_be_visible()
    expect(page.get_by_role("link", name="alone")).to_have_count(0)


def test_the_command_for_a_group_asks_for_what_its_members_need(
    controller: Controller, open_page: OpenPage, tmp_path: Path
) -> None:
    made, _ = create_group(controller, "shops", '[[inputs.cpu]]\n  alias = "&{shop}"\n', "shops")
    page = open_page(MONA)
    page.goto(f"/groups/{made}")
    press(page, "Use this group")
    use = dialog(page, "Use shops")
    expect(use).to_contain_text("Still to be filled in: shop.")
    use.get_by_role("textbox", name="shop").fill("Köln 1")
    expect(use).to_contain_text(f"telegraf --config '{controller.url}/c/shops?shop=K%C3%B6ln%201'")
    use.get_by_role("combobox", name="Address").click()
    page.get_by_role("option", name="by its id").click()
    expect(use).to_contain_text(f"{controller.url}/api/config-groups/{made}/toml?shop=K%C3%B6ln%201")

    use.get_by_text("From a local file").click()
    with page.expect_download() as download:
        press(use, "Download shops.toml")
    download.value.save_as(tmp_path / "shops.toml")
    assert (tmp_path / "shops.toml").read_text("utf-8").endswith('[[inputs.cpu]]\n  alias = "Köln 1"\n')
