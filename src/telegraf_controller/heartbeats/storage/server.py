"""The storage process: writes the groups of all heartbeat processes, one after the other."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from functools import partial

import structlog

from telegraf_controller.errors import StorageUnavailable
from telegraf_controller.heartbeats.storage.messages import (
    STREAM_BYTES,
    Answer,
    Done,
    Moved,
    Refused,
    RequestInBrief,
    Unavailable,
    WriteLiveness,
    receive_request,
    send,
    whole_heartbeats,
)
from telegraf_controller.heartbeats.storage.sqlite import SqliteStore
from telegraf_controller.heartbeats.store import GenerationMoved

log = structlog.get_logger(__name__)


async def serve(store: SqliteStore, listener: socket.socket, *, stop: asyncio.Event) -> None:
    """Do what heartbeat processes ask until `stop` is set and all of them have hung up; then close the store.

    Whoever is still connected then has taken heartbeats that are to be stored.
    """
    asking: set[asyncio.Task[None]] = set()

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        asking.add(task)
        try:
            await _attend(store, reader, writer)
        finally:
            asking.discard(task)

    server = await asyncio.start_unix_server(attend, sock=listener, limit=STREAM_BYTES)
    try:
        await stop.wait()
        server.close()
        while asking:
            await asyncio.wait(asking)
    finally:
        server.close()
        store.close()


async def _attend(store: SqliteStore, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Do what one heartbeat process asks until it hangs up."""
    try:
        with suppress(OSError, EOFError):
            while True:
                send(writer, _answer(store, *await receive_request(reader)))
                await writer.drain()
    except Exception:
        log.exception("a heartbeat process could not be understood")
    finally:
        writer.transport.abort()


def _answer(store: SqliteStore, request: RequestInBrief, packed: bytes) -> Answer:
    # In the event loop's own thread, which has nothing else to do: another one would only wait for this one's lock.
    try:
        if isinstance(request, WriteLiveness):
            store.write(request.heartbeats, request.generation, partial(whole_heartbeats, packed))
        else:
            store.probe()
    except GenerationMoved as moved:
        return Moved(moved.current)
    except StorageUnavailable as error:
        return Unavailable(repr(error.__cause__ or error))
    except Exception as error:
        return Refused(repr(error))
    return Done()
