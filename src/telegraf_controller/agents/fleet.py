"""Lists and counts of agents, whatever their number (A4, A5).

A small fleet is asked in the database: every answer is exact. Of a large one, columns are kept in memory for as long as
somebody looks, and read anew again and again; they say which agents are meant, in which order, and how many. What is
shown of an agent is read from the database in any case.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.agents import queries
from telegraf_controller.agents.columns import Columns, Selection
from telegraf_controller.agents.columns_load import CannotHold, Pace, load_columns, load_label
from telegraf_controller.agents.identity import search_pattern
from telegraf_controller.agents.queries import BANDS, AgentCounts, AgentFilter, AgentView, SortKey
from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.agents.tables import AgentLiveness
from telegraf_controller.db.engine import Database, is_unknown_to_database
from telegraf_controller.errors import StorageUnavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")

EXACT_AGENTS = 5_000
"""Up to this many agents every answer comes from the database."""

REST_SHARE = 5
"""After reading columns, they rest this many times as long as that took, half of which were rests as well: at most a
tenth of a core goes into it."""

LEAST_REST_SECONDS = 1.0
LONGEST_REST_SECONDS = 15.0
OLD_SECONDS = 30.0
"""Older columns are not shown: whoever asks waits for new ones."""

KEEP_SECONDS = 600.0
"""How long columns are kept, and kept up to date, after somebody has asked."""

AT_ONCE_AGENTS = 20_000
"""Up to this many, columns are searched, ordered and counted in a millisecond or two. Above, a thread does that: the
event loop is not held up, but on a busy machine the answer waits twice for a core."""

LOOK_SECONDS = 10.0
"""How long after a look that found a fleet small it is looked at again."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of agents."""

    views: list[AgentView]
    total: int
    as_of: datetime | None
    """What moment order and total are of; None: of now, exactly."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts over agents."""

    counts: AgentCounts
    as_of: datetime | None
    """What moment they are of; None: of now, exactly."""


