"""What is special about browsers: U11, E1."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.cast import OLIVIA, VICTOR
from tests.support.api import Api, running_api
from tests.support.people import audit_trail, browser_of, refusal, sign_in

CHANGE = {"loginSecurity": {"attempts": 7}}


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_behind_a_proxy_that_changes_the_host_the_public_url_is_our_origin_too(api: Api) -> None:
    """U11"""
    olivia = {**await browser_of(api, OLIVIA), "Origin": "https://tc.example.com"}
    assert refusal(await api.http.patch("/api/settings", json=CHANGE, headers=olivia)) == (403, "cross_site_request")
    public = {"publicEndpoints": {"uiUrl": "https://tc.example.com/controller"}}
    await api.http.patch("/api/settings", json=public, headers=api.cast.bearer("owner"))
    assert (await api.http.patch("/api/settings", json=CHANGE, headers=olivia)).status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_trusted_proxy_says_whether_the_browser_uses_tls_and_nobody_else_does(
    migrated_database_url: str,
) -> None:
    """U11"""
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    async with running_api(migrated_database_url, trusted_proxies=["127.0.0.1/32"]) as api:
        answer = await sign_in(api, "Olivia", OLIVIA.password, **forwarded)
        assert "Secure" in answer.headers["set-cookie"]
    async with running_api(migrated_database_url, cast=api.cast) as api:
        answer = await sign_in(api, "Olivia", OLIVIA.password, **forwarded)
        assert "Secure" not in answer.headers["set-cookie"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_on_an_open_group_who_is_signed_in_keeps_their_name_and_gains_a_manager_s_rights(api: Api) -> None:
    """E1: the audit trail says who it was."""
    body = {"endpointAuth": {"configs": False}, "password": OLIVIA.password}
    await api.http.patch("/api/settings", json=body, headers=api.cast.bearer("owner"))
    victor = await browser_of(api, VICTOR)
    made = await api.http.post("/api/configs", json={"name": "by victor", "toml": ""}, headers=victor)
    assert (made.status_code, made.json()["createdBy"]) == (201, "Victor")
    # Another site's page is nobody in particular, like everybody else.
    elsewhere = {**victor, "Origin": "http://evil.test"}
    made = await api.http.post("/api/configs", json={"name": "by a stranger", "toml": ""}, headers=elsewhere)
    assert (made.status_code, made.json()["createdBy"]) == (201, "anonymous")


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("value", ["", "x", "x" * 5000, "tc-apiv1_" + "0" * 64, '"quoted"', "ä"])
async def test_a_cookie_that_is_no_session_is_refused(api: Api, value: str) -> None:
    """U11"""
    cookie = f"tc_session={value}".encode()
    answer = await api.http.get("/api/auth/me", headers={b"Cookie": cookie})
    assert answer.status_code == 401
    assert answer.json()["error"] in ("session_ended", "missing_credentials")


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_signing_out_is_recorded(api: Api) -> None:
    """U11"""
    olivia = await browser_of(api, OLIVIA)
    assert (await api.http.post("/api/auth/logout", headers=olivia)).status_code == 204
    entry = (await audit_trail(api.database))[-1]
    assert (entry.action, entry.actor_type, entry.actor_name) == ("session.sign_out", "user", "Olivia")
