"""The audit trail: every change is recorded with it, completely, and without secrets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from telegraf_controller import clock
from telegraf_controller.audit import budget
from telegraf_controller.audit.record import SYSTEM, Target, record
from telegraf_controller.audit.tables import AuditEntry
from telegraf_controller.users.throttle import SECONDS_PER_STRANGER
from tests.cast import ADAM, MAX, MONA, OLIVIA
from tests.support.api import Api, running_api
from tests.support.people import audit_trail, browser_of, cookie_from, refusal, sign_in

PASSWORD = "a good password 42"


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


async def _everything_that_people_do(api: Api) -> list[str]:
    """Do everything that is to be recorded; return the secrets that came by."""
    owner = {**api.cast.bearer("owner"), "User-Agent": "curl/8"}

    async def call(method: str, url: str, headers: dict[str, str], **body: Any) -> dict[str, Any]:
        answer = await api.http.request(method, url, json=body or None, headers=headers)
        api.http.cookies.clear()
        assert answer.status_code < 300, answer.text
        return dict(answer.json()) if answer.content else {}

    token = await call("POST", "/api/tokens", owner, name="ci", permissions=["configs:read", "users:read"])
    one = f"/api/tokens/{token['id']}"
    rotated = await call("POST", f"{one}/rotate", owner)
    await call("POST", f"{one}/reassign", owner, userId=str(MONA.id))
    await call("POST", f"{one}/revoke", owner)
    await call("DELETE", one, owner)
    invite = await call("POST", "/api/invites", owner, username="Nina", email="nina@example.com", role="manager")
    await call("POST", "/api/invites/accept", {}, secret=invite["secret"], password=PASSWORD)
    spare = await call("POST", "/api/invites", owner, username="Nora", email="nora@example.com", role="viewer")
    await call("DELETE", f"/api/invites/{spare['id']}", owner)
    reset = await call("POST", f"/api/users/{MONA.id}/password-reset", owner)
    await call("POST", "/api/password-resets/complete", {}, secret=reset["secret"], password=PASSWORD)
    mona = cookie_from(await sign_in(api, "Mona", PASSWORD))
    await call("PATCH", "/api/account", mona, username="Monica")
    await call("POST", "/api/account/password", mona, currentPassword=PASSWORD, newPassword=PASSWORD + "!")
    await call("POST", "/api/auth/logout", mona)
    await call("PATCH", f"/api/users/{MAX.id}", owner, role="viewer")
    await call("PATCH", f"/api/users/{MAX.id}", owner, status="disabled")
    await call("PATCH", f"/api/users/{MAX.id}", owner, status="active")
    await call("DELETE", f"/api/users/{MAX.id}", owner)
    settings = {"loginSecurity": {"attempts": 6}, "endpointAuth": {"agents": False}, "password": OLIVIA.password}
    await call("PATCH", "/api/settings", owner, **settings)
    olivia = await browser_of(api, OLIVIA)
    transfer = {"username": "Adam", "password": OLIVIA.password}
    await call("POST", f"/api/users/{ADAM.id}/make-owner", olivia, **transfer)
    sessions = [headers["Cookie"].partition("=")[2] for headers in (mona, olivia)]
    return [token["token"], rotated["token"], invite["secret"], spare["secret"], reset["secret"], PASSWORD, *sessions]


async def test_everything_that_people_do_is_recorded_with_who_what_and_from_where(api: Api) -> None:
    await _everything_that_people_do(api)
    trail = await audit_trail(api.database)
    assert [(entry.action, entry.target_name) for entry in trail] == [
        ("token.create", "ci"),
        ("token.rotate", "ci"),
        ("token.reassign", "ci"),
        ("token.revoke", "ci"),
        ("token.delete", "ci"),
        ("invite.create", "Nina"),
        ("invite.accept", "Nina"),
        ("session.sign_in", "Nina"),
        ("invite.create", "Nora"),
        ("invite.delete", "Nora"),
        ("password-reset.create", "Mona"),
        ("password-reset.complete", "Mona"),
        ("session.sign_in", "Mona"),
        ("account.update", "Mona"),
        ("account.password", "Monica"),
        ("session.sign_out", "Monica"),
        ("user.role", "Max"),
        ("token.revoke", "Max"),
        ("user.disable", "Max"),
        ("user.enable", "Max"),
        ("user.delete", "Max"),
        ("settings.update", "login-security"),
        ("settings.update", "endpoint-auth"),
        ("user.make-owner", "Adam"),
        ("token.narrow", "Olivia"),
    ]
    created, reassigned = trail[0], trail[2]
    assert (created.actor_type, created.actor_name, created.actor_id) == ("token", "Olivia", OLIVIA.id)
    assert (created.token_name, created.address, created.user_agent) == ("Olivia", "127.0.0.1", "curl/8")
    assert created.changes["permissions"] == ["configs:read", "users:read"]
    assert reassigned.changes["permissions"] == [["configs:read", "users:read"], ["configs:read"]]
    assert {entry.outcome for entry in trail} == {"success"}


async def test_no_secret_gets_into_the_audit_trail_nor_anywhere_else_in_the_database(api: Api) -> None:
    """T1"""
    secrets = await _everything_that_people_do(api)
    stored = await _dump(api)
    assert "Monica" in stored
    for secret in [*secrets, OLIVIA.token, MONA.token]:
        assert secret not in stored


async def _dump(api: Api) -> str:
    from telegraf_controller.db.tables import metadata

    async with api.database.read() as session:
        rows = [list(await session.execute(text(f'SELECT * FROM "{table}"'))) for table in metadata.tables]
    return repr(rows)


async def test_what_was_rolled_back_was_not_done_and_is_not_recorded(api: Api) -> None:
    async def fail_after_recording() -> None:
        async with api.database.write() as session:
            await record(session, SYSTEM, "token.revoke", target=Target("token", MONA.id, "Mona"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_recording()
    assert refusal(await api.http.delete(f"/api/users/{OLIVIA.id}", headers=api.cast.bearer("owner")))[0] == 403
    assert await audit_trail(api.database) == []


@pytest.mark.parametrize("key", ["password", "newPassword", "rawToken", "secret"])
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_change_that_names_a_secret_is_a_mistake_in_the_program(api: Api, key: str) -> None:
    async with api.database.write() as session:
        with pytest.raises(ValueError, match="no secrets"):
            await record(session, SYSTEM, "user.update", changes={key: "x"})


async def test_failed_sign_ins_are_recorded_without_what_was_typed(api: Api) -> None:
    """U10"""
    await sign_in(api, "my password by mistake", "not it")
    await sign_in(api, "Mona", "not it")
    unknown, wrong = await audit_trail(api.database)
    assert (unknown.action, unknown.outcome, unknown.actor_type) == ("session.sign_in", "failure", "anonymous")
    assert unknown.changes["reason"] == "unknown name"
    assert "mistake" not in await _dump(api)
    assert (wrong.target_name, wrong.changes) == ("Mona", {"reason": "wrong password"})


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_flood_of_failed_sign_ins_writes_few_entries_and_says_how_many_it_left_out(
    migrated_database_url: str,
) -> None:
    """U10"""
    async with running_api(migrated_database_url, trusted_proxies=["127.0.0.1/32"]) as api:
        flood = 120
        start = clock.now()

        async def guess(n: int) -> None:
            # As fast as strangers may, all of them together.
            with clock.replaced((start + timedelta(seconds=n * SECONDS_PER_STRANGER)).timestamp):
                from_somewhere = {"X-Forwarded-For": f"203.0.113.{n}"}
                assert refusal(await sign_in(api, f"nobody{n}", "not it", **from_somewhere))[0] == 401

        for n in range(flood):
            await guess(n)
        most = budget.BURST + flood * SECONDS_PER_STRANGER * budget.ENTRIES_PER_SECOND
        assert budget.BURST <= len(await audit_trail(api.database)) <= most
        await guess(flood + 20)
        trail = await audit_trail(api.database)
        assert sum(entry.changes["leftOutBefore"] for entry in trail) + len(trail) == flood + 1
        assert trail[-1].changes["leftOutBefore"] > 0


async def test_an_entry_is_numbered_in_the_order_of_writing(api: Api) -> None:
    async with api.database.write() as session:
        for n in range(3):
            await record(session, SYSTEM, f"test.{n}")
    trail: list[AuditEntry] = await audit_trail(api.database)
    assert [entry.action for entry in trail] == ["test.0", "test.1", "test.2"]
    assert len({entry.id for entry in trail}) == 3