class Fleet:
    """Answers for one API process."""

    def __init__(self, database: Database, *, exact_agents: int = EXACT_AGENTS) -> None:
        self._database = database
        self._exact_agents = exact_agents
        self._columns: Columns | None = None
        self._read_at = float("-inf")
        self._took = 0.0
        self._asked_at = float("-inf")
        self._look_at = float("-inf")
        self._labels_asked: dict[str, float] = {}
        self._loading: asyncio.Task[None] | None = None
        self._pace = Pace(restful=False)
        self._keeping: asyncio.Task[None] | None = None

    async def list(
        self,
        session: AsyncSession,
        wanted: AgentFilter,
        *,
        sort_by: SortKey = "name",
        descending: bool = False,
        offset: int = 0,
        limit: int = 25,
    ) -> Listing:
        """Return one page of agents (A4). Agents that the order does not tell apart stand by id."""
        columns = await self._current(session)
        if columns is None:
            views, total = await queries.list_agents(
                session, wanted, sort_by=sort_by, descending=descending, offset=offset, limit=limit
            )
            return Listing(views, total, None)
        selection = await self._selection(session, columns, wanted)
        page = partial(columns.page, selection, sort_by=sort_by, descending=descending, offset=offset, limit=limit)
        ids, total = await _worked_out(columns, page)
        return Listing(await queries.read_agents(session, ids), total, columns.as_of)

    async def count(self, session: AsyncSession, wanted: AgentFilter, now: datetime) -> Counted:
        """Count agents by status, version and silence (A5)."""
        columns = await self._current(session)
        if columns is None:
            return Counted(await queries.count_agents(session, wanted, now), None)
        selection = await self._selection(session, columns, wanted)
        # Ages are those of the moment that last-seen instants are of: while nobody reads them, nobody grows silent.
        since = [columns.as_of - age for _, age in BANDS if age is not None]
        counts = await _worked_out(columns, partial(columns.count, selection, since))
        by_status = {status.value: counts.by_status.get(status.value, 0) for status in AgentStatus}
        by_band = dict(zip((name for name, _ in BANDS), counts.by_age, strict=True))
        return Counted(AgentCounts(counts.total, by_status, counts.by_version, by_band), columns.as_of)

    async def close(self) -> None:
        """End what is under way."""
        for task in (self._keeping, self._loading):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _current(self, session: AsyncSession) -> Columns | None:
        """Return columns that may be shown; None when the database is to be asked."""
        now = time.monotonic()
        self._asked_at = now
        if self._columns is None:
            if self._keeping is None and now >= self._look_at:
                # Set before waiting: of many who ask at once, one looks.
                self._look_at = now + LOOK_SECONDS
                if await _has_more_than(session, self._exact_agents):
                    self._keeping = asyncio.create_task(self._keep())
            return None
        if now - self._read_at > OLD_SECONDS:
            await self.refresh()
        return self._columns

    async def _keep(self) -> None:
        """Read columns again and again, until nobody has asked for a while or the fleet has become small."""
        try:
            while time.monotonic() - self._asked_at < KEEP_SECONDS:
                try:
                    # The first time somebody waits, in a way: until then the database is asked, which is slow.
                    await self.refresh(restful=self._columns is not None)
                except StorageUnavailable:
                    await asyncio.sleep(LEAST_REST_SECONDS)
                    continue
                if self._columns is None or len(self._columns) <= self._exact_agents:
                    break
                await asyncio.sleep(min(max(LEAST_REST_SECONDS, self._took * REST_SHARE), LONGEST_REST_SECONDS))
        except Exception as problem:
            if isinstance(problem, CannotHold) or is_unknown_to_database(problem):
                log.error("agents are listed by the database alone, which is slow", cause=str(problem)[:500])
                await asyncio.sleep(KEEP_SECONDS)
            else:
                log.exception("agents could not be read")
                await asyncio.sleep(LEAST_REST_SECONDS)
        finally:
            self._columns = self._keeping = None

    async def refresh(self, *, restful: bool = False) -> None:
        """Read columns; who asks meanwhile waits for the same. Raises StorageUnavailable, CannotHold.

        `restful` says that nobody waits, so that others go first.
        """
        if self._loading is None or self._loading.done():
            self._pace = Pace(restful=restful)
            self._loading = asyncio.create_task(self._read(self._pace))
        elif not restful:
            self._pace.restful = False
        await asyncio.shield(self._loading)

    async def _read(self, pace: Pace) -> None:
        began = time.monotonic()
        columns = await load_columns(self._database, clock.now(), self._columns, pace)
        recently = time.monotonic() - OLD_SECONDS
        self._labels_asked = {key: asked for key, asked in self._labels_asked.items() if asked > recently}
        for key in self._labels_asked:
            async with self._database.glance() as session:
                columns.labels[key] = await load_label(session, columns, key)
        if self._columns is not None:
            # What was asked for lately is made here, so that nobody waits for it.
            await asyncio.to_thread(columns.order_as, self._columns)
        self._columns, self._read_at = columns, time.monotonic()
        self._took = self._read_at - began
        log.debug("agents read", agents=len(columns), seconds=round(self._took, 3), bytes=columns.nbytes())

    async def _selection(self, session: AsyncSession, columns: Columns, wanted: AgentFilter) -> Selection:
        for key in wanted.labels:
            self._labels_asked[key] = time.monotonic()
            if key not in columns.labels:
                columns.labels[key] = await load_label(session, columns, key)
        rules: Collection[int] | None = None
        if wanted.reporting_rule is not None:
            rules = await queries.rule_numbers(session, wanted.reporting_rule)
        return Selection(
            status=None if wanted.status is None else wanted.status.value,
            search=search_pattern(wanted.search).encode(),
            runs=wanted.runs,
            rules=rules,
            labels=wanted.labels,
            version=wanted.version,
        )


async def _worked_out(columns: Columns, work: Callable[[], T]) -> T:
    """Return what working on columns gives, where that is best done."""
    return work() if len(columns) <= AT_ONCE_AGENTS else await asyncio.to_thread(work)


async def _has_more_than(session: AsyncSession, agents: int) -> bool:
    beyond = select(AgentLiveness.agent_id).offset(agents).limit(1)
    return await session.scalar(beyond) is not None
