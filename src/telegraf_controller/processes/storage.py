"""The storage process: the one that writes heartbeats to SQLite (PostgreSQL needs none)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from telegraf_controller.heartbeats.storage.server import serve
from telegraf_controller.heartbeats.storage.sqlite import SqliteStore
from telegraf_controller.options import Options
from telegraf_controller.processes.database import target_of
from telegraf_controller.processes.garbage import collect_rarely


async def run(options: Options, sockets: Sequence[socket.socket], stop: asyncio.Event) -> None:
    """Write what heartbeat processes send over the one socket until `stop` is set and they have hung up."""
    path = target_of(options).path
    assert path is not None
    store = SqliteStore(path, keep_points=options.heartbeat_history > 0)
    collect_rarely()
    await serve(store, sockets[0], stop=stop)
