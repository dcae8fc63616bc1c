"""Serves an ASGI application in the running event loop, on a listening socket that was inherited.

Granian binds its sockets itself; its embeddable server is made to take ours here, which reaches into two of its
attributes. That is why the version is pinned to a minor release, and why tests hold this module to what it promises.

HTTP/1.1 alone is spoken. With HTTP/2 allowed, a connection on which nothing is ever sent stays open for good
(measured), because the protocol is guessed from its first bytes; and no Telegraf asks for HTTP/2.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog
from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from telegraf_controller.processes.connections import ConnectionLimit
from telegraf_controller.processes.sockets import BACKLOG
from telegraf_controller.processes.tls import Tls

log = structlog.get_logger(__name__)

MAX_HEADER_BYTES = 64 * 1024
"""Larger request heads are answered 431; so are those with more than 100 headers."""

GRACE_SECONDS = 8.0
"""How long requests under way may take after `stop`; the supervisor waits ten seconds in all (O4)."""

BODY_SECONDS = 60.0
"""How long the body of a request to an ASGI application may take; then reading it raises TimeoutError."""

AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]


class ServerFailed(Exception):
    """The application server ended although nobody asked it to; the log before this says why."""


async def serve(
    app: AsgiApp,
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
    of one (H7). `listener` is closed at the end. Raises ServerFailed.
    """
    limit = ConnectionLimit(listener, max_connections, tls.context() if tls else None)
    server = _InheritingServer(
        _guarded(app, limit),
        listener,
        interface=Interfaces.ASGI,
        backpressure=max_connections,
        http1_settings=HTTP1Settings(header_read_timeout=keep_alive_seconds * 1000, max_buffer_size=MAX_HEADER_BYTES),
        ssl_cert=tls.certificate if tls else None,
        ssl_key=tls.key if tls else None,
    )
    serving = asyncio.create_task(server.serve())
    watching = asyncio.create_task(limit.watch())
    stopping = asyncio.create_task(stop.wait())
    log.info("serving", port=listener.getsockname()[1])
    try:
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            raise ServerFailed("the application server ended by itself") from serving.exception()
        watching.cancel()
        listener.close()
        server.signal_handler_interrupt()  # type: ignore[no-untyped-call]
        _, unfinished = await asyncio.wait((serving,), timeout=grace_seconds)
        if unfinished:
            log.warning("requests were cut off", after_seconds=grace_seconds)
    finally:
        listener.close()
        for task in (watching, stopping):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


class _InheritingServer(Server):
    """Granian's embeddable server on a socket that is already listening."""

    def __init__(self, app: Any, listener: socket.socket, **settings: Any) -> None:
        self._listener = listener
        super().__init__(
            app,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            ssl_protocol_min=SSLProtocols.tls12,
            log_level=LogLevels.warning,
            log_dictconfig=_LEAVE_LOGGING_ALONE,
            **settings,
        )

    def _init_shared_socket(self) -> None:
        # Granian closes the descriptor that it gets, so it gets one of its own.
        # Its stubs know neither these attributes nor this constructor.
        holder: Any = SocketHolder(os.dup(self._listener.fileno()), False, BACKLOG)  # type: ignore[call-arg]
        self._ssp, self._shd = None, holder


_LEAVE_LOGGING_ALONE: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"propagate": True}},
}


def _is_news(record: logging.LogRecord) -> bool:
    return "experimental" not in record.msg


logging.getLogger("_granian").addFilter(_is_news)


def _guarded(app: AsgiApp, limit: ConnectionLimit) -> AsgiApp:
    """Wrap an application: answers close their connections while these are too many, and bodies must arrive in time."""

    def guarded(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        if scope["type"] == "http":
            if limit.crowded:
                send = _closing(send)
            if scope["method"] not in ("GET", "HEAD"):
                receive = _timely(receive)
        return app(scope, receive, send)

    return guarded


def _timely(receive: Any) -> Any:
    deadline = asyncio.get_running_loop().time() + BODY_SECONDS
    complete = False

    async def timely() -> Any:
        nonlocal complete
        if complete:  # what comes now is the end of the connection, which may take as long as it likes
            return await receive()
        async with asyncio.timeout_at(deadline):
            message = await receive()
        complete = not message.get("more_body", False)
        return message

    return timely


def _closing(send: Any) -> Any:
    async def closing(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        await send(message)

    return closing
