"""What serving promises: time-outs, limits, and an end that loses nothing (H7, O4, security habits)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from telegraf_controller.processes import connections, granian_server
from telegraf_controller.processes.granian_server import ServerFailed, serve
from telegraf_controller.processes.sockets import bind
from tests.support.ports import free_port

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Empty:
    """An application that answers 204, on `/slow` only when it may."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for event in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{event}.complete"})
            return
        if scope["path"] == "/slow":
            self.asked.set()
            await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Port:
    """A port that is being served."""

    def __init__(self, number: int, app: Empty) -> None:
        self.number = number
        self.app = app
        self.stop = asyncio.Event()
        self.serving: asyncio.Task[None]

    async def connect(self) -> Stream:
        return await asyncio.open_connection("127.0.0.1", self.number)

    async def ask(self, stream: Stream, request: bytes = REQUEST) -> bytes:
        """Send a request and return the head of the answer."""
        reader, writer = stream
        writer.write(request)
        return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    granian = logging.getLogger("_granian")
    level, propagate = granian.level, granian.propagate
    yield
    granian.setLevel(level)
    granian.propagate = propagate


@asynccontextmanager
async def served(
    app: Empty | None = None, *, keep_alive_seconds: int = 75, max_connections: int = 1000, grace_seconds: float = 8.0
) -> AsyncIterator[Port]:
    """Serve for the length of an `async with` block."""
    port = Port(free_port(), app or Empty())
    [listener] = bind("127.0.0.1", port.number)
    port.serving = asyncio.create_task(
        serve(
            port.app,
            listener,
            stop=port.stop,
            keep_alive_seconds=keep_alive_seconds,
            max_connections=max_connections,
            grace_seconds=grace_seconds,
        )
    )
    try:
        yield port
    finally:
        port.stop.set()
        await port.serving


async def at_end(stream: Stream) -> bool:
    """Tell whether the server closed a connection; waits for it."""
    return await asyncio.wait_for(stream[0].read(), 20) == b""


async def test_one_connection_serves_many_requests() -> None:
    async with served() as port:
        stream = await port.connect()
        for _ in range(3):
            assert (await port.ask(stream)).startswith(b"HTTP/1.1 204")
        stream[1].close()


@pytest.mark.parametrize("sent", [b"", REQUEST, b"GET / HTTP/1.1\r\nHo", REQUEST + b"GET / HT"])
async def test_a_connection_that_waits_too_long_is_closed(sent: bytes) -> None:
    async with served(keep_alive_seconds=1) as port:
        reader, writer = await port.connect()
        writer.write(sent)
        answers = await asyncio.wait_for(reader.read(), 20)
        assert answers.count(b"HTTP/1.1 204") == sent.count(REQUEST)
        writer.close()


async def test_a_connection_that_waits_less_is_kept() -> None:
    async with served(keep_alive_seconds=3) as port:
        stream = await port.connect()
        for _ in range(4):
            await asyncio.sleep(1)
            assert (await port.ask(stream)).startswith(b"HTTP/1.1 204")
        stream[1].close()


@pytest.mark.parametrize(
    "headers",
    [b"X-Long: " + b"a" * 200_000 + b"\r\n", b"".join(b"X-%d: a\r\n" % number for number in range(150))],
)
async def test_too_large_and_too_many_headers_are_refused(headers: bytes) -> None:
    async with served() as port:
        stream = await port.connect()
        answer = await port.ask(stream, b"GET / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 431")
        stream[1].close()


async def test_answers_close_their_connection_while_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    now_open = 0
    monkeypatch.setattr(connections, "open_files", lambda: now_open)
    async with served(max_connections=100) as port:
        stream = await port.connect()
        assert b"connection: close" not in await port.ask(stream)
        now_open = 80
        await asyncio.sleep(connections.LOOK_EVERY_SECONDS * 3)
        assert b"connection: close" in await port.ask(stream)
        assert await at_end(stream)
        stream[1].close()


async def test_beyond_the_limit_new_connections_hear_503() -> None:
    async with served(max_connections=20) as port:
        held = [await port.connect() for _ in range(20)]
        await port.ask(held[19])
        late = await port.connect()
        answer = await port.ask(late)
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"Retry-After: 1" in answer
        assert json.loads(await late[0].read())["error"] == "overloaded"
        for _, writer in (*held, late):
            writer.close()
        await asyncio.sleep(connections.LOOK_EVERY_SECONDS * 3)
        stream = await port.connect()
        assert (await port.ask(stream)).startswith(b"HTTP/1.1 204")
        stream[1].close()


async def test_a_stop_finishes_what_is_under_way_and_closes_what_is_idle() -> None:
    async with served() as port:
        idle, busy = await port.connect(), await port.connect()
        await port.ask(idle)
        answer = asyncio.create_task(port.ask(busy, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"))
        await port.app.asked.wait()
        port.stop.set()
        assert await at_end(idle)
        with pytest.raises(ConnectionRefusedError):
            await port.connect()
        port.app.may_answer.set()
        assert (await answer).startswith(b"HTTP/1.1 204")
        await asyncio.wait_for(port.serving, 20)
        for _, writer in (idle, busy):
            writer.close()


async def test_a_stop_does_not_wait_for_ever() -> None:
    async with served(grace_seconds=0.2) as port:
        _, writer = await port.connect()
        writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        await port.app.asked.wait()
        port.stop.set()
        await asyncio.wait_for(port.serving, 20)
        port.app.may_answer.set()
        writer.close()


async def test_an_application_that_cannot_start_ends_serving() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    [listener] = bind("127.0.0.1", free_port())
    with pytest.raises(ServerFailed):
        await serve(broken, listener, stop=asyncio.Event(), keep_alive_seconds=75, max_connections=10)


async def test_a_body_that_takes_too_long_ends_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[type[BaseException]] = []

    async def reading(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        try:
            while (await receive()).get("more_body"):
                pass
        except TimeoutError as error:
            heard.append(type(error))
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    monkeypatch.setattr(granian_server, "BODY_SECONDS", 0.3)
    number, stop = free_port(), asyncio.Event()
    [listener] = bind("127.0.0.1", number)
    serving = asyncio.create_task(serve(reading, listener, stop=stop, keep_alive_seconds=75, max_connections=10))
    reader, writer = await asyncio.open_connection("127.0.0.1", number)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nslow")
    assert (await asyncio.wait_for(reader.readline(), 20)).startswith(b"HTTP/1.1 400")
    assert heard == [TimeoutError]
    writer.close()
    stop.set()
    await serving
