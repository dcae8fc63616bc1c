"""Takes connections on a listening socket and wakes those on which something has arrived, in the running event loop.

All sockets are watched by one selector of their own, and the event loop watches that one: whatever is ready is handled
in one go, without a handle, task or future for each. Measured next to an application server that hands each request
over from a thread of its own: half of the processor time for a heartbeat, a third with a connection for each.
"""

from __future__ import annotations

import asyncio
import errno
import selectors
import socket
import ssl
from email.utils import formatdate
from time import monotonic
from typing import Final, Protocol

import structlog

from telegraf_controller.addresses import client_address
from telegraf_controller.errors import ControllerError
from telegraf_controller.heartbeats.wire.connection import Connection, Phase
from telegraf_controller.heartbeats.wire.heads import HeadReader

log = structlog.get_logger(__name__)

GRACE_SECONDS = 8.0
"""How long requests under way may take after `stop`; the supervisor waits ten seconds in all (O4)."""

ARRIVING_BYTES = 128 * 1024 * 1024
"""How much of bodies may be arriving at once, over all connections: large ones are rare, and many at once are no fleet.
"""

_LOOK_SECONDS: Final = 1.0
"""How often deadlines are looked at. One look at all costs less than a timer for each."""

CROWDED_SHARE = 0.8
"""From this share of the most connections on, every answer closes its own: that costs a fleet of idle keep-alive
connections nothing but the next handshake."""

MAX_REFUSALS_UNDER_WAY = 128
"""Connections beyond the limit that are being refused at any moment; more wait in the kernel's queue."""

_WARN_SECONDS: Final = 60.0

_AT_ONCE: Final = 256
"""How many sockets are handled before the event loop gets its turn."""

_AT_ONCE_TLS: Final = 32
"""The same where each may be a handshake, which takes up to a millisecond."""

_NO_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Application(Protocol):
    """What is done with requests. Each gets one answer (`Connection.answer`), at once or later.

    What these raise is answered: a ControllerError by itself, another error with 500.
    """

    def admit(self, connection: Connection) -> bool:
        """Look at a request's head; True takes its body. Else it is answered, or goes on with `proceed`, at once or
        later."""

    def take(self, connection: Connection, body: bytes) -> None:
        """Do what is asked."""


async def serve(
    app: Application,
    listener: socket.socket,
    *,
    stop: asyncio.Event,
    body_limit: int,
    keep_alive_seconds: float,
    max_connections: int,
    tls: ssl.SSLContext | None = None,
    grace_seconds: float = GRACE_SECONDS,
) -> None:
    """Serve until `stop` is set, then take no more, finish what is under way (at most `grace_seconds`), and return.

    Bodies have at most `body_limit` bytes. A connection is closed when it waits longer than `keep_alive_seconds` for
    its next request, or for the end of the head of one (H7). `listener` is closed at the end.
    """
    server = WireServer(
        app,
        listener,
        body_limit=body_limit,
        keep_alive_seconds=keep_alive_seconds,
        max_connections=max_connections,
        tls=tls,
    )
    await server.run(stop, grace_seconds)


