"""A task that is cancelled while the database works for it leaves nothing behind that others wait for."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from telegraf_controller.db.engine import Database

LONG = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT max(i) FROM n",
    "postgres": "SELECT pg_sleep(1)",
}
CHANGE = text("UPDATE generations SET value = value + 1 WHERE name = 'access'")
VALUE = text("SELECT value FROM generations WHERE name = 'access'")


@pytest.fixture(autouse=True)
def _garbage_stays() -> Iterator[None]:
    """Garbage is collected rarely in a server: nobody may have to wait for that."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("while_running", [True, False], ids=["during a statement", "between statements"])
async def test_a_cancelled_write_stores_nothing_and_gives_its_lock_back(
    database: Database, database_kind: str, while_running: bool
) -> None:
    ends: list[BaseException] = []

    async def write() -> None:
        try:
            async with database.write() as session:
                await session.execute(CHANGE)
                changed.set()
                await (session.execute(text(LONG[database_kind])) if while_running else asyncio.sleep(60))
        except asyncio.CancelledError as end:
            ends.append(end)  # whose traceback knows the statement

    async with database.read() as session:
        before = await session.scalar(VALUE)
    changed = asyncio.Event()
    writing = asyncio.create_task(write())
    await changed.wait()
    await asyncio.sleep(0.1)
    writing.cancel()
    await writing
    assert len(ends) == 1
    async with database.write() as session:
        assert await session.scalar(VALUE) == before
        await session.execute(CHANGE)


async def test_writers_who_are_cancelled_at_any_moment_hold_nobody_up(database: Database) -> None:
    async def write() -> None:
        while True:
            async with database.write() as session:
                await session.execute(CHANGE)

    for moment in range(40):
        writers = [asyncio.create_task(write()) for _ in range(2)]
        await asyncio.sleep(moment / 1000)
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)
        async with asyncio.timeout(5), database.write() as session:
            await session.execute(CHANGE)
