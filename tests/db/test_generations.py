"""Counters, their readers, and leases, on both databases."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from telegraf_controller.db import migrations
from telegraf_controller.db.engine import Database
from telegraf_controller.db.generations import Follower, GenerationReader, raise_generation, read_generations
from telegraf_controller.db.leases import LEASE_SECONDS, acquire_lease, holds_lease, release_lease
from telegraf_controller.db.migrate import current_revision, newest_revision, schema_drift, upgrade_async
from telegraf_controller.db.url import DatabaseTarget
from telegraf_controller.errors import ControllerError, StorageUnavailable
from tests.support.postgres import PostgresServer

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_migrations_and_tables_agree(database: Database) -> None:
    """O5"""
    assert await schema_drift(database) == []
    assert await current_revision(database) == newest_revision()


def test_the_newest_revision_is_the_one_that_nothing_follows() -> None:
    scripts = ScriptDirectory(os.fspath(Path(migrations.__file__).parent))
    assert scripts.get_heads() == [newest_revision()]


def test_a_start_on_a_database_that_is_up_to_date_does_without_alembic(migrated_database_url: str) -> None:
    program = (
        "import sys; from telegraf_controller.db.migrate import upgrade; upgrade(sys.argv[1]); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, migrated_database_url], capture_output=True, check=True)
    assert b"alembic" not in done.stdout.split()


async def test_nodes_that_start_together_migrate_once(database_url: str) -> None:
    """O5"""
    await asyncio.gather(*(asyncio.to_thread(_upgrade, database_url) for _ in range(4)))
    database = Database(DatabaseTarget.parse(database_url))
    assert await current_revision(database) == newest_revision()
    async with database.read() as session:
        assert await read_generations(session) == {"access": 0, "content": 0}
    await database.close()


def _upgrade(url: str) -> None:
    asyncio.run(upgrade_async(url))


async def test_a_database_from_a_newer_program_is_refused(database: Database, migrated_database_url: str) -> None:
    """O5"""
    async with database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Exception, match="schema 9999") as error:
        await upgrade_async(migrated_database_url)
    assert type(error.value).__name__ == "SchemaTooNew"


async def test_a_write_that_fails_leaves_nothing_behind(database: Database) -> None:
    async def fail_midway() -> None:
        async with database.write() as session:
            await raise_generation(session, "access")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_midway()
    async with database.read() as session:
        assert (await read_generations(session))["access"] == 0


async def test_writers_that_read_first_do_not_lose_each_others_changes(database: Database) -> None:
    async def raise_once() -> None:
        async with database.write() as session:
            await read_generations(session)
            await raise_generation(session, "content")

    await asyncio.gather(*(raise_once() for _ in range(20)))
    async with database.read() as session:
        assert (await read_generations(session))["content"] == 20


async def test_a_reader_sees_every_change_that_was_committed_before_it_asked(database: Database) -> None:
    """T9"""
    reader = GenerationReader(database)
    for expected in range(1, 30):
        asked_before = [asyncio.create_task(reader.current()) for _ in range(5)]
        await asyncio.sleep(0)
        async with database.write() as session:
            await raise_generation(session, "access")
        assert (await reader.current())["access"] == expected
        await asyncio.gather(*asked_before)


async def test_many_who_ask_at_once_cost_few_queries(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = 0
    reader = GenerationReader(database)
    original = reader._read

    async def counted() -> dict[str, int]:
        nonlocal reads
        reads += 1
        return await original()

    monkeypatch.setattr(reader, "_read", counted)
    await asyncio.gather(*(reader.current() for _ in range(200)))
    assert 1 <= reads <= 2


async def test_a_follower_builds_anew_only_when_its_counter_moved(database: Database) -> None:
    builds = 0

    async def build() -> int:
        nonlocal builds
        builds += 1
        return builds

    follower = Follower(GenerationReader(database), "access", build)
    assert [await follower.current() for _ in range(3)] == [1, 1, 1]
    async with database.write() as session:
        await raise_generation(session, "content")
    assert await follower.current() == 1
    async with database.write() as session:
        await raise_generation(session, "access")
    assert await follower.current() == 2


async def test_a_lost_database_is_storage_unavailable(own_postgres_server: PostgresServer) -> None:
    """O8"""
    url = own_postgres_server.url(own_postgres_server.create_database())
    await asyncio.to_thread(_upgrade, url)
    database = Database(DatabaseTarget.parse(url))
    reader = GenerationReader(database)
    await reader.current()
    own_postgres_server.stop()
    with pytest.raises(StorageUnavailable):
        await reader.current()
    own_postgres_server.start()
    assert (await reader.current())["access"] == 0
    await database.close()


async def test_one_holder_at_a_time_has_the_lease_until_it_expires_or_is_given_back(database: Database) -> None:
    async def acquire(holder: str, at: datetime) -> bool:
        async with database.write() as session:
            return await acquire_lease(session, "leader", holder, at)

    expiry = NOON + timedelta(seconds=LEASE_SECONDS)
    assert await acquire("a", NOON)
    assert not await acquire("b", NOON)
    assert not await acquire("b", expiry - timedelta(milliseconds=1))
    assert await acquire("b", expiry)
    assert not await acquire("a", expiry)
    async with database.write() as session:
        assert await holds_lease(session, "leader", "b", expiry)
        await release_lease(session, "leader", "a")
        assert await holds_lease(session, "leader", "b", expiry)
        await release_lease(session, "leader", "b")
    assert await acquire("a", expiry)


async def test_of_many_that_ask_at_once_exactly_one_gets_the_lease(database: Database) -> None:
    async def acquire(holder: str) -> bool:
        async with database.write() as session:
            return await acquire_lease(session, "leader", holder, NOON)

    assert sum(await asyncio.gather(*(acquire(f"node-{n}") for n in range(8)))) == 1


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_of_two_transactions_that_wait_for_each_other_one_hears_to_try_again(database: Database) -> None:
    both_hold = asyncio.Barrier(2)

    async def change(first: str, second: str) -> str:
        try:
            async with database.write() as session:
                await session.execute(text(f"UPDATE leases SET holder = 'a' WHERE name = '{first}'"))
                await both_hold.wait()
                await session.execute(text(f"UPDATE leases SET holder = 'a' WHERE name = '{second}'"))
        except ControllerError as error:
            return error.code
        return "stored"

    async with database.write() as session:
        await session.execute(text("INSERT INTO leases (name, expires_at) VALUES ('other', 0)"))
    outcomes = await asyncio.gather(change("leader", "other"), change("other", "leader"))
    assert sorted(outcomes) == ["overloaded", "stored"]
