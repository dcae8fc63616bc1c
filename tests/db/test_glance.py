"""Sessions whose statements stand for themselves."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from telegraf_controller.db.engine import Database
from telegraf_controller.db.generations import Generation, read_generations
from telegraf_controller.db.url import DatabaseTarget
from tests.support.round_trips import counted


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_each_statement_is_one_round_trip(database_url: str) -> None:
    async with counted(database_url) as (url, spoken):
        database = Database(DatabaseTarget.parse(url))
        for _ in range(2):  # The first time prepares the statement.
            spoken.clear()
            async with database.glance() as session:
                for _ in range(3):
                    assert (await session.execute(text("SELECT 7"))).scalar_one() == 7
        assert spoken.statements == ["SELECT 7"] * 3
        assert spoken.round_trips == 3
        await database.close()


async def test_each_statement_sees_what_was_committed_before_it(migrated_database_url: str) -> None:
    database = Database(DatabaseTarget.parse(migrated_database_url))
    async with database.glance() as session:
        assert (await read_generations(session))["access"] == 0
        async with database.write() as other:
            await other.execute(text("UPDATE generations SET value = 7"))
        assert (await read_generations(session))["access"] == 7
    await database.close()


async def test_changed_objects_are_not_written(migrated_database_url: str) -> None:
    database = Database(DatabaseTarget.parse(migrated_database_url))
    async with database.glance() as session:
        row = await session.get_one(Generation, "access")
        row.value = 7
        await read_generations(session)
    async with database.read() as session:
        assert (await read_generations(session))["access"] == 0
    await database.close()


async def test_transactions_afterwards_are_transactions(migrated_database_url: str) -> None:
    """On PostgreSQL it is a connection that says whether it has them, and the next one gets the same connection."""
    database = Database(DatabaseTarget.parse(migrated_database_url), pool_size=1)
    async with database.glance() as session:
        await read_generations(session)
    async with database.read() as session:
        await session.execute(text("UPDATE generations SET value = 7"))
    async with database.glance() as session:
        assert (await read_generations(session))["access"] == 0
    await database.close()
