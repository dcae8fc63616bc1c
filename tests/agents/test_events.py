"""How an agent's status changed over time: A7."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text, update

from telegraf_controller.agents import events
from telegraf_controller.agents.events import KEPT, trim_events
from telegraf_controller.agents.identity import agent_id_of
from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.agents.tables import AgentEvent, AgentLiveness
from telegraf_controller.heartbeats.batch import CLOCK_ERROR_MS
from telegraf_controller.heartbeats.parse import Heartbeat
from telegraf_controller.heartbeats.store import HeartbeatStore, TryAgain
from telegraf_controller.reporting.sweep import delete_silent, sweep
from telegraf_controller.reporting.tables import ReportingRule
from tests.agents.support import given
from tests.cast import AGENT_TOKEN, READ_TOKEN, bearer
from tests.heartbeats.support import NOON, NOON_MS, beat, open_store
from tests.support.api import Api, running_api


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


async def page(api: Api, instance_id: str = "web-1", **query: int) -> dict[str, Any]:
    """Return one page of an agent's events."""
    path = f"/api/agents/{agent_id_of(instance_id)}/events"
    answer = await api.http.get(path, params=query, headers=bearer(READ_TOKEN))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def changes(api: Api, instance_id: str = "web-1") -> list[tuple[str | None, str | None, str]]:
    """Return an agent's events, oldest first: from, to, why."""
    items = (await page(api, instance_id))["items"]
    return [(event["from"], event["to"], event["why"]) for event in reversed(items)]


async def test_each_change_is_kept_with_its_time_and_reason(api: Api) -> None:
    """A7"""
    await given(api, beat(status="OK"))
    await given(api, beat(status="OK", at_ms=NOON_MS + 1))
    await given(api, beat(status="WARN", at_ms=NOON_MS + 2))
    await sweep(api.database, NOON + timedelta(milliseconds=2, seconds=180))
    await sweep(api.database, NOON + timedelta(milliseconds=3, seconds=180))
    await sweep(api.database, NOON + timedelta(hours=1))
    await given(api, beat(status="WARN", at_ms=NOON_MS + 3_600_000))
    found = await page(api)
    assert (found["total"], found["page"], found["limit"]) == (4, 1, 25)
    assert found["items"] == [
        {
            "at": "2026-11-23T13:00:00.000Z",
            "from": "not_reporting",
            "to": "warn",
            "why": "heartbeat",
            "afterSeconds": None,
        },
        {
            "at": "2026-11-23T12:03:00.003Z",
            "from": "warn",
            "to": "not_reporting",
            "why": "silence",
            "afterSeconds": 180,
        },
        {"at": "2026-11-23T12:00:00.002Z", "from": "ok", "to": "warn", "why": "heartbeat", "afterSeconds": None},
        {"at": "2026-11-23T12:00:00.000Z", "from": None, "to": "ok", "why": "first_heartbeat", "afterSeconds": None},
    ]


async def test_what_is_no_change_of_status_is_no_event(api: Api) -> None:
    """A7: also not when the agent changes who it is, or says explicitly that all is well."""
    await given(api, beat(hostname="a"))
    await given(api, beat(hostname="b", at_ms=NOON_MS + 1, status="OK"))
    assert await changes(api) == [(None, "ok", "first_heartbeat")]
    await given(api, beat(hostname="c", at_ms=NOON_MS + 2, status="FAIL"))
    assert await changes(api) == [(None, "ok", "first_heartbeat"), ("ok", "fail", "heartbeat")]


async def test_an_older_heartbeat_changes_nothing(api: Api) -> None:
    """Another node was faster; unless its clock was wrong."""
    await given(api, beat(status="OK", at_ms=NOON_MS + CLOCK_ERROR_MS))
    await given(api, beat(status="FAIL"))
    await given(api, beat(status="FAIL", hostname="renamed"))
    assert await changes(api) == [(None, "ok", "first_heartbeat")]
    await given(api, beat(status="FAIL", at_ms=NOON_MS - 1))
    assert await changes(api) == [(None, "ok", "first_heartbeat"), ("ok", "fail", "heartbeat")]


async def test_within_one_group_the_last_status_counts(api: Api) -> None:
    await given(api, beat(status="FAIL"), beat(status="WARN", at_ms=NOON_MS + 1), beat("web-2"))
    assert await changes(api) == [(None, "warn", "first_heartbeat")]
    await given(api, beat(status="OK", at_ms=NOON_MS + 2), beat(status="WARN", at_ms=NOON_MS + 3))
    assert await changes(api) == [(None, "warn", "first_heartbeat")]


async def test_a_large_group_with_a_few_changes_notes_those(api: Api) -> None:
    names = [f"agent-{number}" for number in range(1200)]
    await given(api, *(beat(name) for name in names))
    changed = set(random.Random(7).sample(names, 30))
    await given(api, *(beat(name, at_ms=NOON_MS + 1, status="FAIL" if name in changed else "OK") for name in names))
    async with api.database.read() as session:
        noted = set(await session.scalars(select(AgentEvent.agent_id).where(AgentEvent.to_status == 2)))
        failing = select(AgentLiveness.agent_id).where(AgentLiveness.status == AgentStatus.FAIL)
        assert noted == set(await session.scalars(failing)) == {agent_id_of(name) for name in changed}


