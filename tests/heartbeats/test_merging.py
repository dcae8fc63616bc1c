"""Statistics by commit that become statistics by agent: D1, D2, D3."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.db.engine import Database
from telegraf_controller.db.leases import LeaseholdersDatabase, LeaseLost
from telegraf_controller.heartbeats import merging, queries, retention
from telegraf_controller.heartbeats.merging import MERGE_AFTER, merge_groups
from telegraf_controller.heartbeats.queries import Series, read_series
from telegraf_controller.heartbeats.retention import keep_statistics
from telegraf_controller.heartbeats.store import HeartbeatStore
from telegraf_controller.heartbeats.tables import HeartbeatBlock, HeartbeatGroup, HeartbeatRun
from tests.heartbeats.support import ALL_TIME, NOON, NOON_MS, beat, open_store, write

LATER = NOON + timedelta(hours=1)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[HeartbeatStore]:
    store = open_store(database)
    yield store
    await store.close()


async def series(
    database: Database,
    instance_id: str = "web-1",
    *,
    start: datetime = ALL_TIME[0],
    end: datetime = ALL_TIME[1],
    limit: int = 1000,
) -> Series:
    async with database.read() as session:
        return await read_series(session, instance_id, start=start, end=end, limit=limit)


async def counts(database: Database) -> tuple[int, int, int]:
    """Return how many groups, runs and blocks there are."""
    async with database.read() as session:
        tables = (HeartbeatGroup, HeartbeatRun, HeartbeatBlock)
        groups, runs, blocks = [await session.scalar(select(func.count()).select_from(table)) for table in tables]
    return groups, runs, blocks  # type: ignore[return-value]


async def test_a_series_is_the_same_whatever_has_been_merged(
    store: HeartbeatStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D2: the newest, oldest first, over groups and runs of every size; clocks of nodes differ."""
    monkeypatch.setattr(merging, "BLOCK_BYTES", 200)
    monkeypatch.setattr(merging, "RUN_GROUPS", 7)
    monkeypatch.setattr(queries, "_GROUPS_PER_READ", 3)
    monkeypatch.setattr(queries, "_RUNS_PER_READ", 2)
    chance, names = random.Random(3), [f"agent-{number}" for number in range(40)]
    sent: dict[str, list[int]] = defaultdict(list)
    for turn in range(60):
        beats = []
        for name in chance.sample(names, chance.randint(1, 30)):
            at_ms = NOON_MS + turn * 1000 + chance.randint(-1500, 1500)
            beats.append(beat(name, at_ms=at_ms, metrics=len(sent[name])))
            sent[name].append(at_ms)
        await write(store, *beats)
        if turn % 11 == 10:
            await merge_groups(database, NOON + timedelta(seconds=turn))
    assert min(await counts(database)) > 0
    first = NOON - timedelta(days=1)
    async with database.write() as session:
        await session.execute(text("UPDATE agents SET first_seen = :first"), {"first": clock.to_epoch_ms(first)})
    for name in names:
        times = sorted(sent[name])
        assert [point.received_ms for point in (await series(database, name)).points] == times
        found = await series(database, name, limit=3)
        assert ([point.received_ms for point in found.points], found.complete) == (times[-3:], len(times) <= 3)
        some = [time for time in times if NOON_MS + 10_000 <= time <= NOON_MS + 40_000]
        between = await series(
            database, name, start=NOON + timedelta(seconds=10), end=NOON + timedelta(seconds=40), limit=len(some) or 1
        )
        assert ([point.received_ms for point in between.points], between.complete) == (some, True)


async def test_groups_are_merged_when_they_are_old_or_many(
    store: HeartbeatStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "RUN_GROUPS", 5)
    for turn in range(4):
        await write(store, beat(at_ms=NOON_MS + turn))
    assert await merge_groups(database, NOON + MERGE_AFTER) == 0
    assert await merge_groups(database, NOON + MERGE_AFTER + timedelta(milliseconds=1)) == 4
    assert await counts(database) == (0, 1, 1)
    for turn in range(11):
        await write(store, beat(at_ms=NOON_MS + 10 + turn))
    assert await merge_groups(database, NOON) == 10
    assert await counts(database) == (1, 3, 3)
    assert len((await series(database)).points) == 15


