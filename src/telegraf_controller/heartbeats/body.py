"""Reading a request's body: bounded in size, before and after decompression, and in time (H3, H4)."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from time import monotonic
from typing import Protocol

from telegraf_controller.errors import ControllerError
from telegraf_controller.heartbeats.gate import Headers

READ_SECONDS = 10
"""How long a body may take to arrive."""

ARRIVING_BYTES = 128 * 1024 * 1024
"""What may be arriving at once, over all connections: large bodies are rare, and many at once are no fleet."""

DROPPED_BYTES = 4 * 1024 * 1024
"""How much of a body that is too large is still taken, and dropped: who is cut off while sending may hear of a broken
connection instead of the refusal."""

_GZIP = zlib.MAX_WBITS | 16


class Incoming(Protocol):
    """What this needs of an RSGI protocol object."""

    async def __call__(self) -> bytes:
        """Return the whole body."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives."""


class BodyReader:
    """Reads bodies of at most `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._arriving = 0
        self._reading: dict[asyncio.Task[object], float] = {}
        self._late: set[asyncio.Task[object]] = set()

    async def read(self, headers: Headers, protocol: Incoming) -> bytes:
        """Return the body, decompressed.

        Raises ControllerError `body_too_large`, `invalid_heartbeat` (too slow, or not what its headers say),
        `unsupported_media_type`, `overloaded`.
        """
        task = asyncio.current_task()
        assert task is not None
        self._reading[task] = monotonic()
        announced = headers.get("content-length")
        try:
            if announced is None or int(announced) > self._limit:
                body = await self._streamed(protocol)
            else:
                body = await self._whole(int(announced), protocol)
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            raise _incomplete("it did not arrive in time") from None
        except RuntimeError:
            # Granian's protocol error: the client hung up. Nobody hears the answer.
            raise _incomplete("it broke off") from None
        finally:
            del self._reading[task]
            self._late.discard(task)
        return self._decompressed(body, headers) if "content-encoding" in headers else body

    async def watch(self) -> None:
        """Give up on bodies that take too long, until cancelled. One look a second costs less than a timer for each."""
        while True:
            await asyncio.sleep(1)
            overdue = monotonic() - READ_SECONDS
            # The oldest stand first.
            for task, started in list(self._reading.items()):
                if started > overdue:
                    break
                self._late.add(task)
                task.cancel()

    async def _whole(self, size: int, protocol: Incoming) -> bytes:
        self._expect(size)
        try:
            return await protocol()
        finally:
            self._arriving -= size

    async def _streamed(self, protocol: Incoming) -> bytes:
        body, size = bytearray(), 0
        try:
            async for chunk in protocol:
                size += len(chunk)
                if size <= self._limit:
                    self._expect(len(chunk))
                    body += chunk
                elif size > self._limit + DROPPED_BYTES:
                    break
        finally:
            self._arriving -= len(body)
        if size > self._limit:
            raise self._too_large()
        return bytes(body)

    def _expect(self, size: int) -> None:
        if self._arriving + size > ARRIVING_BYTES:
            raise ControllerError("overloaded", "Too many large heartbeats arrive at once; this one was not stored.")
        self._arriving += size

    def _decompressed(self, body: bytes, headers: Headers) -> bytes:
        encoding = ", ".join(headers.get_all("content-encoding")).strip().lower()
        if encoding in ("", "identity"):
            return body
        if encoding not in ("gzip", "x-gzip"):
            raise ControllerError("unsupported_media_type", "The body may be compressed with gzip only.")
        decompressor = zlib.decompressobj(_GZIP)
        try:
            # Never more than one byte beyond the limit is unpacked, whatever a small body promises to become.
            plain = decompressor.decompress(body, self._limit + 1)
        except zlib.error:
            raise _incomplete("it is not valid gzip") from None
        if len(plain) > self._limit:
            raise self._too_large()
        if not decompressor.eof or decompressor.unused_data:
            raise _incomplete("it is not one complete gzip stream")
        return plain

    def _too_large(self) -> ControllerError:
        return ControllerError("body_too_large", f"A heartbeat has at most {self._limit} bytes.", limit=self._limit)


def _incomplete(problem: str) -> ControllerError:
    return ControllerError("invalid_heartbeat", f"The body cannot be read: {problem}.", field=None, problem=problem)
