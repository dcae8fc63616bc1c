"""The databases that other tests stand on."""

from __future__ import annotations

import asyncpg
import pytest

from telegraf_controller.db import migrate
from telegraf_controller.db.engine import Database
from telegraf_controller.db.url import DatabaseTarget
from tests.support.postgres import PostgresServer


def _open(url: str) -> Database:
    return Database(DatabaseTarget.parse(url), pool_size=1)


async def test_an_empty_database_has_no_schema(database_url: str) -> None:
    database = _open(database_url)
    assert await migrate.current_revision(database) is None
    await database.close()


async def test_a_migrated_database_is_at_the_newest_schema(migrated_database_url: str) -> None:
    database = _open(migrated_database_url)
    assert await migrate.current_revision(database) == migrate.newest_revision()
    await database.close()


async def test_a_killed_postgresql_comes_back_on_the_same_address_with_its_data(
    own_postgres_server: PostgresServer,
) -> None:
    server = own_postgres_server
    server.execute("CREATE TABLE kept AS SELECT 1 AS one")
    server.kill()
    with pytest.raises(OSError):
        await asyncpg.connect(server.url("postgres"), timeout=2)
    server.start()
    assert server.execute("SELECT one FROM kept") == "1"
