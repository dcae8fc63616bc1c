"""What a program says to PostgreSQL, counted on the wire between the two.

async with counted(database_url) as (url, spoken):
    ...                       # use `url` as the database
    spoken.clear()
    ...
    assert spoken.round_trips <= 3, spoken
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

_WAITS_AFTER = (b"Q", b"S", b"H")
"""The messages after which a client waits for the server: a simple query, Sync, Flush."""


@dataclass
class Spoken:
    """What went to the server over all connections since the last `clear`."""

    round_trips: int = 0
    statements: list[str] = field(default_factory=list)
    """What was executed, in order."""
    prepared: list[str] = field(default_factory=list)
    """What was prepared: each statement once on each connection."""
    hides_ends: bool = False
    """Whether a client hears only when it speaks that the server has closed its connection."""
    hidden_ends: asyncio.Queue[None] = field(default_factory=asyncio.Queue)
    """One for each of these connections."""

    def clear(self) -> None:
        """Begin anew."""
        self.round_trips = 0
        self.statements.clear()
        self.prepared.clear()


@asynccontextmanager
async def counted(database_url: str) -> AsyncIterator[tuple[str, Spoken]]:
    """Give an address that leads to the same PostgreSQL database, and what is spoken over it."""
    parts = urlsplit(database_url)
    assert parts.hostname is not None
    assert parts.port is not None
    host, port, spoken = parts.hostname, parts.port, Spoken()
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        server_reader, server_writer = await asyncio.open_connection(host, port)
        answering = asyncio.create_task(_answer(server_reader, writer, spoken))
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                await _listen(reader, server_writer, answering, spoken)
        finally:
            server_writer.close()
            await answering
            writer.close()
            serving.discard(task)

    proxy = await asyncio.start_server(serve, "127.0.0.1", 0)
    own_port = proxy.sockets[0].getsockname()[1]
    user = parts.netloc.rpartition("@")[0]
    try:
        yield urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{own_port}", query="sslmode=disable")), spoken
    finally:
        proxy.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def _listen(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answering: asyncio.Task[None], spoken: Spoken
) -> None:
    """Pass on what a client says, message by message, and write it down; end when nobody answers any more."""
    named: dict[bytes, str] = {}
    kind = b""  # The first message has no type.
    while not answering.done():
        length = await reader.readexactly(4)
        body = await reader.readexactly(int.from_bytes(length) - 4)
        # Noted before it is passed on: whoever has the answer finds the question here.
        spoken.round_trips += kind in _WAITS_AFTER
        if kind == b"P":
            name, statement = body.split(b"\0")[:2]
            named[name] = statement.decode()
            spoken.prepared.append(named[name])
        elif kind == b"B":
            spoken.statements.append(named[body.split(b"\0")[1]])
        elif kind == b"Q":
            spoken.statements.append(body.rstrip(b"\0").decode())
        writer.write(kind + length + body)
        await writer.drain()
        kind = await reader.readexactly(1)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, spoken: Spoken) -> None:
    with suppress(ConnectionError):
        # What is said last, "terminating connection", is hidden as well.
        while (answer := await reader.read(65_536)) and not spoken.hides_ends:
            writer.write(answer)
            await writer.drain()
    if spoken.hides_ends:
        spoken.hidden_ends.put_nowait(None)
    else:
        writer.close()
