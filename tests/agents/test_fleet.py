"""Lists and counts of large fleets, held against the database's own answers: A4, A5."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import product
from random import Random
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import delete, select, text, update

from telegraf_controller import clock
from telegraf_controller.agents import columns_load, fleet, queries
from telegraf_controller.agents.columns import Columns, Texts, ordered
from telegraf_controller.agents.fleet import Fleet
from telegraf_controller.agents.identity import agent_id_of
from telegraf_controller.agents.queries import AgentFilter, SortKey
from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.agents.tables import Agent, AgentLiveness
from telegraf_controller.db.engine import Database
from telegraf_controller.heartbeats.parse import Heartbeat
from telegraf_controller.labels.tables import AgentLabel, Label
from telegraf_controller.reporting.tables import ReportingRule
from tests.agents.support import given
from tests.cast import READ_TOKEN, bearer
from tests.heartbeats.support import NOON, NOON_MS, beat
from tests.support.api import Api, running_api
from tests.support.patience import until

QUICK = columns_load.Pace(restful=False)
SORTS: tuple[SortKey, ...] = ("name", "status", "lastSeen", "version")
VERSIONS = ("Telegraf 1.9.0", "Telegraf 1.10.0", "Telegraf 1.40.0-rc1", "Telegraf 1.40.0", "unknown")
HOSTS = ("web", "WEB", "Köln", "straße", "🚀", "", "a%b_c", "x" * 200, "database-7")
URLS = ("http://c/c/web", "http://c/api/configs/web/toml", "http://c/c/other", "/etc/telegraf.conf")


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


@pytest.fixture
async def large(api: Api, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fleet]:
    """A fleet that counts as large whatever its size, read in small steps."""
    monkeypatch.setattr(columns_load, "_LIVENESS_STEP", 50)
    monkeypatch.setattr(columns_load, "_LIVENESS_PAGES", 1)
    monkeypatch.setattr(columns_load, "_IDENTITY_STEP", 20)
    monkeypatch.setattr(fleet, "LEAST_REST_SECONDS", 3600.0)
    monkeypatch.setattr(fleet, "LONGEST_REST_SECONDS", 3600.0)
    large = Fleet(api.database, exact_agents=0)
    yield large
    await large.close()


def some_beats(numbers: range, draw: Random) -> list[Heartbeat]:
    return [
        beat(
            f"agent-{number}-{draw.choice(HOSTS)}"[:255],
            hostname=draw.choice(HOSTS) * draw.choice((0, 1)),
            version=draw.choice(VERSIONS),
            status=draw.choice(("OK", "WARN", "FAIL", "UNDEFINED")),
            address=draw.choice(("10.0.0.1", "10.1.0.2", "2001:db8::7")),
            configurations=draw.sample(URLS, draw.randrange(3)),
            at_ms=NOON_MS - draw.choice((0, 1000, 400_000, 4_000_000, 90_000_000)) - draw.randrange(3),
        )
        for number in numbers
    ]


async def labelled(database: Database, ids: list[UUID]) -> None:
    """Put the label `red` on some agents, and another rule on others."""
    now = clock.now()
    async with database.write() as session:
        label = Label(name="red", color="#ff0000", created_at=now, updated_at=now)
        rule = ReportingRule(
            number=7, description="slow", not_reporting_after_seconds=900, created_at=now, updated_at=now
        )
        session.add_all([label, rule])
        await session.flush()
        session.add_all(AgentLabel(agent_id=agent_id, label_id=label.id) for agent_id in ids[::3])
        await session.execute(update(AgentLiveness).where(AgentLiveness.agent_id.in_(ids[::4])).values(rule=7))


async def filters(database: Database) -> list[AgentFilter]:
    async with database.read() as session:
        rule = await session.scalar(select(ReportingRule.id).where(ReportingRule.number == 7))
        label = await session.scalar(select(Label.id))
    return [
        AgentFilter(),
        *(AgentFilter(status=status) for status in (AgentStatus.OK, AgentStatus.FAIL, AgentStatus.NOT_REPORTING)),
        *(AgentFilter(search=search) for search in ("e", "we", "WEB", "köln", "STRASSE", "🚀", "%", "_", "x" * 150)),
        AgentFilter(search="10.1."),
        AgentFilter(search="nowhere"),
        AgentFilter(version="1.40.0"),
        AgentFilter(version="7"),
        AgentFilter(runs=[["alias/web", "config/web"]]),
        AgentFilter(runs=[["alias/web"], ["alias/other"]]),
        AgentFilter(runs=[[]]),
        AgentFilter(labels=["red"]),
        AgentFilter(labels=["red", str(label)]),
        AgentFilter(labels=["blue"]),
        AgentFilter(reporting_rule=rule),
        AgentFilter(reporting_rule=label),
        AgentFilter(search="e", labels=["red"], reporting_rule=rule, runs=[["alias/web", "alias/other"]]),
    ]


async def assert_same_answers(api: Api, large: Fleet) -> None:
    """Hold every list and count against the database's."""
    async with api.database.read() as session:
        for wanted in await filters(api.database):
            for sort_by, descending in product(SORTS, (False, True)):
                exact, total = await queries.list_agents(
                    session, wanted, sort_by=sort_by, descending=descending, limit=500
                )
                listing = await large.list(session, wanted, sort_by=sort_by, descending=descending, limit=500)
                assert listing.as_of is not None
                names = [view.instance_id for view in exact]
                assert [view.instance_id for view in listing.views] == names, (wanted, sort_by, descending)
                assert listing.total == total
                page = await large.list(session, wanted, sort_by=sort_by, descending=descending, offset=7, limit=5)
                assert [view.instance_id for view in page.views] == names[7:12]
                assert page.total == total
            counted = await large.count(session, wanted, clock.now())
            assert counted.as_of == NOON
            assert counted.counts == await queries.count_agents(session, wanted, clock.now())


