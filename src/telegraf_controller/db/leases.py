"""The leader: a row with a holder and an expiry. It works through connection poolers, unlike a session lock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy import String, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from telegraf_controller import clock
from telegraf_controller.db.base import Base, Instant
from telegraf_controller.db.engine import Database

LEASE_SECONDS = 15
"""How long a leader stays one without renewing."""

RENEW_SECONDS = 5
"""How often it renews."""


class Lease(Base):
    """Who may do what only one node may do. The row exists from the first migration on."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str | None] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(Instant)


class LeaseLost(Exception):
    """Somebody else may hold the lease by now; nothing was written."""


class LeaseholdersDatabase(Database):
    """A database for what only the holder of a lease does: every write transaction first proves that it is held.

    So a process that was held up between two steps of its work does not go on where another one has taken over.
    """

    def __init__(self, database: Database, lease: str, holder: str) -> None:
        """Share another one's engine, which stays the other's to close."""
        self.target, self.engine = database.target, database.engine
        self._lease = lease
        self._holder = holder

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """As Database.write. Raises LeaseLost too."""
        async with super().write() as session:
            if not await holds_lease(session, self._lease, self._holder, clock.now()):
                raise LeaseLost
            yield session


async def acquire_lease(session: AsyncSession, name: str, holder: str, now: datetime) -> bool:
    """Take or renew a lease for LEASE_SECONDS; tell whether `holder` has it now."""
    taken = await session.scalar(
        update(Lease)
        .where(Lease.name == name, or_(Lease.holder == holder, Lease.holder.is_(None), Lease.expires_at <= now))
        .values(holder=holder, expires_at=now + timedelta(seconds=LEASE_SECONDS))
        .returning(Lease.name)
    )
    return taken is not None


async def release_lease(session: AsyncSession, name: str, holder: str) -> None:
    """Give a lease back, so that another node need not wait for its expiry."""
    await session.execute(update(Lease).where(Lease.name == name, Lease.holder == holder).values(holder=None))


async def holds_lease(session: AsyncSession, name: str, holder: str, now: datetime) -> bool:
    """Tell whether `holder` has an unexpired lease."""
    row = await session.scalar(select(Lease.holder).where(Lease.name == name, Lease.expires_at > now))
    return row == holder
