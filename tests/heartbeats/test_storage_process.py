"""The process that writes heartbeats to SQLite for all that take them: H2, H3, T9, O4."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import func, select, text

from telegraf_controller.agents.tables import Agent, AgentLiveness
from telegraf_controller.db.engine import Database
from telegraf_controller.errors import StorageUnavailable
from telegraf_controller.heartbeats.storage import client as client_module
from telegraf_controller.heartbeats.storage.client import RefusedByDatabase, StorageClient
from telegraf_controller.heartbeats.storage.messages import Done, Unavailable, receive_request, send
from telegraf_controller.heartbeats.store import GenerationMoved
from telegraf_controller.processes.sockets import BindError, bind_private
from tests.heartbeats.storage import StorageThread
from tests.heartbeats.support import NOON_MS, beat, write


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


@pytest.fixture
async def storage(migrated_database_url: str) -> AsyncIterator[StorageThread]:
    storage = StorageThread(Path(migrated_database_url))
    yield storage
    await asyncio.to_thread(storage.stop)


@pytest.fixture
async def client(storage: StorageThread) -> AsyncIterator[StorageClient]:
    client = StorageClient(storage.address)
    yield client
    await client.close()


async def agents(database: Database) -> set[str]:
    async with database.read() as session:
        return set((await session.scalars(select(Agent.instance_id))).all())


async def test_what_several_send_at_once_is_stored(storage: StorageThread, database: Database) -> None:
    """H2: the newest of an agent wins, whoever took it"""
    clients = [StorageClient(storage.address) for _ in range(4)]

    async def write_many(client: StorageClient, number: int) -> None:
        for turn in range(25):
            beats = [beat(f"agent-{agent}", at_ms=NOON_MS + 4 * turn + number, metrics=turn) for agent in range(40)]
            await write(client, *beats, beat(f"own-{number}-{turn}"))

    await asyncio.gather(*(write_many(client, number) for number, client in enumerate(clients)))
    for client in clients:
        await client.close()
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(AgentLiveness)) == 40 + 100
        newest = select(func.count()).where(AgentLiveness.metrics == 24)
        assert await session.scalar(newest) == 40
        assert await session.scalar(text("SELECT sum(heartbeats) FROM heartbeat_groups")) == 4 * 25 * 41


async def test_rights_that_changed_on_the_way_are_told(client: StorageClient, database: Database) -> None:
    """T9"""
    async with database.write() as session:
        await session.execute(text("UPDATE generations SET value = 9 WHERE name = 'access'"))
    with pytest.raises(GenerationMoved) as moved:
        await client.write([beat()], 8)
    assert moved.value.current == 9
    await client.write([beat()], 9)
    assert await agents(database) == {"web-1"}


async def test_a_heartbeat_that_the_database_refuses_is_told_and_the_next_is_stored(
    client: StorageClient, database: Database
) -> None:
    """H3"""
    bad = beat("bad")
    bad.received_ms = 2**63  # more than SQLite holds
    with pytest.raises(RefusedByDatabase):
        await write(client, beat("good"), bad)
    not_encodable = beat("worse", hostname="x")
    not_encodable.hostname = "\ud800"
    with pytest.raises(UnicodeEncodeError):
        await write(client, not_encodable)
    await write(client, beat("good"))
    assert await agents(database) == {"good"}


async def test_one_who_sends_nonsense_disturbs_nobody(
    storage: StorageThread, client: StorageClient, database: Database
) -> None:
    await write(client, beat("before"))
    reader, writer = await asyncio.open_unix_connection(storage.address)
    writer.write(b"\x03\0\0\0abc")
    assert await reader.read() == b""
    writer.close()
    await write(client, beat("after"))
    assert await agents(database) == {"before", "after"}


async def test_at_the_end_those_who_are_connected_still_store_what_they_have_taken(
    migrated_database_url: str, database: Database
) -> None:
    """O4: heartbeat processes are told to stop at the same moment"""
    storage = StorageThread(Path(migrated_database_url))
    client = StorageClient(storage.address)
    await client.probe()
    stopping = asyncio.create_task(asyncio.to_thread(storage.stop))
    for turn in range(20):
        await write(client, beat(f"agent-{turn}"))
        await asyncio.sleep(0.005)
    assert not stopping.done()
    await client.close()
    await stopping
    assert await agents(database) == {f"agent-{turn}" for turn in range(20)}


Attend = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def stand_in(attend: Attend) -> AsyncIterator[StorageClient]:
    """A storage process that does what a test wants, and a client of it."""
    with TemporaryDirectory() as folder:
        attending = []

        async def attend_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            attending.append(asyncio.current_task())
            await attend(reader, writer)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

        async with await asyncio.start_unix_server(attend_and_close, f"{folder}/storage"):
            client = StorageClient(f"{folder}/storage")
            yield client
            await client.close()
            await asyncio.gather(*filter(None, attending))


async def test_an_answer_that_comes_too_late_is_not_taken_for_that_to_another_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """H2: nothing is acknowledged that is not stored"""
    monkeypatch.setattr(client_module, "ANSWER_SECONDS", 0.2)
    connections = 0

    async def late_then_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        first = connections == 1
        await receive_request(reader)
        await asyncio.sleep(0.4 if first else 0)
        send(writer, Done() if first else Unavailable("away"))

    async with stand_in(late_then_away) as client:
        with pytest.raises(StorageUnavailable):
            await write(client, beat())
        with pytest.raises(StorageUnavailable) as told:
            await write(client, beat())
    assert "away" in repr(told.value.__cause__)
    assert connections == 2


@pytest.mark.parametrize("sent", [b"", b"\x01", b"\x10\0\0\0half"])
async def test_a_storage_process_that_dies_meanwhile_has_stored_nothing_for_certain(
    sent: bytes,
) -> None:
    """H2"""
    deaths = 0

    async def die_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal deaths
        await receive_request(reader)
        deaths += 1
        if deaths == 1:
            writer.write(sent)
        else:
            send(writer, Done())

    async with stand_in(die_once) as client:
        with pytest.raises(StorageUnavailable):
            await client.probe()
        await client.probe()


async def test_without_a_storage_process_nothing_is_stored(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        await StorageClient(str(tmp_path / "nobody")).probe()


async def test_whoever_gives_up_a_question_leaves_no_answer_behind() -> None:
    """The task that asks may be cancelled."""

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await receive_request(reader)
        await asyncio.sleep(0.2)
        send(writer, Unavailable("asked first"))

    async with stand_in(attend) as client:
        asking = asyncio.create_task(client.probe())
        await asyncio.sleep(0.05)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert client._streams is None


def test_the_socket_is_for_this_user_alone() -> None:
    """Whoever reaches it stores heartbeats without a token."""
    with TemporaryDirectory() as folder, bind_private(folder) as listener:
        assert stat.S_IMODE(os.stat(listener.getsockname()).st_mode) == 0o600
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    with pytest.raises(BindError, match="socket cannot be made"):
        bind_private("x" * 200)