@pytest.mark.parametrize("at_once_agents", [0, 1000])
async def test_a_large_fleet_is_listed_and_counted_as_the_database_does(
    at_once_agents: int, api: Api, large: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A4, A5: every filter, sort, order and page; then once more after agents have come, gone and changed."""
    monkeypatch.setattr(fleet, "AT_ONCE_AGENTS", at_once_agents)
    draw = Random(7)
    beats = some_beats(range(150), draw)
    await given(api, *beats)
    ids = [agent_id_of(heartbeat.instance_id) for heartbeat in beats]
    with clock.replaced(NOON.timestamp):
        await labelled(api.database, ids)
        await large_is_read(api, large)
        await assert_same_answers(api, large)

        async with api.database.write() as session:
            await session.execute(text("DELETE FROM agents WHERE instance_id LIKE 'agent-1%'"))
            silent = AgentLiveness.agent_id.in_(ids[20:40])
            await session.execute(update(AgentLiveness).where(silent).values(status=AgentStatus.NOT_REPORTING.value))
        await given(api, *some_beats(range(140, 180), draw))
        for heartbeat in beats[60:90]:
            heartbeat.hostname, heartbeat.build, heartbeat.identity = draw.choice(HOSTS) or None, VERSIONS[0], 5
            heartbeat.received_ms += 10
        await given(api, *beats[60:90])
        await large.refresh()
        await assert_same_answers(api, large)


def told(columns: Columns) -> dict[UUID, tuple[Any, ...]]:
    """Return what columns say of each agent."""
    who, rows = columns.identities, range(len(columns))
    referring = {reference: who.referring_to([reference]) for reference in who.references}
    return {
        agent_id: (
            *(int(column[row]) for column in (columns.last_seen, columns.identity, columns.rules, columns.status)),
            bytes(who.texts.short[row]) or who.texts.long.get(row),
            who.version_names[who.versions[row]],
            int(who.name_ranks[row]),
            {reference for reference, mask in referring.items() if mask[row]},
        )
        for row, agent_id in zip(rows, columns.ids(np.arange(len(columns))), strict=True)
    }


async def stored(database: Database) -> list[tuple[Any, ...]]:
    """Return what the database says of each agent's liveness, by id."""
    async with database.read() as session:
        rows = await session.scalars(select(AgentLiveness).order_by(AgentLiveness.agent_id))
        return [
            (row.agent_id, clock.to_epoch_ms(row.last_seen), row.identity, row.rule, row.status) for row in rows.all()
        ]


@pytest.mark.parametrize("step", [1, 20, 25, 1000])
async def test_a_fleet_read_anew_is_as_one_that_is_read_for_the_first_time(
    step: int, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A4: agents come, go, take each other's place and change, one by one or all at once, between two readings."""
    monkeypatch.setattr(columns_load, "_LIVENESS_STEP", step)
    monkeypatch.setattr(columns_load, "_LIVENESS_PAGES", max(1, step // 10))
    draw = Random(step)
    there = {heartbeat.instance_id: heartbeat for heartbeat in some_beats(range(100), draw)}
    await given(api, *there.values())
    await add_rules(api.database, 7, HIGHEST_RULE)
    columns = await columns_load.load_columns(api.database, NOON, None, QUICK)
    for number, (come, gone, renamed, heard) in enumerate(CHANGES, start=1):
        removed = draw.sample(sorted(there), gone)
        changed = some_beats(range(1000 * number, 1000 * number + come), draw)
        for instance_id in removed:
            del there[instance_id]
        for place, instance_id in enumerate(draw.sample(sorted(there), renamed + heard)):
            heartbeat = there[instance_id]
            heartbeat.received_ms += 1
            if place < renamed:
                heartbeat.hostname, heartbeat.identity = draw.choice(HOSTS) or None, draw.getrandbits(60)
            changed.append(heartbeat)
        there |= {heartbeat.instance_id: heartbeat for heartbeat in changed}
        follow = AgentLiveness.agent_id.in_([agent_id_of(one) for one in draw.sample(sorted(there), len(there) // 9)])
        async with api.database.write() as session:
            await session.execute(delete(Agent).where(Agent.id.in_([agent_id_of(one) for one in removed])))
            await session.execute(update(AgentLiveness).where(follow).values(rule=draw.choice((1, 7, HIGHEST_RULE))))
        if changed:
            await given(api, *changed)
        before, columns = columns, await columns_load.load_columns(api.database, NOON, columns, QUICK)
        assert told(columns) == told(await columns_load.load_columns(api.database, NOON, None, QUICK))
        assert [(agent_id, *said[:4]) for agent_id, said in told(columns).items()] == await stored(api.database)
        assert (columns.identities is before.identities) == (not (come or gone or renamed))


async def test_a_fleet_read_in_steps_is_that_of_one_moment(api: Api, large: Fleet) -> None:
    """A4: whatever agents do while it rests between two steps."""
    beats = some_beats(range(200), Random(1))
    await given(api, *beats)
    before = await stored(api.database)
    rests = 0

    class Lively(columns_load.Pace):
        async def rest(self) -> None:
            nonlocal rests
            rests += 1
            for heartbeat in beats[::2]:
                heartbeat.received_ms += 100_000
            await given(api, *beats[::2], *some_beats(range(1000 * rests, 1000 * rests + 50), Random(rests)))
            async with api.database.write() as session:
                gone = agent_id_of(beats[2 * rests - 1].instance_id)
                await session.execute(delete(Agent).where(Agent.id == gone))

    columns = await columns_load.load_columns(api.database, NOON, None, Lively(restful=True))
    assert rests >= 3
    assert [(agent_id, *said[:4]) for agent_id, said in told(columns).items()] == before
    assert await stored(api.database) != before


async def test_only_reading_for_which_nobody_waits_rests(
    api: Api, large: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    await given(api, beat("web-1"), beat("web-2"))
    paces: list[columns_load.Pace] = []
    go_on = asyncio.Event()
    go_on.set()

    async def noted(database: Database, now: datetime, before: Columns | None, pace: columns_load.Pace) -> Columns:
        paces.append(pace)
        await go_on.wait()
        return await columns_load.load_columns(database, now, before, pace)

    monkeypatch.setattr(fleet, "load_columns", noted)
    await large_is_read(api, large)
    await large.refresh(restful=True)
    assert [pace.restful for pace in paces] == [False, True]

    # Somebody comes who has to wait for what was begun while nobody did.
    go_on.clear()
    reading = asyncio.create_task(large.refresh(restful=True))
    await until(lambda: len(paces) == 3)
    assert paces[2].restful
    waiting = asyncio.create_task(large.refresh())
    await until(lambda: not paces[2].restful)
    go_on.set()
    await asyncio.gather(reading, waiting)
    assert len(paces) == 3


async def test_a_fleet_is_kept_up_to_date_with_rests(api: Api, large: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """But not the first time: until then the database is asked, which is slow."""
    await given(api, beat("web-1"))
    restful: list[bool] = []

    async def noted(database: Database, now: datetime, before: Columns | None, pace: columns_load.Pace) -> Columns:
        restful.append(pace.restful)
        return await columns_load.load_columns(database, now, before, pace)

    monkeypatch.setattr(fleet, "load_columns", noted)
    monkeypatch.setattr(fleet, "LEAST_REST_SECONDS", 0.01)
    monkeypatch.setattr(fleet, "LONGEST_REST_SECONDS", 0.01)
    async with api.database.read() as session:
        await large.list(session, AgentFilter())
    await until(lambda: len(restful) > 2)
    assert restful[:3] == [False, True, True]


async def test_a_step_is_followed_by_a_rest_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept = 5.0, []

    async def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    pace = columns_load.Pace(restful=True)
    for took in (2.0, 0.5):
        now += took
        await pace.rest()
    pace.restful = False
    now += 4
    await pace.rest()
    pace.restful = True
    now += 1
    await pace.rest()
    assert slept == [2.0, 0.5, 1.0]


HIGHEST_RULE = 2**31 - 1

CHANGES = (
    *((0, 0, 0, 0), (0, 0, 0, 9), (1, 0, 0, 0), (0, 1, 0, 0), (5, 5, 0, 0), (0, 0, 3, 0), (0, 0, 3, 90)),
    *((7, 9, 4, 50), (50, 50, 30, 10), (0, 98, 0, 0), (3, 0, 0, 0), (1, 0, 1, 1), (1, 4, 0, 0)),
)
"""How many agents come, go, are renamed, and are heard of between two readings."""


async def add_rules(database: Database, *numbers: int) -> None:
    now = clock.now()
    async with database.write() as session:
        session.add_all(
            ReportingRule(
                number=number, description="slow", not_reporting_after_seconds=900, created_at=now, updated_at=now
            )
            for number in numbers
        )


async def large_is_read(api: Api, large: Fleet) -> None:
    """Ask once, which begins the reading, and wait for it; until then the database answers."""
    async with api.database.read() as session:
        assert (await large.list(session, AgentFilter())).as_of is None
    await large.refresh()


async def test_an_agent_that_goes_meanwhile_leaves_the_page(api: Api, large: Fleet) -> None:
    """A4: what is shown of agents is of now."""
    await given(api, beat("web-1", status="OK"), beat("web-2"))
    await large_is_read(api, large)
    async with api.database.write() as session:
        await session.execute(text("DELETE FROM agents WHERE instance_id = 'web-2'"))
    await given(api, beat("web-1", status="FAIL", at_ms=NOON_MS + 1))
    async with api.database.read() as session:
        listing = await large.list(session, AgentFilter())
        assert [(view.instance_id, view.status) for view in listing.views] == [("web-1", 2)]
        assert listing.total == 2
    await large.refresh()
    async with api.database.read() as session:
        assert (await large.list(session, AgentFilter())).total == 1


async def test_agents_that_share_half_of_their_id_are_told_apart_by_the_database(api: Api, large: Fleet) -> None:
    await given(api, beat("web-1"))
    twin = UUID(int=agent_id_of("web-1").int ^ 1)
    async with api.database.write() as session:
        session.add(
            Agent(
                id=twin, instance_id="twin", telegraf_build="", configurations=[], name_key="twin", search_text="twin",
                first_seen=NOON,
            )
        )  # fmt: skip
        await session.flush()
        session.add(AgentLiveness(agent_id=twin, last_seen=NOON, identity=1, rule=1, status=0))
    with pytest.raises(columns_load.CannotHold):
        await large.refresh()
    async with api.database.read() as session:
        listing = await large.list(session, AgentFilter())
    assert (listing.total, listing.as_of) == (2, None)


@pytest.mark.parametrize("database_kind", ["postgres"])
@pytest.mark.parametrize(
    "lacking",
    [
        "SELECT no_such_function()",
        "SELECT no_such_column FROM agents",
        "DECLARE all_agents CURSOR WITH HOLD FOR SELECT id FROM agents FOR UPDATE",
    ],
)
async def test_a_database_that_is_only_like_postgresql_lists_agents_itself(
    lacking: str, api: Api, large: Fleet, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """O6, A4: what it refuses, in three ways, is how a large fleet is read; it is not asked for that again soon."""
    monkeypatch.setitem(columns_load._POSTGRESQL, "pages", lacking)
    await given(api, beat("web-1"), beat("web-2"))
    async with api.database.read() as session:
        await large.list(session, AgentFilter())
    said = ""

    def complained() -> bool:
        nonlocal said
        said += capsys.readouterr().out
        return "agents are listed by the database alone" in said

    await until(complained)
    assert "Traceback" not in said
    async with api.database.read() as session:
        listing = await large.list(session, AgentFilter(search="web"))
    assert (listing.total, listing.as_of) == (2, None)
    assert large._keeping is not None
    assert not large._keeping.done()


async def test_the_api_says_what_moment_a_large_fleet_is_shown_of(api: Api, large: Fleet) -> None:
    """A4, A5"""
    await given(api, beat("web-1"), beat("web-2"))
    exact = await api.http.get("/api/agents/summary", headers=bearer(READ_TOKEN))
    assert exact.json()["asOf"] is None
    api_fleet: Fleet = api.app.state.fleet
    api_fleet._exact_agents = 1
    with clock.replaced(NOON.timestamp):
        await api.http.get("/api/agents", headers=bearer(READ_TOKEN))
        await api_fleet.refresh()
    answer = await api.http.get("/api/agents?limit=1&page=2", headers=bearer(READ_TOKEN))
    assert answer.headers["as-of"] == "2026-11-23T12:00:00.000Z"
    assert [item["instanceId"] for item in answer.json()["items"]] == ["web-2"]
    summary: dict[str, Any] = (await api.http.get("/api/agents/summary", headers=bearer(READ_TOKEN))).json()
    assert (summary["total"], summary["asOf"]) == (2, "2026-11-23T12:00:00.000Z")
    await api_fleet.close()


async def test_lists_and_counts_of_a_moderate_fleet_wait_for_no_thread(
    api: Api, large: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A4, A5"""
    await given(api, beat("web-1"))
    await large_is_read(api, large)
    async with api.database.read() as session:
        with monkeypatch.context() as patch:
            # The driver of SQLite works in a thread, but does not ask asyncio for it.
            patch.setattr(asyncio, "to_thread", None)
            listing = await large.list(session, AgentFilter(search="web"), sort_by="lastSeen")
            counted = await large.count(session, AgentFilter(search="web"), NOON)
    assert (listing.total, counted.counts.total) == (1, 1)


async def test_many_who_ask_at_once_cause_one_reading(api: Api, large: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    await given(api, beat("web-1"))
    readings = 0

    async def counted(*arguments: Any) -> Any:
        nonlocal readings
        readings += 1
        return await columns_load.load_columns(*arguments)

    monkeypatch.setattr(fleet, "load_columns", counted)
    await asyncio.gather(*(large.refresh() for _ in range(10)))
    assert readings == 1


@pytest.mark.parametrize("at_a_time", [1, 3, 1000])
def test_texts_are_searched_alike_by_one_thread_or_many(at_a_time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A4"""
    monkeypatch.setattr("telegraf_controller.agents.columns._TEXTS_OF_A_THREAD", at_a_time)
    short = ["web-1", "", "db-1", "web-12", "köln", "x"]
    texts = Texts(np.array([text.encode() for text in short]), {1: b"y" * 200 + b"web-1"})
    assert texts.containing(b"web-1").tolist() == [True, True, False, True, False, False]
    assert texts.containing("ö".encode()).tolist() == [False, False, False, False, True, False]
    assert Texts(np.zeros(0, "S1"), {}).containing(b"web").tolist() == []


@pytest.mark.parametrize("far_apart", [False, True])
@pytest.mark.parametrize("descending", [False, True])
def test_rows_are_ordered_by_value_and_ties_by_row(far_apart: bool, descending: bool) -> None:
    """A4"""
    values = [3, -5, 3, 0, 3, -5] + ([2**60] if far_apart else [])
    turned = [-value if descending else value for value in values]
    expected = sorted(range(len(values)), key=lambda row: (turned[row], row))
    assert ordered(np.array(values, np.int64), descending=descending).tolist() == expected
    assert ordered(np.zeros(0, np.int64), descending=descending).tolist() == []
