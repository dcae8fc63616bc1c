"""The loop over all connections: nobody gets another's answer, time or memory, and nothing stops it (H2, H3, O4)."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from telegraf_controller.errors import ControllerError
from telegraf_controller.heartbeats.answers import Answer
from telegraf_controller.heartbeats.wire import server
from telegraf_controller.heartbeats.wire.connection import Connection
from telegraf_controller.heartbeats.wire.heads import Head
from telegraf_controller.heartbeats.wire.server import WireServer
from telegraf_controller.processes.sockets import bind
from tests.support.patience import PATIENCE_SECONDS, until
from tests.support.ports import free_port

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def saying(text: str) -> Answer:
    return Answer(f"HTTP/1.1 200 OK\r\ncontent-length: {len(text)}\r\n".encode(), text.encode())


def get(path: str, *lines: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: c", *lines, "", ""]).encode()


LAST = get("/last", "Connection: close")


async def end_of(stream: Stream) -> bytes:
    """Return all that comes until the server closes a connection."""
    heard = await asyncio.wait_for(stream[0].read(), PATIENCE_SECONDS)
    stream[1].close()
    return heard


class Echo:
    """An application that answers with the path, and remembers in what order it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.waiting: list[Connection] = []

    def admit(self, connection: Connection) -> bool:
        assert connection.head is not None
        if connection.head.path == "/refused":
            raise ControllerError("insufficient_permissions", "No.")
        connection.known = True
        return True

    def admit_again(self, connection: Connection, head: Head) -> bool:
        return True

    def handle(self, connection: Connection, body: bytes) -> None:
        assert connection.head is not None
        path = connection.head.path
        self.asked.append(path)
        if path == "/waits":
            self.waiting.append(connection)
        elif path == "/twice":
            connection.answer(saying("first"))
            connection.answer(saying("second"))
        elif path == "/fails":
            connection.answer(saying("answered"))
            raise RuntimeError("after the answer")
        else:
            connection.answer(saying(path))


class Served:
    """A running server with that application."""

    def __init__(self, wire: WireServer, app: Echo, port: int) -> None:
        self.wire = wire
        self.app = app
        self.port = port
        self.stop = asyncio.Event()
        self.running = asyncio.create_task(wire.run(self.stop, grace_seconds=8))

    async def connect(self, sent: bytes = b"") -> Stream:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(sent)
        return reader, writer

    async def ask(self, *pieces: bytes) -> bytes:
        """Send over a connection of its own and return all that comes back until it is closed."""
        stream = await self.connect()
        for piece in pieces:
            stream[1].write(piece)
            await asyncio.sleep(0.02)
        return await end_of(stream)


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[Served]:
    """Serve for the length of a block."""
    number = free_port()
    [listener] = bind("127.0.0.1", number)
    app = Echo()
    given = {"body_limit": 200_000, "keep_alive_seconds": 75, "max_connections": 1000, "tls": None, **settings}
    served = Served(WireServer(app, listener, **given), app, number)
    try:
        yield served
    finally:
        served.stop.set()
        await served.running


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as one:
        yield one


async def test_one_connection_with_many_requests_lets_others_go_between(served: Served) -> None:
    _, greedy = await served.connect(b"".join(get(f"/{number}") for number in range(1000)))
    reader, other = await served.connect(get("/other"))
    await asyncio.wait_for(reader.readuntil(b"/other"), PATIENCE_SECONDS)
    await until(lambda: "/999" in served.app.asked)
    assert served.app.asked.index("/other") < served.app.asked.index("/999")
    assert [path for path in served.app.asked if path != "/other"] == [f"/{number}" for number in range(1000)]
    greedy.close()
    other.close()


async def test_empty_lines_without_end_are_no_request(served: Served) -> None:
    assert (await served.ask(b"\r\n" * 1000)).startswith(b"HTTP/1.1 400")
    assert b"/last" in await served.ask(b"\r\n\r\n" + LAST)


async def test_a_second_answer_is_nobodys(served: Served) -> None:
    """H2"""
    heard = await served.ask(get("/twice") + get("/next") + LAST)
    assert b"second" not in heard
    assert heard.index(b"first") < heard.index(b"/next") < heard.index(b"/last")


