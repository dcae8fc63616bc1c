"""What both servers promise: time-outs, limits, and an end that loses nothing (H7, O4, security habits)."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from telegraf_controller.processes import connections, granian_server, small_requests
from telegraf_controller.processes.granian_server import ServerFailed, Tls, serve
from telegraf_controller.processes.small_requests import serve_small_requests
from telegraf_controller.processes.sockets import bind
from tests.processes.test_startup import make_certificate
from tests.support.ports import free_port

Server = Callable[..., Coroutine[Any, Any, None]]


async def serve_by_granian(app: Any, listener: Any, **settings: Any) -> None:
    """Serve an RSGI application as the API's is served."""
    await serve(app, "rsgi", listener, **settings)


@pytest.fixture(params=[serve_by_granian, serve_small_requests])
def server(request: pytest.FixtureRequest) -> Server:
    """Both servers, one after the other."""
    chosen: Server = request.param
    return chosen


REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Empty:
    """An RSGI application that answers 204, on `/slow` only when it may."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.path == "/slow":
            self.asked.set()
            await self.may_answer.wait()
        protocol.response_empty(204, [])


class Port:
    """A port that is being served."""

    def __init__(self, number: int, app: Any) -> None:
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
    server: Server,
    app: Any = None,
    *,
    keep_alive_seconds: int = 75,
    max_connections: int = 1000,
    grace_seconds: float = 8.0,
) -> AsyncIterator[Port]:
    """Serve for the length of an `async with` block."""
    port = Port(free_port(), app or Empty())
    [listener] = bind("127.0.0.1", port.number)
    port.serving = asyncio.create_task(
        server(
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


async def test_one_connection_serves_many_requests(server: Server) -> None:
    async with served(server) as port:
        stream = await port.connect()
        for _ in range(3):
            assert (await port.ask(stream)).startswith(b"HTTP/1.1 204")
        stream[1].close()


@pytest.mark.parametrize("sent", [b"", REQUEST, b"GET / HTTP/1.1\r\nHo", REQUEST + b"GET / HT"])
async def test_a_connection_that_waits_too_long_is_closed(server: Server, sent: bytes) -> None:
    async with served(server, keep_alive_seconds=1) as port:
        reader, writer = await port.connect()
        writer.write(sent)
        answers = await asyncio.wait_for(reader.read(), 20)
        assert answers.count(b"HTTP/1.1 204") == sent.count(REQUEST)
        writer.close()


async def test_a_connection_that_waits_less_is_kept(server: Server) -> None:
    async with served(server, keep_alive_seconds=3) as port:
        stream = await port.connect()
        for _ in range(4):
            await asyncio.sleep(1)
            assert (await port.ask(stream)).startswith(b"HTTP/1.1 204")
        stream[1].close()


@pytest.mark.parametrize(
    "headers",
    [b"X-Long: " + b"a" * 200_000 + b"\r\n", b"".join(b"X-%d: a\r\n" % number for number in range(150))],
)
async def test_too_large_and_too_many_headers_are_refused(server: Server, headers: bytes) -> None:
    async with served(server) as port:
        stream = await port.connect()
        answer = await port.ask(stream, b"GET / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 431")
        stream[1].close()


async def test_beyond_the_limit_new_connections_hear_503(server: Server) -> None:
    async with served(server, max_connections=20) as port:
        held = [await port.connect() for _ in range(20)]
        await asyncio.sleep(connections.LOOK_EVERY_SECONDS * 3)
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


async def test_a_stop_finishes_what_is_under_way_and_closes_what_is_idle(server: Server) -> None:
    async with served(server) as port:
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


async def test_a_stop_does_not_wait_for_ever(server: Server) -> None:
    async with served(server, grace_seconds=0.2) as port:
        _, writer = await port.connect()
        writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        await port.app.asked.wait()
        port.stop.set()
        await asyncio.wait_for(port.serving, 20)
        port.app.may_answer.set()
        writer.close()


async def test_answers_close_their_connection_while_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    now_open = 0
    monkeypatch.setattr(connections, "open_files", lambda: now_open)
    async with served(serve_by_granian, max_connections=100) as port:
        stream = await port.connect()
        assert b"connection: close" not in await port.ask(stream)
        now_open = 80
        await asyncio.sleep(connections.LOOK_EVERY_SECONDS * 3)
        assert b"connection: close" in await port.ask(stream)
        assert await at_end(stream)
        stream[1].close()


async def test_answers_close_their_connection_while_there_are_many_of_small_requests() -> None:
    async with served(serve_small_requests, max_connections=10) as port:
        stream = await port.connect()
        assert b"connection: close" not in await port.ask(stream)
        others = [await port.connect() for _ in range(8)]
        await asyncio.sleep(0.2)
        assert b"connection: close" in await port.ask(stream)
        assert await at_end(stream)
        for _, writer in (stream, *others):
            writer.close()


class Echo:
    """Answers 200 with the method, the path and the body, once that has been read; `/unread` at once."""

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.path == "/unread":
            protocol.response_empty(405, [("allow", "GET")])
            return
        body = await protocol()
        protocol.response_bytes(200, [], f"{scope.method} {scope.path} ".encode() + body)


async def exchanged(port: Port, *sent: bytes) -> bytes:
    """Send pieces one after the other, half-close, and return everything that comes back."""
    reader, writer = await port.connect()
    for piece in sent:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.02)
    writer.write_eof()
    try:
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


def post(path: str, body: bytes) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def test_what_is_sent_ahead_is_answered_in_order() -> None:
    async with served(serve_small_requests, Echo()) as port:
        answers = await exchanged(port, b"".join(post(f"/{number}", b"x" * number) for number in range(50)))
    heads = [f"POST /{number} {'x' * number}".encode() for number in range(50)]
    places = [answers.index(head + b"HTTP" if number < 49 else head) for number, head in enumerate(heads)]
    assert places == sorted(places)


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_a_request_may_come_in_pieces_of_any_size(size: int) -> None:
    chunked = (
        b"POST /a%20b?c=d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    whole = chunked + post("/last", b"!")
    async with served(serve_small_requests, Echo()) as port:
        stream = await port.connect()
        for start in range(0, len(whole), size):
            stream[1].write(whole[start : start + size])
            await asyncio.sleep(0)
        stream[1].write_eof()
        answers = await asyncio.wait_for(stream[0].read(), 20)
        stream[1].close()
    assert b"POST /a b abcde" in answers
    assert answers.endswith(b"POST /last !")


async def test_who_expects_to_be_told_to_continue_is_told() -> None:
    async with served(serve_small_requests, Echo()) as port:
        reader, writer = await port.connect()
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).startswith(b"HTTP/1.1 100")
        writer.write(b"ok")
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).startswith(b"HTTP/1.1 200")
        writer.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nBad Name: 1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_no_request_is_400_and_the_end(sent: bytes) -> None:
    async with served(serve_small_requests, Echo()) as port:
        answers = await exchanged(port, post("/good", b"x") + sent)
        alone = await exchanged(port, sent)
    assert answers.count(b"HTTP/1.1 200") == 1
    assert alone.startswith(b"HTTP/1.1 400")


async def test_a_broken_chunk_breaks_its_request_off() -> None:
    heard: list[type[BaseException]] = []

    class Reading:
        async def __rsgi__(self, scope: Any, protocol: Any) -> None:
            try:
                await protocol()
            except RuntimeError as error:
                heard.append(type(error))
                protocol.response_empty(400, [])

    async with served(serve_small_requests, Reading()) as port:
        answers = await exchanged(
            port, b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"no number\r\n"
        )
    assert answers.startswith(b"HTTP/1.1 400")
    assert heard == [small_requests.Disconnected]


async def test_a_body_that_nobody_reads_does_not_hide_the_answer() -> None:
    async with served(serve_small_requests, Echo()) as port:
        reader, writer = await port.connect()
        writer.write(post("/unread", b"x" * 3_000_000))
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        assert answer.startswith(b"HTTP/1.1 405")
        assert b"connection: close" in answer
        writer.close()


async def test_an_answer_to_head_has_no_body() -> None:
    async with served(serve_small_requests, Echo()) as port:
        answer = await exchanged(port, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"content-length: 7" in answer
    assert answer.endswith(b"\r\n\r\n")


async def test_an_old_client_gets_its_answer_and_the_end() -> None:
    async with served(serve_small_requests, Echo()) as port:
        stream = await port.connect()
        assert b"connection: close" in await port.ask(stream, b"GET / HTTP/1.0\r\n\r\n")
        stream[1].close()


async def test_small_requests_come_over_tls_from_1_2_on(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path / "one")
    context = ssl.create_default_context(cafile=certificate)
    number, stop = free_port(), asyncio.Event()
    [listener] = bind("127.0.0.1", number)
    serving = asyncio.create_task(
        serve_small_requests(
            Echo(), listener, stop=stop, keep_alive_seconds=75, max_connections=10, tls=Tls(certificate, key)
        )
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", number, ssl=context)
    for _ in range(2):
        writer.write(post("/", b"x" * 100_000))
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).startswith(b"HTTP/1.1 200")
        assert (await asyncio.wait_for(reader.readexactly(100_007), 20)).endswith(b"x" * 100_000)
    stop.set()
    assert await asyncio.wait_for(reader.read(), 20) == b""
    writer.close()
    await serving


async def test_nothing_is_upgraded() -> None:
    upgrade = (
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n\r\n"
    )
    async with served(serve_small_requests, Echo()) as port:
        assert (await exchanged(port, upgrade)).startswith(b"HTTP/1.1 200")


async def test_an_application_that_cannot_start_ends_serving() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    [listener] = bind("127.0.0.1", free_port())
    with pytest.raises(ServerFailed):
        await serve(broken, "asgi", listener, stop=asyncio.Event(), keep_alive_seconds=75, max_connections=10)


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
    serving = asyncio.create_task(
        serve(reading, "asgi", listener, stop=stop, keep_alive_seconds=75, max_connections=10)
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", number)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nslow")
    assert (await asyncio.wait_for(reader.readline(), 20)).startswith(b"HTTP/1.1 400")
    assert heard == [TimeoutError]
    writer.close()
    stop.set()
    await serving
