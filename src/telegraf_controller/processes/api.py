"""The API process: the HTTP API and the web interface."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from telegraf_controller.app import build_api
from telegraf_controller.options import Options
from telegraf_controller.processes.connections import allowed_connections
from telegraf_controller.processes.database import open_database
from telegraf_controller.processes.garbage import collect_rarely
from telegraf_controller.processes.granian_server import serve
from telegraf_controller.processes.tls import tls_of


async def run(options: Options, sockets: Sequence[socket.socket], stop: asyncio.Event) -> None:
    """Serve the API on the one socket until `stop` is set."""
    database = open_database(options)
    try:
        app = build_api(options, database)
        collect_rarely()
        await serve(
            app,
            sockets[0],
            stop=stop,
            keep_alive_seconds=options.keep_alive_timeout,
            max_connections=allowed_connections(options.max_connections),
            tls=tls_of(options),
        )
    finally:
        await database.close()