async def test_a_run_has_blocks_of_few_agents(store: HeartbeatStore, database: Database) -> None:
    """D2: what is read for one agent does not grow with the fleet."""
    names = [f"agent-{number}" for number in range(4000)]
    await write(store, *(beat(name, metrics=number) for number, name in enumerate(names)))
    await merge_groups(database, LATER)
    async with database.read() as session:
        sizes = list(await session.scalars(select(func.length(HeartbeatBlock.points))))
    assert sum(sizes) == 4000 * 37
    assert max(sizes) < merging.BLOCK_BYTES * 2
    for number in (0, 1, 1234, 3999):
        assert [point.metrics for point in (await series(database, names[number])).points] == [number]


async def test_two_nodes_that_merge_at_once_lose_and_double_nothing(store: HeartbeatStore, database: Database) -> None:
    for turn in range(40):
        await write(store, beat(at_ms=NOON_MS + turn))
    await asyncio.gather(*(merge_groups(database, LATER) for _ in range(4)))
    assert await counts(database) == (0, 1, 1)
    assert len((await series(database)).points) == 40


async def test_a_node_that_leads_no_more_merges_nothing(store: HeartbeatStore, database: Database) -> None:
    """Everything is where it was: a run stands in the place of its groups in one transaction."""
    await write(store, beat())
    with pytest.raises(LeaseLost):
        await merge_groups(LeaseholdersDatabase(database, "leader", "nobody"), LATER)
    assert await counts(database) == (1, 0, 0)


async def test_reading_sees_each_heartbeat_once_while_groups_are_merged(
    store: HeartbeatStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D2: groups are read before they are merged, and runs after that."""
    for turn in range(6):
        await write(store, beat(at_ms=NOON_MS + turn))
    runs = queries._runs

    async def merged_first(session: AsyncSession, *more: Any) -> AsyncIterator[tuple[int, bytes | None]]:
        assert await merge_groups(database, LATER) == 6
        async for run in runs(session, *more):
            yield run

    monkeypatch.setattr(queries, "_runs", merged_first)
    assert len((await series(database)).points) == 6


async def test_reading_is_bounded_and_begins_with_the_newest(
    store: HeartbeatStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D2: what is left out is said."""
    for turn in range(5):
        await write(store, beat(at_ms=NOON_MS + turn))
    monkeypatch.setattr(queries, "READ_SECONDS", -1.0)
    found = await series(database)
    assert ([point.received_ms for point in found.points], found.complete) == ([NOON_MS + 4], False)


async def test_old_statistics_are_dropped_in_small_steps(
    store: HeartbeatStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D1, D3: to the millisecond; the latest stay with the agent."""
    monkeypatch.setattr(retention, "RUNS_PER_STEP", 3)
    monkeypatch.setattr(retention, "HEARTBEATS_PER_STEP", 2)
    for hour in range(10):
        await write(store, beat(at_ms=NOON_MS + hour * 3_600_000, metrics=hour))
        await merge_groups(database, NOON + timedelta(hours=hour + 1))
    assert await keep_statistics(database, NOON + timedelta(hours=6), 6) == 0
    assert await keep_statistics(database, NOON + timedelta(hours=8, milliseconds=1), 6) == 3
    assert [point.metrics for point in (await series(database)).points] == list(range(3, 10))
    assert await keep_statistics(database, NOON + timedelta(days=9), 6) == 7
    assert await counts(database) == (0, 0, 0)


async def size(database: Database) -> int:
    """Return how many bytes the database takes on disk, once the space of what was deleted may be used again."""
    async with database.engine.connect() as connection:
        if not database.is_postgresql:
            pages = await connection.scalar(text("SELECT page_count FROM pragma_page_count()"))
            return int(pages) * 4096
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM"))
        return int(await connection.scalar(text("SELECT pg_database_size(current_database())")))


async def test_the_database_stays_as_large_as_it_is_over_days(store: HeartbeatStore, database: Database) -> None:
    """D3: a day's statistics take the place of those of the day before."""
    names, sizes = [f"agent-{number}" for number in range(200)], []
    for hour in range(4 * 24):
        for minute in (0, 30):
            now = NOON + timedelta(hours=hour, minutes=minute)
            await write(store, *(beat(name, at_ms=clock.to_epoch_ms(now), metrics=hour) for name in names))
            await merge_groups(database, now)
        await keep_statistics(database, now, 24)
        if hour % 24 == 23:
            sizes.append(await size(database))
    assert (await counts(database))[1] <= 50
    settled = sizes[1:]
    assert max(settled) <= min(settled) * 1.05, sizes
