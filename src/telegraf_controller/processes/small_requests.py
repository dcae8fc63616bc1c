"""An HTTP/1.1 server for many small requests, in the event loop's own thread: llhttp (by httptools) on its sockets.

It serves RSGI applications as Granian does, for the heartbeat port alone. Granian reads its sockets in other threads,
and each request then costs hand-overs of the interpreter, which SQLite's thread wants too: a committed heartbeat was
measured to take a fifth more processor time there. A connection per request takes a quarter more here.

Requests of one connection are answered one after the other, in order.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from time import time
from typing import cast
from urllib.parse import unquote
from wsgiref.handlers import format_date_time

import httptools
import structlog

from telegraf_controller.processes.connections import CROWDED_SHARE, WARN_EVERY_SECONDS, Refusal
from telegraf_controller.processes.granian_server import GRACE_SECONDS, MAX_HEADER_BYTES, RsgiApp, Tls
from telegraf_controller.processes.sockets import BACKLOG

log = structlog.get_logger(__name__)

MAX_HEADERS = 100
MAX_REFUSALS = 128
"""How many connections are being told that there are too many, at any moment; more are closed at once."""

BUFFERED_BYTES = 256 * 1024
"""How much of a body is taken in before somebody reads it."""

LINGER_SECONDS = 2.0
"""How long the rest of a request that has been answered is still taken, and dropped: closing with unread bytes would
reset the connection and lose the answer."""

HANDSHAKE_SECONDS = 10.0

HeaderList = list[tuple[str, str]]


class Disconnected(RuntimeError):
    """The client is gone before its body was complete."""


async def serve_small_requests(
    app: RsgiApp,
    listener: socket.socket,
    *,
    stop: asyncio.Event,
    keep_alive_seconds: int,
    max_connections: int,
    tls: Tls | None = None,
    grace_seconds: float = GRACE_SECONDS,
) -> None:
    """Serve until `stop` is set, then stop accepting, finish what is under way (at most `grace_seconds`), and return.

    A connection is closed when it waits longer than `keep_alive_seconds` for its next request, or for the last header
    of one (H7). `listener` is closed at the end.
    """
    connections = Connections(app, keep_alive_seconds, max_connections)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        connections.accept,
        sock=listener,
        backlog=BACKLOG,
        ssl=tls.context() if tls else None,
        ssl_handshake_timeout=HANDSHAKE_SECONDS if tls else None,
    )
    watching = asyncio.create_task(connections.watch())
    log.info("serving", port=listener.getsockname()[1])
    try:
        await stop.wait()
        server.close()
        if not await connections.finish(grace_seconds):
            log.warning("requests were cut off", after_seconds=grace_seconds)
    finally:
        server.close()
        listener.close()
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


class Connections:
    """All connections of one process."""

    def __init__(self, app: RsgiApp, keep_alive_seconds: float, maximum: int) -> None:
        self.app = app
        self.stopping = False
        self.open: set[Connection] = set()
        self.waiting: dict[Connection, float] = {}
        """Those that wait for a request, or for the rest of one, and since when; the longest first."""
        self.date = b""
        self._keep_alive_seconds = keep_alive_seconds
        self._maximum = maximum
        self._refusals: set[Refusal] = set()
        self._warned_at = float("-inf")
        self._loop = asyncio.get_running_loop()
        self._closed = asyncio.Event()
        self.tick()

    @property
    def crowded(self) -> bool:
        """Whether answers should close their connections: the limit is near."""
        return len(self.open) >= self._maximum * CROWDED_SHARE

    def accept(self) -> asyncio.Protocol:
        """Return what handles one more connection."""
        if len(self.open) < self._maximum:
            return Connection(self)
        self._warn()
        refusal = Refusal(self._refusals.discard, at_once=len(self._refusals) >= MAX_REFUSALS)
        self._refusals.add(refusal)
        return refusal

    async def watch(self) -> None:
        """Close connections that wait too long, until cancelled."""
        while True:
            await asyncio.sleep(min(1.0, self._keep_alive_seconds / 4))
            self.tick()
            overdue = self._loop.time() - self._keep_alive_seconds
            for connection, since in list(self.waiting.items()):
                if since > overdue:
                    break
                connection.close()

    def tick(self) -> None:
        """Renew what answers say about the time."""
        self.date = f"date: {format_date_time(time())}\r\n".encode()
        self.stored = b"HTTP/1.1 204 No Content\r\n" + self.date + b"\r\n"

    def forget(self, connection: Connection) -> None:
        """Note that a connection is closed."""
        self.open.discard(connection)
        self.waiting.pop(connection, None)
        self._closed.set()

    def wait(self, connection: Connection) -> None:
        """Note that a connection waits."""
        self.waiting.pop(connection, None)
        self.waiting[connection] = self._loop.time()

    async def finish(self, grace_seconds: float) -> bool:
        """Close what waits, and the others once they are answered. Tells whether all were."""
        self.stopping = True
        for connection in list(self.waiting):
            connection.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_seconds):
                while self.open:
                    self._closed.clear()
                    await self._closed.wait()
        finished = not self.open
        for connection in list(self.open):
            connection.abort()
        return finished

    def _warn(self) -> None:
        now = self._loop.time()
        if now - self._warned_at >= WARN_EVERY_SECONDS:
            self._warned_at = now
            log.warning("connection limit reached, new connections hear 503", connections=len(self.open))


class Connection(asyncio.Protocol):
    """One connection: what comes in becomes requests, and each is answered before the next is begun."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._parser = httptools.HttpRequestParser(self)
        self._requests: deque[Request] = deque()
        """The first is being answered; what was sent ahead waits."""
        self._receiving: Request | None = None
        self._head_bytes = 0
        self._refused = False
        self._reading = True
        self.client = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are none by inheritance
        peer = transport.get_extra_info("peername")
        self.client = f"{peer[0]}:{peer[1]}" if peer else ""
        self._connections.open.add(self)
        self._connections.wait(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.forget(self)
        for request in self._requests:
            request.disconnected()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Nothing is upgraded here: the request is answered as it is, and what may follow is another protocol.
            self._refused = True
            if self._requests:
                self._requests[-1].keep_alive = False
        except httptools.HttpParserError:
            self._refuse(400)
        if self._receiving is None and self._head_bytes > MAX_HEADER_BYTES:
            self._refuse(431)
        self._begin()

    def eof_received(self) -> bool:
        # Half-closed: what was asked completely is still answered.
        for request in self._requests:
            if not request.complete:
                request.disconnected()
        if self._requests:
            self._requests[-1].keep_alive = False
        return bool(self._requests)

    def pause_writing(self) -> None:
        self._read_on(False)

    def resume_writing(self) -> None:
        self._read_on(True)

    # What the parser finds.

    def on_message_begin(self) -> None:
        self._coming = Request(self)

    def on_url(self, url: bytes) -> None:
        self._coming.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        headers = self._coming.headers.lines
        headers.append((name.lower(), value))
        if len(headers) > MAX_HEADERS:
            self._refuse(431)

    def on_headers_complete(self) -> None:
        if self._refused:
            return
        request = self._coming
        if self._head_bytes > MAX_HEADER_BYTES and request.head_bytes() > MAX_HEADER_BYTES:
            self._refuse(431)
            return
        request.method = self._parser.get_method().decode()
        request.keep_alive = self._parser.should_keep_alive()
        self._receiving = request
        self._requests.append(request)
        self._connections.waiting.pop(self, None)

    def on_body(self, body: bytes) -> None:
        if self._receiving is not None:
            self._receiving.take(body)

    def on_message_complete(self) -> None:
        request, self._receiving = self._receiving, None
        self._head_bytes = 0
        if request is not None:
            request.end()

    # What requests want.

    def answer(self, request: Request, head: bytes, body: bytes) -> None:
        """Send the answer of the first request, and go on with the next one."""
        if self.transport.is_closing():
            return
        self.transport.write(head + body)
        if not request.complete:
            self._linger()
        elif request.keep_alive and not self._connections.stopping:
            self._next()
        else:
            self.close()

    def _next(self) -> None:
        """Forget the request that has been answered, and begin the one after it."""
        self._requests.popleft()
        if self._requests:
            self._begin()
        elif self._refused:
            self.close()
        else:
            self._connections.wait(self)
            self._read_on(True)

    def hold(self) -> None:
        """Take no more in until somebody reads."""
        self._read_on(False)

    def go_on(self) -> None:
        """Take more in."""
        self._read_on(True)

    @property
    def must_close(self) -> bool:
        """Whether the next answer is the last."""
        return self._connections.stopping or self._connections.crowded

    @property
    def connections(self) -> Connections:
        """All connections of this process."""
        return self._connections

    def close(self) -> None:
        """Send what is under way and hang up."""
        self._refused = True
        if not self.transport.is_closing():
            self.transport.close()

    def abort(self) -> None:
        """Hang up at once."""
        self.transport.abort()

    def _begin(self) -> None:
        if self._requests and not self._requests[0].begun:
            self._requests[0].begin(self._connections.app)
        if len(self._requests) > 1:
            self._read_on(False)

    def _refuse(self, status: int) -> None:
        """Answer what is no request, after those that came before it, and hang up."""
        if self._refused:
            return
        self._refused = True
        if self._requests:
            last = self._requests[-1]
            last.keep_alive = False
            if not last.complete:
                last.disconnected()
            return
        body = HTTPStatus(status).phrase.encode()
        self.transport.write(
            b"HTTP/1.1 %d %b\r\n%bcontent-type: text/plain\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
            % (status, body, self._connections.date, len(body), body)
        )
        self._linger()

    def _linger(self) -> None:
        """Hang up as soon as what was sent can have been read; what still comes is dropped."""
        self._refused = True
        self._read_on(True)
        self._connections.wait(self)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self.close)

    def _read_on(self, wanted: bool) -> None:
        if wanted != self._reading and not self.transport.is_closing():
            self._reading = wanted
            if wanted:
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()


