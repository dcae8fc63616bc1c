"""Whose turn it is when there is more to do than the machine should do at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telegraf_controller.users.throttle import too_many_attempts

MAX_STRANGERS = 16
"""Strangers who may wait; more are refused at once, for nobody should wait for seconds in a crowd of guesses."""

MAX_FAMILIAR = 64
"""People who are known here and may wait; they go first."""


class Turns:
    """Lets `at_once` work at a time. Who is familiar goes first; either queue is bounded."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._familiar: deque[asyncio.Future[None]] = deque()
        self._strangers: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def turn(self, *, familiar: bool) -> AsyncIterator[None]:
        """Wait for a turn and give it back at the end. Raises ControllerError `too_many_attempts` at once."""
        self.check(familiar=familiar)
        if self._free > 0:
            self._free -= 1
        else:
            await self._wait(self._familiar if familiar else self._strangers)
        try:
            yield
        finally:
            self._pass_on()

    def check(self, *, familiar: bool) -> None:
        """Raise ControllerError `too_many_attempts` when too many wait already."""
        waiting, most = (self._familiar, MAX_FAMILIAR) if familiar else (self._strangers, MAX_STRANGERS)
        if self._free == 0 and len(waiting) >= most:
            raise too_many_attempts(1)

    async def _wait(self, queue: deque[asyncio.Future[None]]) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            # The turn may have come in the very moment in which nobody wanted it any more.
            if not mine.cancelled():
                self._pass_on()
            elif mine in queue:
                queue.remove(mine)
            raise

    def _pass_on(self) -> None:
        for queue in (self._familiar, self._strangers):
            while queue:
                waiting = queue.popleft()
                if not waiting.done():
                    waiting.set_result(None)
                    return
        self._free += 1
