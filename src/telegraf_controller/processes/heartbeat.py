"""A heartbeat process: takes heartbeats and nothing else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from telegraf_controller.heartbeats.server import build
from telegraf_controller.heartbeats.wire.server import serve
from telegraf_controller.options import Options
from telegraf_controller.processes.connections import allowed_connections
from telegraf_controller.processes.database import open_database
from telegraf_controller.processes.garbage import collect_rarely
from telegraf_controller.processes.tls import tls_of


async def run(options: Options, sockets: Sequence[socket.socket], stop: asyncio.Event) -> None:
    """Serve heartbeats on the first socket until `stop` is set; what was acknowledged is stored by then.

    A second socket is the one on which the storage process listens; only its path is used.
    """
    database = open_database(options)
    processes = options.heartbeat_processes()
    app = build(options, database, _path_of(sockets[1]) if len(sockets) > 1 else None)
    collect_rarely()
    try:
        await app.start()
        tls = tls_of(options)
        await serve(
            app,
            sockets[0],
            stop=stop,
            body_limit=options.heartbeat_max_body,
            keep_alive_seconds=options.keep_alive_timeout,
            max_connections=allowed_connections(options.max_connections, shared_by=processes),
            tls=tls.context() if tls else None,
        )
    finally:
        await app.stop()
        await database.close()


def _path_of(listener: socket.socket) -> str:
    path: str = listener.getsockname()
    # Or nobody would notice that nobody accepts there any more.
    listener.close()
    return path
