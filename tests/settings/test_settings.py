"""Settings and endpoint authentication: E1, E2, E3, E4."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from telegraf_controller import clock
from telegraf_controller.access.identity import token_identity
from telegraf_controller.settings.actions import SettingsChange, change_settings
from telegraf_controller.settings.queries import LoginSecurity, read_settings
from telegraf_controller.settings.seed import seed_settings
from telegraf_controller.tokens.check import load_access
from telegraf_controller.tokens.mint import digest_of
from tests.cast import ADAM, OLIVIA, UNKNOWN_TOKEN
from tests.support.api import Api, running_api
from tests.support.people import audit_trail, browser_of, refusal, sign_in

OPEN_AGENTS = {"endpointAuth": {"agents": False}, "password": OLIVIA.password}
EVERYTHING_CLOSED = dict.fromkeys(("agents", "configs", "labels", "reportingRules", "heartbeat"), True)


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


async def _patch(api: Api, headers: dict[str, str], body: dict[str, Any]) -> httpx.Response:
    return await api.http.patch("/api/settings", json=body, headers=headers)


async def _open_groups(api: Api) -> frozenset[str]:
    """As any process, on any node, sees them."""
    async with api.database.read() as session:
        return (await load_access(session)).open_groups


async def test_settings_have_defaults_and_are_changed_field_by_field(api: Api) -> None:
    owner = api.cast.bearer("owner")
    assert (await api.http.get("/api/settings", headers=owner)).json() == {
        "publicEndpoints": {"uiUrl": None, "apiUrl": None, "heartbeatUrl": None},
        "loginSecurity": {"attempts": 5, "lockoutMinutes": 15, "passwordComplexity": "low"},
        "endpointAuth": {**EVERYTHING_CLOSED, "locked": False},
    }
    first = {"publicEndpoints": {"uiUrl": "https://tc.example.com/", "apiUrl": "http://10.0.0.1:8888"}}
    await _patch(api, owner, first)
    second = {"publicEndpoints": {"apiUrl": None}, "loginSecurity": {"attempts": 3}}
    changed = (await _patch(api, api.cast.bearer("administrator"), second)).json()
    assert changed["publicEndpoints"] == {"uiUrl": "https://tc.example.com", "apiUrl": None, "heartbeatUrl": None}
    assert changed["loginSecurity"] == {"attempts": 3, "lockoutMinutes": 15, "passwordComplexity": "low"}
    assert (await api.http.get("/api/settings", headers=owner)).json() == changed


async def test_whoever_is_signed_in_learns_where_agents_go(migrated_database_url: str) -> None:
    async with running_api(migrated_database_url, heartbeat_port=9000) as api:
        await _patch(api, api.cast.bearer("owner"), {"publicEndpoints": {"heartbeatUrl": "https://hb.example.com"}})
        told = {"uiUrl": None, "apiUrl": None, "heartbeatUrl": "https://hb.example.com", "heartbeatPort": 9000}
        for role in ("manager", "viewer"):
            answer = await api.http.get("/api/settings/public-endpoints", headers=api.cast.bearer(role))
            assert (answer.status_code, answer.json()) == (200, told)
        assert (await api.http.get("/api/settings/public-endpoints")).status_code == 401


async def test_two_changes_of_different_fields_at_once_both_hold(api: Api) -> None:
    by = token_identity((await api.services.access.current()).grants[digest_of(OLIVIA.token)], "127.0.0.1")

    async def change(**fields: int) -> None:
        async with api.database.write() as session:
            wanted = SettingsChange(login_security=fields)
            await change_settings(session, by, wanted, locked=False, now=clock.now())

    for n in range(1, 11):
        await asyncio.gather(change(attempts=n), change(lockout_minutes=n))
        async with api.database.read() as session:
            security = (await read_settings(session)).login_security
        assert (security.attempts, security.lockout_minutes) == (n, n)


@pytest.mark.parametrize(
    "body",
    [
        {"publicEndpoints": {"uiUrl": "javascript:alert(1)"}},
        {"publicEndpoints": {"uiUrl": "https://"}},
        {"publicEndpoints": {"uiUrl": "https://user:secret@example.com"}},
        {"publicEndpoints": {"uiUrl": "https://example.com/?a=b"}},
        {"publicEndpoints": {"uiUrl": "https://example.com:99999"}},
        {"publicEndpoints": {"uiURL": "https://example.com"}},
        {"loginSecurity": {"attempts": 0}},
        {"loginSecurity": {"attempts": None}},
        {"loginSecurity": {"lockoutMinutes": 10_081}},
        {"loginSecurity": {"passwordComplexity": "none"}},
        {"endpointAuth": {"tokens": False}},
        {"endpointAuth": {"agents": False, "locked": True}},
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_makes_no_sense_is_refused_and_changes_nothing(api: Api, body: dict[str, Any]) -> None:
    owner = api.cast.bearer("owner")
    before = (await api.http.get("/api/settings", headers=owner)).json()
    assert refusal(await _patch(api, owner, {**body, "password": OLIVIA.password})) == (400, "validation_failed")
    assert (await api.http.get("/api/settings", headers=owner)).json() == before


async def test_an_open_group_takes_anybody_with_a_manager_s_rights_within_it(api: Api) -> None:
    """E1"""
    owner = api.cast.bearer("owner")
    rule = {"endpointAuth": {"configs": False}, "password": OLIVIA.password}
    assert (await api.http.get("/api/configs")).status_code == 401
    changed = await _patch(api, owner, rule)
    assert changed.json()["endpointAuth"] == {**EVERYTHING_CLOSED, "configs": False, "locked": False}
    assert await _open_groups(api) == {"configs"}
    for headers in (
        {},
        {"Authorization": f"Bearer {UNKNOWN_TOKEN}"},
        {"Authorization": "nonsense"},
        {"Cookie": "tc_session=x"},
    ):
        assert (await api.http.get("/api/configs", headers=headers)).status_code == 200
    # What belongs to no group stays closed.
    for url in ("/api/tokens", "/api/users", "/api/settings", "/api/auth/me"):
        assert (await api.http.get(url)).status_code == 401
    await _patch(api, owner, {"endpointAuth": {"configs": True}, "password": OLIVIA.password})
    assert (await api.http.get("/api/configs")).status_code == 401


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_only_the_owner_opens_a_group_and_confirms_it_with_the_password(api: Api) -> None:
    """E2"""
    adam, olivia = await browser_of(api, ADAM), await browser_of(api, OLIVIA)
    refused = await _patch(api, adam, {**OPEN_AGENTS, "password": ADAM.password})
    assert refusal(refused) == (403, "insufficient_permissions")
    assert refused.json()["required"] == "auth-settings:write"
    for body, error in (
        ({"endpointAuth": {"agents": False}}, (400, "validation_failed")),
        ({"endpointAuth": {"agents": False}, "password": "not it"}, (403, "wrong_password")),
        ({"endpointAuth": {"agents": False}, "password": ADAM.password}, (403, "wrong_password")),
    ):
        assert refusal(await _patch(api, olivia, body)) == error
    assert await _open_groups(api) == frozenset()
    # A page may send what is so already.
    unchanged = {"endpointAuth": EVERYTHING_CLOSED, "loginSecurity": {"attempts": 6}}
    assert (await _patch(api, adam, unchanged)).status_code == 200
    assert (await _patch(api, olivia, OPEN_AGENTS)).status_code == 200
    entry = (await audit_trail(api.database))[-1]
    assert (entry.action, entry.target_id, entry.changes) == (
        "settings.update", "endpoint-auth", {"open": [[], ["agents"]]}
    )  # fmt: skip


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_token_without_the_permission_does_not_see_what_is_open(api: Api) -> None:
    """E2"""
    body = {"name": "reads settings", "permissions": ["settings:read"]}
    value = (await api.http.post("/api/tokens", json=body, headers=api.cast.bearer("owner"))).json()["token"]
    shown = (await api.http.get("/api/settings", headers=api.cast.bearer(value))).json()
    assert shown["endpointAuth"] is None


async def test_options_seed_the_settings_on_the_first_start_only(api: Api) -> None:
    """E3"""
    first = LoginSecurity(attempts=3, lockout_minutes=60, password_complexity="high")
    for security, groups, stored in ((first, ["agents"], True), (LoginSecurity(), ["labels"], False)):
        async with api.database.write() as session:
            assert await seed_settings(session, login_security=security, open_groups=groups, now=clock.now()) is stored
    async with api.database.read() as session:
        settings = await read_settings(session)
    assert (settings.login_security, settings.open_groups) == (first, frozenset({"agents"}))
    assert (await api.http.get("/api/agents")).status_code != 401


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_nodes_that_start_together_seed_once(api: Api) -> None:
    """E3"""

    async def start(attempts: int) -> bool:
        async with api.database.write() as session:
            return await seed_settings(
                session, login_security=LoginSecurity(attempts=attempts), open_groups=(), now=clock.now()
            )

    assert sorted(await asyncio.gather(*(start(n) for n in range(1, 6)))) == [False] * 4 + [True]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_lock_makes_the_start_up_value_the_only_truth(migrated_database_url: str) -> None:
    """E3"""
    async with running_api(migrated_database_url, locked_open_groups=frozenset({"labels"})) as api:
        async with api.database.write() as session:
            await seed_settings(session, login_security=LoginSecurity(), open_groups=["agents"], now=clock.now())
        olivia = await browser_of(api, OLIVIA)
        shown = (await api.http.get("/api/settings", headers=olivia)).json()["endpointAuth"]
        assert shown == {**EVERYTHING_CLOSED, "labels": False, "locked": True}
        assert refusal(await _patch(api, olivia, OPEN_AGENTS)) == (403, "setting_locked")
        assert (await _patch(api, olivia, {"endpointAuth": {"labels": False}})).status_code == 200
        assert (await api.services.access.current()).open_groups == {"labels"}
        assert (await _patch(api, olivia, {"loginSecurity": {"attempts": 4}})).status_code == 200


async def test_login_security_holds_for_the_next_sign_in(api: Api) -> None:
    """U9, U10"""
    body = {"loginSecurity": {"attempts": 1, "lockoutMinutes": 1}}
    await _patch(api, api.cast.bearer("owner"), body)
    assert refusal(await sign_in(api, "Mona", "not it")) == (401, "invalid_credentials")
    locked = await sign_in(api, "Mona", "not it")
    assert refusal(locked) == (423, "account_locked")
    assert int(locked.headers["retry-after"]) <= 60
