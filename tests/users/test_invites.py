"""Invites and reset links: U5, U6."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from telegraf_controller import clock
from telegraf_controller.users.cleanup import delete_ended
from telegraf_controller.users.tables import Invite, PasswordReset
from tests.cast import ADAM, ANNA, MONA, OLIVIA, Person
from tests.support.api import Api, running_api
from tests.support.people import browser_of, cookie_from, refusal, sign_in, user_row

NINA = {"username": "Nina", "email": "nina@example.com", "role": "manager"}
PASSWORD = "a good password"


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


async def _invite(api: Api, who: str = "administrator", **changes: Any) -> httpx.Response:
    return await api.http.post("/api/invites", json={**NINA, **changes}, headers=api.cast.bearer(who))


async def _accept(api: Api, secret: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
    body = {"secret": secret, "password": password}
    response = await api.http.post("/api/invites/accept", json=body, headers=headers)
    api.http.cookies.clear()
    return response


async def _reset(api: Api, who: str, whom: Person, **body: Any) -> httpx.Response:
    url = f"/api/users/{whom.id}/password-reset"
    return await api.http.post(url, json=body or None, headers=api.cast.bearer(who))


async def _complete(api: Api, secret: str, password: str = PASSWORD) -> httpx.Response:
    return await api.http.post("/api/password-resets/complete", json={"secret": secret, "password": password})


async def test_an_invite_becomes_an_account_that_is_signed_in(api: Api) -> None:
    """U5"""
    made = await _invite(api)
    assert made.status_code == 201
    invite = made.json()
    assert invite["link"] == f"http://controller.test/invite/{invite['secret']}"
    assert made.headers["location"] == f"/api/invites/{invite['id']}"
    listed = (await api.http.get("/api/invites", headers=api.cast.bearer("owner"))).json()["items"]
    assert [set(invite) - set(item) for item in listed] == [{"link", "secret"}]
    assert listed[0]["createdBy"] == "Adam"
    shown = (await api.http.get(f"/api/invites/accept/{invite['secret']}")).json()
    assert (shown["username"], shown["role"], shown["passwordComplexity"]) == ("Nina", "manager", "low")
    accepted = await _accept(api, invite["secret"])
    assert accepted.status_code == 201
    me = (await api.http.get("/api/auth/me", headers=cookie_from(accepted))).json()
    assert (me["user"]["username"], me["role"]) == ("Nina", "manager")
    assert (await sign_in(api, "nina@example.com", PASSWORD)).status_code == 200
    assert refusal(await _accept(api, invite["secret"])) == (404, "not_found")
    assert (await api.http.get("/api/invites", headers=api.cast.bearer("owner"))).json()["total"] == 0


async def test_the_database_holds_no_secret_of_a_link(api: Api) -> None:
    """U5, U6"""
    secrets = [(await _invite(api)).json()["secret"], (await _reset(api, "owner", MONA)).json()["secret"]]
    async with api.database.read() as session:
        digests = [*await session.scalars(select(Invite.digest)), *await session.scalars(select(PasswordReset.digest))]
    for secret, digest in zip(secrets, digests, strict=True):
        assert secret.encode() not in digest
        assert (await _accept(api, digest.hex())).status_code == 404


async def test_of_two_browsers_in_the_last_second_one_gets_the_account(api: Api) -> None:
    """U5"""
    secret = (await _invite(api, expiresInHours=1)).json()["secret"]
    last_second = clock.now() + timedelta(minutes=59, seconds=59)
    with clock.replaced(last_second.timestamp):
        answers = await asyncio.gather(*(_accept(api, secret, f"password {n}") for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 404, 404, 404]
    winner = [answer.status_code for answer in answers].index(201)
    assert (await sign_in(api, "Nina", f"password {winner}")).status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_an_invite_ends_by_time_and_when_it_is_taken_back(api: Api) -> None:
    """U5"""
    first = (await _invite(api)).json()
    with clock.replaced((clock.now() + timedelta(hours=72, seconds=1)).timestamp):
        assert refusal(await _accept(api, first["secret"])) == (404, "not_found")
        assert (await api.http.get(f"/api/invites/accept/{first['secret']}")).status_code == 404
        listed = (await api.http.get("/api/invites", headers=api.cast.bearer("owner"))).json()["items"]
        assert [item["expired"] for item in listed] == [True]
        # The names of an expired invite are free again.
        second = (await _invite(api)).json()
        deleted = await api.http.delete(f"/api/invites/{second['id']}", headers=api.cast.bearer("administrator"))
        assert deleted.status_code == 204
        assert refusal(await _accept(api, second["secret"])) == (404, "not_found")
        again = await api.http.delete(f"/api/invites/{second['id']}", headers=api.cast.bearer("administrator"))
        assert again.status_code == 404


async def test_a_name_or_address_in_use_is_a_conflict(api: Api) -> None:
    """U4, U5"""
    assert refusal(await _invite(api, username="MONA")) == (409, "username_conflict")
    assert refusal(await _invite(api, email="Mona@Example.com")) == (409, "email_conflict")
    assert (await _invite(api)).status_code == 201
    assert refusal(await _invite(api, email="other@example.com", username="nina")) == (409, "username_conflict")
    assert refusal(await _invite(api, username="Other")) == (409, "email_conflict")


async def test_of_two_invites_of_one_name_at_once_one_is_made(api: Api) -> None:
    """U5"""
    answers = await asyncio.gather(*(_invite(api) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_name_that_was_taken_meanwhile_is_a_conflict_and_the_invite_stays(api: Api) -> None:
    """U5, U8"""
    secret = (await _invite(api)).json()["secret"]
    mona = await browser_of(api, MONA)
    assert (await api.http.patch("/api/account", json={"username": "nina"}, headers=mona)).status_code == 200
    assert refusal(await _accept(api, secret)) == (409, "username_conflict")
    await api.http.patch("/api/account", json={"username": "Mona"}, headers=mona)
    assert (await _accept(api, secret)).status_code == 201


@pytest.mark.parametrize(
    ("who", "change", "error"),
    [
        ("owner", {"role": "administrator"}, None),
        ("administrator", {"role": "administrator"}, (403, "protected_user")),
        ("owner", {"role": "owner"}, (400, "validation_failed")),
        ("owner", {"expiresInHours": 0}, (400, "validation_failed")),
        ("owner", {"expiresInHours": 721}, (400, "validation_failed")),
        ("owner", {"expiresInHours": 720}, None),
        ("owner", {"provider": "saml"}, (400, "validation_failed")),
        ("owner", {"username": "N!na"}, (400, "validation_failed")),
        ("owner", {"email": "nina"}, (400, "validation_failed")),
        ("manager", {}, (403, "insufficient_permissions")),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_who_may_invite_whom(api: Api, who: str, change: dict[str, Any], error: tuple[int, str] | None) -> None:
    """U5, and the footnote of the permission table"""
    answer = await _invite(api, who, **change)
    assert answer.status_code == 201 if error is None else refusal(answer) == error


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_links_begin_with_the_public_url_of_the_settings(api: Api) -> None:
    """U5, U6"""
    body = {"publicEndpoints": {"uiUrl": "https://telegraf.example.com/base/"}}
    assert (await api.http.patch("/api/settings", json=body, headers=api.cast.bearer("owner"))).status_code == 200
    assert (await _invite(api)).json()["link"].startswith("https://telegraf.example.com/base/invite/")
    reset = (await _reset(api, "owner", MONA)).json()
    assert reset["link"] == f"https://telegraf.example.com/base/password-reset/{reset['secret']}"


async def test_a_reset_sets_the_password_once_unlocks_and_ends_sessions(api: Api) -> None:
    """U6"""
    mona = await browser_of(api, MONA)
    for _ in range(5):
        await sign_in(api, "Mona", "not it")
    reset = (await _reset(api, "administrator", MONA)).json()
    assert set(reset) == {"link", "secret", "expiresAt"}
    done = await _complete(api, reset["secret"])
    assert (done.status_code, done.json()) == (200, {"username": "Mona"})
    assert "set-cookie" not in done.headers
    assert (await api.http.get("/api/auth/me", headers=mona)).status_code == 401
    assert refusal(await sign_in(api, "Mona", MONA.password)) == (401, "invalid_credentials")
    assert (await sign_in(api, "Mona", PASSWORD)).status_code == 200
    assert refusal(await _complete(api, reset["secret"])) == (404, "not_found")


async def test_of_two_uses_of_a_reset_link_at_once_one_wins(api: Api) -> None:
    """U6"""
    secret = (await _reset(api, "owner", MONA)).json()["secret"]
    answers = await asyncio.gather(*(_complete(api, secret, f"password {n}") for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]
    winner = [answer.status_code for answer in answers].index(200)
    assert (await sign_in(api, "Mona", f"password {winner}")).status_code == 200


@pytest.mark.parametrize(
    ("who", "whom", "error"),
    [
        ("owner", ADAM, None),
        ("owner", OLIVIA, (403, "protected_user")),
        ("administrator", MONA, None),
        ("administrator", ANNA, (403, "protected_user")),
        ("administrator", ADAM, (403, "protected_user")),
        ("administrator", OLIVIA, (403, "protected_user")),
        ("manager", MONA, (403, "insufficient_permissions")),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_who_may_reset_whose_password(api: Api, who: str, whom: Person, error: tuple[int, str] | None) -> None:
    """U6, and the footnote of the permission table"""
    answer = await _reset(api, who, whom)
    assert answer.status_code == 201 if error is None else refusal(answer) == error


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_newer_link_and_a_changed_password_make_a_reset_link_useless_and_so_does_time(api: Api) -> None:
    """U6, U8"""
    first, second = [(await _reset(api, "owner", MONA)).json()["secret"] for _ in range(2)]
    assert refusal(await _complete(api, first)) == (404, "not_found")
    body = {"currentPassword": MONA.password, "newPassword": PASSWORD}
    mona = await browser_of(api, MONA)
    assert (await api.http.post("/api/account/password", json=body, headers=mona)).status_code == 200
    assert refusal(await _complete(api, second)) == (404, "not_found")
    third = (await _reset(api, "owner", MONA, expiresInHours=2)).json()["secret"]
    later = clock.now() + timedelta(hours=2)
    with clock.replaced(later.timestamp):
        assert refusal(await _complete(api, third)) == (404, "not_found")
    await delete_ended(api.database, later)
    async with api.database.read() as session:
        assert (await session.scalars(select(PasswordReset))).all() == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_weak_password_uses_no_link_up(api: Api) -> None:
    """U5, U6, U9"""
    body = {"loginSecurity": {"passwordComplexity": "high"}}
    await api.http.patch("/api/settings", json=body, headers=api.cast.bearer("owner"))
    invite, reset = (await _invite(api)).json()["secret"], (await _reset(api, "owner", MONA)).json()["secret"]
    for answer in (await _accept(api, invite, PASSWORD), await _complete(api, reset, PASSWORD)):
        assert refusal(answer) == (400, "validation_failed")
        assert PASSWORD not in answer.text
    assert (await _accept(api, invite, "Abcdefgh123!")).status_code == 201
    assert (await _complete(api, reset, "Abcdefgh123!")).status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_complexity_holds_for_new_passwords_never_for_stored_ones(api: Api) -> None:
    """U9"""
    mona = await browser_of(api, MONA)
    body = {"currentPassword": MONA.password, "newPassword": "weakweak"}
    assert (await api.http.post("/api/account/password", json=body, headers=mona)).status_code == 200
    high = {"loginSecurity": {"passwordComplexity": "high"}}
    await api.http.patch("/api/settings", json=high, headers=api.cast.bearer("owner"))
    assert (await sign_in(api, "Mona", "weakweak")).status_code == 200
    # Whoever chooses one is told the rules before.
    assert (await api.http.get("/api/auth/status")).json()["passwordComplexity"] == "high"


async def test_the_account_page_changes_name_and_address_everywhere_at_once(api: Api) -> None:
    """U8"""
    mona = await browser_of(api, MONA)
    change = {"username": "Monica", "email": "monica@example.com"}
    changed = await api.http.patch("/api/account", json=change, headers=mona)
    assert (changed.status_code, changed.json()["username"]) == (200, "Monica")
    by_token = (await api.http.get("/api/auth/me", headers=api.cast.bearer("manager"))).json()
    assert by_token["user"]["email"] == "monica@example.com"
    assert (await sign_in(api, "MONICA", MONA.password)).status_code == 200
    assert (await sign_in(api, "Mona", MONA.password)).status_code == 401
    for taken, code in (({"username": "ADAM"}, "username_conflict"), ({"email": ADAM.email}, "email_conflict")):
        assert refusal(await api.http.patch("/api/account", json=taken, headers=mona)) == (409, code)
    # A change of nothing but letters' case is no conflict with oneself.
    assert (await api.http.patch("/api/account", json={"username": "monica"}, headers=mona)).status_code == 200


async def test_a_new_password_needs_the_current_one_and_ends_the_other_sessions(api: Api) -> None:
    """U8"""
    here, elsewhere = await browser_of(api, MONA), await browser_of(api, MONA)
    wrong = {"currentPassword": "not it", "newPassword": PASSWORD}
    assert refusal(await api.http.post("/api/account/password", json=wrong, headers=here)) == (403, "wrong_password")
    right = {"currentPassword": MONA.password, "newPassword": PASSWORD}
    assert (await api.http.post("/api/account/password", json=right, headers=here)).status_code == 200
    assert (await api.http.get("/api/auth/me", headers=here)).status_code == 200
    assert (await api.http.get("/api/auth/me", headers=elsewhere)).status_code == 401
    assert (await sign_in(api, "Mona", PASSWORD)).status_code == 200
    row = await user_row(api.database, MONA)
    assert row is not None
    assert PASSWORD not in str(row.password_hash)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_token_cannot_do_what_needs_a_person(api: Api) -> None:
    """U8, U11"""
    for who in ("owner", "manager"):
        headers = api.cast.bearer(who)
        answers = [
            await api.http.patch("/api/account", json={"username": "Eve"}, headers=headers),
            await api.http.post(
                "/api/account/password",
                json={"currentPassword": MONA.password, "newPassword": PASSWORD},
                headers=headers,
            ),
            await api.http.post("/api/auth/logout", headers=headers),
        ]
        assert [refusal(answer) for answer in answers] == [(403, "session_required")] * 3
