"""The first owner: U1, U2."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import func, select

from telegraf_controller import clock
from telegraf_controller.permissions import Role
from telegraf_controller.users.bootstrap import (
    BootstrapError,
    OwnerOptions,
    check_owner_options,
    ensure_owner,
    reset_owner_password,
)
from telegraf_controller.users.setup import issue_setup_code
from telegraf_controller.users.tables import User
from tests.cast import OLIVIA, Cast
from tests.support.api import Api, running_api
from tests.support.people import audit_trail, browser_of, cookie_from, refusal, sign_in, user_row

OWNER = {"username": "Olga", "email": "olga@example.com", "password": "correct horse"}
OPTIONS = OwnerOptions(**OWNER)
AT_THE_MACHINE = {"Host": "localhost:8888"}


@pytest.fixture
async def empty(migrated_database_url: str) -> AsyncIterator[Api]:
    """A node whose database has nobody in it."""
    async with running_api(migrated_database_url, cast=Cast()) as api:
        yield api


async def _set_up(api: Api, headers: dict[str, str] | None = None, **changes: object) -> httpx.Response:
    response = await api.http.post("/api/auth/setup", json={**OWNER, **changes}, headers=headers)
    api.http.cookies.clear()
    return response


async def _issue(api: Api) -> str:
    async with api.database.write() as session:
        return await issue_setup_code(session, clock.now())


async def test_a_stranger_needs_the_code_that_start_up_printed(empty: Api) -> None:
    """U1"""
    code = await _issue(empty)
    status = (await empty.http.get("/api/auth/status")).json()
    assert (status["setupRequired"], status["setupCodeRequired"]) == (True, True)
    assert status["passwordComplexity"] == "low"
    for wrong in (None, "", "ABCD-EFGH-JKMN-PQRS"):
        assert refusal(await _set_up(empty, setupCode=wrong)) == (403, "invalid_setup_code")
    made = await _set_up(empty, setupCode=f" {code.lower().replace('-', ' ')} ")
    assert made.status_code == 201
    assert made.json()["role"] == "owner"
    assert made.headers["location"] == f"/api/users/{made.json()['id']}"
    me = await empty.http.get("/api/auth/me", headers=cookie_from(made))
    assert me.json()["user"]["username"] == "Olga"
    assert (await empty.http.get("/api/auth/status")).json()["setupRequired"] is False
    assert refusal(await _set_up(empty, setupCode=code, username="Eve")) == (409, "set_up_already")


async def test_codes_of_several_nodes_are_good_and_none_of_them_is_stored(empty: Api) -> None:
    """U1"""
    codes = [await _issue(empty) for _ in range(6)]
    assert refusal(await _set_up(empty, setupCode=codes[0])) == (403, "invalid_setup_code")
    assert (await _set_up(empty, setupCode=codes[1])).status_code == 201


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost:8888"}, 201),
        ({"Host": "127.0.0.1:8888"}, 201),
        ({"Host": "[::1]"}, 201),
        ({"Host": "controller.example.com"}, 403),
        ({"Host": "localhost", "X-Forwarded-For": "127.0.0.1"}, 403),
        ({"Host": "localhost", "X-Forwarded-For": "203.0.113.9"}, 403),
        ({"Host": "localhost", "Forwarded": "for=203.0.113.9"}, 403),
        ({"Host": "localhost", "X-Real-IP": "203.0.113.9"}, 403),
        ({"Host": "localhost", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_only_a_browser_on_the_machine_itself_needs_no_code(
    empty: Api, headers: dict[str, str], status: int
) -> None:
    """U1: neither a proxy on this machine nor a name that was pointed at it makes a stranger local."""
    assert (await _set_up(empty, headers)).status_code == status


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_another_machine_is_not_local_whatever_it_says(migrated_database_url: str) -> None:
    """U1"""
    async with running_api(migrated_database_url, cast=Cast(), peer="203.0.113.9") as api:
        assert (await _set_up(api, AT_THE_MACHINE)).status_code == 403
        assert (await _set_up(api, {**AT_THE_MACHINE, "X-Forwarded-For": "127.0.0.1"})).status_code == 403
        assert (await api.http.get("/api/auth/status", headers=AT_THE_MACHINE)).json()["setupCodeRequired"] is True


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_behind_a_trusted_proxy_the_browser_s_own_address_counts(migrated_database_url: str) -> None:
    """U1"""
    async with running_api(migrated_database_url, cast=Cast(), trusted_proxies=["127.0.0.0/8"]) as api:
        assert (await _set_up(api, {**AT_THE_MACHINE, "X-Forwarded-For": "203.0.113.9"})).status_code == 403
        assert (await _set_up(api, {**AT_THE_MACHINE, "X-Forwarded-For": "::1"})).status_code == 201


async def test_of_two_set_ups_at_once_exactly_one_makes_the_owner(empty: Api) -> None:
    """U1"""
    people = [{"username": f"Olga{n}", "email": f"olga{n}@example.com"} for n in range(4)]
    answers = await asyncio.gather(*(_set_up(empty, AT_THE_MACHINE, **person) for person in people))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    async with empty.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": "x" * 1025}, "password"),
        ({"username": "a b"}, "username"),
        ({"username": "ab"}, "username"),
        ({"email": "nobody"}, "email"),
        ({"role": "owner"}, "role"),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_set_up_says_which_field_is_wrong(empty: Api, wrong: dict[str, str], field: str) -> None:
    """U4, U9"""
    answer = await _set_up(empty, AT_THE_MACHINE, **wrong)
    assert refusal(answer) == (400, "validation_failed")
    assert [problem["field"] for problem in answer.json()["details"]["fields"]] == [field]
    assert str(wrong.get("password", "nothing")) not in answer.text


async def test_options_make_the_owner_once(empty: Api) -> None:
    """U1"""
    outcomes = []
    for _ in range(2):
        async with empty.database.write() as session:
            outcomes.append(await ensure_owner(session, OPTIONS, complexity="low", now=clock.now()))
    async with empty.database.write() as session:
        outcomes.append(await ensure_owner(session, OwnerOptions(), complexity="low", now=clock.now()))
    assert outcomes == ["created", "exists", "exists"]
    assert (await sign_in(empty, "olga", "correct horse")).status_code == 200
    trail = await audit_trail(empty.database)
    assert [(entry.actor_type, entry.action) for entry in trail][:1] == [("system", "user.create")]


async def test_options_promote_an_administrator_of_that_name_and_nobody_else(empty: Api) -> None:
    """U1"""
    now = clock.now()
    async with empty.database.write() as session:
        for name, role in (("Olga", Role.ADMINISTRATOR), ("Mona", Role.MANAGER)):
            session.add(
                User(username=name, username_key=name.lower(), email=f"{name}@x.y", email_key=f"{name.lower()}@x.y",
                     role=role, created_at=now, updated_at=now)
            )  # fmt: skip
    mona = OwnerOptions("MONA", "mona@example.com", "correct horse")
    async with empty.database.write() as session:
        with pytest.raises(BootstrapError, match="no administrator"):
            await ensure_owner(session, mona, complexity="low", now=now)
    async with empty.database.write() as session:
        assert await ensure_owner(session, OPTIONS, complexity="low", now=now) == "promoted"
    row = await user_row(empty.database, "olga")
    assert row is not None
    assert row.role == "owner"


def test_half_an_owner_in_the_options_is_refused_without_repeating_the_password() -> None:
    """U1"""
    with pytest.raises(BootstrapError, match="--owner-email is missing") as error:
        check_owner_options(OwnerOptions(username="Olga", password="secret word"), "low")
    assert "secret word" not in str(error.value)
    with pytest.raises(BootstrapError, match="at least 12"):
        check_owner_options(OwnerOptions("Olga", "olga@example.com", "correct"), "high")


async def test_start_up_resets_the_owner_s_password_and_unlocks(migrated_database_url: str) -> None:
    """U2"""
    async with running_api(migrated_database_url) as api:
        olivia = await browser_of(api, OLIVIA)
        for _ in range(5):
            await sign_in(api, "Olivia", "not it")
        assert (await sign_in(api, "Olivia", OLIVIA.password)).status_code == 423
        async with api.database.write() as session:
            assert await reset_owner_password(session, "a new password", complexity="low", now=clock.now())
        assert (await sign_in(api, "Olivia", OLIVIA.password)).status_code == 401
        assert (await sign_in(api, "Olivia", "a new password")).status_code == 200
        assert (await api.http.get("/api/auth/me", headers=olivia)).status_code == 401
        with pytest.raises(BootstrapError, match="at least 12"):
            async with api.database.write() as session:
                await reset_owner_password(session, "short", complexity="high", now=clock.now())


async def test_a_reset_without_an_owner_does_nothing(empty: Api) -> None:
    """U2"""
    async with empty.database.write() as session:
        assert not await reset_owner_password(session, "a new password", complexity="low", now=clock.now())
