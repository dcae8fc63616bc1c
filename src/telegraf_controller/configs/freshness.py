"""Knowing that what is in memory is current, for a price that a whole fleet's polling cannot raise (C6, C7).

A request must see every change that was answered before it arrived, so the counters have to be read after its arrival.
Requests therefore gather while a read is under way, and for at least `PACE_SECONDS` from one read to the next.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from telegraf_controller.errors import StorageUnavailable

PACE_SECONDS = 0.002

PATIENCE_SECONDS = 5.0
"""How long requests wait for a read before the database counts as unreachable."""

SHORT_PATIENCE_SECONDS = 0.5
"""The same while the read before has failed: during an outage nobody waits long for what is in memory."""


class Counters(Protocol):
    """Where the counters are read."""

    async def current(self) -> dict[str, int]:
        """Return the counters as of now. Raises StorageUnavailable."""


class _Gathering:
    """Requests that wait for the same read, but not for ever."""

    def __init__(self, loop: asyncio.AbstractEventLoop, patience: float) -> None:
        self.done: asyncio.Future[dict[str, int]] = loop.create_future()
        self._giving_up = loop.call_later(patience, self.fail, StorageUnavailable())

    def succeed(self, generations: dict[str, int]) -> None:
        self._giving_up.cancel()
        if not self.done.done():
            self.done.set_result(generations)

    def fail(self, error: Exception) -> None:
        self._giving_up.cancel()
        if not self.done.done():
            self.done.set_exception(error)
            # Whoever waited may be gone; an unread exception would then be logged as lost.
            self.done.exception()


class Freshness:
    """Reads the counters for the serving of configurations, and knows since when it could not."""

    def __init__(self, counters: Counters, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._counters = counters
        self._monotonic = monotonic
        self._gathering: _Gathering | None = None
        self._reading: asyncio.Task[None] | None = None
        self._last_success: float | None = None
        self._failing = False

    async def current(self) -> dict[str, int]:
        """Return the counters as of now or later. Raises StorageUnavailable, also when the database only hangs."""
        gathering = self._gathering
        if gathering is None:
            loop = asyncio.get_running_loop()
            patience = SHORT_PATIENCE_SECONDS if self._failing else PATIENCE_SECONDS
            gathering = self._gathering = _Gathering(loop, patience)
            if self._reading is None:
                self._reading = loop.create_task(self._read_until_idle())
        # Shielded: a request that is given up must not take the answer from the others.
        return await asyncio.shield(gathering.done)

    @property
    def seconds_since_success(self) -> float | None:
        """How long ago the counters could be read; None when they never could."""
        return None if self._last_success is None else self._monotonic() - self._last_success

    async def _read_until_idle(self) -> None:
        try:
            while self._gathering is not None:
                await self._read_for_those_who_gathered()
                await asyncio.sleep(PACE_SECONDS)
        finally:
            self._reading = None

    async def _read_for_those_who_gathered(self) -> None:
        gathering, self._gathering = self._gathering, None
        assert gathering is not None
        began = self._monotonic()
        try:
            # The read may outlast everybody's patience: a slow connection must be able to come about all the same.
            generations = await self._counters.current()
        except Exception as error:
            self._failing = True
            gathering.fail(error)
            return
        self._failing = False
        self._last_success = began
        gathering.succeed(generations)
