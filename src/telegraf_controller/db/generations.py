"""Counters that tell every process and node what changed, read in the transaction or request that depends on it.

`access` is raised by every change to tokens, to users' status or roles, and to endpoint authentication;
`content` by every change to what configuration URLs serve. A process keeps what it built from the tables together with
the counter's value, and builds it anew when the counter has moved: so a revoked token is dead on every node at the
moment the revoke is answered, with no message bus (T9).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, Literal, TypeVar

from sqlalchemy import BigInteger, String, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from telegraf_controller.db.base import Base
from telegraf_controller.db.engine import Database
from telegraf_controller.db.probe import GenerationProbe
from telegraf_controller.errors import StorageUnavailable

Name = Literal["access", "content"]
T = TypeVar("T")


class Generation(Base):
    """One counter."""

    __tablename__ = "generations"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger, default=0)


async def raise_generation(session: AsyncSession, name: Name) -> None:
    """Move a counter within the caller's transaction; call it right before the commit.

    On PostgreSQL this waits for the heartbeat groups that are being committed, which hold the table in ROW SHARE mode,
    and holds back new ones until this transaction ends: none of them can commit on the old value after it.
    EXCLUSIVE leaves plain readers (and a running dump) alone.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("LOCK TABLE generations IN EXCLUSIVE MODE"))
    await session.execute(update(Generation).where(Generation.name == name).values(value=Generation.value + 1))


async def read_generations(session: AsyncSession) -> dict[str, int]:
    """Return every counter."""
    rows = await session.execute(select(Generation.name, Generation.value))
    return {row.name: row.value for row in rows}


class GenerationReader:
    """Reads the counters for many requests at once.

    A request must see every change that was answered before it arrived, so it needs a read that *began* after its
    arrival. While one read runs, arrivals gather for the next: at most one query is under way, however many ask.
    It is one round trip, on a connection of its own.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._probe = GenerationProbe(database)
        self._next: asyncio.Future[dict[str, int]] | None = None
        self._running: asyncio.Task[None] | None = None

    async def current(self) -> dict[str, int]:
        """Return the counters as of now or later. Raises StorageUnavailable."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
            if self._running is None:
                self._running = asyncio.create_task(self._read_until_idle())
        return await asyncio.shield(self._next)

    async def _read_until_idle(self) -> None:
        try:
            while (waiting := self._next) is not None:
                self._next = None
                try:
                    generations = await self._read()
                except Exception as error:
                    waiting.set_exception(error)
                    # Whoever waited may be gone; an unread exception would then be logged as lost.
                    waiting.exception()
                else:
                    waiting.set_result(generations)
        finally:
            self._running = None

    async def _read(self) -> dict[str, int]:
        try:
            return await self._probe.current()
        except StorageUnavailable:
            if self._database.is_postgresql:
                raise
        # The file may be locked for a moment, and a session waits for that.
        async with self._database.glance() as session:
            return await read_generations(session)


class Follower(Generic[T]):
    """Something built from tables, kept until its counter moves."""

    def __init__(self, reader: GenerationReader, name: Name, build: Callable[[], Awaitable[T]]) -> None:
        self._reader = reader
        self._name = name
        self._build = build
        self._lock = asyncio.Lock()
        self._generation = -1
        self._value: T | None = None

    async def current(self) -> T:
        """Return the value as of now. Raises StorageUnavailable when that cannot be known."""
        return await self.at(await self._reader.current())

    async def at(self, generations: dict[str, int]) -> T:
        """Return the value for counters just read. Raises StorageUnavailable."""
        wanted = generations[self._name]
        if self._value is None or wanted > self._generation:
            async with self._lock:
                if self._value is None or wanted > self._generation:
                    self._value = await self._build()
                    # What was built may be newer than `wanted`; then the next request builds once more. Never older.
                    self._generation = wanted
        return self._value

    @property
    def last_known(self) -> T | None:
        """The value as last built, however old; None before the first time."""
        return self._value