async def test_a_mistake_after_an_answer_disturbs_nobody(served: Served) -> None:
    """H2, H3"""
    assert b"answered" in await served.ask(get("/fails"))
    assert b"/last" in await served.ask(LAST)


async def test_an_answer_to_who_has_gone_reaches_nobody(served: Served) -> None:
    """H2: also when another has its descriptor by then."""
    _, gone = await served.connect(get("/waits"))
    await until(lambda: bool(served.app.waiting))
    gone.transport.abort()
    await asyncio.sleep(0.05)
    other = await served.connect()
    await asyncio.sleep(0.05)
    served.app.waiting[0].answer(saying("late"))
    other[1].write(LAST)
    assert b"late" not in await end_of(other)


async def test_who_cannot_be_watched_is_closed_and_the_others_are_served(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H3: the kernel has only so many watches."""
    before = await served.connect(get("/before"))
    await asyncio.wait_for(before[0].readuntil(b"/before"), PATIENCE_SECONDS)
    poller = vars(served.wire)["_poller"]
    with monkeypatch.context() as full:

        def register(*given: Any) -> Any:
            raise OSError(errno.ENOSPC, "no room")

        full.setattr(poller, "register", register)
        with suppress(ConnectionError):
            assert await served.ask(b"GET /half") == b""
    before[1].write(LAST)
    assert b"/last" in await end_of(before)
    assert b"/last" in await served.ask(LAST)


async def test_a_mistake_about_one_deadline_keeps_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """H7"""
    real = Connection.overdue
    failed: list[Connection] = []

    def overdue(connection: Connection) -> None:
        if not failed:
            failed.append(connection)
            raise RuntimeError("once")
        real(connection)

    monkeypatch.setattr(Connection, "overdue", overdue)
    async with serving(keep_alive_seconds=0.1) as served:
        for stream in [await served.connect() for _ in range(5)]:
            assert await end_of(stream) == b""
    assert failed


async def test_one_too_many_that_says_nothing_makes_room_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "DRAIN_SECONDS", 0.1)
    monkeypatch.setattr(server, "MAX_REFUSALS_UNDER_WAY", 2)
    async with serving(max_connections=2) as served:
        silent = [await served.connect() for _ in range(6)]
        assert (await served.ask(LAST)).startswith(b"HTTP/1.1 503")
        for stream in silent[2:]:
            assert await end_of(stream) == b""
        for _, writer in silent[:2]:
            writer.close()


async def test_who_began_a_head_does_not_hold_up_the_end() -> None:
    """O4"""
    async with serving() as served:
        stream = await served.connect(b"GET /half")
        await asyncio.sleep(0.1)
        served.stop.set()
        assert await end_of(stream) == b""
        await asyncio.wait_for(served.running, 5)


async def test_who_is_connected_when_the_end_comes_is_answered() -> None:
    """O4: also who was not accepted yet, or whose request is still on its way."""
    async with serving() as served:
        on_their_way = [await served.connect() for _ in range(3)]
        served.stop.set()
        await asyncio.sleep(0)
        for _, writer in on_their_way:
            writer.write(get("/late"))
        for stream in on_their_way:
            assert (await end_of(stream)).endswith(b"/late")


async def test_what_follows_the_last_request_does_not_reset_the_connection(served: Served) -> None:
    assert (await served.ask(LAST, b"\r\n")).endswith(b"/last")
    assert (await served.ask(LAST + get("/more"))).endswith(b"/last")
    assert "/more" not in served.app.asked


async def test_a_refusal_that_waits_for_its_body_is_told_when_the_client_ends(served: Served) -> None:
    stream = await served.connect(b"POST /refused HTTP/1.1\r\nHost: c\r\nContent-Length: 100\r\n\r\nhalf")
    await asyncio.sleep(0.1)
    stream[1].write_eof()
    assert (await end_of(stream)).startswith(b"HTTP/1.1 403")


async def test_of_an_unwanted_body_in_chunks_little_is_kept(served: Served) -> None:
    chunk = b"6000\r\n" + b"x" * 0x6000 + b"\r\n"
    begin = b"POST /refused HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\n"
    heard = await served.ask(begin, *[chunk] * 5, b"0\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 403")
    assert b"connection: close" in heard
    assert (await served.ask(begin + chunk + b"0\r\n\r\n" + LAST)).endswith(b"/last")
    assert vars(served.wire)["_arriving"] == 0
