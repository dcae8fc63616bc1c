"""The scheduler process: what has to happen again and again, on the leader alone.

One node of those that share a database is the leader: the one that holds the lease. The others try to take it, and get
it when the leader gives it back at its end, or has not renewed it for LEASE_SECONDS.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog

from telegraf_controller import clock
from telegraf_controller.agents.events import trim_events
from telegraf_controller.db.engine import Database
from telegraf_controller.db.leases import (
    LEASE_SECONDS,
    RENEW_SECONDS,
    LeaseholdersDatabase,
    LeaseLost,
    acquire_lease,
    release_lease,
)
from telegraf_controller.errors import StorageUnavailable
from telegraf_controller.heartbeats.merging import merge_groups
from telegraf_controller.heartbeats.retention import keep_statistics
from telegraf_controller.options import Options
from telegraf_controller.processes.database import open_database
from telegraf_controller.processes.leadership import LEASE, provision_token
from telegraf_controller.reporting.sweep import delete_silent, sweep
from telegraf_controller.users.cleanup import delete_ended

log = structlog.get_logger(__name__)

OUTAGE_LOG_SECONDS = 60.0
"""How often a database outage is mentioned (O8)."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do every `every_seconds`; it must bear being done twice, and being cut off."""

    name: str
    every_seconds: float
    act: Callable[[Database, datetime], Awaitable[object]]


def steps(options: Options) -> tuple[Step, ...]:
    """Return everything that the leader does."""

    async def trim_history(database: Database, now: datetime) -> None:
        await keep_statistics(database, now, options.heartbeat_history)

    return (
        # Silence is to be noticed within ten seconds (A2).
        Step("sweep", 5.0, sweep),
        Step("delete silent agents", 60.0, delete_silent),
        Step("trim events", 60.0, trim_events),
        Step("merge history", 10.0, merge_groups),
        Step("trim history", 60.0, trim_history),
        Step("forget ended sessions", 3600.0, delete_ended),
    )


async def run(options: Options, sockets: Sequence[socket.socket], stop: asyncio.Event) -> None:
    """Hold the lease and do the steps while it is held, until `stop` is set; then give the lease back."""
    database = open_database(options)
    try:
        await Scheduler(database, options, steps(options)).run(stop)
    finally:
        await database.close()


class Scheduler:
    """Holds the lease of one node and does the steps while it is held."""

    def __init__(self, database: Database, options: Options, todo: Sequence[Step]) -> None:
        self._database = database
        self._options = options
        self._leaders_database = LeaseholdersDatabase(database, LEASE, options.node_id)
        self._steps = todo
        self._outage = Outage()
        self._lease_until = float("-inf")
        """On the event loop's clock: until when the lease is ours for certain."""

    async def run(self, stop: asyncio.Event) -> None:
        tasks = [asyncio.create_task(self._hold_lease())]
        tasks += [asyncio.create_task(self._repeat(step)) for step in self._steps]
        stopping = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in (stopping, *tasks):
            task.cancel()
        await asyncio.gather(stopping, *tasks, return_exceptions=True)
        with suppress(StorageUnavailable):
            async with self._database.write() as session:
                await release_lease(session, LEASE, self._options.node_id)
        for task in done - {stopping}:
            task.result()

    def _leads(self) -> bool:
        return asyncio.get_running_loop().time() < self._lease_until

    async def _hold_lease(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            led, asked_at = self._leads(), loop.time()
            with self._outage:
                async with self._database.write() as session:
                    held = await acquire_lease(session, LEASE, self._options.node_id, clock.now())
                self._lease_until = asked_at + LEASE_SECONDS if held else float("-inf")
                if held and not led:
                    await self._begin_to_lead()
            if led and not self._leads():
                log.warning("no longer the leader")
            await asyncio.sleep(RENEW_SECONDS)

    async def _begin_to_lead(self) -> None:
        log.info("leading", node=self._options.node_id)
        # Nothing is left to do when start-up could do it: then the token is not among these options any more.
        await provision_token(self._database, self._options, clock.now())

    async def _repeat(self, step: Step) -> None:
        while True:
            if self._leads():
                await self._do(step)
            await asyncio.sleep(step.every_seconds if self._leads() else 0.2)

    async def _do(self, step: Step) -> None:
        with self._outage:
            try:
                await step.act(self._leaders_database, clock.now())
            except StorageUnavailable:
                raise
            except LeaseLost:
                log.warning("another node leads by now; a step was broken off", step=step.name)
            except Exception:
                # One broken step must not keep the others from being done, nor itself from the next try.
                log.exception("step failed", step=step.name)


class Outage:
    """`with outage:` swallows StorageUnavailable, and says so at the beginning, once a minute, and at the end (O8)."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._said_at = float("-inf")

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        now = asyncio.get_running_loop().time()
        if kind is None and self._began is not None:
            log.warning("the database is back", away_seconds=round(now - self._began))
            self._began, self._said_at = None, float("-inf")
        if not isinstance(error, StorageUnavailable):
            return False
        self._began = now if self._began is None else self._began
        if now - self._said_at >= OUTAGE_LOG_SECONDS:
            self._said_at = now
            log.error("the database cannot be reached", reason=str(error.__cause__ or error))
        return True
