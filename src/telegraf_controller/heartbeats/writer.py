"""Where a heartbeat becomes rows: takes groups from the buffer, commits each, and tells every heartbeat its fate (H2).

A heartbeat whose entry has no error when its group settles is durable. Every other one has an error: refused because
rights changed on the way, bad by itself, or not stored because the database is away.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import structlog

from telegraf_controller import clock
from telegraf_controller.errors import ControllerError, StorageUnavailable
from telegraf_controller.heartbeats.access import HeartbeatAccess
from telegraf_controller.heartbeats.buffer import Buffer, Entry, Group
from telegraf_controller.heartbeats.gate import authorise
from telegraf_controller.heartbeats.store import GenerationMoved, HeartbeatStore, TryAgain
from telegraf_controller.tokens.check import AccessState

log = structlog.get_logger(__name__)

PROBE_SECONDS = 0.5
"""How often a database that was lost is tried again."""

LOG_OUTAGE_SECONDS = 60
TRIES = 10
"""How often a transaction that had to give way is tried before its heartbeats hear 503."""

WRITES_FOR_BAD_ROWS = 200
"""How many transactions are spent on finding the bad heartbeats of one group."""


class Lane:
    """A way to the database, on which one thing happens at a time."""

    def __init__(self, store: HeartbeatStore) -> None:
        self.store = store
        self.busy = asyncio.Lock()


class Writer:
    """Commits groups, one after the other on each of its lanes. `available` says whether the database took the last."""

    def __init__(self, stores: Sequence[HeartbeatStore], buffer: Buffer, access: HeartbeatAccess) -> None:
        """Take one store for each lane, all of the same database."""
        self._lanes = [Lane(store) for store in stores]
        self._buffer = buffer
        self._access = access
        self._outage_logged = float("-inf")
        self._proven = float("-inf")
        self.available = False
        """False until the database has been seen, and while it is away: heartbeats are then refused at once."""

    async def run(self) -> None:
        """Write groups until cancelled. While the database is away, refuse what waits and probe until it is back."""
        await asyncio.gather(*(self._run(lane) for lane in self._lanes))

    async def close(self) -> None:
        """Close the stores."""
        for lane in self._lanes:
            await lane.store.close()

    async def _run(self, lane: Lane) -> None:
        while True:
            try:
                if not self.available:
                    await self._come_back(lane)
                await self._write_group(lane, await self._buffer.take())
            except Exception as error:
                # A mistake of ours counts as an outage too: the task must live, and nobody be left waiting.
                self._lost(error)
                await asyncio.sleep(PROBE_SECONDS)

    async def probe(self, *, proven_within_seconds: float) -> None:
        """Raise StorageUnavailable unless something could be written lately, or can now (H6)."""
        if not self.available:
            raise StorageUnavailable
        loop = asyncio.get_running_loop()
        lane = self._lanes[0]
        async with lane.busy:
            if loop.time() - self._proven > proven_within_seconds:
                await lane.store.probe()
                self._proven = loop.time()

    async def _come_back(self, lane: Lane) -> None:
        async with lane.busy:
            await lane.store.probe()
        await self._access.current()
        if self._outage_logged > float("-inf"):
            log.info("the database takes heartbeats again")
        self._outage_logged = float("-inf")
        self.available = True

    def _lost(self, error: Exception) -> None:
        self.available = False
        self._buffer.drain(error if isinstance(error, StorageUnavailable) else StorageUnavailable())
        now = asyncio.get_running_loop().time()
        if now - self._outage_logged >= LOG_OUTAGE_SECONDS:
            self._outage_logged = now
            log.error(
                "heartbeats cannot be stored, agents are asked to try again", cause=repr(error.__cause__ or error)
            )

    async def _write_group(self, lane: Lane, group: Group) -> None:
        # Cancelled, or a mistake of ours: nobody may be left waiting, or believe that it was stored.
        error: ControllerError | None = StorageUnavailable()
        loop = asyncio.get_running_loop()
        try:
            await self._write(lane, group.entries)
            self._proven = loop.time()
            error = None
        except StorageUnavailable as lost:
            error = lost
            raise
        except ControllerError as refusal:
            error = refusal
        finally:
            self._buffer.done(group)
            # When the next group is under way: the database is not to wait for answers being sent.
            loop.call_soon(group.settle, error)

    async def _write(self, lane: Lane, entries: list[Entry]) -> None:
        """Store entries; those that are bad by themselves get their error, the others are durable afterwards."""
        try:
            await self._commit(lane, entries)
        except (ControllerError, asyncio.CancelledError):
            raise
        except Exception as error:
            await self._write_without_bad(lane, entries, error)

    async def _write_without_bad(self, lane: Lane, entries: list[Entry], error: Exception) -> None:
        """Find by halves which entries the database refuses: one bad row must not sink its group (H3)."""
        doubtful = [(entries, error)]
        for _ in range(WRITES_FOR_BAD_ROWS):
            if not doubtful:
                return
            suspects, error = doubtful.pop()
            if len(suspects) == 1:
                suspects[0].error = _not_storable(error)
                continue
            middle = len(suspects) // 2
            for half in (suspects[:middle], suspects[middle:]):
                try:
                    await self._commit(lane, half)
                except (ControllerError, asyncio.CancelledError):
                    raise
                except Exception as next_error:
                    doubtful.append((half, next_error))
        for suspects, error in doubtful:
            for entry in suspects:
                entry.error = _not_storable(error)

    async def _commit(self, lane: Lane, entries: list[Entry]) -> None:
        """Store in one transaction the entries that are still allowed; the others get their error."""
        state = self._access.state
        assert state is not None
        for attempt in range(1, TRIES + 1):
            allowed = _still_allowed(state, entries)
            if not allowed:
                return
            try:
                async with lane.busy:
                    await lane.store.write([entry.heartbeat for entry in allowed], state.generation)
                return
            except GenerationMoved as moved:
                state = await self._access.at(moved.current)
            except TryAgain:
                await asyncio.sleep(random.uniform(0, 0.005 * attempt))  # noqa: S311 - only to get out of step
        raise ControllerError("overloaded", "The database is busy with other changes; this heartbeat was not stored.")


def _still_allowed(state: AccessState, entries: list[Entry]) -> list[Entry]:
    """Return the entries that may be stored as of a state, having checked those that an earlier one let in (T9)."""
    now_ms = clock.now_ms()
    allowed = []
    for entry in entries:
        if entry.error is None and entry.generation != state.generation:
            try:
                authorise(state, entry.credentials, now_ms, entry.heartbeat.instance_id)
                entry.generation = state.generation
            except ControllerError as refusal:
                entry.error = refusal
        if entry.error is None:
            allowed.append(entry)
    return allowed


def _not_storable(error: Exception) -> ControllerError:
    log.error("a heartbeat was refused by the database", cause=repr(error)[:500])
    return ControllerError("internal_error", "This heartbeat could not be stored; others were not affected.")
