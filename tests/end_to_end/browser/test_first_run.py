"""From an empty system to a reporting agent, as somebody does it who sees the product for the first time."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import httpx
from playwright.sync_api import Page, expect

from tests.end_to_end.browser.conftest import OpenPage
from tests.end_to_end.browser.steps import press
from tests.end_to_end.controller import Controller
from tests.support.plain_http import NO_TLS

PASSWORD = "correct horse battery staple"


def become_owner(page: Page) -> None:
    page.goto("/")
    page.get_by_role("textbox", name="Username").fill("Olivia")
    page.get_by_role("textbox", name="E-mail").fill("olivia@example.com")
    page.get_by_role("textbox", name="Password", exact=True).fill(PASSWORD)
    press(page, "Become the owner")


def start_telegraf(command: str) -> tuple[str, str, str]:
    """Do what Telegraf does with the command: return its token, what it fetched from where."""
    token = re.search(r"TELEGRAF_CONTROLLER_TOKEN='?(tc-apiv1_[0-9a-f]{64})", command)
    address = re.search(r"http://[^\s?\"']+", command)
    assert token is not None
    assert address is not None
    fetched = httpx.get(
        address.group(),
        params={"agent_id": "web-1"},
        headers={"Authorization": f"Bearer {token.group(1)}"},
        verify=NO_TLS,
    )
    return token.group(1), str(fetched.url), fetched.raise_for_status().text


def report(heartbeat_url: str, token: str, configuration: str) -> None:
    """Let one agent report for a moment."""
    simulate = [sys.executable, "-m", "telegraf_controller.cli.main", "simulate", heartbeat_url]
    fleet = ["--agents=1", "--interval=1", "--duration=1", f"--configuration={configuration}"]
    environment = {**os.environ, "TELEGRAF_CONTROLLER_TOKEN": token}
    done = subprocess.run([*simulate, *fleet], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_new_owner_is_led_from_nothing_to_a_reporting_agent_on_one_page(
    new_controller: Controller, open_page: OpenPage
) -> None:
    page = open_page()
    become_owner(page)
    page.get_by_role("link", name="Add the first agent").click()
    expect(page.get_by_role("heading", name="Add an agent", level=1)).to_be_visible()
    press(page, "Make a first configuration")
    press(page, "Make the token")
    value = page.locator("[data-secret]").inner_text()
    command = page.get_by_label("command", exact=True).first
    expect(command).to_contain_text(value)

    token, configuration, text = start_telegraf(command.inner_text())
    assert token == value
    assert f'url = "{new_controller.heartbeat_url}"' in text
    assert 'instance_id = "web-1"' in text
    expect(page.get_by_text("Telegraf has fetched its configuration.")).to_be_visible()
    report(new_controller.heartbeat_url, token, configuration)
    expect(page.get_by_text("host-0000000.sim.example is here.")).to_be_visible()
    page.get_by_role("link", name="See host-0000000.sim.example").click()
    expect(page.get_by_role("heading", name="host-0000000.sim.example", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="starter").first).to_be_visible()


def test_whoever_leaves_midway_goes_on_where_they_were(new_controller: Controller, open_page: OpenPage) -> None:
    page = open_page()
    become_owner(page)
    page.get_by_role("link", name="Add the first agent").click()
    press(page, "Make a first configuration")
    press(page, "Make the token")
    first = page.locator("[data-secret]").inner_text()
    page.goto("/start")
    expect(page.get_by_role("link", name="starter")).to_be_visible()
    assert first not in page.content()
    press(page, "Give it a new value")
    expect(page.locator("[data-secret]")).not_to_have_text(first)
