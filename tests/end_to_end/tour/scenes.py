"""What there is to see: every page of the interface, and what can be opened on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle

from playwright.sync_api import FilePayload, Page

from tests.end_to_end.tour.contents import BASE
from tests.end_to_end.tour.instance import Instance

Step = Callable[[Page], object]


@dataclass(frozen=True)
class Scene:
    """One page as somebody sees it."""

    name: str
    path: str
    """May name ids: `/configurations/{config:Linux base}`."""
    person: str | None = "Olivia"
    """Who is signed in; None for nobody."""
    steps: tuple[Step, ...] = ()
    """What is done after the page has loaded."""
    opens: bool = False
    """Whether the steps open something that Escape closes, after which the focus is back."""

    def path_on(self, instance: Instance) -> str:
        """Return the address on an instance."""
        path = self.path
        for name, identity in instance.ids.items():
            path = path.replace("{" + name + "}", identity)
        return path


def press(name: str) -> Step:
    """Press the first button that is called so."""
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def choose(name: str) -> Step:
    """Choose an item of the open menu."""
    return lambda page: page.get_by_role("menuitem", name=name).click()


def tick(name: str) -> Step:
    """Tick a box."""
    return lambda page: page.get_by_role("checkbox", name=name, exact=True).check()


def fill(label: str, text: str) -> Step:
    """Type into a field."""
    return lambda page: page.get_by_label(label, exact=True).first.fill(text)


def keys(combination: str) -> Step:
    """Press keys."""
    return lambda page: page.keyboard.press(combination)


def _import_two_files(page: Page) -> None:
    contents = {"redis.toml": b"[[inputs.redis]]\n", "photo.png": b"\x89PNG"}
    files: list[FilePayload] = [
        {"name": name, "mimeType": "text/plain", "buffer": content} for name, content in contents.items()
    ]
    page.locator("input[type=file]").first.set_input_files(files)
    page.get_by_role("list", name="Files").wait_for()


def press_into(selector: str) -> Step:
    """Press into something that is written in."""
    return lambda page: page.locator(selector).first.click()


def wait_for(selector: str) -> Step:
    """Wait until something is there."""
    return lambda page: page.locator(selector).first.wait_for()


def _type_new_name(page: Page) -> None:
    # Names are unique, and each format takes its picture of the same instance.
    page.get_by_label("Name", exact=True).fill(f"Agents in {next(_CITIES)}")


_CITIES = cycle(("Sydney", "Oslo", "Lima", "Seoul", "Accra", "Turin", "Quito", "Porto"))


def _open_account_menu(page: Page) -> None:
    navigation = page.get_by_role("button", name="Navigation", exact=True)
    if navigation.is_visible():
        navigation.click()
    page.get_by_role("button", name="Account menu of").click()


_BASE = f"/configurations/{{config:{BASE}}}"

FIRST: tuple[Scene, ...] = (Scene("set-up", "/set-up", person=None),)
"""What is only there before there is an owner."""

PAGES: tuple[Scene, ...] = (
    Scene("sign-in", "/sign-in", person=None),
    Scene("invite", "/invite/{secret:invite}", person=None),
    Scene("invite-invalid", "/invite/not-a-secret", person=None),
    Scene("password-reset", "/password-reset/{secret:reset}", person=None),
    Scene("agents", "/agents"),
    Scene("agent", "/agents/{agent:db-04}"),
    Scene("configurations", "/configurations"),
    Scene("configuration-new", "/configurations/new"),
    Scene("configuration", _BASE),
    Scene("configuration-versions", f"{_BASE}/versions"),
    Scene("configuration-aliases", f"{_BASE}/aliases"),
    Scene("configuration-agents", f"{_BASE}/agents"),
    Scene("configuration-manage", f"{_BASE}/manage"),
    Scene("groups", "/groups"),
    Scene("group", "/groups/{group:Kubernetes with Kafka}"),
    Scene("group-preview", "/groups/{group:Kubernetes with Kafka}/preview"),
    Scene("group-aliases", "/groups/{group:Kubernetes with Kafka}/aliases"),
    Scene("group-manage", "/groups/{group:Kubernetes with Kafka}/manage"),
    Scene("constants", "/constants"),
    Scene("labels", "/labels"),
    Scene("reporting-rules", "/reporting-rules"),
    Scene("start", "/start"),
    Scene("tokens", "/tokens"),
    Scene("token", "/tokens/{token:Branch gateways}"),
    Scene("token-revoked", "/tokens/{token:Trial of a laptop}"),
    Scene("users", "/users"),
    Scene("user", "/users/{user:Mona}"),
    Scene("settings", "/settings"),
    Scene("account", "/account"),
    Scene("not-found", "/nowhere"),
    Scene("forbidden", "/users", person="Victor"),
    Scene("viewer-configuration", _BASE, person="Victor"),
    Scene("no-such-configuration", "/configurations/00000000-0000-4000-8000-000000000000"),
    Scene("nothing-fits", "/configurations?search=nothing+is+called+that"),
)

"""Every page."""

DIALOGS: tuple[Scene, ...] = (
    Scene("command-palette", "/configurations", steps=(keys("/"), keys("Control+k")), opens=True),
    Scene("account-menu", "/labels", steps=(_open_account_menu,), opens=True),
    Scene("configurations-chosen", "/configurations", steps=(tick(f"Choose {BASE}"), tick("Choose PostgreSQL"))),
    Scene(
        "configuration-delete",
        "/configurations",
        steps=(press("Actions for PostgreSQL"), choose("Delete…")),
        opens=True,
    ),
    Scene(
        "configuration-labels",
        "/configurations",
        steps=(press("Actions for PostgreSQL"), choose("Labels…")),
        opens=True,
    ),
    Scene("configurations-import", "/configurations", steps=(_import_two_files,)),
    Scene(
        "configuration-edited",
        _BASE,
        steps=(press_into(".cm-content"), keys("Control+Home"), keys("#"), wait_for("text=Saving reaches")),
    ),
    Scene("configuration-use", _BASE, steps=(press("Use this configuration"),), opens=True),
    Scene(
        "configuration-compare",
        f"{_BASE}/versions",
        steps=(
            press("Actions for version 2"),
            choose("Compare with current"),
            wait_for(".cm-merge-b, .cm-changedLine"),
        ),
        opens=True,
    ),
    Scene(
        "configuration-rollback",
        f"{_BASE}/versions",
        steps=(press("Actions for version 2"), choose("Roll back")),
        opens=True,
    ),
    Scene("configuration-prune", f"{_BASE}/versions", steps=(press("Prune…"),), opens=True),
    Scene("group-new", "/groups", steps=(press("New group"),), opens=True),
    Scene("group-use", "/groups/{group:Kubernetes with Kafka}", steps=(press("Use this group"),), opens=True),
    Scene("group-delete", "/groups", steps=(press("Actions for Web servers"), choose("Delete…")), opens=True),
    Scene("constant-new", "/constants", steps=(press("New constant"),), opens=True),
    Scene("label-new", "/labels", steps=(press("New label"),), opens=True),
    Scene("label-delete", "/labels", steps=(press("Actions for production"), choose("Delete…")), opens=True),
    Scene("rule-new", "/reporting-rules", steps=(press("New rule"),), opens=True),
    Scene(
        "rule-delete",
        "/reporting-rules",
        steps=(press("Actions for Branches"), choose("Delete…")),
        opens=True,
    ),
    Scene("token-new", "/tokens", steps=(press("New token"),), opens=True),
    Scene(
        "token-value",
        "/tokens",
        steps=(press("New token"), _type_new_name, press("Create token"), wait_for("[data-secret]")),
    ),
    Scene("token-revoke", "/tokens", steps=(press("Actions for Grafana"), choose("Revoke…")), opens=True),
    Scene("token-rotate", "/tokens", steps=(press("Actions for Grafana"), choose("Rotate…")), opens=True),
    Scene("token-reassign", "/tokens", steps=(press("Actions for Grafana"), choose("Reassign…")), opens=True),
    Scene("tokens-chosen", "/tokens", steps=(tick("Choose Grafana"), tick("Choose Deployment pipeline"))),
    Scene("invite-new", "/users", steps=(press("Invite"),), opens=True),
    Scene("user-role", "/users/{user:Mona}", steps=(press("Change role…"),), opens=True),
    Scene("user-delete", "/users/{user:Mona}", steps=(press("Delete…"),), opens=True),
    Scene("user-reset", "/users/{user:Mona}", steps=(press("Password reset link…"),), opens=True),
    Scene(
        "sign-in-refused",
        "/sign-in",
        person=None,
        steps=(
            fill("Username or e-mail", "olivia"),
            fill("Password", "wrong"),
            press("Sign in"),
            lambda page: page.get_by_role("alert").wait_for(),
        ),
    ),
)

GUIDE = {"agents": "agents", "agent": "agent", "configuration-compare": "compare", "token-new": "token"}
"""The scenes whose pictures the documentation shows, and what these are called there."""
