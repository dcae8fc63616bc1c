"""A real controller on a fresh SQLite database, filled through its API as a small company would over some weeks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from telegraf_controller import clock
from telegraf_controller.access.browsers import COOKIE
from tests.cast import MAX, MONA, Person
from tests.end_to_end.controller import OWNER_PASSWORD, Controller, running_controller
from tests.end_to_end.tour.ageing import Stretch, age
from tests.end_to_end.tour.contents import (
    AGENT_LABELS,
    BASE,
    BASE_VERSIONS,
    CONSTANTS,
    GROUPS,
    INVITED,
    JOINED,
    LABELS,
    RULES,
    SAMPLES,
)
from tests.end_to_end.tour.fleet import Fleet, machines
from tests.support.plain_http import NO_TLS

_DAY_MS = 86_400_000
_TURNS = 26
"""How often the fleet reports before the pictures: a chart shows 24."""

_EVERY_SECONDS = 60

BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.1 Safari/605.1.15",
    "Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0",
)
"""With what the owner has signed in."""

_ADDRESSES = dict(zip(BROWSERS, ("203.0.113.41", "198.51.100.7", "203.0.113.160"), strict=True))

_PASSWORDS = {person.name: person.password for person in JOINED}

_PROXY = "--trusted-proxies=127.0.0.1"
"""Everybody comes from somewhere else, as X-Forwarded-For says."""

_AGENT_PERMISSIONS = ["configs:read", "config-groups:read", "heartbeat:write"]


@dataclass(frozen=True)
class Instance:
    """The filled instance, and the ids of what its pages show."""

    url: str
    """Where the interface is."""
    ids: dict[str, str]
    """By name: "config:PostgreSQL", "group:Web servers", "token:Grafana", "agent:db-04", "secret:invite"."""

    def sign_in(self, person: str) -> str:
        """Sign somebody in; return the value of the cookie that their browser then keeps."""
        return _sign_in(self.url, person, BROWSERS[0])


@contextmanager
def new_instance(folder: Path) -> Iterator[Instance]:
    """Run an instance that nobody has set up yet for the length of a `with` block."""
    with running_controller(folder, f"sqlite:///{folder / 'controller.db'}", make_owner=False) as controller:
        yield Instance(controller.url, {})


@contextmanager
def filled_instance(folder: Path) -> Iterator[Instance]:
    """Run a filled instance for the length of a `with` block."""
    database = folder / "controller.db"
    with ExitStack() as stack:
        began = clock.to_epoch_ms(clock.now())
        controller = stack.enter_context(running_controller(folder, f"sqlite:///{database}", _PROXY))
        ids, agent_token = _fill(controller)
        members = machines("http://telegraf.example.com:8888", ids["config:Branch gateways"])
        fleet = Fleet(controller.heartbeat_url, agent_token, members)
        for _ in range(3):
            fleet.report(silent=True)
        turns = [_report(fleet) for _ in range(_TURNS)]
        assert controller.stop() == 0, controller.log
        age(database, _as_if_over_weeks(began, turns))
        controller.launch(f"sqlite:///{database}", _PROXY)
        ids |= _afterwards(controller, ids)
        fleet.report()
        stack.enter_context(fleet.reporting(_EVERY_SECONDS))
        yield Instance(controller.url, ids)


def _report(fleet: Fleet) -> tuple[int, int]:
    """Let the fleet report once; return from when to when that was, in epoch milliseconds."""
    began = clock.to_epoch_ms(clock.now())
    fleet.report()
    return began, clock.to_epoch_ms(clock.now())


def _as_if_over_weeks(began: int, turns: list[tuple[int, int]]) -> list[Stretch]:
    """What was filled in is said to have been done over forty days; then the fleet has reported once a minute."""
    end = turns[-1][1]
    stretches = []
    for number, (start, stop) in enumerate(reversed(turns)):
        minute = end - number * _EVERY_SECONDS * 1000
        stretches.append(Stretch(start, stop, minute - (stop - start), minute))
    first = stretches[-1]
    return [*stretches, Stretch(began, first.began - 1, end - 40 * _DAY_MS, first.said_began - 60_000)]


def _afterwards(controller: Controller, ids: dict[str, str]) -> dict[str, str]:
    """Do what has to be young: links that are open, and the owner's other sessions."""
    made: dict[str, str] = {}
    with controller.api() as owner:
        agents = {agent["instanceId"]: agent["id"] for agent in _ok(owner.get("/api/agents?limit=500"))["items"]}
        made |= {f"agent:{name}": identity for name, identity in agents.items()}
        for prefix, labels in AGENT_LABELS.items():
            chosen = [identity for name, identity in agents.items() if name.startswith(prefix)]
            label_ids = [ids[f"label:{label}"] for label in labels]
            _ok(owner.put("/api/agents/bulk/labels/assign", json={"ids": chosen, "labelIds": label_ids}))
        branches = [identity for name, identity in agents.items() if name.startswith("branch")]
        body = {"ids": branches, "ruleId": ids[f"rule:{RULES[1][0]}"]}
        _ok(owner.put("/api/agents/bulk/reporting-rule", json=body))
        made["secret:invite"] = _ok(owner.post("/api/invites", json=_invite(MAX)))["secret"]
        made["secret:reset"] = _ok(owner.post(f"/api/users/{ids['user:Victor']}/password-reset", json={}))["secret"]
    for user_agent in BROWSERS[1:]:
        _sign_in(controller.url, "Olivia", user_agent)
    return made