class WireServer:
    """What `serve` runs, as its connections know it."""

    def __init__(
        self,
        app: Application,
        listener: socket.socket,
        *,
        body_limit: int,
        keep_alive_seconds: float,
        max_connections: int,
        tls: ssl.SSLContext | None,
    ) -> None:
        self.app = app
        self.heads = HeadReader()
        self.body_limit = body_limit
        self.keep_alive_seconds = keep_alive_seconds
        self.date_line = _date_line()
        self._listener = listener
        self._tls = tls
        self._selector = selectors.DefaultSelector()
        self._connections: set[Connection] = set()
        self._max_connections = max_connections
        self._at_once = _AT_ONCE if tls is None else _AT_ONCE_TLS
        self._crowded_from = max_connections * CROWDED_SHARE
        self._arriving = 0
        self._accepting = False
        self._stopping = False
        self._all_gone = asyncio.Event()
        self._warned_at = float("-inf")
        self._ready: list[tuple[selectors.SelectorKey, int]] = []

    async def run(self, stop: asyncio.Event, grace_seconds: float) -> None:
        """See `serve`."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._selector.fileno(), self._wake)
        self._accept_again()
        looking = asyncio.create_task(self._look())
        log.info("serving", port=self._listener.getsockname()[1])
        try:
            await stop.wait()
            await self._finish(grace_seconds)
        finally:
            looking.cancel()
            loop.remove_reader(self._selector.fileno())
            for connection in list(self._connections):
                connection.close()
            self._listener.close()
            self._selector.close()

    @property
    def is_closing(self) -> bool:
        """Whether answers close their connections: there are too many of them, or the end is near."""
        return self._stopping or len(self._connections) >= self._crowded_from

    @property
    def phase_of_new(self) -> Phase:
        """What happens to a connection that is there now: at the limit it hears 503 instead of silence."""
        return Phase.READING if len(self._connections) <= self._max_connections else Phase.REFUSED

    def watch(self, connection: Connection, /) -> None:
        """Wake a connection when something has arrived on it."""
        self._selector.register(connection, selectors.EVENT_READ, connection)
        connection.is_watched = True

    def ignore(self, connection: Connection) -> None:
        """Let what arrives wait."""
        if connection.is_watched:
            self._selector.unregister(connection)
            connection.is_watched = False

    def forget(self, connection: Connection) -> None:
        """Leave a connection alone that is about to be closed."""
        self.ignore(connection)
        self._connections.discard(connection)
        if not self._connections:
            self._all_gone.set()
        if not self._accepting and not self._stopping:
            self._accept_again()

    def charge(self, size: int) -> None:
        """Count more (or fewer) bytes of bodies that arrive. Raises ControllerError `overloaded`: not counted."""
        if size > 0 and self._arriving + size > ARRIVING_BYTES:
            raise ControllerError("overloaded", "Too many large heartbeats arrive at once; this one was not stored.")
        self._arriving += size

    def _wake(self) -> None:
        if not self._ready:
            self._ready = self._selector.select(0)
            self._handle()

    def _handle(self) -> None:
        """Handle some of what is ready; the rest after whatever else the event loop has to do."""
        some, self._ready = self._ready[: self._at_once], self._ready[self._at_once :]
        for key, _ in some:
            connection: Connection | None = key.data
            if connection is None:
                self._accept()
            elif connection.is_watched:  # else it was closed since it became ready
                self._read(connection)
        if self._ready:
            asyncio.get_running_loop().call_soon(self._handle)

    def _read(self, connection: Connection) -> None:
        try:
            connection.readable()
        except Exception:
            # A mistake of ours must not come back with every look at the socket.
            log.exception("a connection failed")
            connection.close()

    def _accept(self) -> None:
        for _ in range(self._at_once):
            if len(self._connections) >= self._max_connections:
                self._warn()
                if len(self._connections) >= self._max_connections + MAX_REFUSALS_UNDER_WAY:
                    self._pause_accepting()
                    return
            try:
                connected, address = self._listener.accept()
            except OSError as error:
                if error.errno in _NO_FILES:
                    log.warning("no connection can be taken", cause=str(error))
                    self._pause_accepting()
                    asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._accept_again)
                return  # nobody waits, or somebody hung up meanwhile
            self._take(connected, address[0])

    def _take(self, connected: socket.socket, peer: str) -> None:
        connected.setblocking(False)
        phase = Phase.READING if len(self._connections) < self._max_connections else Phase.REFUSED
        if self._tls is not None:
            try:
                connected = self._tls.wrap_socket(connected, server_side=True, do_handshake_on_connect=False)
            except OSError:
                connected.close()  # it hung up before the handshake
                return
            phase = Phase.HANDSHAKE
        connection = Connection(self, connected, client_address(peer, (), ()), phase)
        self._connections.add(connection)
        # Mostly the request is here already; of one that closes its connection, nothing more is expected.
        self._read(connection)
        head = connection.head
        is_last = connection.phase is Phase.ANSWERING and head is not None and not head.keep_alive
        if connection.phase is not Phase.CLOSED and not connection.is_watched and not is_last:
            self.watch(connection)

    def _pause_accepting(self) -> None:
        if self._accepting:
            self._selector.unregister(self._listener)
            self._accepting = False

    def _accept_again(self) -> None:
        if not self._accepting and not self._stopping:
            self._selector.register(self._listener, selectors.EVENT_READ, None)
            self._accepting = True

    def _warn(self) -> None:
        now = monotonic()
        if now - self._warned_at >= _WARN_SECONDS:
            self._warned_at = now
            log.warning("connection limit reached, new connections hear 503", connections=len(self._connections))

    async def _look(self) -> None:
        """Act on deadlines, and tell the time, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            self.date_line = _date_line()
            now = monotonic()
            for connection in [one for one in self._connections if one.deadline < now]:
                connection.overdue()

    async def _finish(self, grace_seconds: float) -> None:
        self._pause_accepting()
        self._stopping = True
        self._listener.close()
        for connection in [one for one in self._connections if one.is_idle()]:
            connection.close()
        self._all_gone.clear()
        if self._connections:
            try:
                async with asyncio.timeout(grace_seconds):
                    await self._all_gone.wait()
            except TimeoutError:
                log.warning("requests were cut off", after_seconds=grace_seconds)


def _date_line() -> bytes:
    return f"date: {formatdate(usegmt=True)}\r\n".encode()
