"""The scheduler: what has to be done is done by one node, whatever happens to the others or to the database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from telegraf_controller import clock
from telegraf_controller.db.engine import Database
from telegraf_controller.db.leases import holds_lease
from telegraf_controller.db.url import DatabaseTarget
from telegraf_controller.errors import StorageUnavailable
from telegraf_controller.options import Options
from telegraf_controller.processes import scheduler
from telegraf_controller.processes.leadership import LEASE
from telegraf_controller.processes.scheduler import Step
from tests.support.patience import until

TOKEN = "tc-apiv1_" + "0123456789abcdef" * 4


class Counting:
    """A step that counts how often it was done, and fails when told to."""

    def __init__(self) -> None:
        self.done = 0
        self.error: Exception | None = None

    async def act(self, database: Database, now: datetime) -> None:
        self.done += 1
        if self.error is not None:
            raise self.error


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "RENEW_SECONDS", 0.05)


@asynccontextmanager
async def node(url: str, *steps: Counting, name: str = "one", **options: SecretStr) -> AsyncIterator[Database]:
    """Run the scheduler of a node for the length of an `async with` block."""
    database, stop = Database(DatabaseTarget.parse(url)), asyncio.Event()
    todo = [Step(f"step {number}", 0.02, step.act) for number, step in enumerate(steps)]
    running = asyncio.create_task(
        scheduler.Scheduler(database, Options(node_id=name, **options), todo).run(stop)  # type: ignore[arg-type]
    )
    try:
        yield database
    finally:
        stop.set()
        await asyncio.wait_for(running, 20)
        await database.close()


async def test_the_leader_does_every_step_again_and_again(migrated_database_url: str) -> None:
    first, second = Counting(), Counting()
    async with node(migrated_database_url, first, second) as database:
        await until(lambda: min(first.done, second.done) >= 3)
        async with database.read() as session:
            assert await holds_lease(session, LEASE, "one", clock.now())


async def test_another_node_takes_over_at_once_when_the_leader_stops(migrated_database_url: str) -> None:
    mine, others = Counting(), Counting()
    async with node(migrated_database_url, mine):
        await until(lambda: mine.done >= 1)
        async with node(migrated_database_url, others, name="two"):
            await asyncio.sleep(0.3)
            assert others.done == 0
    async with node(migrated_database_url, others, name="two"):
        await until(lambda: others.done >= 1)


async def test_a_step_that_fails_keeps_nothing_from_being_done(migrated_database_url: str) -> None:
    broken, sound = Counting(), Counting()
    broken.error = ValueError("broken")
    async with node(migrated_database_url, broken, sound):
        await until(lambda: min(broken.done, sound.done) >= 3)


async def test_a_node_that_loses_its_lease_stops_doing_anything(migrated_database_url: str) -> None:
    step = Counting()
    async with node(migrated_database_url, step) as database:
        await until(lambda: step.done >= 1)
        async with database.write() as session:
            await session.execute(
                text("UPDATE leases SET holder = 'two', expires_at = :later"),
                {"later": clock.to_epoch_ms(clock.now()) + 60_000},
            )
        await asyncio.sleep(0.3)
        done = step.done
        await asyncio.sleep(0.3)
        assert step.done == done


class Slow(Counting):
    """A step in two transactions: another node takes the lease in between."""

    async def act(self, database: Database, now: datetime) -> None:
        for holder in ("two", "one again"):
            async with database.write() as session:
                await session.execute(
                    text("UPDATE leases SET holder = :holder, expires_at = :later"),
                    {"holder": holder, "later": clock.to_epoch_ms(now) + 60_000},
                )
            self.done += 1


async def test_a_step_under_way_writes_nothing_more_once_another_node_leads(migrated_database_url: str) -> None:
    step, other = Slow(), Counting()
    async with node(migrated_database_url, step, other) as database:
        await until(lambda: step.done >= 1)
        await asyncio.sleep(0.2)
        async with database.read() as session:
            assert await session.scalar(text("SELECT holder FROM leases")) == "two"
    assert step.done == 1


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_owner_token_is_provisioned_by_whoever_leads_when_start_up_could_not(
    migrated_database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with node(migrated_database_url, owner_token=SecretStr(TOKEN)):
        # There is no owner in this database: the warning of T14 shows that it was tried.
        said = ""
        async with asyncio.timeout(20):
            while "no owner yet" not in said:
                await asyncio.sleep(0.02)
                said += capsys.readouterr().out
        assert TOKEN not in said


async def test_an_outage_is_mentioned_once_a_minute_and_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(scheduler, "log", logging.getLogger("unused"))
    monkeypatch.setattr(scheduler.log, "error", lambda what, **more: said.append(what))
    monkeypatch.setattr(scheduler.log, "warning", lambda what, **more: said.append(what))
    outage = scheduler.Outage()
    for _ in range(5):
        with outage:
            raise StorageUnavailable
    assert said == ["the database cannot be reached"]
    monkeypatch.setattr(scheduler, "OUTAGE_LOG_SECONDS", 0.0)
    with outage:
        raise StorageUnavailable
    assert said == ["the database cannot be reached"] * 2
    for _ in range(2):
        with outage:
            pass
    assert said[2:] == ["the database is back"]
    with suppress(ValueError), outage:
        raise ValueError("not an outage")
    assert len(said) == 3
