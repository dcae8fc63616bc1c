"""How many connections a process may hold, and what happens as they get many.

Granian stops accepting at its limit and says nothing: clients then hang in the kernel's queue. So, from four fifths of
the limit on, every answer closes its connection, which costs a fleet of idle keep-alive connections nothing but the
next handshake; and at the limit whoever still comes hears 503 instead of silence.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import socket
import ssl
from typing import Final, cast

import structlog

from telegraf_controller.errors import RETRY_AFTER_SECONDS, ControllerError

log = structlog.get_logger(__name__)

CROWDED_SHARE = 0.8
LOOK_EVERY_SECONDS: Final = 0.1
LOOK_EVERY_SECONDS_SLOWLY: Final = 1.0
WARN_EVERY_SECONDS: Final = 60.0

MAX_REFUSALS_UNDER_WAY = 128
"""Connections that are being refused at any moment; more wait in the kernel's queue."""

REFUSAL_SECONDS = 2.0
"""How long a refused client has for sending its request and reading the answer."""

SPARE_FILES = 256
"""Files kept free of connections: the database, the log, connections being refused."""


class ConnectionLimit:
    """Watches the connections of one process. `crowded` says whether answers should close theirs."""

    def __init__(self, listener: socket.socket, maximum: int, tls: ssl.SSLContext | None) -> None:
        self.crowded = False
        self.maximum = maximum
        self._listener = listener
        self._tls = tls
        self._refusals: set[asyncio.Task[None]] = set()
        self._warned_at = -WARN_EVERY_SECONDS

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        other_files = open_files()
        pause = LOOK_EVERY_SECONDS if _SIZE_TELLS else LOOK_EVERY_SECONDS_SLOWLY
        while True:
            await asyncio.sleep(pause)
            connections = open_files() - other_files - len(self._refusals)
            self.crowded = connections >= self.maximum * CROWDED_SHARE
            if connections >= self.maximum:
                self._warn(connections)
                self._refuse_waiting()

    def _refuse_waiting(self) -> None:
        while len(self._refusals) < MAX_REFUSALS_UNDER_WAY:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # nobody waits, or no file is free
            task = asyncio.create_task(self._refuse(connection))
            self._refusals.add(task)
            task.add_done_callback(self._refusals.discard)

    async def _refuse(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        refusal = _Refusal()
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: refusal,
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=REFUSAL_SECONDS if self._tls else None,
            )
        except OSError:
            return  # it hung up during the handshake
        await refusal.over.wait()

    def _warn(self, connections: int) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._warned_at >= WARN_EVERY_SECONDS:
            self._warned_at = now
            log.warning("connection limit reached, new connections hear 503", connections=connections)


class _Refusal(asyncio.Protocol):
    """Answers 503 to whatever is asked, and hangs up; `over` is set when the connection is gone."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self._answered = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are none by inheritance
        self._deadline = asyncio.get_running_loop().call_later(REFUSAL_SECONDS, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        # Not before the client has begun to ask: Go's client takes an earlier answer for a protocol error. What else it
        # sends is read and dropped: closing with unread bytes would reset the connection and lose the answer.
        if self._answered:
            return
        self._answered = True
        self._transport.write(REFUSAL)
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:  # TLS knows no half-closed connection
            asyncio.get_running_loop().call_later(REFUSAL_SECONDS / 10, self._transport.close)

    def connection_lost(self, error: Exception | None) -> None:
        self._deadline.cancel()
        self.over.set()


def allowed_connections(wanted: int, *, shared_by: int = 1) -> int:
    """Return how many connections a process may hold: its share of the option, as far as its open files allow."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return max(1, wanted // shared_by)
    return max(1, min(wanted // shared_by, files - SPARE_FILES))


def open_files() -> int:
    """Return how many files this process has open, sockets included."""
    return os.stat(_FD_FOLDER).st_size if _SIZE_TELLS else len(os.listdir(_FD_FOLDER))


def _refusal() -> bytes:
    error = ControllerError("overloaded", "There are too many connections; try again in a moment.")
    body = json.dumps(error.envelope()).encode()
    return (
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n"
        + f"Retry-After: {RETRY_AFTER_SECONDS['overloaded']}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


_FD_FOLDER = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"
# Since 6.2 Linux tells the number as the folder's size; before that, and elsewhere, somebody has to count.
_SIZE_TELLS = _FD_FOLDER.startswith("/proc") and os.stat(_FD_FOLDER).st_size > 0

REFUSAL = _refusal()
