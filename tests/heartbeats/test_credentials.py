"""Who may send heartbeats: T3, T4, T9, T11, E1 on the heartbeat port."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from telegraf_controller import clock
from telegraf_controller.db.engine import Database
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.db.url import DatabaseTarget
from telegraf_controller.tokens.mint import digest_of
from telegraf_controller.tokens.tables import Token
from tests.cast import (
    AGENT_TOKEN,
    DORA,
    EXPIRED_TOKEN,
    READ_TOKEN,
    REVOKED_TOKEN,
    UNKNOWN_TOKEN,
    bearer,
    token_value,
)
from tests.heartbeats.support import Port, message, raw_exchange, running_port


async def change_agent_token(port: Port, **values: Any) -> None:
    async with port.database.write() as session:
        await session.execute(update(Token).where(Token.name == "agent").values(**values))
        await raise_generation(session, "access")


@pytest.mark.parametrize(
    ("headers", "status", "error", "text_of_it"),
    [
        ({}, 401, "missing_credentials", "Missing or invalid Authorization header"),
        ({"Authorization": f"Basic {AGENT_TOKEN}"}, 401, "missing_credentials", None),
        ({"Authorization": AGENT_TOKEN}, 401, "missing_credentials", None),
        ({"Authorization": "Bearer"}, 401, "invalid_token_format", "Invalid token format"),
        ({"Authorization": "Bearer tc-apiv1_123"}, 401, "invalid_token_format", "Invalid token format"),
        ({"Authorization": f"Bearer {AGENT_TOKEN}0"}, 401, "invalid_token_format", None),
        ({"Authorization": f"Bearer {AGENT_TOKEN.upper()}"}, 401, "invalid_token_format", None),
        (bearer(UNKNOWN_TOKEN), 401, "invalid_token", "Invalid token"),
        (bearer(REVOKED_TOKEN), 401, "invalid_token", "Invalid token"),
        (bearer(DORA.token), 401, "invalid_token", "Invalid token"),
        (bearer(EXPIRED_TOKEN), 401, "token_expired", "Token expired"),
        (bearer(READ_TOKEN), 403, "insufficient_permissions", "Missing permission heartbeat:write"),
    ],
)
async def test_what_is_refused_and_how(
    port: Port, headers: dict[str, str], status: int, error: str, text_of_it: str | None
) -> None:
    """T4"""
    answer = await port.beat(headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert text_of_it is None or answer.json()["message"] == text_of_it
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/json"
    assert "tc-apiv1_" not in answer.text
    assert await port.agents() == set()


async def test_a_missing_permission_is_named(port: Port) -> None:
    """T4"""
    assert (await port.beat(headers=bearer(READ_TOKEN))).json()["required"] == "heartbeat:write"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "TOKEN", "Token  ", "Bearer   "])
async def test_both_schemes_are_understood_in_any_case_and_spacing(port: Port, scheme: str) -> None:
    """T3"""
    assert (await port.beat(headers={"Authorization": f"{scheme} {AGENT_TOKEN}"})).status_code == 204


async def test_two_authorization_headers_are_an_error(port: Port) -> None:
    """T3"""
    line = f"Authorization: Bearer {AGENT_TOKEN}\r\n"
    request = (
        f"POST /agents/heartbeat HTTP/1.1\r\nHost: x\r\n{line}{line}Content-Length: 2\r\nConnection: close\r\n\r\n"
    )
    answer = await raw_exchange(port.address, request.encode() + b"{}")
    assert answer.startswith(b"HTTP/1.1 401")
    assert b"missing_credentials" in answer


async def test_a_token_made_a_moment_ago_works(port: Port) -> None:
    value = token_value("fresh")
    assert (await port.beat(headers=bearer(value))).status_code == 401
    async with port.database.write() as session:
        await session.execute(
            text("UPDATE tokens SET digest = :digest WHERE name = 'agent'"),
            {"digest": digest_of(value)},
        )
        await raise_generation(session, "access")
    assert (await port.beat(headers=bearer(value))).status_code == 204


async def test_a_revoked_token_is_refused_from_the_answer_on(port: Port) -> None:
    """T9"""
    assert (await port.beat()).status_code == 204
    await change_agent_token(port, status="revoked")
    answer = await port.beat()
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
async def test_what_a_connection_is_known_by_does_not_outlive_its_rights(port: Port) -> None:
    """T4, T9: each is asked for again when its head or anybody's rights have changed"""
    for _ in range(3):
        assert (await port.beat()).status_code == 204
        assert (await port.beat(headers=bearer(READ_TOKEN))).status_code == 403
        assert (await port.beat(headers=bearer(UNKNOWN_TOKEN))).status_code == 401
    await change_agent_token(port, expires_at=clock.now() + timedelta(seconds=1))
    assert (await port.beat()).status_code == 204
    await asyncio.sleep(1.05)
    assert (await port.beat()).json()["error"] == "token_expired"
    await change_agent_token(port, expires_at=None)
    assert (await port.beat()).status_code == 204
    await change_agent_token(port, status="revoked")
    assert (await port.beat()).json()["error"] == "invalid_token"


