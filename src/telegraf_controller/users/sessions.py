"""Sessions of browsers: rows that begin with a sign-in and end by time, by sign-out, or with the account (U11)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.audit.record import Visitor
from telegraf_controller.db.engine import Database
from telegraf_controller.errors import StorageUnavailable
from telegraf_controller.users.secrets import MintedSecret, mint_secret
from telegraf_controller.users.tables import User, UserSession

IDLE_SECONDS = 12 * 3600
"""A session that nobody used for so long has ended."""

ABSOLUTE_SECONDS = 7 * 24 * 3600
"""A session so old has ended, however busy it is."""

SEEN_SECONDS = 60
"""How old "last seen" may get before it is written again."""

FLUSH_SECONDS = 5


@dataclass(frozen=True, slots=True)
class StartedSession:
    """A new session: the value for the cookie, and when it ends at the latest."""

    secret: MintedSecret
    expires_at: datetime


async def start_session(session: AsyncSession, user_id: UUID, visitor: Visitor, now: datetime) -> StartedSession:
    """Store a session for somebody who has just proved who they are."""
    secret = mint_secret()
    expires_at = now + timedelta(seconds=ABSOLUTE_SECONDS)
    session.add(
        UserSession(
            digest=secret.digest,
            user_id=user_id,
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
            address=visitor.address[:64],
            user_agent=visitor.user_agent[:255],
        )
    )
    await session.flush()
    return StartedSession(secret, expires_at)


async def find_session(session: AsyncSession, digest: bytes, now: datetime) -> tuple[UserSession, User] | None:
    """Return a live session of an active user by its digest, None when it has ended or never was."""
    row = await session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.digest == digest, User.status == "active", _is_live(now))
    )
    found = row.one_or_none()
    return None if found is None else (found[0], found[1])


def session_id_of(digest: bytes) -> UUID:
    """Return what people and programs call a session: it tells neither the cookie nor what is stored of it."""
    return UUID(bytes=hashlib.sha256(digest).digest()[:16])


async def live_sessions_of(session: AsyncSession, user_id: UUID, now: datetime) -> Sequence[UserSession]:
    """Return a user's sessions that have not ended, the one that was used last first."""
    wanted = select(UserSession).where(UserSession.user_id == user_id, _is_live(now))
    return (await session.scalars(wanted.order_by(UserSession.last_seen_at.desc(), UserSession.digest))).all()


async def end_session(session: AsyncSession, digest: bytes) -> None:
    """End one session at once, on every node."""
    await session.execute(delete(UserSession).where(UserSession.digest == digest))


async def end_sessions_of(session: AsyncSession, user_id: UUID, *, but: bytes | None = None) -> None:
    """End all sessions of a user at once, on every node, perhaps but one."""
    ended = delete(UserSession).where(UserSession.user_id == user_id)
    await session.execute(ended if but is None else ended.where(UserSession.digest != but))


def idle_end(used: UserSession) -> datetime:
    """Return when a session ends if nobody uses it any more."""
    return min(used.last_seen_at + timedelta(seconds=IDLE_SECONDS), used.expires_at)


def _is_live(now: datetime) -> ColumnElement[bool]:
    idle_since = now - timedelta(seconds=IDLE_SECONDS)
    return and_(UserSession.expires_at > now, UserSession.last_seen_at > idle_since)


def has_ended(now: datetime) -> ColumnElement[bool]:
    """The condition for sessions that nobody can use any more."""
    idle_since = now - timedelta(seconds=IDLE_SECONDS)
    return or_(UserSession.expires_at <= now, UserSession.last_seen_at <= idle_since)


class SessionUse:
    """Collects when sessions were last used; `run()` writes it every few seconds and when cancelled.

    A session is written once a minute at the most, and never by the request that uses it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[bytes, datetime] = {}

    def note(self, used: UserSession, now: datetime) -> None:
        """Remember that a session was used just now."""
        if now - used.last_seen_at >= timedelta(seconds=SEEN_SECONDS):
            self._seen[used.digest] = now

    async def run(self) -> None:
        """Write what was collected, again and again, until cancelled; then once more."""
        try:
            while True:
                await asyncio.sleep(FLUSH_SECONDS)
                with suppress(StorageUnavailable):
                    await self.flush()
        finally:
            with suppress(StorageUnavailable):
                await self.flush()

    async def flush(self) -> None:
        """Write what was collected; keep it for the next time when the database is away. Raises StorageUnavailable."""
        if not self._seen:
            return
        seen, self._seen = self._seen, {}
        try:
            for digest, seen_at in seen.items():
                # A transaction each: whoever ends all sessions of a user must not wait for us crosswise.
                async with self._database.write() as session:
                    await session.execute(
                        update(UserSession)
                        .where(UserSession.digest == digest, UserSession.last_seen_at < seen_at)
                        .values(last_seen_at=seen_at)
                    )
        except StorageUnavailable:
            self._seen = {**seen, **self._seen}
            raise