async def test_events_outlive_the_agent(api: Api) -> None:
    """A7, R3, A6: and go on when it comes back."""
    await given(api, beat())
    path = f"/api/agents/{agent_id_of('web-1')}"
    assert (await api.http.delete(path, headers=api.cast.bearer("manager"))).status_code == 204
    await given(api, beat(at_ms=NOON_MS + 1, status="FAIL"))
    async with api.database.write() as session:
        await session.execute(update(ReportingRule).values(auto_delete=True, auto_delete_after_seconds=60))
    await delete_silent(api.database, NOON + timedelta(seconds=61))
    assert (await api.http.get(path, headers=bearer(READ_TOKEN))).status_code == 404
    assert await changes(api) == [
        (None, "ok", "first_heartbeat"),
        ("ok", None, "deleted"),
        (None, "fail", "first_heartbeat"),
        ("fail", None, "auto_deleted"),
    ]
    assert (await page(api, limit=1))["items"][0]["afterSeconds"] == 60


async def test_events_of_an_agent_that_never_was_are_not_found(api: Api) -> None:
    path = f"/api/agents/{uuid4()}/events"
    assert (await api.http.get(path, headers=bearer(READ_TOKEN))).status_code == 404
    assert (await api.http.get(path, headers=bearer(AGENT_TOKEN))).json()["required"] == "agents:read"


async def test_pages_cover_the_events(api: Api) -> None:
    for turn in range(7):
        await given(api, beat(at_ms=NOON_MS + turn, status="FAIL" if turn % 2 else "OK"))
    pages = [(await page(api, page=number, limit=3))["items"] for number in (1, 2, 3, 4)]
    assert [len(items) for items in pages] == [3, 3, 1, 0]
    times = [event["at"] for items in pages for event in items]
    assert times == sorted(times, reverse=True)


async def test_events_are_kept_for_thirty_days(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A7: to the millisecond, in small steps."""
    monkeypatch.setattr(events, "EVENTS_PER_STEP", 3)
    for turn in range(10):
        await given(api, beat(at_ms=NOON_MS + turn, status="FAIL" if turn % 2 else "OK"))
    assert await trim_events(api.database, NOON + KEPT) == 0
    assert await trim_events(api.database, NOON + KEPT + timedelta(milliseconds=8)) == 8
    assert (await page(api))["total"] == 2
    assert await trim_events(api.database, NOON + KEPT * 2) == 2


async def test_agents_that_change_all_the_time_do_not_fill_the_disk(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A7: the newest stay."""
    monkeypatch.setattr(events, "MAX_EVENTS", 4)
    for turn in range(10):
        await given(api, beat(at_ms=NOON_MS + turn, status="FAIL" if turn % 2 else "OK"))
    assert await trim_events(api.database, NOON) == 6
    assert [event["at"][-4:] for event in (await page(api))["items"]] == ["009Z", "008Z", "007Z", "006Z"]


async def test_events_form_a_chain_whatever_happens_at_once(api: Api) -> None:
    """A2, A7: two writers and a sweep; each change begins where the one before it ended."""
    agents = [f"agent-{number}" for number in range(30)]
    chance = random.Random(1)
    one, two = open_store(api.database), open_store(api.database)
    async with api.database.read() as session:
        generation = await session.scalar(text("SELECT value FROM generations WHERE name = 'access'"))
    later_ms = 0

    async def report(store: HeartbeatStore) -> None:
        nonlocal later_ms
        for _ in range(25):
            later_ms += 20_000
            some = chance.sample(agents, 10)
            statuses = chance.choices(["OK", "WARN", "FAIL"], k=10)
            beats = [
                beat(name, at_ms=NOON_MS + later_ms, status=status) for name, status in zip(some, statuses, strict=True)
            ]
            while not await written(store, beats):
                pass

    async def written(store: HeartbeatStore, beats: list[Heartbeat]) -> bool:
        # Two that wait for each other are told to try again, as the writer does.
        try:
            await store.write(beats, generation)
        except TryAgain:
            return False
        return True

    async def keep_sweeping() -> None:
        for _ in range(25):
            await sweep(api.database, NOON + timedelta(milliseconds=later_ms))

    await asyncio.gather(report(one), report(two), keep_sweeping())
    await one.close()
    await two.close()
    async with api.database.read() as session:
        status = {row.agent_id: row.status for row in await session.scalars(select(AgentLiveness))}
        chains: dict[Any, int | None] = {}
        for event in await session.scalars(select(AgentEvent).order_by(AgentEvent.id)):
            assert event.from_status == chains.get(event.agent_id)
            assert event.from_status != event.to_status
            chains[event.agent_id] = event.to_status
    assert chains == status
