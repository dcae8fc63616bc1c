"""Connections to SQLite: a statement goes to its thread and back once, and gives all that it has."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing

import pytest
from sqlalchemy import CursorResult, text
from sqlalchemy.exc import IntegrityError, OperationalError

from telegraf_controller.db.engine import Database
from telegraf_controller.db.generations import GenerationReader, read_generations
from telegraf_controller.db.sqlite import SqliteConnection

NUMBERS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :last) SELECT i FROM n")


@pytest.fixture
def database_kind() -> str:
    """All of this is about SQLite."""
    return "sqlite"


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What goes to the threads of connections."""
    works: list[object] = []
    execute = SqliteConnection._execute

    async def noted(connection: SqliteConnection, work: object, *given: object, **more: object) -> object:
        works.append(work)
        return await execute(connection, work, *given, **more)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(SqliteConnection, "_execute", noted)
    return works


async def test_a_statement_is_handed_over_once(database: Database, handed_over: list[object]) -> None:
    for session_of, most in ((database.glance, 3), (database.read, 4), (database.write, 4)):
        for _ in range(2):  # The first time opens a connection.
            handed_over.clear()
            async with session_of() as session:
                for _ in range(3):
                    await session.scalar(text("SELECT 7"))
        assert len(handed_over) == most, session_of


@pytest.mark.parametrize("last", [0, 1, 999, 1000, 1001, 2500])
async def test_every_row_comes_whether_fetched_at_once_or_streamed(database: Database, last: int) -> None:
    statement = NUMBERS if last else text("SELECT 1 WHERE :last")
    async with database.read() as session:
        at_once = list(await session.scalars(statement, {"last": last}))
        streamed = await session.stream_scalars(statement, {"last": last}, execution_options={"yield_per": 70})
        assert [number async for number in streamed] == at_once == list(range(1, last + 1))


async def test_a_stream_that_is_left_early_holds_nothing(database: Database) -> None:
    async with database.read() as session:
        streamed = await session.stream_scalars(NUMBERS, {"last": 5000}, execution_options={"yield_per": 70})
        assert await anext(aiter(streamed)) == 1
    async with database.write() as session:
        assert (await read_generations(session))["access"] == 0
        await session.execute(text("UPDATE generations SET value = 1"))


async def test_changes_tell_how_many_rows_they_met(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("CREATE TABLE numbers (i INTEGER PRIMARY KEY, j INTEGER)"))
        await session.execute(text("INSERT INTO numbers VALUES (:i, 0)"), [{"i": i} for i in range(2500)])
        changed = await session.execute(text("UPDATE numbers SET j = 1 RETURNING i"))
        assert len(changed.all()) == 2500
        deleted = await session.execute(text("DELETE FROM numbers WHERE i < 10"))
        assert isinstance(deleted, CursorResult)
        assert deleted.rowcount == 10


async def test_a_transaction_that_reads_is_one_snapshot(database: Database) -> None:
    async with database.read() as session:
        assert (await read_generations(session))["access"] == 0
        async with database.write() as other:
            await other.execute(text("UPDATE generations SET value = 7"))
        assert (await read_generations(session))["access"] == 0
    async with database.read() as session:
        assert (await read_generations(session))["access"] == 7


async def test_a_statement_that_fails_leaves_the_connection_usable(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("UPDATE generations SET value = 7"))
        with pytest.raises(OperationalError):
            await session.execute(text("SELECT nothing"))
        assert (await read_generations(session))["access"] == 7
    async with database.read() as session:
        assert (await read_generations(session))["access"] == 7


async def test_a_commit_that_fails_leaves_nothing_behind(database: Database) -> None:
    orphan = text("INSERT INTO agent_liveness (agent_id, last_seen, identity, rule, status) VALUES (x'00', 0, 0, 1, 0)")

    async def store() -> None:
        async with database.write() as session:
            await session.execute(orphan)

    with pytest.raises(IntegrityError) as refused:
        await store()
    assert "INSERT" not in str(refused.value)
    async with database.write() as session:
        assert await session.scalar(text("SELECT count(*) FROM agent_liveness")) == 0


async def test_counters_wait_for_a_file_that_is_locked_for_a_moment(database: Database) -> None:
    """T9"""
    reader = GenerationReader(database)
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(str(database.target.path), isolation_level=None)) as connection:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("UPDATE generations SET value = 7")
            locked.set()
            release.wait(10)

    holding = asyncio.create_task(asyncio.to_thread(hold))
    await asyncio.to_thread(locked.wait, 10)
    asking = asyncio.create_task(reader.current())
    await asyncio.sleep(0.3)
    assert not asking.done()
    release.set()
    assert (await asking)["access"] == 7
    await holding
