"""A fleet that polls by HEAD, for which wrk waits for a body that never comes. A process of its own, as wrk is.

Its last line of output is what `serving.lua` prints.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import time
from itertools import cycle
from pathlib import Path

_END = b"\r\n\r\n"


class _Fleet:
    """What all connections share: the requests in turn, and what was heard."""

    def __init__(self, requests: list[bytes], pause_seconds: float) -> None:
        self.requests = cycle(requests)
        self.pause_seconds = pause_seconds
        self.taken: list[float] = []
        self.not_2xx = 0
        self.broken = 0
        self.over = False


class _Agent(asyncio.Protocol):
    """A connection: asks, waits for the answer, perhaps pauses, and asks again."""

    def __init__(self, fleet: _Fleet) -> None:
        self._fleet = fleet
        self._loop = asyncio.get_running_loop()
        self._heard = b""
        self._due = self._loop.time()
        self._asked = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._next()

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if not self._heard.endswith(_END):
            return
        fleet = self._fleet
        fleet.taken.append(time.perf_counter() - self._asked)
        fleet.not_2xx += not self._heard.startswith(b"HTTP/1.1 2")
        self._heard = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        self._fleet.broken += not self._fleet.over

    def _next(self) -> None:
        if self._fleet.pause_seconds:
            # Each at a moment of its own, for a fleet's agents do not ask in step; and when it is due, however long the
            # answer before took.
            self._due += 2 * random.random() * self._fleet.pause_seconds
            self._loop.call_at(self._due, self._ask)
        else:
            self._ask()

    def _ask(self) -> None:
        if not self._fleet.over:
            self._asked = time.perf_counter()
            self._transport.write(next(self._fleet.requests))


async def poll(host: str, port: int, fleet: _Fleet, *, connections: int, seconds: float) -> None:
    """Keep connections busy for a while and print what was heard."""
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: _Agent(fleet), host, port) for _ in range(connections)]
    fleet.taken.clear()
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    taken, lasted = sorted(fleet.taken), time.perf_counter() - began
    fleet.over = True
    for transport, _ in made:
        transport.close()
    found = {
        "seconds": lasted,
        "answers": len(taken),
        "not_2xx": fleet.not_2xx,
        "broken": fleet.broken,
        "timeouts": 0,
        "p50_ms": taken[len(taken) // 2] * 1000 if taken else 0,
        "p99_ms": taken[len(taken) * 99 // 100] * 1000 if taken else 0,
    }
    print(f"RESULT {json.dumps(found)}")


def main() -> None:
    """Read the arguments and poll; the token comes in AGENT_TOKEN."""
    parser = argparse.ArgumentParser(prog="bench.polling", description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("paths", type=Path, help="a file with a path in each line, taken in turn")
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--per-second", type=float, default=0, help="of all connections together; else at full speed")
    given = parser.parse_args()
    head = (
        f"Host: {given.host}\r\nUser-Agent: Telegraf/1.40.0 Go/1.25.3\r\nAccept: application/toml\r\n"
        f"Authorization: Bearer {os.environ['AGENT_TOKEN']}\r\n\r\n"
    )
    requests = [f"HEAD {path} HTTP/1.1\r\n{head}".encode() for path in given.paths.read_text().splitlines()]
    pause = given.connections / given.per_second if given.per_second else 0.0
    import uvloop

    uvloop.run(
        poll(given.host, given.port, _Fleet(requests, pause), connections=given.connections, seconds=given.seconds)
    )


if __name__ == "__main__":
    main()
