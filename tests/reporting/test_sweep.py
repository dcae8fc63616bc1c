"""Agents that fall silent: A2, R4."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.agents.identity import agent_id_of
from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.agents.tables import AgentLiveness
from telegraf_controller.db.engine import Database
from telegraf_controller.heartbeats.store import HeartbeatStore
from telegraf_controller.reporting import sweep as sweeping
from telegraf_controller.reporting.sweep import sweep
from telegraf_controller.reporting.tables import ReportingRule
from tests.heartbeats.support import NOON, NOON_MS, beat, open_store, write

THRESHOLD = timedelta(seconds=180)
A_MOMENT = timedelta(milliseconds=1)


class Interrupted(Database):
    """A database where something else happens right before each write transaction."""

    def __init__(self, database: Database, before: Callable[[], Awaitable[None]]) -> None:
        self.target, self.engine = database.target, database.engine
        self._database = database
        self._before = before

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        await self._before()
        async with self._database.write() as session:
            yield session


@pytest.fixture
async def store(database: Database) -> AsyncIterator[HeartbeatStore]:
    store = open_store(database)
    yield store
    await store.close()


async def silent(database: Database) -> set[Any]:
    async with database.read() as session:
        marked = select(AgentLiveness.agent_id).where(AgentLiveness.status == AgentStatus.NOT_REPORTING.value)
        return set((await session.scalars(marked)).all())


async def test_there_is_a_default_rule_of_three_minutes_from_the_start(database: Database) -> None:
    """R1"""
    async with database.read() as session:
        rule = (await session.scalars(select(ReportingRule))).one()
    assert (rule.not_reporting_after_seconds, rule.auto_delete, rule.is_default) == (180, False, True)


async def test_there_cannot_be_two_defaults(database: Database) -> None:
    """R1"""
    with pytest.raises(Exception, match=r"(?i)unique"):
        async with database.write() as session:
            session.add(
                ReportingRule(
                    number=2,
                    description="another",
                    not_reporting_after_seconds=60,
                    is_default=True,
                    created_at=NOON,
                    updated_at=NOON,
                )
            )


async def test_silence_counts_when_it_is_longer_than_the_threshold(store: HeartbeatStore, database: Database) -> None:
    """A2"""
    await write(store, beat("web-1"))
    assert await sweep(database, NOON + THRESHOLD) == 0
    assert await sweep(database, NOON + THRESHOLD + A_MOMENT) == 1
    assert await silent(database) == {agent_id_of("web-1")}
    assert await sweep(database, NOON + THRESHOLD + timedelta(days=400)) == 0


async def test_the_next_heartbeat_ends_it(store: HeartbeatStore, database: Database) -> None:
    """A2"""
    await write(store, beat("web-1", status="WARN"))
    await sweep(database, NOON + timedelta(hours=1))
    await write(store, beat("web-1", at_ms=NOON_MS + 3_600_000, status="FAIL"))
    assert await silent(database) == set()


async def test_each_agent_is_judged_by_its_own_rule(store: HeartbeatStore, database: Database) -> None:
    """R1: ten seconds to thirty days"""
    await write(store, beat("quick"), beat("normal"), beat("slow"))
    async with database.write() as session:
        for number, (name, seconds) in enumerate((("quick", 10), ("slow", 30 * 86_400)), start=2):
            session.add(
                ReportingRule(
                    number=number,
                    description=name,
                    not_reporting_after_seconds=seconds,
                    created_at=NOON,
                    updated_at=NOON,
                )
            )
            await session.flush()
            liveness = await session.get_one(AgentLiveness, agent_id_of(name))
            liveness.rule = number
    assert await sweep(database, NOON + timedelta(seconds=11)) == 1
    assert await silent(database) == {agent_id_of("quick")}
    assert await sweep(database, NOON + timedelta(days=29)) == 1
    assert await sweep(database, NOON + timedelta(days=31)) == 1


async def test_a_rule_that_changes_counts_from_the_next_sweep_on(store: HeartbeatStore, database: Database) -> None:
    """R2"""
    await write(store, beat("web-1"))
    assert await sweep(database, NOON + timedelta(seconds=60)) == 0
    async with database.write() as session:
        await session.execute(text("UPDATE reporting_rules SET not_reporting_after_seconds = 30"))
    assert await sweep(database, NOON + timedelta(seconds=60)) == 1


async def test_many_are_marked_in_small_steps_and_only_those_that_change_are_written(
    store: HeartbeatStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R4"""
    monkeypatch.setattr(sweeping, "AGENTS_PER_STEP", 10)
    await write(store, *(beat(f"silent-{number}") for number in range(35)))
    await write(store, *(beat(f"alive-{number}", at_ms=NOON_MS + 400_000) for number in range(35)))
    writes: list[str] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *a: writes.append(a[2]))
    assert await sweep(database, NOON + timedelta(seconds=400)) == 35
    assert sum(statement.startswith("UPDATE") for statement in writes) == 4
    writes.clear()
    assert await sweep(database, NOON + timedelta(seconds=401)) == 0
    assert not any(statement.startswith("UPDATE") for statement in writes)


async def test_an_agent_that_has_just_reported_is_never_marked(store: HeartbeatStore, database: Database) -> None:
    """A2: it looks silent when the sweep begins, and reports before the sweep comes to mark it."""
    await write(store, beat("web-1"), beat("web-2"))
    now = NOON + timedelta(seconds=200)

    async def report() -> None:
        await write(store, beat("web-1", at_ms=clock.to_epoch_ms(now)))

    assert await sweep(Interrupted(database, report), now) == 1
    assert await silent(database) == {agent_id_of("web-2")}


async def test_heartbeats_and_sweeps_at_once_leave_no_reporting_agent_marked(
    store: HeartbeatStore, database: Database
) -> None:
    """A2"""
    agents = [f"agent-{number}" for number in range(200)]
    await write(store, *(beat(name) for name in agents))
    start = NOON + timedelta(seconds=181)

    async def report() -> None:
        for turn in range(20):
            at_ms = clock.to_epoch_ms(start) + turn
            await write(store, *(beat(name, at_ms=at_ms) for name in agents[turn % 2 :: 2]))

    async def keep_sweeping() -> None:
        for _ in range(20):
            await sweep(database, start)

    await asyncio.gather(report(), keep_sweeping())
    await sweep(database, start)
    assert await silent(database) == set()


async def test_an_empty_database_is_swept_too(database: Database) -> None:
    assert await sweep(database, datetime.now(NOON.tzinfo)) == 0
