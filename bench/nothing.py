"""An application that answers every request with nothing, on the server that the API runs on: `bench.nothing PORT`."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

from telegraf_controller.processes.granian_server import serve

_HEADERS = [(b"content-type", b"text/x-toml; charset=utf-8"), (b"content-length", b"0")]


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """Answer 200."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": b""})


async def main(port: int) -> None:
    """Serve until the process is ended."""
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    await serve(nothing, listener, stop=asyncio.Event(), keep_alive_seconds=75, max_connections=4096)


if __name__ == "__main__":
    # As the processes of the controller do.
    import uvloop

    uvloop.run(main(int(sys.argv[1])))