async def test_no_heartbeat_is_acknowledged_after_the_revoke_was_answered(migrated_database_url: str) -> None:
    """T9: two processes under load share a database; the revoke is told to neither of them."""
    acknowledged_late: list[str] = []
    stop, revoked = asyncio.Event(), asyncio.Event()

    async def keep_beating(port: Port, name: str) -> None:
        while not stop.is_set():
            after_revoke = revoked.is_set()
            answer = await port.beat(name)
            if after_revoke and answer.status_code == 204:
                acknowledged_late.append(name)

    async with running_port(migrated_database_url) as one, running_port(migrated_database_url, cast=False) as two:
        fleet = [(port, f"{side}-{number}") for side, port in (("one", one), ("two", two)) for number in range(20)]
        first = await asyncio.gather(*(port.beat(name) for port, name in fleet))
        assert {answer.status_code for answer in first} == {204}
        tasks = [asyncio.create_task(keep_beating(port, name)) for port, name in fleet]
        await asyncio.sleep(0.3)
        await change_agent_token(one, status="revoked")
        revoked.set()
        await asyncio.sleep(0.3)
        stop.set()
        await asyncio.gather(*tasks)
    assert acknowledged_late == []


async def test_a_group_that_waits_while_its_token_is_revoked_is_refused(port: Port) -> None:
    """T9: let in by the old rights, held up behind the revoke's transaction, checked again before it is stored."""
    assert (await port.beat("seen-before")).status_code == 204
    async with port.database.write() as session:
        await session.execute(update(Token).where(Token.name == "agent").values(status="revoked"))
        await raise_generation(session, "access")
        waiting = [asyncio.create_task(port.beat(f"late-{number}")) for number in range(5)]
        await asyncio.sleep(0.3)
        assert not any(task.done() for task in waiting)
    answers = await asyncio.gather(*waiting)
    assert {answer.status_code for answer in answers} == {401}
    assert await port.agents() == {"seen-before"}


async def test_others_in_the_group_are_stored_when_one_is_refused(port: Port) -> None:
    """T9, H3"""
    async with port.database.write() as session:
        await session.execute(update(Token).where(Token.name == "agent").values(status="revoked"))
        await raise_generation(session, "access")
        refused = asyncio.create_task(port.beat("refused"))
        stored = asyncio.create_task(port.beat("stored", headers=bearer(token_value("Mona"))))
        await asyncio.sleep(0.3)
    assert ((await refused).status_code, (await stored).status_code) == (401, 204)
    assert await port.agents() == {"stored"}


async def test_a_token_may_be_held_to_agents(port: Port) -> None:
    """T11"""
    await change_agent_token(port, agent_ids=["web-*", "db-?"])
    assert (await port.beat("web-7")).status_code == 204
    assert (await port.beat("db-1")).status_code == 204
    answer = await port.beat("db-12")
    assert (answer.status_code, answer.json()["error"]) == (403, "token_not_allowed_here")
    assert answer.json()["details"]["rule"] == "agentIds"


async def test_a_token_may_be_held_to_networks(port: Port) -> None:
    """T11"""
    await change_agent_token(port, allowed_networks=["10.0.0.0/8"])
    answer = await port.beat()
    assert (answer.status_code, answer.json()["details"]["rule"]) == (403, "allowedNetworks")
    await change_agent_token(port, allowed_networks=["127.0.0.0/8"])
    assert (await port.beat()).status_code == 204


async def test_an_open_group_needs_no_credentials_and_ignores_bad_ones(migrated_database_url: str) -> None:
    """E1, E3"""
    locked: dict[str, Any] = {"disable_auth_endpoints": "heartbeat", "lock_auth_endpoints": True}
    async with running_port(migrated_database_url, **locked) as port:
        for headers in ({}, bearer(REVOKED_TOKEN), bearer("nonsense"), bearer(AGENT_TOKEN)):
            assert (await port.beat(headers=headers)).status_code == 204


@pytest.mark.parametrize("body", [message(), b"nonsense"], ids=["good", "bad"])
async def test_when_a_token_was_used_is_kept(migrated_database_url: str, body: Any) -> None:
    """T15: written every few seconds and at the end, whatever became of the heartbeat."""
    async with running_port(migrated_database_url) as port:
        await port.post(body, headers={**bearer(AGENT_TOKEN), "Telegraf-Agent-IP": "192.0.2.7"})
    database = Database(DatabaseTarget.parse(migrated_database_url))
    async with database.read() as session:
        row = (await session.execute(text("SELECT last_used_at, last_used_ip FROM tokens WHERE name = 'agent'"))).one()
    await database.close()
    assert row.last_used_at is not None
    assert row.last_used_ip == "127.0.0.1"
