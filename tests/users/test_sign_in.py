"""Signing in, and what it takes to guess: U10, U11."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Literal, NoReturn

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update

from telegraf_controller import clock
from telegraf_controller.users import passwords, throttle
from telegraf_controller.users.tables import UnknownName, User, UserSession
from tests.cast import CHEAP_HASHER, DORA, MAX, MONA, OLIVIA
from tests.support.api import Api, running_api
from tests.support.people import audit_trail, browser_of, cookie, cookie_from, refusal, sign_in, user_row


@pytest.fixture
def still() -> Iterator[None]:
    """Time stands still: attempts do not come back because the machine is slow."""
    with clock.replaced(clock.now().timestamp):
        yield


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


async def test_somebody_signs_in_by_name_or_address_in_any_case_and_out_again(api: Api) -> None:
    """U11"""
    for name in ("Mona", "mona", "MONA@example.com"):
        response = await sign_in(api, name, MONA.password)
        assert response.status_code == 200
        assert response.json()["user"]["username"] == "Mona"
    mona = cookie_from(response)
    me = (await api.http.get("/api/auth/me", headers=mona)).json()
    assert (me["via"], me["role"], me["user"]["email"]) == ("session", "manager", MONA.email)
    assert me["user"]["lastSignInAt"] is not None
    out = await api.http.post("/api/auth/logout", headers=mona)
    assert out.status_code == 204
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert refusal(await api.http.get("/api/auth/me", headers=mona)) == (401, "session_ended")


async def test_the_cookie_is_out_of_reach_of_scripts_and_secure_under_tls(api: Api) -> None:
    """U11"""
    plain = (await sign_in(api, "Mona", MONA.password)).headers["set-cookie"]
    for attribute in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=604800"):
        assert attribute in plain
    assert "Secure" not in plain
    api.http.base_url = "https://controller.test"
    assert "Secure" in (await sign_in(api, "Mona", MONA.password)).headers["set-cookie"]


async def test_the_database_holds_no_session_that_could_be_used(api: Api) -> None:
    """U11"""
    value = cookie_from(await sign_in(api, "Mona", MONA.password))["Cookie"].partition("=")[2]
    async with api.database.read() as session:
        stored = (await session.scalars(select(UserSession.digest))).one()
    assert len(value) >= 43
    assert value.encode() not in stored
    assert (await api.http.get("/api/auth/me", headers=cookie(stored.hex()))).status_code == 401


async def test_wrong_passwords_and_unknown_names_are_not_told_apart(api: Api) -> None:
    """U10"""
    wrong = await sign_in(api, "Mona", "not it")
    unknown = await sign_in(api, "Nobody", "not it")
    assert refusal(wrong) == refusal(unknown) == (401, "invalid_credentials")
    assert wrong.json() == unknown.json()


async def test_an_unknown_name_costs_the_same_work_as_a_wrong_password(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """U10"""
    checked: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            checked.append(str(hash).split(",")[0])
            return CHEAP_HASHER.verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting(time_cost=1, memory_cost=8, parallelism=1))
    passwords._decoy.cache_clear()
    for name in ("Mona", "Nobody", "nobody@example.com"):
        await sign_in(api, name, "not it")
    passwords._decoy.cache_clear()
    assert len(checked) == 3
    assert len(set(checked)) == 1


@pytest.mark.parametrize("name", ["Mona", "Nobody"])
async def test_too_many_failures_lock_a_name_whether_or_not_somebody_has_it(api: Api, name: str) -> None:
    """U10"""
    for _ in range(5):
        assert refusal(await sign_in(api, name, "not it")) == (401, "invalid_credentials")
    locked = await sign_in(api, name, MONA.password)
    assert refusal(locked) == (423, "account_locked")
    assert 890 <= int(locked.headers["retry-after"]) <= 900
    assert locked.json()["details"]["retryAfter"] == int(locked.headers["retry-after"])
    later = clock.now() + timedelta(minutes=15, seconds=1)
    with clock.replaced(later.timestamp):
        expected = 200 if name == "Mona" else 401
        assert (await sign_in(api, name, MONA.password)).status_code == expected


async def test_a_success_forgets_the_failures_before_it(api: Api) -> None:
    """U10"""
    for _ in range(2):
        for _ in range(4):
            await sign_in(api, "Mona", "not it")
        assert (await sign_in(api, "Mona", MONA.password)).status_code == 200


async def test_a_lock_shows_in_the_user_list_and_in_the_audit_trail(api: Api) -> None:
    """U4, U10"""
    for _ in range(5):
        await sign_in(api, "Mona", "not it")
    shown = (await api.http.get(f"/api/users/{MONA.id}", headers=api.cast.bearer("owner"))).json()
    assert shown["lockedUntil"] is not None
    recorded = [(entry.action, entry.outcome) for entry in await audit_trail(api.database)]
    assert recorded == [("session.sign_in", "failure")] * 5 + [("user.lock", "success")]


async def test_guesses_at_once_do_not_get_past_the_lock(api: Api) -> None:
    """U10: a right guess among many at once is worth nothing when the wrong ones have locked the account before it."""
    guesses = [sign_in(api, "Mona", f"guess {n}") for n in range(8)]
    answers = await asyncio.gather(*guesses)
    assert {answer.status_code for answer in answers} <= {401, 423}
    assert refusal(await sign_in(api, "Mona", MONA.password)) == (423, "account_locked")


async def test_a_disabled_account_is_told_so_only_with_its_password(api: Api) -> None:
    """U7"""
    assert refusal(await sign_in(api, "Dora", "not it")) == (401, "invalid_credentials")
    assert refusal(await sign_in(api, "Dora", DORA.password)) == (403, "account_disabled")


@pytest.mark.usefixtures("still")
async def test_one_address_that_guesses_has_to_wait_and_others_do_not(migrated_database_url: str) -> None:
    """U10"""
    async with running_api(migrated_database_url, trusted_proxies=["127.0.0.1/32"]) as api:
        answers = [
            await sign_in(api, f"nobody{n}", "not it", **{"X-Forwarded-For": "203.0.113.9"})
            for n in range(throttle.BURST + 5)
        ]
        refused = [refusal(answer) for answer in answers]
        assert refused[: throttle.BURST] == [(401, "invalid_credentials")] * throttle.BURST
        assert refused[throttle.BURST :] == [(429, "too_many_attempts")] * 5
        assert 1 <= int(answers[-1].headers["retry-after"]) <= throttle.SECONDS_PER_ATTEMPT
        elsewhere = await sign_in(api, "Mona", MONA.password, **{"X-Forwarded-For": "203.0.113.10"})
        assert elsewhere.status_code == 200


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_flood_from_many_addresses_gets_few_attempts_and_who_is_familiar_gets_in(
    migrated_database_url: str,
) -> None:
    """U10"""
    async with running_api(migrated_database_url, trusted_proxies=["127.0.0.1/32"]) as api:
        mona = {"X-Forwarded-For": "203.0.113.10"}
        assert (await sign_in(api, "Mona", MONA.password, **mona)).status_code == 200
        flood = [
            refusal(await sign_in(api, f"nobody{n}", "not it", **{"X-Forwarded-For": f"198.51.100.{n}"}))[0]
            for n in range(throttle.STRANGERS_AT_ONCE + 10)
        ]
        assert flood == [401] * throttle.STRANGERS_AT_ONCE + [429] * 10
        assert (await sign_in(api, "Mona", MONA.password, **mona)).status_code == 200


@pytest.mark.usefixtures("still")
async def test_who_is_familiar_at_an_address_gets_in_whatever_others_do_there(api: Api) -> None:
    """U10: an office, or a proxy that nobody declared, is one address."""
    assert (await sign_in(api, "Mona", MONA.password)).status_code == 200
    for n in range(throttle.BURST):
        await sign_in(api, f"nobody{n}", "not it")
    assert refusal(await sign_in(api, "Max", MAX.password)) == (429, "too_many_attempts")
    for _ in range(throttle.BURST + 5):
        assert (await sign_in(api, "mona", MONA.password)).status_code == 200
    guesses = [refusal(await sign_in(api, "Mona", "not it"))[0] for _ in range(throttle.BURST + 5)]
    assert guesses == [401] * 5 + [423] * (throttle.BURST - 5) + [429] * 5


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_flood_is_refused_before_the_framework_sees_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """U10"""
    for n in range(throttle.BURST):
        await sign_in(api, f"nobody{n}", "not it")

    def never(*_: object) -> NoReturn:
        raise AssertionError("the handler was asked")

    monkeypatch.setattr("telegraf_controller.access.routes.visitor_of", never)
    refused = await sign_in(api, "Mona", MONA.password)
    assert refusal(refused) == (429, "too_many_attempts")
    assert refused.headers["x-request-id"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_names_that_nobody_has_are_forgotten_again(api: Api) -> None:
    """U10: what strangers type fills no table."""
    for n in range(3):
        await sign_in(api, f"nobody{n}", "not it")
    later = clock.now() + timedelta(hours=2)
    with clock.replaced(later.timestamp):
        await sign_in(api, "nobody9", "not it")
    async with api.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(UnknownName)) == 1


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_hash_made_with_old_parameters_is_renewed_when_its_user_signs_in(api: Api) -> None:
    """U9, U10"""
    old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(MAX.password)
    async with api.database.write() as session:
        await session.execute(update(User).where(User.id == MAX.id).values(password_hash=old))
    assert (await sign_in(api, "Max", MAX.password)).status_code == 200
    row = await user_row(api.database, MAX)
    assert row is not None
    assert row.password_hash != old
    assert (await sign_in(api, "Max", MAX.password)).status_code == 200


async def test_a_session_ends_when_idle_and_when_old(api: Api) -> None:
    """U11"""
    start = clock.now()
    mona = await browser_of(api, MONA)

    async def status_after(**later: float) -> int:
        with clock.replaced((start + timedelta(**later)).timestamp):
            status = (await api.http.get("/api/auth/me", headers=mona)).status_code
            await api.services.session_use.flush()
            return status

    for hour in range(11, 7 * 24, 11):
        assert await status_after(hours=hour) == 200
    assert await status_after(days=7, seconds=1) == 401
    olivia, mona = mona, await browser_of(api, OLIVIA)
    assert olivia != mona
    assert await status_after(hours=11.9) == 200
    assert await status_after(hours=24) == 401


async def test_using_a_session_writes_nothing_within_the_request(api: Api) -> None:
    """U11"""
    mona = await browser_of(api, MONA)
    with clock.replaced((clock.now() + timedelta(minutes=5)).timestamp):
        for _ in range(3):
            await api.http.get("/api/auth/me", headers=mona)
        assert await _last_seen(api) < clock.now() - timedelta(minutes=4)
        await api.services.session_use.flush()
        assert await _last_seen(api) > clock.now() - timedelta(minutes=1)


async def _last_seen(api: Api) -> datetime:
    async with api.database.read() as session:
        return (await session.scalars(select(UserSession.last_seen_at))).one()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://controller.test"}, 200),
        ({"Origin": "http://controller.test:80"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "https://controller.test"}, 403),
        ({"Origin": "http://controller.test:8888"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://controller.test"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_another_page_cannot_make_a_browser_change_anything(
    api: Api, headers: dict[str, str], status: int
) -> None:
    """U11"""
    olivia = await browser_of(api, OLIVIA)
    del olivia["Origin"]
    body = {"loginSecurity": {"attempts": 7}}
    changed = await api.http.patch("/api/settings", json=body, headers={**olivia, **headers})
    assert changed.status_code == status
    assert (await api.http.get("/api/settings", headers={**olivia, **headers})).status_code == 200
    by_token = await api.http.patch("/api/settings", json=body, headers={**api.cast.bearer("owner"), **headers})
    assert by_token.status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_another_site_cannot_sign_a_browser_in(api: Api) -> None:
    """U11: signed in as somebody else, people would give their secrets away."""
    answer = await sign_in(api, "Mona", MONA.password, **{"Sec-Fetch-Site": "cross-site"})
    assert refusal(answer) == (403, "cross_site_request")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_cookie_does_not_help_out_a_token_that_is_refused(api: Api) -> None:
    """T4, U11"""
    olivia = await browser_of(api, OLIVIA)
    answer = await api.http.get("/api/users", headers={**olivia, "Authorization": "Bearer nonsense"})
    assert refusal(answer) == (401, "invalid_token_format")


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_signing_in_again_ends_the_session_that_the_browser_had(api: Api) -> None:
    """U11"""
    first = cookie_from(await sign_in(api, "Mona", MONA.password))
    second = cookie_from(await sign_in(api, "Mona", MONA.password, Cookie=first["Cookie"]))
    assert (await api.http.get("/api/auth/me", headers=first)).status_code == 401
    assert (await api.http.get("/api/auth/me", headers=second)).status_code == 200
