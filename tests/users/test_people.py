"""Users, roles and ownership: U3, U4, U7, T8, and the footnote of the permission table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from telegraf_controller.permissions import ROLE_GRANTS, Role, in_table_order
from telegraf_controller.tokens.tables import Token
from telegraf_controller.users.tables import User, UserSession
from tests.cast import ADAM, ANNA, DORA, MAX, MONA, OLIVIA, PEOPLE, VICTOR, Person
from tests.support.api import Api, running_api
from tests.support.people import audit_trail, browser_of, refusal, sign_in, user_row


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


async def _patch(api: Api, by: dict[str, str], user: Person, **changes: str) -> httpx.Response:
    return await api.http.patch(f"/api/users/{user.id}", json=changes, headers=by)


async def _transfer(api: Api, by: dict[str, str], heir: Person, **changes: str) -> httpx.Response:
    body = {"username": heir.username, "password": OLIVIA.password, **changes}
    return await api.http.post(f"/api/users/{heir.id}/make-owner", json=body, headers=by)


async def _tokens_of(api: Api, person: Person) -> dict[str, Token]:
    async with api.database.read() as session:
        return {t.name: t for t in await session.scalars(select(Token).where(Token.user_id == person.id))}


async def test_users_are_listed_page_by_page_sorted_and_searched(api: Api) -> None:
    """U4"""
    owner = api.cast.bearer("owner")

    async def names(**query: Any) -> list[str]:
        page = (await api.http.get("/api/users", params=query, headers=owner)).json()
        assert set(page) == {"items", "total", "page", "limit"}
        return [item["username"] for item in page["items"]]

    everybody = sorted(person.username for person in PEOPLE)
    assert await names() == everybody
    assert await names(limit=2, page=2) == everybody[2:4]
    assert await names(sortBy="role", sortOrder="desc", limit=1) == ["Victor"]
    assert await names(status="disabled") == ["Dora"]
    assert await names(role="administrator") == ["Adam", "Anna"]
    assert await names(search="ONA@EXAMPLE") == ["Mona"]
    assert await names(search="%") == []
    record = (await api.http.get(f"/api/users/{MONA.id}", headers=owner)).json()
    assert set(record) == {
        "id", "username", "email", "role", "status", "lockedUntil", "authProvider", "externalId", "lastSignInAt",
        "createdAt", "updatedAt",
    }  # fmt: skip
    assert (record["authProvider"], record["externalId"], record["lastSignInAt"]) == ("local", None, None)


@pytest.mark.parametrize(
    ("who", "whom", "change", "error"),
    [
        ("owner", ADAM, {"role": "manager"}, None),
        ("owner", MONA, {"role": "administrator"}, None),
        ("owner", ADAM, {"status": "disabled"}, None),
        ("owner", OLIVIA, {"role": "manager"}, "protected_user"),
        ("owner", OLIVIA, {"status": "disabled"}, "protected_user"),
        ("owner", MONA, {"role": "owner"}, "validation_failed"),
        ("administrator", MONA, {"role": "viewer", "status": "disabled"}, None),
        ("administrator", VICTOR, {"role": "manager"}, None),
        ("administrator", MONA, {"role": "administrator"}, "protected_user"),
        ("administrator", ANNA, {"role": "manager"}, "protected_user"),
        ("administrator", ANNA, {"status": "disabled"}, "protected_user"),
        ("administrator", ADAM, {"role": "manager"}, "protected_user"),
        ("administrator", ADAM, {"status": "disabled"}, "protected_user"),
        ("administrator", OLIVIA, {"role": "manager"}, "protected_user"),
        ("manager", VICTOR, {"role": "manager"}, "insufficient_permissions"),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_who_may_change_whom(api: Api, who: str, whom: Person, change: dict[str, str], error: str | None) -> None:
    """The footnote of the permission table, U7"""
    answer = await _patch(api, api.cast.bearer(who), whom, **change)
    if error is None:
        assert answer.status_code == 200
        assert {key: answer.json()[key] for key in change} == change
    else:
        assert answer.json()["error"] == error
        assert await user_row(api.database, whom) is not None


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_who_may_delete_whom(api: Api) -> None:
    """The footnote of the permission table, U7"""

    async def delete(who: str, whom: Person) -> int:
        return (await api.http.delete(f"/api/users/{whom.id}", headers=api.cast.bearer(who))).status_code

    assert [await delete("administrator", whom) for whom in (OLIVIA, ANNA)] == [403, 403]
    oneself = await api.http.delete(f"/api/users/{ADAM.id}", headers=api.cast.bearer("administrator"))
    assert (refusal(oneself), "themself" in oneself.text) == ((403, "protected_user"), True)
    assert await delete("owner", OLIVIA) == 403
    assert [await delete("administrator", VICTOR), await delete("owner", ANNA)] == [204, 204]
    assert await delete("owner", ANNA) == 404


async def test_disabling_somebody_ends_sessions_and_tokens_at_once_and_enabling_restores_the_tokens(api: Api) -> None:
    """U7, T4"""
    owner, mona = api.cast.bearer("owner"), await browser_of(api, MONA)
    assert (await _patch(api, owner, MONA, status="disabled")).json()["status"] == "disabled"
    assert refusal(await api.http.get("/api/tokens", headers=api.cast.bearer("manager"))) == (401, "invalid_token")
    assert refusal(await api.http.get("/api/auth/me", headers=mona)) == (401, "session_ended")
    assert (await _patch(api, owner, MONA, status="active")).status_code == 200
    assert (await api.http.get("/api/tokens", headers=api.cast.bearer("manager"))).status_code == 200
    assert refusal(await api.http.get("/api/auth/me", headers=mona)) == (401, "session_ended")


async def test_deleting_somebody_removes_account_tokens_and_sessions(api: Api) -> None:
    """U7"""
    mona = await browser_of(api, MONA)
    assert (await api.http.delete(f"/api/users/{MONA.id}", headers=api.cast.bearer("owner"))).status_code == 204
    assert (await api.http.get("/api/auth/me", headers=mona)).status_code == 401
    assert refusal(await api.http.get("/api/tokens", headers=api.cast.bearer("manager"))) == (401, "invalid_token")
    async with api.database.read() as session:
        for table in (Token, UserSession):
            left = await session.scalar(select(func.count()).select_from(table).where(table.user_id == MONA.id))
            assert left == 0


async def test_a_smaller_role_narrows_tokens_ends_sessions_and_holds_at_once(api: Api) -> None:
    """T8, U7"""
    owner, adam = api.cast.bearer("owner"), await browser_of(api, ADAM)
    assert (await api.http.get("/api/users", headers=api.cast.bearer("administrator"))).status_code == 200
    assert (await _patch(api, owner, ADAM, role="manager")).status_code == 200
    assert (await api.http.get("/api/auth/me", headers=adam)).status_code == 401
    refused = await api.http.get("/api/users", headers=api.cast.bearer("administrator"))
    assert refusal(refused) == (403, "insufficient_permissions")
    token = (await _tokens_of(api, ADAM))["Adam"]
    assert token.permissions == in_table_order(ROLE_GRANTS[Role.MANAGER])
    # What was taken does not come back with the role.
    await _patch(api, owner, ADAM, role="administrator")
    assert (await _tokens_of(api, ADAM))["Adam"].permissions == in_table_order(ROLE_GRANTS[Role.MANAGER])


async def test_who_becomes_a_viewer_loses_every_active_token(api: Api) -> None:
    """T8"""
    await _patch(api, api.cast.bearer("owner"), MONA, role="viewer")
    tokens = await _tokens_of(api, MONA)
    assert {token.status for token in tokens.values()} == {"revoked"}
    assert tokens["Mona"].revoked_by == "Olivia"
    assert tokens["revoked"].revoked_by == "Mona"
    assert refusal(await api.http.get("/api/tokens", headers=api.cast.bearer("manager"))) == (401, "invalid_token")


async def test_a_role_change_against_a_token_creation_leaves_no_token_beyond_the_role(api: Api) -> None:
    """T8: of both at once, either the token is made first and revoked, or it is refused."""
    mona = await browser_of(api, MONA)

    async def create(n: int) -> httpx.Response:
        body = {"name": f"race {n}", "permissions": ["configs:write", "heartbeat:write"]}
        return await api.http.post("/api/tokens", json=body, headers=mona)

    demotion = _patch(api, api.cast.bearer("owner"), MONA, role="viewer")
    answers = await asyncio.gather(create(1), create(2), demotion, create(3), create(4))
    assert answers[2].status_code == 200
    assert {answer.status_code for answer in answers} <= {200, 201, 401, 403}
    assert all(token.status == "revoked" for token in (await _tokens_of(api, MONA)).values())


async def test_revoke_against_rotate_leaves_the_token_dead(api: Api) -> None:
    """T9, T12"""
    owner = api.cast.bearer("owner")
    token = (await _tokens_of(api, MONA))["Mona"]
    rotate = [api.http.post(f"/api/tokens/{token.id}/rotate", headers=owner) for _ in range(3)]
    revoke = api.http.post(f"/api/tokens/{token.id}/revoke", headers=owner)
    answers = await asyncio.gather(rotate[0], revoke, *rotate[1:])
    assert {answer.status_code for answer in answers} <= {200, 409}
    values = [answer.json()["token"] for answer in answers if "token" in answer.json()] + [MONA.token]
    for value in values:
        answer = await api.http.get("/api/tokens", headers=api.cast.bearer(value))
        assert refusal(answer) == (401, "invalid_token")


async def test_bulk_changes_in_opposite_orders_do_not_wait_for_each_other(api: Api) -> None:
    """T9"""
    owner = api.cast.bearer("owner")
    ids = [str(token.id) for token in (await _tokens_of(api, MONA)).values()]
    bodies = [{"ids": ids}, {"ids": ids[::-1]}]
    calls = [api.http.post("/api/tokens/bulk/revoke", json=body, headers=owner) for body in bodies * 3]
    singles = [api.http.post(f"/api/tokens/{token_id}/revoke", headers=owner) for token_id in ids]
    answers = await asyncio.gather(*calls, *singles)
    assert {answer.status_code for answer in answers} == {200}


async def test_ownership_goes_to_an_active_administrator_and_both_are_signed_out(api: Api) -> None:
    """U3, T8"""
    olivia, adam = await browser_of(api, OLIVIA), await browser_of(api, ADAM)
    answer = await _transfer(api, olivia, ADAM, username="ADAM")
    assert (answer.status_code, answer.json()["role"]) == (200, "owner")
    former = await user_row(api.database, OLIVIA)
    assert former is not None
    assert former.role == "administrator"
    for browser in (olivia, adam):
        assert (await api.http.get("/api/auth/me", headers=browser)).status_code == 401
    assert "auth-settings:write" not in (await _tokens_of(api, OLIVIA))["Olivia"].permissions
    assert "user.make-owner" in [entry.action for entry in await audit_trail(api.database)]


@pytest.mark.parametrize(
    ("heir", "body", "error"),
    [
        (ADAM, {"username": "Anna"}, (400, "validation_failed")),
        (ADAM, {"password": "not it"}, (403, "wrong_password")),
        (MONA, {}, (409, "not_an_administrator")),
        (OLIVIA, {}, (409, "not_an_administrator")),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_transfer_that_is_not_meant_is_refused(
    api: Api, heir: Person, body: dict[str, str], error: tuple[int, str]
) -> None:
    """U3"""
    assert refusal(await _transfer(api, await browser_of(api, OLIVIA), heir, **body)) == error
    row = await user_row(api.database, OLIVIA)
    assert row is not None
    assert row.role == "owner"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_ownership_is_not_transferred_by_others_nor_by_a_token_nor_to_who_is_disabled(api: Api) -> None:
    """U3"""
    assert refusal(await _transfer(api, api.cast.bearer("owner"), ADAM)) == (403, "session_required")
    adam = await browser_of(api, ADAM)
    taken = await _transfer(api, adam, ADAM, password=ADAM.password)
    assert refusal(taken) == (403, "insufficient_permissions")
    await _patch(api, api.cast.bearer("owner"), ANNA, status="disabled")
    answer = await _transfer(api, await browser_of(api, OLIVIA), ANNA)
    assert refusal(answer) == (409, "not_an_administrator")


async def test_of_two_transfers_at_once_exactly_one_wins(api: Api) -> None:
    """U3"""
    olivia = await browser_of(api, OLIVIA)
    answers = await asyncio.gather(*(_transfer(api, olivia, heir) for heir in (ADAM, ANNA, ADAM, ANNA)))
    assert sorted(answer.status_code for answer in answers)[0] == 200
    assert sorted(answer.status_code for answer in answers)[1] in (401, 403)
    async with api.database.read() as session:
        owners = list(await session.scalars(select(User.username).where(User.role == "owner")))
    assert len(owners) == 1
    assert owners[0] in ("Adam", "Anna")


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_guessing_the_password_of_a_confirmation_locks_the_account(api: Api) -> None:
    """U3, U10"""
    olivia = await browser_of(api, OLIVIA)
    for _ in range(5):
        assert refusal(await _transfer(api, olivia, ADAM, password="guess")) == (403, "wrong_password")
    assert refusal(await _transfer(api, olivia, ADAM)) == (423, "account_locked")
    assert refusal(await sign_in(api, "Olivia", OLIVIA.password)) == (423, "account_locked")


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_rights_that_were_taken_meanwhile_count_no_more(api: Api) -> None:
    """U7: the caller's role is looked at again where the change happens."""
    from telegraf_controller import clock
    from telegraf_controller.access.identity import session_identity
    from telegraf_controller.access.roles import change_user
    from telegraf_controller.errors import Forbidden

    adam = session_identity(
        user_id=ADAM.id, username="Adam", role=Role.ADMINISTRATOR, session_id=b"", address="127.0.0.1"
    )
    await _patch(api, api.cast.bearer("owner"), ADAM, role="manager")
    async with api.database.write() as session:
        with pytest.raises(Forbidden, match="users:write"):
            await change_user(session, adam, MAX.id, role=Role.VIEWER, status=None, now=clock.now())


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_disabled_user_can_be_read_and_changed(api: Api) -> None:
    """U7"""
    owner = api.cast.bearer("owner")
    assert (await _patch(api, owner, DORA)).json()["status"] == "disabled"
    assert (await _patch(api, owner, DORA, role="viewer", status="active")).json()["role"] == "viewer"
    assert refusal(await api.http.get(f"/api/users/{'0' * 32}", headers=owner)) == (404, "not_found")
