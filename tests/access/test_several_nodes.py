"""Two nodes on one database, which share nothing else: T9, U7, U11, E4."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from telegraf_controller.tokens.tables import Token
from telegraf_controller.users.tables import User
from tests.cast import ADAM, ANNA, MONA, OLIVIA
from tests.support.api import Api, running_api
from tests.support.people import browser_of, cookie_from, refusal, sign_in


@dataclass(frozen=True)
class Nodes:
    """Two nodes."""

    one: Api
    other: Api


@pytest.fixture
async def nodes(migrated_database_url: str) -> AsyncIterator[Nodes]:
    async with running_api(migrated_database_url) as one, running_api(migrated_database_url, cast=one.cast) as other:
        yield Nodes(one, other)


async def test_a_session_holds_on_every_node_and_ends_on_every_node(nodes: Nodes) -> None:
    """U11: no shared secret is needed."""
    mona = cookie_from(await sign_in(nodes.one, "Mona", MONA.password))
    assert (await nodes.other.http.get("/api/auth/me", headers=mona)).status_code == 200
    assert (await nodes.other.http.post("/api/auth/logout", headers=mona)).status_code == 204
    assert refusal(await nodes.one.http.get("/api/auth/me", headers=mona)) == (401, "session_ended")


async def test_what_is_taken_on_one_node_is_gone_on_the_other_with_the_answer(nodes: Nodes) -> None:
    """T9, U7, T8"""
    owner, manager = nodes.one.cast.bearer("owner"), nodes.one.cast.bearer("manager")
    mona = await browser_of(nodes.other, MONA)
    assert (await nodes.other.http.get("/api/tokens", headers=manager)).status_code == 200
    await nodes.one.http.patch(f"/api/users/{MONA.id}", json={"status": "disabled"}, headers=owner)
    assert (await nodes.other.http.get("/api/tokens", headers=manager)).status_code == 401
    assert (await nodes.other.http.get("/api/auth/me", headers=mona)).status_code == 401
    await nodes.one.http.patch(f"/api/users/{MONA.id}", json={"status": "active"}, headers=owner)
    assert (await nodes.other.http.get("/api/tokens", headers=manager)).status_code == 200
    async with nodes.one.database.read() as session:
        token_id = await session.scalar(select(Token.id).where(Token.name == "Mona"))
    await nodes.one.http.post(f"/api/tokens/{token_id}/revoke", headers=owner)
    assert (await nodes.other.http.get("/api/tokens", headers=manager)).status_code == 401


async def test_every_node_obeys_a_change_of_endpoint_authentication_within_a_second(nodes: Nodes) -> None:
    """E4"""
    assert (await nodes.other.http.get("/api/configs")).status_code == 401
    for required, status in ((False, 200), (True, 401)):
        body = {"endpointAuth": {"configs": required}, "password": OLIVIA.password}
        changed = await nodes.one.http.patch("/api/settings", json=body, headers=nodes.one.cast.bearer("owner"))
        assert changed.status_code == 200
        since = time.monotonic()
        assert (await nodes.other.http.get("/api/configs")).status_code == status
        assert time.monotonic() - since < 1


async def test_failed_sign_ins_on_all_nodes_lock_together(nodes: Nodes) -> None:
    """U10"""
    for n in range(5):
        await sign_in(nodes.one if n % 2 else nodes.other, "Mona", "not it")
    for node in (nodes.one, nodes.other):
        assert refusal(await sign_in(node, "Mona", MONA.password)) == (423, "account_locked")


async def test_of_two_transfers_on_two_nodes_one_wins(nodes: Nodes) -> None:
    """U3"""
    olivia = await browser_of(nodes.one, OLIVIA)

    async def transfer(node: Api, heir: str, url: str) -> int:
        body = {"username": heir, "password": OLIVIA.password}
        return (await node.http.post(url, json=body, headers=olivia)).status_code

    statuses = await asyncio.gather(
        transfer(nodes.one, "Adam", f"/api/users/{ADAM.id}/make-owner"),
        transfer(nodes.other, "Anna", f"/api/users/{ANNA.id}/make-owner"),
    )
    assert sorted(statuses)[0] == 200
    assert sorted(statuses)[1] in (401, 403)
    async with nodes.one.database.read() as session:
        assert len(list(await session.scalars(select(User).where(User.role == "owner")))) == 1


async def test_of_two_browsers_on_two_nodes_one_uses_the_invite(nodes: Nodes) -> None:
    """U5"""
    body = {"username": "Nina", "email": "nina@example.com", "role": "viewer"}
    invite = (await nodes.one.http.post("/api/invites", json=body, headers=nodes.one.cast.bearer("owner"))).json()
    accept = {"secret": invite["secret"], "password": "a good password"}
    answers = await asyncio.gather(
        *(node.http.post("/api/invites/accept", json=accept) for node in (nodes.one, nodes.other))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 404]
