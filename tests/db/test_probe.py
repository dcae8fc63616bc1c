"""Reading the generation counters through the drivers' own connection."""

from __future__ import annotations

import pytest

from telegraf_controller.db.engine import Database
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.db.probe import GenerationProbe
from telegraf_controller.db.url import DatabaseTarget
from telegraf_controller.errors import StorageUnavailable
from tests.support.postgres import PostgresServer


async def test_every_committed_change_is_seen(migrated_database_url: str) -> None:
    database = Database(DatabaseTarget.parse(migrated_database_url))
    probe = GenerationProbe(database)
    assert await probe.current() == {"access": 0, "content": 0}
    for expected in range(1, 4):
        async with database.write() as session:
            await raise_generation(session, "content")
            await session.flush()
            assert (await probe.current())["content"] == expected - 1
        assert (await probe.current())["content"] == expected
    await database.close()


async def test_its_connection_is_closed_with_the_database(migrated_database_url: str) -> None:
    """Else dropping the database (PostgreSQL) or a warning about a lost connection would fail this test."""
    database = Database(DatabaseTarget.parse(migrated_database_url))
    probe = GenerationProbe(database)
    await probe.current()
    await database.close()
    assert await probe.current() == {"access": 0, "content": 0}
    await database.close()


async def test_a_database_that_comes_back_is_read_again(own_postgres_server: PostgresServer) -> None:
    server = own_postgres_server
    name = server.create_database()
    server.execute("CREATE TABLE generations AS SELECT 'content' AS name, 7 AS value", database=name)
    database = Database(DatabaseTarget.parse(server.url(name)))
    probe = GenerationProbe(database)
    assert await probe.current() == {"content": 7}
    server.kill()
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            await probe.current()
    server.start()
    assert await probe.current() == {"content": 7}
    # A restart that nobody noticed costs no failed read.
    server.stop()
    server.start()
    assert await probe.current() == {"content": 7}
    await database.close()


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_sqlite_file_that_is_not_there_counts_as_away(database_url: str) -> None:
    database = Database(DatabaseTarget.parse(database_url))
    assert database.target.path is not None
    database.target.path.unlink()
    with pytest.raises(StorageUnavailable):
        await GenerationProbe(database).current()
    await database.close()
