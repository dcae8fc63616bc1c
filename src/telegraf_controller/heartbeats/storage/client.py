"""The storage process as a heartbeat process knows it: a store like any other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from telegraf_controller.errors import StorageUnavailable
from telegraf_controller.heartbeats.parse import Heartbeat
from telegraf_controller.heartbeats.storage.messages import (
    STREAM_BYTES,
    Answer,
    Moved,
    Probe,
    Refused,
    Request,
    Unavailable,
    Write,
    receive_answer,
    send,
)
from telegraf_controller.heartbeats.store import GenerationMoved

ANSWER_SECONDS = 20
"""How long an answer may take: the groups of others come first, and each may wait for a lock. Agents wait five."""


class RefusedByDatabase(Exception):
    """The database took none of a group: a heartbeat in it is bad."""


class StorageClient:
    """A connection to the storage process; one question at a time."""

    def __init__(self, address: str) -> None:
        """Take the path of the process's socket."""
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def write(self, heartbeats: Sequence[Heartbeat], generation: int) -> None:
        """See HeartbeatStore."""
        await self._ask(Write(heartbeats, generation))

    async def probe(self) -> None:
        """See HeartbeatStore."""
        await self._ask(Probe())

    async def close(self) -> None:
        """See HeartbeatStore."""
        streams = self._streams
        self._hang_up()
        if streams is not None:
            with suppress(OSError):
                await streams[1].wait_closed()

    async def _ask(self, request: Request) -> None:
        answer = await self._exchange(request)
        if isinstance(answer, Moved):
            raise GenerationMoved(answer.current)
        if isinstance(answer, Refused):
            raise RefusedByDatabase(answer.cause)
        if isinstance(answer, Unavailable):
            raise StorageUnavailable from OSError(answer.cause)

    async def _exchange(self, request: Request) -> Answer:
        is_answered = False
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if self._streams is not None and self._streams[0].at_eof():
                    self._hang_up()  # it has been replaced since
                reader, writer = self._streams or await self._connect()
                send(writer, request)
                answer = await receive_answer(reader)
            is_answered = True
            return answer
        except (OSError, EOFError) as error:
            raise StorageUnavailable from error
        finally:
            if not is_answered:
                # Whatever comes now would be taken for the answer to the next question.
                self._hang_up()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._streams = await asyncio.open_unix_connection(self._address, limit=STREAM_BYTES)
        return self._streams

    def _hang_up(self) -> None:
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].transport.abort()