class HeaderLines:
    """A request's headers; names are in lower case."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        self.lines: list[tuple[bytes, bytes]] = []

    def __contains__(self, key: str) -> bool:
        """Tell whether there is such a header."""
        wanted = _name(key)
        return any(name == wanted for name, _ in self.lines)

    def get(self, key: str) -> str | None:
        """Return the first line of a header."""
        wanted = _name(key)
        return next((value.decode("latin-1") for name, value in self.lines if name == wanted), None)

    def get_all(self, key: str) -> list[str]:
        """Return every line of a header, in order."""
        wanted = _name(key)
        return [value.decode("latin-1") for name, value in self.lines if name == wanted]


class Request:
    """One request: the scope and the protocol of RSGI in one object."""

    __slots__ = (
        "_body", "_connection", "_size", "_task", "_waiter",
        "answered", "begun", "broken", "complete", "headers", "keep_alive", "method", "url",
    )  # fmt: skip

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._body: list[bytes] = []
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self.url = b""
        self.method = ""
        self.headers = HeaderLines()
        self.keep_alive = True
        self.begun = self.complete = self.answered = self.broken = False

    @property
    def path(self) -> str:
        """The path that is asked for, decoded."""
        return _path(self.url)

    @property
    def client(self) -> str:
        """The peer's address and port."""
        return self._connection.client

    def head_bytes(self) -> int:
        """Return how large the address and the headers are."""
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers.lines)

    def begin(self, app: RsgiApp) -> None:
        """Let the application answer."""
        self.begun = True
        self._task = asyncio.get_running_loop().create_task(_answered(app.__rsgi__(self, self), self))

    def take(self, body: bytes) -> None:
        """Keep a piece of the body until it is read."""
        if self.answered:
            return
        self._body.append(body)
        self._size += len(body)
        self._wake()
        if self._size > BUFFERED_BYTES and self.begun:
            self._connection.hold()

    def end(self) -> None:
        """Note that the body is complete."""
        self.complete = True
        self._wake()

    def disconnected(self) -> None:
        """Note that the client is gone."""
        self.broken = True
        self._wake()

    async def __call__(self) -> bytes:
        """Return the whole body. Raises Disconnected."""
        pieces = [piece async for piece in self] if not self.complete else self._taken()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives. Raises Disconnected."""
        if not self.complete and (self.headers.get("expect") or "").lower() == "100-continue":
            self._connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while True:
            for piece in self._taken():
                yield piece
            if self._body:
                continue
            if self.complete:
                return
            if self.broken:
                raise Disconnected
            self._connection.go_on()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def response_empty(self, status: int, headers: HeaderList) -> None:
        """Answer without a body."""
        if status == 204 and not headers and self._stays_open():
            self._send(self._connection.connections.stored, b"")
        else:
            self._respond(status, headers, b"")

    def response_bytes(self, status: int, headers: HeaderList, body: bytes) -> None:
        """Answer with a body."""
        self._respond(status, headers, body)

    def _respond(self, status: int, headers: HeaderList, body: bytes) -> None:
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers)]
        if status != 204:
            lines.append(f"content-length: {len(body)}")
        if not self._stays_open():
            lines.append("connection: close")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n" + self._connection.connections.date + b"\r\n"
        self._send(head, b"" if self.method == "HEAD" else body)

    def _stays_open(self) -> bool:
        """Tell whether another request may come over this connection after the answer."""
        if not self.complete or self._connection.must_close:
            self.keep_alive = False
        return self.keep_alive

    def _send(self, head: bytes, body: bytes) -> None:
        if not self.answered:
            self.answered = True
            self._body.clear()
            self._connection.answer(self, head, body)

    def _taken(self) -> list[bytes]:
        body, self._body, self._size = self._body, [], 0
        return body

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def _answered(answering: Awaitable[None], request: Request) -> None:
    await answering
    if not request.answered:
        request.response_empty(500, [])


@lru_cache(maxsize=64)
def _name(key: str) -> bytes:
    return key.encode()


@lru_cache(maxsize=256)
def _path(url: bytes) -> str:
    try:
        return unquote(httptools.parse_url(url).path.decode("latin-1"))
    except (httptools.HttpParserInvalidURLError, AttributeError):
        return ""
