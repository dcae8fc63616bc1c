"""What a stored heartbeat changes, and that nothing in one can harm another: A1, A6, D1, D3, H2, H3."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text

from telegraf_controller.agents.identity import agent_id_of
from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.agents.tables import Agent, AgentEvent, AgentLiveness, AgentReference
from telegraf_controller.db.engine import Database
from telegraf_controller.heartbeats import queries
from telegraf_controller.heartbeats.batch import CLOCK_ERROR_MS, Batch
from telegraf_controller.heartbeats.parse import Heartbeat, parse_heartbeat
from telegraf_controller.heartbeats.points import Point, pack_points, points_of
from telegraf_controller.heartbeats.queries import read_latest, read_series
from telegraf_controller.heartbeats.storage import checkpoints
from telegraf_controller.heartbeats.store import GenerationMoved, HeartbeatStore
from telegraf_controller.heartbeats.tables import HeartbeatGroup
from tests.heartbeats.support import ALL_TIME, NOON, NOON_MS, Port, beat, open_store, write


@pytest.fixture
async def store(database: Database) -> AsyncIterator[HeartbeatStore]:
    store = open_store(database)
    yield store
    await store.close()


async def liveness(database: Database, instance_id: str = "web-1") -> AgentLiveness:
    async with database.read() as session:
        return (await session.scalars(select(AgentLiveness).filter_by(agent_id=agent_id_of(instance_id)))).one()


async def test_the_first_heartbeat_creates_the_agent_with_the_default_rule(
    store: HeartbeatStore, database: Database
) -> None:
    """A1"""
    await write(
        store, beat(configurations=["/etc/telegraf.conf", "http://c/api/configs/web/toml?site=b&port=1"], metrics=5)
    )
    async with database.read() as session:
        agent = await session.get_one(Agent, agent_id_of("web-1"))
        rule = await session.scalar(text("SELECT number FROM reporting_rules WHERE is_default"))
        references = await session.execute(select(AgentReference.reference, AgentReference.shape))
    assert (agent.hostname, agent.ip_address, agent.telegraf_version) == ("web-1.example.com", "192.0.2.1", "1.40.0")
    assert agent.configurations == ["/etc/telegraf.conf", "http://c/api/configs/web/toml?site=b&port=1"]
    assert agent.first_seen == NOON
    assert [tuple(row) for row in references] == [("config/web", "port=1&site=a")]
    alive = await liveness(database)
    assert (alive.last_seen, alive.rule, alive.metrics, alive.status) == (NOON, rule, 5, 0)


async def test_a_later_heartbeat_updates_what_has_changed(store: HeartbeatStore, database: Database) -> None:
    """A1"""
    await write(store, beat(configurations=["http://c/c/web"]))
    await write(
        store, beat(at_ms=NOON_MS + 1000, hostname="renamed", configurations=["http://c/c/web", "http://c/c/databases"])
    )
    async with database.read() as session:
        agent = await session.get_one(Agent, agent_id_of("web-1"))
        references = set((await session.scalars(select(AgentReference.reference))).all())
    assert (agent.hostname, agent.first_seen) == ("renamed", NOON)
    assert references == {"alias/web", "alias/databases"}
    assert (await liveness(database)).last_seen == NOON + timedelta(seconds=1)


async def test_a_deleted_agent_comes_back_with_its_next_heartbeat(port: Port) -> None:
    """A6, whatever the process remembers"""
    await port.beat("web-1", hostname="one", configurations=["http://c/c/web"])
    await port.beat("web-2", hostname="two")
    async with port.database.write() as session:
        await session.execute(delete(Agent).where(Agent.instance_id == "web-1"))
    assert await port.agents() == {"web-2"}
    assert (await port.beat("web-1", hostname="one", configurations=["http://c/c/web"])).status_code == 204
    agent = await port.agent("web-1")
    assert agent is not None
    assert agent.hostname == "one"
    assert await port.liveness("web-1") is not None


async def test_a_group_may_have_agents_of_every_kind(store: HeartbeatStore, database: Database) -> None:
    """A1, A7: most of them the same as before, and among them some that are new, others by now, or in another state."""
    known = [beat(f"known-{number:03d}", metrics=1) for number in range(150)]
    await write(store, *known)
    again = [beat(heartbeat.instance_id, metrics=2, at_ms=NOON_MS + 1000) for heartbeat in known]
    again[70] = beat("known-070", metrics=3, at_ms=NOON_MS + 1000, hostname="renamed")
    again[140] = beat("known-140", metrics=4, at_ms=NOON_MS + 1000, status="FAIL")
    await write(store, *again, beat("new-1", metrics=5, at_ms=NOON_MS + 1000))
    async with database.read() as session:
        agents = {row.id: row.hostname for row in await session.execute(select(Agent.id, Agent.hostname))}
        found = await session.execute(select(AgentLiveness.agent_id, AgentLiveness.metrics))
        metrics = {row.agent_id: row.metrics for row in found}
        seen = set(await session.scalars(select(AgentLiveness.last_seen)))
        changes = await session.execute(
            select(AgentEvent.agent_id, AgentEvent.to_status).where(AgentEvent.from_status.is_not(None))
        )
    assert len(agents) == 151
    assert agents[agent_id_of("known-070")] == "renamed"
    expected = {agent_id_of(heartbeat.instance_id): 2 for heartbeat in known}
    others = {"known-070": 3, "known-140": 4, "new-1": 5}
    assert metrics == expected | {agent_id_of(name): number for name, number in others.items()}
    assert seen == {NOON + timedelta(seconds=1)}
    assert [tuple(row) for row in changes] == [(agent_id_of("known-140"), AgentStatus.FAIL)]


async def test_the_last_of_an_agent_in_a_group_wins(store: HeartbeatStore, database: Database) -> None:
    """H2: by the order of arrival, even when the clock stood still or went back."""
    await write(store, beat(metrics=1), beat("other"), beat(metrics=2), beat(metrics=3, at_ms=NOON_MS - 5))
    assert (await liveness(database)).metrics == 3
    async with database.read() as session:
        series = await read_series(session, "web-1", start=ALL_TIME[0], end=ALL_TIME[1])
    assert sorted(point.metrics or 0 for point in series.points) == [1, 2, 3]


async def test_a_slower_node_does_not_turn_an_agent_back(store: HeartbeatStore, database: Database) -> None:
    """A1: neither how it is, nor who it is, nor what it logs"""
    newer, older = [log_entry("newer")], [log_entry("older")]
    await write(store, beat(metrics=2, hostname="renamed", configurations=["http://c/c/new"], logs=newer))
    late = beat(metrics=1, at_ms=NOON_MS - 1000, hostname="before", configurations=["http://c/c/old"], logs=older)
    await write(store, late, beat("web-2"))
    assert ((await liveness(database)).metrics, (await liveness(database)).last_seen) == (2, NOON)
    async with database.read() as session:
        agent = await session.get_one(Agent, agent_id_of("web-1"))
        references = list(await session.scalars(select(AgentReference.reference)))
    assert (agent.hostname, references) == ("renamed", ["alias/new"])
    assert await logged(database) == ["newer"]


async def test_a_clock_that_was_wrong_does_not_freeze_an_agent(store: HeartbeatStore, database: Database) -> None:
    """A1"""
    await write(store, beat(metrics=1, at_ms=NOON_MS + CLOCK_ERROR_MS + 1, hostname="before", logs=[log_entry("1")]))
    await write(store, beat(metrics=2, hostname="renamed", logs=[log_entry("2")]))
    assert ((await liveness(database)).metrics, (await liveness(database)).last_seen) == (2, NOON)
    async with database.read() as session:
        assert (await session.get_one(Agent, agent_id_of("web-1"))).hostname == "renamed"
    assert await logged(database) == ["2"]


def log_entry(message: str) -> dict[str, str]:
    return {"time": "2026-11-23T12:00:00Z", "level": "ERROR", "source": "inputs.cpu", "message": message}


async def logged(database: Database) -> list[str]:
    async with database.read() as session:
        latest = await read_latest(session, "web-1")
    assert latest is not None
    return [entry.message for entry in latest.logs]


async def test_a_group_of_any_size_is_written(store: HeartbeatStore, database: Database) -> None:
    for size in (1, 2, 33, 1200):
        for at_ms in (NOON_MS, NOON_MS + size):
            await write(store, *(beat(f"agent-{number}", at_ms=at_ms, metrics=size) for number in range(size)))
        async with database.read() as session:
            updated = select(func.count()).where(AgentLiveness.metrics == size)
            assert await session.scalar(updated) == size


async def test_nothing_is_written_by_rights_that_have_changed(store: HeartbeatStore, database: Database) -> None:
    """T9"""
    with pytest.raises(GenerationMoved) as moved:
        await store.write([beat()], 7)
    assert moved.value.current == 0
    await write(store, beat("other"))
    async with database.read() as session:
        assert (await session.scalars(select(Agent.instance_id))).all() == ["other"]
        assert await session.scalar(select(func.count()).select_from(HeartbeatGroup)) == 1


async def test_log_entries_are_those_of_the_latest_heartbeat(store: HeartbeatStore, database: Database) -> None:
    """D1"""
    entry = {"time": "t", "level": "ERROR", "source": "s", "message": "\0🚀"}
    await write(store, beat(logs=[entry]))
    async with database.read() as session:
        latest = await read_latest(session, "web-1")
    assert latest is not None
    assert (latest.reported_logs, latest.logs[0].message) == (1, "\0🚀")
    await write(store, beat(at_ms=NOON_MS + 1000))
    async with database.read() as session:
        latest = await read_latest(session, "web-1")
    assert latest is not None
    assert (latest.reported_logs, latest.logs) == (0, [])


def test_an_agents_id_follows_from_its_instance_id_for_good() -> None:
    """A1: rows, links and other installations hold these."""
    assert str(agent_id_of("web-1")) == "d4daa79b-d68b-8d70-836d-408044c53a22"
    assert str(agent_id_of("🚀/1 %")) == "f6a6afd4-df54-896d-ae48-aa13209624a2"


async def test_ids_of_every_kind_are_stored_and_found_again(port: Port) -> None:
    """H1"""
    ids = [
        "a/b",
        "a b",
        "100%",
        "köln",
        "🚀",
        "👩\u200d🚀",
        "'; DROP TABLE agents; --",
        "\u202e",
        "x" * 255,
        "🚀" * 255,
    ]
    answers = await asyncio.gather(*(port.beat(one, hostname=one) for one in ids))
    assert {answer.status_code for answer in answers} == {204}
    assert await port.agents() == set(ids)
    for one in ids:
        assert len(await port.series(one)) == 1


async def test_text_that_a_database_refuses_is_stored_mended(port: Port) -> None:
    """H3: PostgreSQL knows no NUL."""
    logs = [{"time": "\0", "level": "error", "source": "\0", "message": "\0", "attributes": {"\0": "\0"}}]
    answer = await port.beat(hostname="a\0b", configurations=["http://c/c/\0", "http://c/c/%00"], logs=logs)
    assert answer.status_code == 204
    agent = await port.agent("web-1")
    assert agent is not None
    assert agent.hostname == "a\N{REPLACEMENT CHARACTER}b"
    assert (await port.logs("web-1"))[0] == 1


async def test_one_row_that_the_database_refuses_sinks_only_itself(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    """H3: should a row that cannot be stored get past every check."""

    def spoilt(body: bytes, *, address: str, received_ms: int) -> Heartbeat:
        heartbeat = parse_heartbeat(body, address=address, received_ms=received_ms)
        if heartbeat.instance_id.startswith("bad"):
            heartbeat.hostname = "\ud800"
        return heartbeat

    monkeypatch.setattr("telegraf_controller.heartbeats.server.parse_heartbeat", spoilt)
    names = [f"good-{number}" for number in range(40)] + ["bad-1", "bad-2"]
    answers = await asyncio.gather(*(port.beat(name) for name in names))
    assert [answer.status_code for answer in answers] == [204] * 40 + [500] * 2
    assert await port.agents() == set(names[:40])
    assert (await port.beat("good-0")).status_code == 204


@pytest.mark.parametrize("renamed_every_time", [False, True])
async def test_two_writers_in_opposite_order_never_wait_in_a_circle(
    database: Database, renamed_every_time: bool
) -> None:
    """New agents, known ones, and known ones that change who they are."""
    agents = [f"agent-{number}" for number in range(300)]
    one, two = open_store(database), open_store(database)

    async def write_many(store: HeartbeatStore, order: Sequence[str]) -> None:
        for turn in range(15):
            hostname = str(turn) if renamed_every_time else "same"
            await write(store, *(beat(name, at_ms=NOON_MS + turn, hostname=hostname) for name in order))

    await asyncio.gather(write_many(one, agents), write_many(two, agents[::-1]))
    async with database.read() as session:
        newest = select(func.count()).where(AgentLiveness.last_seen == NOON + timedelta(milliseconds=14))
        assert await session.scalar(newest) == 300
        assert await session.scalar(select(func.sum(HeartbeatGroup.heartbeats))) == 300 * 30
    await one.close()
    await two.close()


async def test_a_series_is_the_newest_points_oldest_first(
    store: HeartbeatStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D2"""
    monkeypatch.setattr(queries, "_GROUPS_PER_READ", 3)
    for minute in range(10):
        at_ms = NOON_MS + minute * 60_000
        await write(store, beat(at_ms=at_ms, metrics=minute), beat("other", at_ms=at_ms + 5, metrics=99))
    async with database.read() as session:
        whole = await read_series(session, "web-1", start=ALL_TIME[0], end=ALL_TIME[1])
        newest = await read_series(session, "web-1", start=ALL_TIME[0], end=ALL_TIME[1], limit=3)
        between = await read_series(
            session, "web-1", start=NOON + timedelta(minutes=2), end=NOON + timedelta(minutes=4)
        )
    assert [point.metrics for point in whole.points] == list(range(10))
    assert [point.metrics for point in newest.points] == [7, 8, 9]
    assert [point.metrics for point in between.points] == [2, 3, 4]
    assert (whole.complete, newest.complete, between.complete) == (True, False, True)


