"""Connections to the heartbeat port: idle, slow, broken off, too many, and at the end (H3, H7, O4)."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from telegraf_controller.processes import connections
from tests.cast import UNKNOWN_TOKEN
from tests.heartbeats.raw import (
    LAST,
    ask,
    chunked_heartbeat,
    connected,
    heartbeat,
    one_by_one,
    request,
    statuses,
)
from tests.heartbeats.support import Port, running_port

only_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture(scope="module")
async def hasty_port(_migrated_sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Port]:
    """A port whose connections may wait for a second."""
    path = tmp_path_factory.mktemp("hasty") / "controller.db"
    shutil.copy(_migrated_sqlite_file, path)
    async with running_port(str(path), keep_alive_timeout=1) as port:
        yield port


@asynccontextmanager
async def held_up(port: Port) -> AsyncIterator[None]:
    """No heartbeat is stored meanwhile: somebody else writes."""
    async with port.database.write() as session:
        await session.execute(text("UPDATE leases SET holder = holder"))
        yield


# Slow clients


async def test_connections_on_which_nothing_is_sent_are_closed(hasty_port: Port) -> None:
    """H7"""
    async with AsyncExitStack() as stack:
        held = [await stack.enter_async_context(connected(hasty_port.address)) for _ in range(50)]
        assert [await connection.answers() for connection in held] == [[]] * 50


@pytest.mark.parametrize("behind", [b"", request()[:-2]])
async def test_a_connection_that_waits_too_long_for_its_next_head_is_closed(hasty_port: Port, behind: bytes) -> None:
    """H7"""
    assert statuses(await ask(hasty_port.address, heartbeat() + behind)) == [204]


async def test_a_head_that_only_drips_is_given_up(hasty_port: Port) -> None:
    """H7"""
    pieces = one_by_one(request())
    async with connected(hasty_port.address) as connection, connection.sending(*pieces, every_seconds=0.1):
        assert statuses(await connection.answers()) in ([], [408])


async def test_a_slow_body_does_not_count_as_waiting(hasty_port: Port) -> None:
    """H7"""
    sent = heartbeat("slow body")
    head, body = sent.split(b"\r\n\r\n")
    async with connected(hasty_port.address) as connection:
        await connection.send(head + b"\r\n\r\n")
        async with connection.sending(body[:10], body[10:20], body[20:30], body[30:], every_seconds=0.5):
            assert (await connection.answer()).status == 204


async def test_a_slow_database_does_not_count_as_waiting(hasty_port: Port) -> None:
    """H7"""
    async with connected(hasty_port.address) as connection:
        async with held_up(hasty_port):
            await connection.send(heartbeat())
            await asyncio.sleep(1.5)
        assert (await connection.answer()).status == 204


@pytest.mark.parametrize("sent", [heartbeat("dripping"), chunked_heartbeat("dripping")], ids=["length", "chunks"])
async def test_a_body_that_only_drips_is_given_up(
    hasty_port: Port, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr("telegraf_controller.heartbeats.wire.connection.READ_SECONDS", 0.1)
    head, rest = sent.split(b"\r\n\r\n", 1)
    async with connected(hasty_port.address) as connection:
        await connection.send(head + b"\r\n\r\n")
        async with connection.sending(*one_by_one(rest), every_seconds=0.1):
            answer = await connection.answer()
        assert (answer.status, answer.error) == (400, "invalid_heartbeat")
        assert b"in time" in answer.body
    assert "dripping" not in await hasty_port.agents()


async def test_an_unwanted_body_that_only_drips_is_given_up(hasty_port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telegraf_controller.heartbeats.wire.connection.READ_SECONDS", 0.1)
    head, rest = heartbeat("unwanted", token=UNKNOWN_TOKEN, padding="x" * 1000).split(b"\r\n\r\n", 1)
    async with connected(hasty_port.address) as connection:
        await connection.send(head + b"\r\n\r\n")
        async with connection.sending(*one_by_one(rest), every_seconds=0.1):
            assert statuses(await connection.answers()) == [401]


async def test_a_client_that_never_reads_stops_nobody(shared_port: Port) -> None:
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with deaf:
        deaf.connect(shared_port.address)
        deaf.setblocking(False)
        # More than the kernel takes for both sides: so the server has stopped reading.
        unsent = memoryview(heartbeat("deaf") + request("GET", "/nowhere" * 50) * 40_000)
        for _ in range(40):
            try:
                unsent = unsent[deaf.send(unsent) :]
            except BlockingIOError:
                await asyncio.sleep(0.01)
            except ConnectionError:
                break  # who asks and asks and never reads is hung up on
            assert (await shared_port.beat("hearing")).status_code == 204
        assert unsent
    assert (await shared_port.beat("hearing")).status_code == 204


async def test_a_client_that_reads_late_reads_every_answer(shared_port: Port) -> None:
    async with connected(shared_port.address) as connection:
        sent = b"".join(request("GET", f"/late/{number}") for number in range(5000)) + LAST
        async with connection.sending(sent):
            await asyncio.sleep(0.3)
            *answers, last = await connection.answers()
    assert last.status == 200
    assert len(answers) == 5000
    assert all(f"'/late/{number}'".encode() in answer.body for number, answer in enumerate(answers))


# Clients that hang up


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        heartbeat("gone")[:50],
        heartbeat("gone")[:-10],
        chunked_heartbeat("gone")[:-25],
        heartbeat("stayed"),
        heartbeat("stayed") + heartbeat("gone")[:-10],
    ],
    ids=["nothing", "half a head", "half a body", "half a chunk", "a request", "one and a half"],
)
async def test_a_client_that_hangs_up_disturbs_nobody(shared_port: Port, sent: bytes, reset: bool) -> None:
    """H2, H3"""
    async with connected(shared_port.address) as other:
        for _ in range(3):
            await other.send(heartbeat()[:-10])
            async with connected(shared_port.address) as connection:
                await connection.send(sent)
                await asyncio.sleep(0.01)
                if reset:
                    connection.reset()
            assert (await other.ask(heartbeat()[-10:])).status == 204
    assert "gone" not in await shared_port.agents()


async def test_a_client_that_hangs_up_before_its_heartbeat_is_stored_disturbs_nobody(shared_port: Port) -> None:
    """H2: those in the same transaction are stored and answered."""
    async with connected(shared_port.address) as other, connected(shared_port.address) as third:
        async with held_up(shared_port):
            await third.send(heartbeat("third"))
            for number in range(10):
                async with connected(shared_port.address) as connection:
                    await connection.send(heartbeat(f"hung up {number}"))
                    await asyncio.sleep(0.01)
                    if number % 2:
                        connection.reset()
            await other.send(heartbeat("other"))
        assert (await other.answer()).status == 204
        assert (await third.answer()).status == 204
        assert (await other.ask(heartbeat())).status == 204
    assert {"other", "third"} <= await shared_port.agents()


@pytest.mark.parametrize("sent", [heartbeat("half closed"), heartbeat("first half") + heartbeat("half closed")])
async def test_a_client_that_has_no_more_to_say_reads_its_answers(shared_port: Port, sent: bytes) -> None:
    async with connected(shared_port.address) as connection:
        async with held_up(shared_port):
            await connection.send(sent)
            connection.writer.write_eof()
            await asyncio.sleep(0.05)
        assert statuses(await connection.answers()) == [204] * sent.count(b"POST")
    assert "half closed" in await shared_port.agents()


# The end


@only_sqlite
async def test_a_stop_closes_what_is_idle_and_finishes_what_is_under_way(migrated_database_url: str) -> None:
    """O4"""
    async with running_port(migrated_database_url) as port:
        async with connected(port.address) as idle, connected(port.address) as silent, connected(port.address) as busy:
            assert (await idle.ask(heartbeat("idle"))).status == 204
            head, body = heartbeat("busy", "Expect: 100-continue").split(b"\r\n\r\n")
            assert (await busy.ask(head + b"\r\n\r\n")).status == 100
            port.stop.set()
            assert await idle.answers() == []
            assert await silent.answers() == []
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*port.address)
            await busy.send(body)
            [answer] = await busy.answers()
            assert answer.status == 204
        await asyncio.wait_for(asyncio.shield(port.serving), 20)
        assert await port.agents() == {"idle", "busy"}


@only_sqlite
async def test_a_stop_waits_for_what_is_being_stored(migrated_database_url: str) -> None:
    """H2, O4"""
    async with running_port(migrated_database_url) as port, connected(port.address) as connection:
        async with held_up(port):
            head, body = heartbeat("late", "Expect: 100-continue").split(b"\r\n\r\n")
            assert (await connection.ask(head + b"\r\n\r\n")).status == 100
            await connection.send(body)
            await asyncio.sleep(0.1)
            port.stop.set()
            await asyncio.sleep(0.1)
        assert statuses(await connection.answers()) == [204]
        await asyncio.wait_for(asyncio.shield(port.serving), 20)
        assert await port.agents() == {"late"}


@only_sqlite
async def test_the_last_answer_of_a_stopping_server_says_so(migrated_database_url: str) -> None:
    """O4: nobody sends a request after it that would be lost."""
    async with running_port(migrated_database_url) as port, connected(port.address) as connection:
        head, body = heartbeat("late", "Expect: 100-continue").split(b"\r\n\r\n")
        assert (await connection.ask(head + b"\r\n\r\n")).status == 100
        port.stop.set()
        await asyncio.sleep(0.1)
        await connection.send(body + heartbeat("too late"))
        [answer] = await connection.answers()
        assert (answer.status, answer.closes) == (204, True)
        assert await port.agents() == {"late"}


# Too many


@only_sqlite
async def test_answers_close_their_connections_while_there_are_many(migrated_database_url: str) -> None:
    """H3"""
    async with running_port(migrated_database_url, max_connections=100) as port:
        async with AsyncExitStack() as stack:
            asking = await stack.enter_async_context(connected(port.address))
            for _ in range(30):
                await stack.enter_async_context(connected(port.address))
            await asyncio.sleep(connections.LOOK_EVERY_SECONDS * 3)
            assert not (await asking.ask(heartbeat())).closes
            for _ in range(57):
                await stack.enter_async_context(connected(port.address))
            await asyncio.sleep(connections.LOOK_EVERY_SECONDS * 3)
            answer = await asking.ask(heartbeat())
            assert (answer.status, answer.closes) == (204, True)
            assert await asking.answers() == []
        await asyncio.sleep(connections.LOOK_EVERY_SECONDS * 3)
        async with connected(port.address) as connection:
            assert not (await connection.ask(heartbeat())).closes


@only_sqlite
async def test_beyond_the_limit_a_newcomer_hears_503(migrated_database_url: str) -> None:
    """H3: not silence."""
    async with running_port(migrated_database_url, max_connections=50) as port:
        async with AsyncExitStack() as stack:
            for _ in range(50):
                await stack.enter_async_context(connected(port.address))
            for _ in range(3):
                [answer] = await ask(port.address, heartbeat("newcomer"))
                assert (answer.status, answer.error, answer.closes) == (503, "overloaded", True)
                assert int(answer.headers["retry-after"]) >= 1
        await asyncio.sleep(connections.LOOK_EVERY_SECONDS * 3)
        assert (await ask(port.address, heartbeat("later", "Connection: close")))[0].status == 204
        assert await port.agents() == {"later"}
