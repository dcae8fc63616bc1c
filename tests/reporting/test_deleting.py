"""Agents that are deleted after long silence: R3."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from telegraf_controller import clock
from telegraf_controller.agents.identity import agent_id_of
from telegraf_controller.agents.tables import Agent, AgentLiveness
from telegraf_controller.audit.tables import AuditEntry
from telegraf_controller.db.engine import Database
from telegraf_controller.db.leases import LeaseholdersDatabase, LeaseLost, acquire_lease
from telegraf_controller.heartbeats.store import HeartbeatStore
from telegraf_controller.reporting import sweep as sweeping
from telegraf_controller.reporting.sweep import delete_silent, sweep
from telegraf_controller.reporting.tables import ReportingRule
from tests.heartbeats.support import NOON, NOON_MS, beat, open_store, write
from tests.reporting.test_sweep import A_MOMENT, Interrupted

HOUR = timedelta(hours=1)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[HeartbeatStore]:
    store = open_store(database)
    yield store
    await store.close()


async def let_rules(database: Database, **values: Any) -> None:
    """Change every rule."""
    columns = ", ".join(f"{name} = :{name}" for name in values)
    async with database.write() as session:
        await session.execute(text(f"UPDATE reporting_rules SET {columns}"), values)


async def agents(database: Database) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(select(Agent.instance_id)))


async def test_agents_are_deleted_when_they_were_silent_for_longer_than_the_rule_allows(
    store: HeartbeatStore, database: Database
) -> None:
    """R3: to the millisecond, and with all that belongs to them."""
    await let_rules(database, auto_delete=True, auto_delete_after_seconds=3600)
    logs = [{"time": "t", "level": "ERROR", "source": "s", "message": "m"}]
    await write(store, beat("web-1", logs=logs, configurations=["http://c/c/web"]))
    await write(store, beat("web-2", at_ms=NOON_MS + 1))
    assert await delete_silent(database, NOON + HOUR) == 0
    assert await delete_silent(database, NOON + HOUR + A_MOMENT) == 1
    assert await agents(database) == {"web-2"}
    async with database.read() as session:
        for table, left in (("agent_liveness", 1), ("agent_references", 0), ("agent_logs", 0)):
            assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == left
        entry = (await session.scalars(select(AuditEntry))).one()
    assert (entry.actor_type, entry.action, entry.target_name) == ("system", "agent.auto_delete", "web-1")
    assert entry.changes == {"silentForSeconds": 3600}


@pytest.mark.parametrize("after", [60, 3600])
async def test_deleting_does_not_wait_for_the_threshold_nor_the_other_way_round(
    store: HeartbeatStore, database: Database, after: int
) -> None:
    """R1: `autoDeleteAfter` is independent of `notReportingAfter`."""
    await let_rules(database, auto_delete=True, auto_delete_after_seconds=after, not_reporting_after_seconds=600)
    await write(store, beat("web-1"))
    now = NOON + timedelta(seconds=after) + A_MOMENT
    assert await sweep(database, now) == (1 if after > 600 else 0)
    assert await delete_silent(database, now) == 1


async def test_nobody_is_deleted_by_a_rule_that_does_not_say_so(store: HeartbeatStore, database: Database) -> None:
    """R1: also when it says after how long it would."""
    await let_rules(database, auto_delete=False, auto_delete_after_seconds=60)
    await write(store, beat("web-1"))
    assert await delete_silent(database, NOON + timedelta(days=400)) == 0


async def test_each_agent_is_judged_by_the_rule_it_follows(store: HeartbeatStore, database: Database) -> None:
    """R3: a deleted rule judges nobody."""
    await write(store, beat("follows-two"), beat("follows-one"), beat("followed-three"))
    async with database.write() as session:
        for number, replaced_by in ((2, None), (3, 1)):
            session.add(
                ReportingRule(
                    number=number,
                    description="r",
                    not_reporting_after_seconds=60,
                    auto_delete=True,
                    auto_delete_after_seconds=60,
                    replaced_by=replaced_by,
                    created_at=NOON,
                    updated_at=NOON,
                )
            )
        await session.flush()
        for number, name in ((2, "follows-two"), (3, "followed-three")):
            (await session.get_one(AgentLiveness, agent_id_of(name))).rule = number
    assert await sweep(database, NOON + timedelta(seconds=61)) == 1
    assert await delete_silent(database, NOON + timedelta(days=1)) == 1
    assert await agents(database) == {"follows-one", "followed-three"}


async def test_an_agent_that_has_just_reported_is_never_deleted(store: HeartbeatStore, database: Database) -> None:
    """R3: it looks silent when it is found, and reports before its turn comes."""
    await let_rules(database, auto_delete=True, auto_delete_after_seconds=3600)
    await write(store, beat("web-1"), beat("web-2"))
    now = NOON + 2 * HOUR

    async def report() -> None:
        await write(store, beat("web-1", at_ms=clock.to_epoch_ms(now)))

    assert await delete_silent(Interrupted(database, report), now) == 1
    assert await agents(database) == {"web-1"}


async def test_a_deleted_agent_comes_back_with_its_next_heartbeat(store: HeartbeatStore, database: Database) -> None:
    """R3, A6"""
    await let_rules(database, auto_delete=True, auto_delete_after_seconds=3600)
    await write(store, beat("web-1"))
    assert await delete_silent(database, NOON + 2 * HOUR) == 1
    await write(store, beat("web-1", at_ms=NOON_MS + 8_000_000))
    assert await agents(database) == {"web-1"}


@pytest.mark.parametrize("work", [sweep, delete_silent])
async def test_a_leader_that_loses_its_lease_in_the_middle_stops_writing(
    store: HeartbeatStore, database: Database, monkeypatch: pytest.MonkeyPatch, work: Any
) -> None:
    """Two nodes: the other one does the rest."""
    monkeypatch.setattr(sweeping, "AGENTS_PER_STEP", 10)
    monkeypatch.setattr(sweeping, "DELETED_PER_STEP", 10)
    await let_rules(database, auto_delete=True, auto_delete_after_seconds=3600)
    await write(store, *(beat(f"agent-{number}") for number in range(35)))
    now, steps = NOON + 2 * HOUR, 0

    async def hold(holder: str, at: datetime) -> None:
        async with database.write() as session:
            assert await acquire_lease(session, "leader", holder, at)

    async def lose_after_two_steps() -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            await hold("two", now + timedelta(minutes=1))

    with clock.replaced(now.timestamp):
        await hold("one", now)
        one = LeaseholdersDatabase(database, "leader", "one")
        with pytest.raises(LeaseLost):
            await work(Interrupted(one, lose_after_two_steps), now)
        two = LeaseholdersDatabase(database, "leader", "two")
        with clock.replaced((now + timedelta(minutes=1)).timestamp):
            assert await work(two, now) == 15