def _fill(controller: Controller) -> tuple[dict[str, str], str]:
    """Store everything but heartbeats; return ids by name, and the value of the agents' token."""
    ids: dict[str, str] = {}
    with ExitStack() as stack:
        owner = stack.enter_context(controller.api())
        people = {person: stack.enter_context(closing(_join(owner, controller.url, person))) for person in JOINED}
        users = _ok(owner.get("/api/users"))["items"]
        ids |= {f"user:{user['username']}": user["id"] for user in users}
        mona = people[MONA]
        for name, value in CONSTANTS.items():
            _ok(mona.post("/api/constants", json={"name": name, "value": value}))
        for name, (color, description) in LABELS.items():
            label = _ok(mona.post("/api/labels", json={"name": name, "color": color, "description": description}))
            ids[f"label:{name}"] = label["id"]
        for description, silence, deleted_after in RULES:
            body = {"description": description, "notReportingAfter": silence, "autoDelete": deleted_after is not None}
            rule = _ok(mona.post("/api/reporting-rules", json={**body, "autoDeleteAfter": deleted_after}))
            ids[f"rule:{description}"] = rule["id"]
        _write_base(mona, ids)
        for sample in SAMPLES:
            _write(
                people[sample.author], ids, sample.name, sample.description, sample.toml, sample.labels, sample.aliases
            )
        _group(mona, ids)
        agent_token = _tokens(owner, mona, ids)
        for person in INVITED:
            _ok(owner.post("/api/invites", json=_invite(person)))
        for person in JOINED:
            if person.status == "disabled":
                _ok(owner.patch(f"/api/users/{ids[f'user:{person.name}']}", json={"status": "disabled"}))
    return ids, agent_token


def _write_base(mona: httpx.Client, ids: dict[str, str]) -> None:
    (_, first), *others = BASE_VERSIONS
    described = "CPU, memory, disks and network of every machine."
    _write(mona, ids, BASE, described, first, ("production", "staging"), ("base",))
    for note, toml in others:
        _ok(mona.patch(f"/api/configs/{ids[f'config:{BASE}']}", json={"toml": toml, "note": note}))


def _write(
    author: httpx.Client,
    ids: dict[str, str],
    name: str,
    description: str,
    toml: str,
    labels: tuple[str, ...],
    aliases: tuple[str, ...],
) -> None:
    label_ids = [ids[f"label:{label}"] for label in labels]
    body = {"name": name, "description": description, "toml": toml, "labelIds": label_ids}
    made = _ok(author.post("/api/configs", json=body))
    ids[f"config:{name}"] = made["id"]
    for alias in aliases:
        _ok(author.post(f"/api/configs/{made['id']}/aliases", json={"alias": alias}))


