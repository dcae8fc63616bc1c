"""Every page as every role: what can be pressed is what may be done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from tests.access.permission_table import grants
from tests.cast import AGENT_TOKEN, MONA, OLIVIA, VICTOR, Person
from tests.end_to_end.browser.agents import report
from tests.end_to_end.browser.conftest import OpenPage
from tests.end_to_end.controller import Controller


@dataclass(frozen=True)
class Place:
    """A page, what one needs to see it, and what can be changed there with which permission."""

    path: str
    needs: str
    changes: dict[str, str] = field(default_factory=dict)
    menus: tuple[str, ...] = ()
    """Buttons that open a menu, whose entries are among the changes."""


PLACES = [
    Place(
        "/agents",
        "agents:read",
        {
            "Choose web-1": "agents:write",
            "Add an agent": "tokens:write",
            "Labels…": "agents:write",
            "Delete…": "agents:delete",
        },
        menus=("Actions for web-1",),
    ),
    Place("/agents/{agent}", "agents:read", {"Labels…": "agents:write", "Delete…": "agents:delete"}),
    Place(
        "/configurations",
        "configs:read",
        {
            "New configuration": "configs:write",
            "Choose base": "configs:write",
            "Labels…": "configs:write",
            "Duplicate": "configs:write",
            "Delete…": "configs:delete",
        },
        menus=("Actions for base",),
    ),
    Place("/configurations/new", "configs:write", {"Create configuration": "configs:write"}),
    Place("/configurations/{config}", "configs:read", {"Save": "configs:write", "Upload": "configs:write"}),
    Place(
        "/configurations/{config}/versions",
        "configs:read",
        {"Prune…": "configs:delete", "Edit note…": "configs:write", "Roll back to this…": "configs:write"},
        menus=("Actions for version 1",),
    ),
    Place(
        "/configurations/{config}/aliases",
        "configs:read",
        {"Add alias": "configs:write", "Move…": "configs:write", "Delete…": "configs:write"},
        menus=("Actions for base-alias",),
    ),
    Place(
        "/configurations/{config}/manage",
        "configs:read",
        {
            "Save": "configs:write",
            "Change…": "configs:write",
            "Duplicate": "configs:write",
            "Delete…": "configs:delete",
        },
    ),
    Place(
        "/groups",
        "config-groups:read",
        {"New group": "config-groups:write", "Labels…": "config-groups:write", "Delete…": "config-groups:delete"},
        menus=("Actions for whole",),
    ),
    Place(
        "/groups/{group}",
        "config-groups:read",
        {"Move base": "config-groups:write", "Take base out": "config-groups:write"},
    ),
    Place("/groups/{group}/preview", "config-groups:read"),
    Place("/groups/{group}/aliases", "config-groups:read", {"Add alias": "config-groups:write"}),
    Place(
        "/groups/{group}/manage",
        "config-groups:read",
        {"Save": "config-groups:write", "Change…": "config-groups:write", "Delete…": "config-groups:delete"},
    ),
    Place(
        "/constants",
        "constants:read",
        {
            "New constant": "constants:write",
            "BUCKET": "constants:write",
            "Change value…": "constants:write",
            "Delete…": "constants:delete",
        },
        menus=("Actions for BUCKET",),
    ),
    Place(
        "/reporting-rules",
        "reporting-rules:read",
        {"New rule": "reporting-rules:write", "Edit…": "reporting-rules:write", "Delete…": "reporting-rules:delete"},
        menus=("Actions for Laptops",),
    ),
    Place(
        "/labels",
        "labels:read",
        {
            "New label": "labels:write",
            "Edit…": "labels:write",
            "Choose Berlin": "labels:delete",
            "Delete…": "labels:delete",
        },
        menus=("Actions for Berlin",),
    ),
    Place(
        "/tokens",
        "tokens:read",
        {"New token": "tokens:write", "Rotate…": "tokens:write", "Revoke…": "tokens:write", "Delete…": "tokens:delete"},
        menus=("Actions for agent",),
    ),
    Place("/users", "users:read", {"Invite": "invites:write"}),
    Place(
        "/users/{user}",
        "users:read",
        {
            "Change role…": "users:write",
            "Password reset link…": "password-resets:write",
            "Disable…": "users:write",
            "Delete…": "users:delete",
        },
    ),
    Place("/settings", "settings:read", {"Save": "settings:write", "Agents need credentials": "auth-settings:write"}),
]

HARMLESS = re.compile(
    r"Skip to the content|Telegraf Controller|Go to…|Account menu of .*|(Dark|Light) colours"
    r"|Agents|Configurations|Groups|Constants|Labels|Reporting rules|First agent|API reference"
    r"|Refresh( by itself: .*)?|Summary|(OK|Warning|Failing|Undefined|Not reporting) \d+|Table|Cards"
    r"|Search .*|Filter by .*|Remove filter .*|Clear .*|Rows|(First|Previous|Next|Last) page"
    r"|Agent|Name|Status|Telegraf|Last seen|Last change|Username|E-mail|Role|Last sign-in|Created"
    r"|web-1|base|whole|show|none|\d+|base-alias"
    r"|Copy .*|Download.*|Use this (configuration|group)|Editor|Versions( \d+)?|Aliases( \d+)?|Agents( \d+)?|Manage"
    r"|Members( \d+)?|Preview"
    r"|Choose version \d+|Compare( with current)?|View|Actions for version \d+"
    r"|Configuration|Merged text|Description|Latest|History|Log.*|About|line \d+.*"
    r"|The same in numbers|Rule|Not reporting after"
)
"""Names of what changes nothing, wherever it stands."""

CONTROL = re.compile(
    r"- '?(?:button|link|menuitem|menuitemcheckbox|switch|checkbox|radio|textbox|searchbox|combobox|spinbutton|tab)"
    r' "((?:[^"\\]|\\.)*)"(?P<states>(?: \[[^\]]+\])*)'
)


@pytest.fixture(scope="module")
def ids(controller: Controller) -> dict[str, str]:
    """One of everything there is a page for."""
    with controller.api(MONA.token) as api:

        def make(path: str, **body: object) -> str:
            return str(api.post(path, json=body).raise_for_status().json().get("id"))

        config = make("/api/configs", name="base", toml="[agent]\n")
        api.patch(f"/api/configs/{config}", json={"toml": "[agent]\n\n"}).raise_for_status()
        make(f"/api/configs/{config}/aliases", alias="base-alias")
        group = make("/api/config-groups", name="whole", members=[config])
        make("/api/constants", name="BUCKET", value="blue")
        make("/api/labels", name="Berlin", color="#2f9e63")
        make("/api/reporting-rules", description="Laptops", notReportingAfter=3600)
        assert report(controller, "web-1", AGENT_TOKEN).status_code == 204
        agent = api.get("/api/agents").raise_for_status().json()["items"][0]["id"]
    return {"config": config, "group": group, "agent": agent, "user": str(VICTOR.id)}


@pytest.mark.parametrize("person", [OLIVIA, MONA, VICTOR], ids=lambda person: person.role)
def test_what_can_be_pressed_is_what_the_role_may_do(ids: dict[str, str], open_page: OpenPage, person: Person) -> None:
    """P2"""
    page = open_page(person)
    problems = []
    for place in PLACES:
        page.goto(place.path.format(**ids))
        if not grants(person.role, place.needs):
            refusal = page.get_by_role("heading", name="Your role does not allow this page")
            expect(refusal).to_be_visible()
            expect(page.get_by_role("main").get_by_text(place.needs, exact=True)).to_be_visible()
            continue
        wait_until_loaded(page)
        shown = set(controls(page, place))
        problems += [f"{place.path}: {name} is offered" for name in sorted(too_much(shown, place, person))]
        problems += [f"{place.path}: {name} is missing" for name in sorted(missing(shown, place, person))]
    assert not problems, "\n".join(problems)


def too_much(shown: set[str], place: Place, person: Person) -> set[str]:
    """Return what a role must not see. A viewer may see nothing whose harmlessness is not written down here."""
    changes = {name for name, permission in place.changes.items() if not grants(person.role, permission)}
    found = shown & changes
    if person is VICTOR:
        found |= {name for name in shown if not HARMLESS.fullmatch(name)}
    return found


def missing(shown: set[str], place: Place, person: Person) -> set[str]:
    """Return what a role may do and cannot find."""
    return {name for name, permission in place.changes.items() if grants(person.role, permission)} - shown


def wait_until_loaded(page: Page) -> None:
    expect(page.get_by_role("main").get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("[aria-busy=true], [aria-label=Loading], .mantine-Skeleton-root")).to_have_count(0)


def controls(page: Page, place: Place) -> Iterator[str]:
    """Yield the name of everything that can be pressed or typed into, in menus too."""
    yield from named(page)
    for menu in place.menus:
        opener = page.get_by_role("button", name=menu, exact=True)
        if opener.count() == 0:
            continue
        opener.click()
        expect(page.get_by_role("menu")).to_be_visible()
        yield from named(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("menu")).to_have_count(0)


def named(page: Page) -> Iterator[str]:
    """Yield names from what the page is to a screen reader; what is switched off or read only is no offer."""
    read_only = set(page.locator("[readonly], [contenteditable=false]").evaluate_all(LABELS_OF))
    for found in CONTROL.finditer(page.locator("body").aria_snapshot()):
        name = found.group(1).replace('\\"', '"')
        if "[disabled]" in found["states"] and name != "Save":
            continue
        if name not in read_only:
            yield name


LABELS_OF = "all => all.map(one => one.ariaLabel ?? one.labels?.[0]?.innerText ?? '')"
