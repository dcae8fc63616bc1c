"""Takes connections on a listening socket and wakes those on which something has arrived, in the running event loop.

All sockets are watched by one poller of their own, and the event loop watches that one: whatever is ready is handled
in one go, without a handle, task or future for each. Measured next to an application server that hands each request
over from a thread of its own: about half of the processor time for a heartbeat, with or without a connection for each.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections import deque
from collections.abc import Callable
from email.utils import formatdate
from time import monotonic
from typing import Final, Protocol

import structlog

from telegraf_controller.addresses import client_address
from telegraf_controller.heartbeats.answers import STORED
from telegraf_controller.heartbeats.wire.connection import DRAIN_SECONDS, Connection, Phase
from telegraf_controller.heartbeats.wire.heads import Head, HeadReader
from telegraf_controller.heartbeats.wire.poller import new_poller

log = structlog.get_logger(__name__)

GRACE_SECONDS = 8.0
"""How long requests under way may take after `stop`; the supervisor waits ten seconds in all (O4)."""

ARRIVING_BYTES = 128 * 1024 * 1024
"""How much of requests may be kept while the rest arrives, over all connections: large ones are rare, and many at once
are no fleet."""

CROWDED_SHARE: Final = 0.8
"""From this share of the most connections on, every answer closes its own: that costs a fleet of idle keep-alive
connections nothing but the next handshake."""

MAX_REFUSALS_UNDER_WAY: Final = 128
"""Connections beyond the limit that are being refused at any moment; more wait in the kernel's queue."""

_LOOK_SECONDS: Final = 1.0
"""How often deadlines are looked at. One look at all costs less than a timer for each."""

_FRESH_SECONDS: Final = 0.5
"""How long, when the end has come, a new connection has for its request, which may be on its way."""

_WARN_SECONDS: Final = 60.0
"""How often a lasting trouble is told."""

_AT_ONCE: Final = 64
_TURN_SECONDS: Final = 0.02
"""How many sockets are handled, and how long, before the event loop gets its turn: one may be a handshake, or many
requests; and while the next are handled, these can be stored."""

_BETWEEN_LOOKS: Final = 8
"""How many are handled between two looks at the clock."""

_NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Application(Protocol):
    """What is done with requests. Each gets one answer (`Connection.answer`), at once or later.

    What these raise is answered: a ControllerError by itself, another error with 500.
    """

    def admit(self, connection: Connection) -> bool:
        """Look at a request's head; True takes its body. Else it is answered, or goes on with `proceed`, at once or
        later."""

    def admit_again(self, connection: Connection, head: Head) -> bool:
        """Look at a head of which `Connection.known` may say enough to take its body at once; False has it looked at
        anew by `admit`."""

    def handle(self, connection: Connection, body: bytes) -> None:
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
        self._tell_time()
        self._listener = listener
        self._tls = tls
        self._poller = new_poller()
        self._connections: set[Connection] = set()
        self._max_connections = max_connections
        self._crowded_from = max_connections * CROWDED_SHARE
        self._arriving = 0
        self._ready: deque[Callable[[], None]] = deque()
        """What the poller has told of, and is still to be done."""
        self._unfinished: deque[Callable[[], None]] = deque()
        """What had its share of a turn, and goes on in the next."""
        self._is_handling = False
        self._accepting = False
        self._stopping = False
        self._all_gone = asyncio.Event()
        self._warned: dict[str, float] = {}

    async def run(self, stop: asyncio.Event, grace_seconds: float) -> None:
        """See `serve`."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._poller.fileno(), self._wake)
        self._accept_again()
        looking = asyncio.create_task(self._look())
        log.info("serving", port=self._listener.getsockname()[1])
        try:
            await stop.wait()
            await self._finish(grace_seconds)
        finally:
            looking.cancel()
            loop.remove_reader(self._poller.fileno())
            for connection in list(self._connections):
                connection.close()
            self._listener.close()
            self._poller.close()

    @property
    def is_closing(self) -> bool:
        """Whether answers close their connections: there are too many of them, or the end is near."""
        return self._stopping or len(self._connections) >= self._crowded_from

    def phase_of_new(self) -> Phase:
        """Return what becomes of a connection that is there and counted: beyond the limit it hears 503, not silence."""
        return Phase.READING if len(self._connections) <= self._max_connections else Phase.REFUSED

    def seconds_for(self, phase: Phase) -> float:
        """Return how long a connection may wait at first. One beyond the limit makes room for others soon."""
        if phase is Phase.REFUSED or len(self._connections) >= self._max_connections:
            return min(DRAIN_SECONDS, self.keep_alive_seconds)
        return self.keep_alive_seconds

    def watch(self, connection: Connection) -> None:
        """Wake a connection when something has arrived on it. One that the kernel has no room for is closed."""
        try:
            self._poller.register(connection.fileno(), connection.readable)
        except OSError as error:
            self._warn("a connection cannot be watched", cause=str(error))
            connection.close()
            return
        connection.is_watched = True

    def unwatch(self, connection: Connection) -> None:
        """Let what arrives wait."""
        if connection.is_watched:
            self._poller.unregister(connection.fileno())
            connection.is_watched = False

    def forget(self, connection: Connection) -> None:
        """Leave a connection alone that is about to be closed."""
        self.unwatch(connection)
        self._connections.discard(connection)
        if not self._connections:
            self._all_gone.set()
        if not self._accepting and len(self._connections) < self._max_connections + MAX_REFUSALS_UNDER_WAY:
            self._accept_again()

    def advance_later(self, connection: Connection) -> None:
        """Let a connection go on with its requests when others have had their turn."""
        self._unfinished.append(connection.advance)
        self._go_on_later()

    def count(self, size: int) -> bool:
        """Count more (or fewer) bytes of requests that are not all there; False when that would be too many."""
        if size > 0 and self._arriving + size > ARRIVING_BYTES:
            return False
        self._arriving += size
        return True

    def _wake(self) -> None:
        if not self._ready:
            self._ready.extend(self._poller.ready())
            self._handle()

    def _handle(self) -> None:
        """Do some of what there is to do; the rest after whatever else the event loop has to do."""
        self._is_handling = False
        ends = monotonic() + _TURN_SECONDS
        ready, unfinished = self._ready, len(self._unfinished)
        for _ in range(_AT_ONCE // _BETWEEN_LOOKS):
            for _ in range(min(_BETWEEN_LOOKS, len(ready))):
                work = ready.popleft()
                try:  # as `_guarded` does, without one call more for each heartbeat
                    work()
                except Exception:
                    self._failed(work)
            for _ in range(min(_BETWEEN_LOOKS, unfinished)):
                unfinished -= 1
                self._guarded(self._unfinished.popleft())
            if not (ready or unfinished) or monotonic() > ends:
                break
        if self._ready or self._unfinished:
            self._go_on_later()

    def _go_on_later(self) -> None:
        if not self._is_handling:
            self._is_handling = True
            asyncio.get_running_loop().call_soon(self._handle)

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do something for one connection. A mistake of ours closes it, and neither spins nor stops the others."""
        try:
            work()
        except Exception:
            self._failed(work)

    def _failed(self, work: Callable[[], None]) -> None:
        log.exception("a connection failed")
        owner = getattr(work, "__self__", None)
        if isinstance(owner, Connection):
            owner.close()

    def _accept(self) -> None:
        ends = monotonic() + _TURN_SECONDS
        for _ in range(_AT_ONCE):
            if len(self._connections) >= self._max_connections:
                self._warn("connection limit reached, new connections hear 503", connections=len(self._connections))
                if len(self._connections) >= self._max_connections + MAX_REFUSALS_UNDER_WAY:
                    self._pause_accepting()
                    return
            try:
                connected, address = self._listener.accept()
            except OSError as error:
                if error.errno in _NO_ROOM:
                    self._warn("no connection can be taken", cause=str(error))
                    self._pause_accepting()
                    asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._accept_again)
                return  # nobody waits, or somebody hung up meanwhile
            self._welcome(connected, address[0])
            if monotonic() > ends:
                return

    def _welcome(self, connected: socket.socket, peer: str) -> None:
        connected.setblocking(False)
        if self._tls is not None:
            try:
                connected = self._tls.wrap_socket(connected, server_side=True, do_handshake_on_connect=False)
            except OSError:
                connected.close()  # it hung up before the handshake
                return
        connection = Connection(self, connected, client_address(peer, (), ()), Phase.HANDSHAKE)
        self._connections.add(connection)
        if self._tls is None:
            connection.phase = self.phase_of_new()
        # Mostly the request is here already; of one that closes its connection, nothing more is expected.
        self._guarded(connection.readable)
        head = connection.head
        is_last = connection.phase is Phase.ANSWERING and head is not None and not head.keep_alive
        if connection.phase is not Phase.CLOSED and not connection.is_watched and not is_last:
            self.watch(connection)

    def _pause_accepting(self) -> None:
        if self._accepting:
            self._poller.unregister(self._listener.fileno())
            self._accepting = False

    def _accept_again(self) -> None:
        if not self._accepting and not self._stopping:
            self._poller.register(self._listener.fileno(), self._accept)
            self._accepting = True

    def _warn(self, what: str, **details: object) -> None:
        now = monotonic()
        if now - self._warned.get(what, float("-inf")) >= _WARN_SECONDS:
            self._warned[what] = now
            log.warning(what, **details)

    async def _look(self) -> None:
        """Act on deadlines, and tell the time, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            self._tell_time()
            now = monotonic()
            for connection in [one for one in self._connections if one.deadline < now]:
                self._guarded(connection.overdue)

    def _tell_time(self) -> None:
        self.date_line = _date_line()
        self.stored_and_kept = STORED.head + self.date_line + b"\r\n"
        """The one answer that is sent all the time: on a connection that is kept."""

    async def _finish(self, grace_seconds: float) -> None:
        # Who is connected already has most likely asked, too.
        self._accept()
        self._pause_accepting()
        self._stopping = True
        self._listener.close()
        self._all_gone.clear()
        for connection in [one for one in self._connections if one.is_idle() and not one.is_fresh]:
            connection.close()
        asyncio.get_running_loop().call_later(_FRESH_SECONDS, self._close_idle)
        if self._connections:
            try:
                async with asyncio.timeout(grace_seconds):
                    await self._all_gone.wait()
            except TimeoutError:
                log.warning("requests were cut off", after_seconds=grace_seconds)

    def _close_idle(self) -> None:
        for connection in [one for one in self._connections if one.is_idle()]:
            connection.close()


def _date_line() -> bytes:
    return f"date: {formatdate(usegmt=True)}\r\n".encode()
