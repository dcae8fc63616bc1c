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

from telegraf_controller.options import Options
from telegraf_controller.processes.granian_server import serve, tls_of


class Answering:
    """An RSGI application."""

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.path == "/slow":
            await asyncio.sleep(1)
        body = await protocol()
        protocol.response_bytes(200, [], body or str(os.getpid()).encode())


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
    await serve(
        answering, "asgi", sockets[0], stop=stop, keep_alive_seconds=75, max_connections=1000, tls=tls_of(options)
    )


async def heartbeat(options: Options, sockets: Sequence[socket.socket], stop: asyncio.Event) -> None:
    """Stand in for a heartbeat process."""
    await serve(
        Answering(), "rsgi", sockets[0], stop=stop, keep_alive_seconds=75, max_connections=1000, tls=tls_of(options)
    )


async def scheduler(options: Options, sockets: Sequence[socket.socket], stop: asyncio.Event) -> None:
    """Stand in for the scheduler."""
    await stop.wait()


async def failing(options: Options, sockets: Sequence[socket.socket], stop: asyncio.Event) -> None:
    """Fail at once, with a secret on the lips."""
    assert options.owner_token is not None
    raise RuntimeError(f"cannot start with {options.owner_token.get_secret_value()}")


async def stubborn(options: Options, sockets: Sequence[socket.socket], stop: asyncio.Event) -> None:
    """Never stop; says when it has begun, for before that a signal still ends the process."""
    structlog.get_logger(__name__).info("never stopping")
    await asyncio.Event().wait()
