"""Where heartbeats wait for their commit: gathered into groups, within fixed limits (H3)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from msgspec import Struct

from telegraf_controller.errors import ControllerError
from telegraf_controller.heartbeats.gate import Credentials
from telegraf_controller.heartbeats.parse import Heartbeat
from telegraf_controller.heartbeats.wire.connection import Connection

GROUP_HEARTBEATS = 5_000
GROUP_BYTES = 16 * 1024 * 1024
"""A group is written in one transaction; the limits keep that short."""

WAITING_HEARTBEATS = 20_000
WAITING_BYTES = 64 * 1024 * 1024
"""What may wait in all. Beyond it, heartbeats are refused at once: memory stays flat under any flood."""

GATHER_SECONDS = 0.001
"""How long the first heartbeat after a pause waits for company; one commit then serves them all."""


class Entry(Struct, eq=False):  # known to the garbage collector: its error may lead back to it by a traceback
    """One heartbeat on its way to the database, and what became of it."""

    connection: Connection
    """Who waits for the answer."""
    heartbeat: Heartbeat
    credentials: Credentials
    generation: int
    """The access generation by which it was let in."""
    error: ControllerError | None = None
    """Why it was not stored; looked at when its group is settled."""


class Group:
    """Heartbeats that are committed together."""

    __slots__ = ("_tell", "entries", "is_settled", "size")

    def __init__(self, tell: Callable[[Sequence[Entry]], None]) -> None:
        self._tell = tell
        self.entries: list[Entry] = []
        self.size = 0
        self.is_settled = False

    def settle(self, error: ControllerError | None = None) -> None:
        """Tell all who wait, once. `error` is for those that have none of their own."""
        if self.is_settled:
            return
        self.is_settled = True
        if error is not None:
            for entry in self.entries:
                entry.error = entry.error or error
        self._tell(self.entries)


class Buffer:
    """Heartbeats that wait. `submit` adds one, `take` gives the writer the next group, which is then `done`."""

    def __init__(self, tell: Callable[[Sequence[Entry]], None]) -> None:
        """`tell` gets the heartbeats of each group when their fate is settled: stored, unless they have an `error`."""
        self._tell = tell
        self._groups: deque[Group] = deque()
        self._changed = asyncio.Event()
        self._under_way = 0
        """How many heartbeats were taken and are not done."""
        self._heartbeats = 0
        self._bytes = 0

    @property
    def waiting(self) -> int:
        """How many heartbeats wait to be taken."""
        return self._heartbeats

    def submit(self, entry: Entry) -> None:
        """Add a heartbeat.

        Raises ControllerError `overloaded`: it does not fit, and nothing was kept.
        """
        size = entry.heartbeat.size
        if self._heartbeats >= WAITING_HEARTBEATS or self._bytes + size > WAITING_BYTES:
            raise ControllerError(
                "overloaded", "Too many heartbeats are waiting to be stored; this one was not stored."
            )
        group = self._groups[-1] if self._groups else None
        if group is None or len(group.entries) >= GROUP_HEARTBEATS or group.size + size > GROUP_BYTES:
            group = Group(self._tell)
            self._groups.append(group)
        group.entries.append(entry)
        group.size += size
        self._heartbeats += 1
        self._bytes += size
        if self._heartbeats >= self._under_way:
            self._changed.set()

    async def take(self) -> Group:
        """Wait for a group, and return it: it is no longer waiting here, and takes no more.

        While another is under way, that is one at least as large: a smaller one would have to wait, and could not grow.
        """
        while not self._groups or self._heartbeats < self._under_way:
            self._changed.clear()
            await self._changed.wait()
            if not self._under_way:
                await asyncio.sleep(GATHER_SECONDS)
        group = self._groups.popleft()
        self._heartbeats -= len(group.entries)
        self._bytes -= group.size
        self._under_way += len(group.entries)
        return group

    def done(self, group: Group) -> None:
        """Hear that a group that was taken is stored, or never will be."""
        self._under_way -= len(group.entries)
        self._changed.set()

    def drain(self, error: ControllerError) -> None:
        """Refuse everything that waits."""
        while self._groups:
            self._groups.popleft().settle(error)
        self._heartbeats = self._bytes = 0
