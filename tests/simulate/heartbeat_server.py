"""A heartbeat server on a real socket that does as a test says, and remembers what it heard."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.support.ports import free_port

ACKNOWLEDGED = b"HTTP/1.1 204 No Content\r\n\r\n"
OVERLOADED = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 52\r\nRetry-After: 1\r\n\r\n"
    b'{"error":"overloaded","message":"Too many at once."}'
)


@dataclass
class Heard:
    """What came in so far."""

    url: str
    connections: int = 0
    heads: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def heartbeat_server(answer: Callable[[int], bytes | float | None] = lambda number: ACKNOWLEDGED) -> Iterator[Heard]:
    """Run it for the length of a `with` block.

    `answer` gets the number of the heartbeat, from 0: bytes are sent, a number waits so many seconds before it
    acknowledges, None closes the connection without a word.
    """
    heard = Heard(f"http://127.0.0.1:{free_port()}/agents/heartbeat")
    stop = asyncio.Event()
    ready = threading.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await _answer_one(heard, reader, writer, answer):
                pass
        writer.close()

    async def run() -> None:
        port = int(heard.url.rpartition(":")[2].partition("/")[0])
        async with await asyncio.start_server(handle, "127.0.0.1", port):
            ready.set()
            await stop.wait()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield heard
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()


async def _answer_one(
    heard: Heard,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answer: Callable[[int], bytes | float | None],
) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
    body = await reader.readexactly(length)
    number = len(heard.bodies)
    heard.heads.append(head)
    heard.bodies.append(json.loads(body))
    given = answer(number)
    if given is None:
        return False
    if isinstance(given, float):
        await asyncio.sleep(given)
        given = ACKNOWLEDGED
    writer.write(given)
    await writer.drain()
    return "connection: close" not in head.lower() and b"Connection: close" not in given
