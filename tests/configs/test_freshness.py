"""Reading the counters for many requests at once, and giving up on a database that hangs: C6, C7."""

from __future__ import annotations

import asyncio

import pytest

from telegraf_controller.configs import freshness
from telegraf_controller.configs.freshness import CROWD, MANY, Freshness
from telegraf_controller.errors import StorageUnavailable


class Counters:
    """A database's counters; each read takes `seconds`."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.value = 1
        self.reads = 0
        self.under_way = 0
        self.failure: Exception | None = None
        self.answering = asyncio.Event()
        self.answering.set()

    async def current(self) -> dict[str, int]:
        assert self.under_way == 0
        self.reads += 1
        self.under_way += 1
        read = {"content": self.value}
        await asyncio.sleep(self.seconds)
        await self.answering.wait()
        self.under_way -= 1
        if self.failure is not None:
            raise self.failure
        return read


async def test_requests_that_come_together_share_a_read() -> None:
    """C7"""
    counters = Counters(seconds=0.01)
    fresh = Freshness(counters)
    await asyncio.gather(*(fresh.current() for _ in range(1000)))
    assert counters.reads == 1


async def test_reads_keep_a_pace_however_many_requests_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """C7"""
    monkeypatch.setattr(freshness, "PACE_SECONDS", 0.05)
    counters = Counters()
    fresh = Freshness(counters)
    began = asyncio.get_running_loop().time()
    while asyncio.get_running_loop().time() - began < 0.5:
        await fresh.current()
    assert 2 <= counters.reads <= 11


async def test_a_crowd_does_not_wait_for_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """C7"""
    monkeypatch.setattr(freshness, "PACE_SECONDS", 3600.0)
    monkeypatch.setattr(freshness, "FLEET_PACE_SECONDS", 3600.0)
    counters = Counters()
    fresh = Freshness(counters)
    await fresh.current()
    for expected in range(2, 5):
        await asyncio.wait_for(asyncio.gather(*(fresh.current() for _ in range(CROWD))), 5)
        assert counters.reads == expected


@pytest.mark.parametrize(("gathered", "waits"), [(MANY - 1, False), (MANY, True)])
async def test_only_a_fleet_gathers_for_long(gathered: int, waits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """C7"""
    monkeypatch.setattr(freshness, "PACE_SECONDS", 0.0)
    monkeypatch.setattr(freshness, "FLEET_PACE_SECONDS", 3600.0)
    fresh = Freshness(Counters())
    await asyncio.gather(*(fresh.current() for _ in range(gathered)))
    one = asyncio.create_task(fresh.current())
    done, _ = await asyncio.wait((one,), timeout=0.3 if waits else 5)
    assert (one not in done) == waits
    one.cancel()


async def test_the_first_request_in_a_while_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "PACE_SECONDS", 3600.0)
    assert await asyncio.wait_for(Freshness(Counters()).current(), 5) == {"content": 1}


async def test_a_request_sees_what_was_changed_before_it_arrived() -> None:
    """T9, C2: also when a read is already under way"""
    counters = Counters(seconds=0.05)
    fresh = Freshness(counters)
    early = asyncio.create_task(fresh.current())
    await asyncio.sleep(0.03)
    counters.value = 2
    assert await fresh.current() == {"content": 2}
    assert await early == {"content": 1}


async def test_giving_up_one_request_leaves_the_others_alone() -> None:
    counters = Counters(seconds=0.05)
    fresh = Freshness(counters)
    given_up, other = asyncio.create_task(fresh.current()), asyncio.create_task(fresh.current())
    await asyncio.sleep(0.01)
    given_up.cancel()
    assert await other == {"content": 1}


async def test_a_database_that_hangs_counts_as_away_until_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """C6"""
    monkeypatch.setattr(freshness, "PATIENCE_SECONDS", 0.02)
    monkeypatch.setattr(freshness, "SHORT_PATIENCE_SECONDS", 0.01)
    counters = Counters()
    counters.answering.clear()
    fresh = Freshness(counters)
    for _ in range(3):
        with pytest.raises(StorageUnavailable):
            await fresh.current()
    assert fresh.seconds_since_success is None
    # The read was not given up with the requests: a connection that only comes about slowly comes about in the end.
    assert counters.reads == 1
    monkeypatch.setattr(freshness, "SHORT_PATIENCE_SECONDS", 5.0)
    counters.answering.set()
    assert await fresh.current() == {"content": 1}
    assert fresh.seconds_since_success is not None


async def test_everybody_who_waits_hears_of_a_failure() -> None:
    """C6"""
    counters = Counters()
    counters.failure = StorageUnavailable()
    fresh = Freshness(counters)
    answers = await asyncio.gather(*(fresh.current() for _ in range(5)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StorageUnavailable] * 5
    counters.failure = None
    assert await fresh.current() == {"content": 1}