def test_an_agents_bytes_by_chance_across_two_records_are_not_taken_for_a_record() -> None:
    one, two = beat("one", metrics=0), beat("two", metrics=0)
    one.agent_key, two.agent_key = b"\1" * 16, b"\0" * 16
    packed = pack_points([one, two])
    assert packed.count(two.agent_key) > 1
    assert [point.metrics for point in points_of(two.agent_key, packed, NOON_MS)] == [0]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**64), st.integers(0, 10**6)), min_size=1, max_size=40))
def test_packed_points_are_read_as_they_were(beats: list[tuple[int, int, int]]) -> None:
    """D1: counts are unsigned; errors and warnings are kept to 32 bits, metrics to 63."""
    heartbeats = []
    for agent, count, after in beats:
        heartbeat = beat(f"agent-{agent}", at_ms=NOON_MS + after)
        heartbeat.errors, heartbeat.warnings, heartbeat.metrics = count, count, min(count, 2**63 - 1)
        heartbeats.append(heartbeat)
    batch = Batch(heartbeats)
    assert batch.points is not None
    for heartbeat in heartbeats:
        found = list(points_of(heartbeat.agent_key, batch.points, batch.last_ms))
        assert heartbeat.errors is not None
        small = min(heartbeat.errors, 2**32 - 1)
        expected = Point(heartbeat.received_ms, 0, small, small, heartbeat.metrics)
        assert expected in found
        assert len(found) == sum(other.agent_key == heartbeat.agent_key for other in heartbeats)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_log_of_writes_begins_anew_under_steady_load(
    store: HeartbeatStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D3: it would otherwise grow as long as heartbeats come."""
    path = database.target.path
    assert path is not None

    async def pages_logged_by_many_commits() -> int:
        for turn in range(60):
            await write(store, *(beat(f"agent-{number}", at_ms=NOON_MS + turn) for number in range(100)))
            await asyncio.sleep(0.01)
        return await asyncio.to_thread(_empty_log, path)

    without = await pages_logged_by_many_commits()
    monkeypatch.setattr(checkpoints, "CHECKPOINT_PAGES", 300)
    monkeypatch.setattr(checkpoints, "CHECKPOINT_SECONDS", 0.0)
    assert await pages_logged_by_many_commits() < without / 2


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_a_checkpoint_has_copied_is_flushed_and_the_writer_keeps_its_locks(
    store: HeartbeatStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O6: closing any descriptor of a file would take away the locks of this process on it."""
    path = database.target.path
    assert path is not None
    # Nobody else may hold the file open: whoever is last to close it removes the log of writes.
    await database.close()
    monkeypatch.setattr(checkpoints, "CHECKPOINT_PAGES", 300)
    monkeypatch.setattr(checkpoints, "CHECKPOINT_SECONDS", 0.0)
    flushed: list[tuple[int, int]] = []

    def fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        flushed.append((status.st_dev, status.st_ino))
        original(descriptor)

    original = os.fsync
    monkeypatch.setattr(os, "fsync", fsync)
    turn = 0
    while len(flushed) < 3:
        turn += 1
        await write(store, *(beat(f"agent-{number}", at_ms=NOON_MS + turn) for number in range(100)))
    status = path.stat()
    assert set(flushed) == {(status.st_dev, status.st_ino)}
    await asyncio.to_thread(_open_and_close, path)
    assert path.with_name(f"{path.name}-wal").exists()


def _open_and_close(path: Path) -> None:
    """As another process: locks do not stand between connections of the same."""
    script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT 1 FROM agents'); c.close()"
    subprocess.run([sys.executable, "-c", script, path], check=True)


def _empty_log(path: Path) -> int:
    """Return how many pages the log has, and copy them."""
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1])