def _group(mona: httpx.Client, ids: dict[str, str]) -> None:
    for name, description, members, aliases, labels in GROUPS:
        body = {"name": name, "description": description, "members": [ids[f"config:{member}"] for member in members]}
        made = _ok(mona.post("/api/config-groups", json=body))
        ids[f"group:{name}"] = made["id"]
        for alias in aliases:
            _ok(mona.post(f"/api/config-groups/{made['id']}/aliases", json={"alias": alias}))
        for label in labels:
            _ok(mona.post(f"/api/config-groups/{made['id']}/assign/{ids[f'label:{label}']}"))


def _tokens(owner: httpx.Client, mona: httpx.Client, ids: dict[str, str]) -> str:
    """Make tokens in every state; return the value of the one that the agents use."""
    soon = (clock.now() + timedelta(days=9)).isoformat()
    later = (clock.now() + timedelta(days=320)).isoformat()
    deploy = [
        "configs:read",
        "configs:write",
        "configs:delete",
        "config-groups:read",
        "config-groups:write",
        "labels:read",
    ]
    agents = _ok(mona.post("/api/tokens", json={"name": "Agents in Frankfurt", "permissions": _AGENT_PERMISSIONS}))
    made = [
        mona.post("/api/tokens", json={"name": "Deployment pipeline", "permissions": deploy, "expiresAt": later}),
        mona.post(
            "/api/tokens", json={"name": "Grafana", "permissions": ["agents:read", "metrics:read"], "expiresAt": soon}
        ),
        mona.post(
            "/api/tokens",
            json={
                "name": "Branch gateways",
                "permissions": _AGENT_PERMISSIONS,
                "allowedNetworks": ["198.51.100.0/24", "2001:db8::/32"],
                "agentIds": ["branch-*"],
                "configs": ["edge"],
            },
        ),
        mona.post("/api/tokens", json={"name": "Agents in Virginia", "permissions": _AGENT_PERMISSIONS}),
        mona.post("/api/tokens", json={"name": "Trial of a laptop", "permissions": ["agents:read"]}),
        owner.post(
            "/api/tokens",
            json={"name": "Backup of configurations", "permissions": ["configs:read", "config-groups:read"]},
        ),
    ]
    for token in [agents, *map(_ok, made)]:
        ids[f"token:{token['name']}"] = token["id"]
    _ok(mona.post(f"/api/tokens/{ids['token:Agents in Virginia']}/rotate", json={"overlapSeconds": 604_800}))
    _ok(mona.post(f"/api/tokens/{ids['token:Trial of a laptop']}/revoke"))
    value: str = agents["token"]
    return value


def _join(owner: httpx.Client, url: str, person: Person) -> httpx.Client:
    """Invite somebody and let them accept; return a client with their session."""
    secret = _ok(owner.post("/api/invites", json=_invite(person)))["secret"]
    client = _browser(url, "tour")
    _ok(client.post("/api/invites/accept", json={"secret": secret, "password": person.password}))
    return client


def _invite(person: Person) -> dict[str, str]:
    return {"username": person.name, "email": person.email, "role": person.role}


def _ok(response: httpx.Response) -> Any:
    assert response.is_success, f"{response.request.method} {response.request.url.path}: {response.text}"
    return response.json() if response.content else None


def _sign_in(url: str, name: str, user_agent: str) -> str:
    password = OWNER_PASSWORD if name == "Olivia" else _PASSWORDS[name]
    with _browser(url, user_agent) as client:
        _ok(client.post("/api/auth/login/local", json={"username": name, "password": password}))
        return str(client.cookies[COOKIE])


def _browser(url: str, user_agent: str) -> httpx.Client:
    """Return a client that says of itself what a browser on the interface's own pages says."""
    headers = {"User-Agent": user_agent, "Origin": url, "X-Forwarded-For": _ADDRESSES.get(user_agent, "198.51.100.20")}
    return httpx.Client(base_url=url, timeout=20, headers=headers, verify=NO_TLS)
