"""Small stand-ins for what the processes do, so that tests see the processes and nothing else.

Both ports answer on any path with the id of the process that answers; `/slow` takes a second, and a request body comes
back.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from typing import Any

import structlog

from telegraf_controller.heartbeats.answers import Answer
from telegraf_controller.heartbeats.wire import server as wire
from telegraf_controller.heartbeats.wire.connection import Connection
from telegraf_controller.heartbeats.wire.heads import Head
from telegraf_controller.options import Options
from telegraf_controller.processes.granian_server import serve
from telegraf_controller.processes.tls import tls_of


class Answering:
    """What a heartbeat process does with requests."""

    def admit(self, connection: Connection) -> bool:
        """Take any."""
        return True

    def admit_again(self, connection: Connection, head: Head) -> bool:
        """Look at each anew."""
        return False

    def handle(self, connection: Connection, body: bytes) -> None:
        """Answer."""
        assert connection.head is not None
        text = body or str(os.getpid()).encode()
        answer = Answer(f"HTTP/1.1 200 OK\r\ncontent-length: {len(text)}\r\n".encode(), text)
        seconds = 1 if connection.head.path == "/slow" else 0
        asyncio.get_running_loop().call_later(seconds, connection.answer, answer)


async def answering(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application."""
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    if scope["path"] == "/slow":
        await asyncio.sleep(1)
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"] or str(os.getpid()).encode()})


async def api(options: Options, sockets: Sequence[socket.socket], stop: asyncio.Event) -> None:
    """Stand in for the API."""
    await serve(answering, sockets[0], stop=stop, keep_alive_seconds=75, max_connections=1000, tls=tls_of(options))


async def heartbeat(options: Options, sockets: Sequence[socket.socket], stop: asyncio.Event) -> None:
    """Stand in for a heartbeat process."""
    tls = tls_of(options)
    await wire.serve(
        Answering(),
        sockets[0],
        stop=stop,
        body_limit=1024,
        keep_alive_seconds=75,
        max_connections=1000,
        tls=tls.context() if tls else None,
    )


async def scheduler(options: Options, sockets: Sequence[socket.socket], stop: asyncio.Event) -> None:
    """Stand in for the scheduler."""
    await stop.wait()


async def storage(options: Options, sockets: Sequence[socket.socket], stop: asyncio.Event) -> None:
    """Stand in for the storage process."""
    await stop.wait()


async def failing(options: Options, sockets: Sequence[socket.socket], stop: asyncio.Event) -> None:
    """Fail at once, with a secret on the lips."""
    assert options.owner_token is not None
    raise RuntimeError(f"cannot start with {options.owner_token.get_secret_value()}")


async def stubborn(options: Options, sockets: Sequence[socket.socket], stop: asyncio.Event) -> None:
    """Never stop; says when it has begun, for before that a signal still ends the process."""
    structlog.get_logger(__name__).info("never stopping")
    await asyncio.Event().wait()
