"""Every role at every endpoint, with a session, a token and nothing: P1, P2, T4."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute

from telegraf_controller.access.require import KEY
from telegraf_controller.app import ROUTERS
from telegraf_controller.permissions import PERMISSIONS, ROLE_GRANTS, Role
from tests.access.permission_table import GRANTS, NEEDS, grants
from tests.cast import ADAM, MONA, OLIVIA, VICTOR
from tests.support.api import Api, running_api
from tests.support.people import browser_of

ROUTES = [
    (method, route)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
]

SERVED_PLAINLY = re.compile(r"/c/\{|/toml$")
"""What agents fetch is served in front of the framework, by token alone."""


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


def entry_of(method: str, route: APIRoute) -> str:
    return f"{method} {re.sub(r'{[^}]*}', '{}', route.path)}"


@pytest.mark.parametrize(("method", "route"), ROUTES, ids=[entry_of(*pair) for pair in ROUTES])
def test_every_route_declares_what_the_specification_says(method: str, route: APIRoute) -> None:
    """P2: a new route needs an entry in `permission_table.py`."""
    assert (route.openapi_extra or {}).get(KEY) == NEEDS[entry_of(method, route)]


def test_roles_grant_what_the_specification_says() -> None:
    """P1"""
    for role in Role:
        assert ROLE_GRANTS[role] == {permission for permission in PERMISSIONS if grants(role, permission)}
    assert set(GRANTS) == set(Role)


def expected(needed: str, role: str | None, via: str) -> str:
    """Say what a caller hears: `in` (whatever else is wrong with the request), or the code of the refusal."""
    if needed == "public":
        return "in"
    if role is None:
        return "missing_credentials"
    if needed in ("session", "owner") and via == "token":
        return "session_required"
    if needed in ("session", "signed-in") or (needed == "owner" and role == "owner"):
        return "in"
    return "in" if needed != "owner" and grants(role, needed) else "insufficient_permissions"


async def heard(api: Api, method: str, route: APIRoute, headers: dict[str, str]) -> str:
    # Ids that nobody has, and no body: whoever is let in changes nothing.
    path = re.sub(r"{[^}]*}", lambda _: str(uuid4()), route.path)
    response = await api.http.request(method, path, headers=headers)
    if response.status_code not in (401, 403) or method == "HEAD":
        return "in" if response.status_code not in (401, 403) else f"HEAD {response.status_code}"
    return str(response.json()["error"])


async def test_every_caller_gets_in_exactly_where_the_table_says(api: Api) -> None:
    """P1, P2, T4"""
    people = {person.role.value: person for person in (OLIVIA, ADAM, MONA, VICTOR)}
    wrong: list[str] = []
    for method, route in ROUTES:
        needed = NEEDS[entry_of(method, route)]
        plain = SERVED_PLAINLY.search(route.path) is not None
        callers: list[tuple[str | None, str, dict[str, str]]] = [(None, "nothing", {})]
        for role, person in people.items():
            callers.append((role, "token", api.cast.bearer(person)))
            if not plain:
                callers.append((role, "session", await browser_of(api, person)))
        for caller_role, via, headers in callers:
            want = expected(needed, caller_role, via)
            if method == "HEAD" and want != "in":
                want = "HEAD 401" if caller_role is None else "HEAD 403"
            got = await heard(api, method, route, headers)
            if got != want:
                wrong.append(f"{entry_of(method, route)} as {caller_role} by {via}: {got}, not {want}")
    assert wrong == []


async def test_refusals_name_the_permission_that_is_missing(api: Api) -> None:
    """T4"""
    for headers in (api.cast.bearer("manager"), await browser_of(api, MONA)):
        refused = await api.http.get("/api/users", headers=headers)
        assert refused.json()["required"] == refused.json()["details"]["required"] == "users:read"
        assert refused.headers["www-authenticate"] == "Bearer"
    adam = await browser_of(api, ADAM)
    refused = await api.http.post(f"/api/users/{OLIVIA.id}/make-owner", json={}, headers=adam)
    assert refused.json()["required"] == "owner"
