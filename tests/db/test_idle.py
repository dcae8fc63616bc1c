"""Connections to PostgreSQL that die while nobody uses them, and what it costs to find that out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from telegraf_controller.db import idle
from telegraf_controller.db.engine import Database
from telegraf_controller.db.url import DatabaseTarget
from telegraf_controller.errors import StorageUnavailable
from tests.support.postgres import PostgresServer
from tests.support.round_trips import Spoken, counted


@pytest.fixture
def database_kind() -> str:
    """SQLite's connections do not die."""
    return "postgres"


@pytest.fixture
async def spoken(database_url: str) -> AsyncIterator[tuple[Database, Spoken]]:
    """A database, and what is said to it."""
    async with counted(database_url) as (url, spoken):
        database = Database(DatabaseTarget.parse(url))
        yield database, spoken
        await database.close()


async def number(database: Database) -> int:
    async with database.read() as session:
        found: int = (await session.execute(text("SELECT 7"))).scalar_one()
        return found


async def open_three(database: Database) -> None:
    """Have three connections that nobody uses any more."""
    async with database.read() as one, database.read() as two, database.read() as three:
        for session in (one, two, three):
            await session.execute(text("SELECT 7"))


def end_all(server: PostgresServer, database_url: str) -> None:
    """Let the server end every connection to a database."""
    name = database_url.rpartition("/")[2]
    ended = server.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")
    assert ended.split() == ["t"] * 3


async def test_a_connection_that_was_just_used_is_not_asked_whether_it_lives(
    spoken: tuple[Database, Spoken], monkeypatch: pytest.MonkeyPatch
) -> None:
    """O8: three round trips for a transaction with one statement, and one more after a rest."""
    database, said = spoken
    monkeypatch.setattr(idle, "RESTED_SECONDS", 3600.0)
    await number(database)
    await number(database)
    said.clear()
    await number(database)
    assert (said.round_trips, said.statements[1]) == (3, "SELECT 7"), said
    monkeypatch.setattr(idle, "RESTED_SECONDS", 0.0)
    said.clear()
    await number(database)
    assert said.round_trips == 4, said


@pytest.mark.parametrize("rested_seconds", [0.0, 3600.0])
async def test_connections_that_the_server_has_ended_cost_no_failed_request(
    rested_seconds: float,
    spoken: tuple[Database, Spoken],
    postgres_server: PostgresServer,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """O8"""
    database, _ = spoken
    monkeypatch.setattr(idle, "RESTED_SECONDS", rested_seconds)
    await open_three(database)
    await asyncio.to_thread(end_all, postgres_server, database_url)
    assert await asyncio.gather(*(number(database) for _ in range(6))) == [7] * 6


async def test_rested_connections_that_are_lost_unnoticed_cost_no_failed_request(
    spoken: tuple[Database, Spoken],
    postgres_server: PostgresServer,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """O8: a proxy or a network in between may forget connections, and say so only to who speaks."""
    database, said = spoken
    monkeypatch.setattr(idle, "RESTED_SECONDS", 0.0)
    await open_three(database)
    said.hides_ends = True
    await asyncio.to_thread(end_all, postgres_server, database_url)
    for _ in range(3):
        await said.hidden_ends.get()
    said.hides_ends = False
    assert await asyncio.gather(*(number(database) for _ in range(6))) == [7] * 6


@pytest.mark.parametrize("rested_seconds", [0.0, 3600.0])
async def test_a_session_fails_while_the_server_is_away_and_works_when_it_is_back(
    rested_seconds: float, own_postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O8"""
    monkeypatch.setattr(idle, "RESTED_SECONDS", rested_seconds)
    database = Database(DatabaseTarget.parse(own_postgres_server.url("postgres")))
    await open_three(database)
    await asyncio.to_thread(own_postgres_server.stop)
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            await number(database)
    await asyncio.to_thread(own_postgres_server.start)
    assert await number(database) == 7
    await database.close()
