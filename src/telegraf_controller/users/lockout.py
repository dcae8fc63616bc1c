"""Counting failed sign-ins, and locking what was guessed at too often (U10).

A name that nobody has is counted and locked exactly like an account: otherwise a lock would tell who exists.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.budget import AnonymousBudget
from telegraf_controller.audit.record import Actor, Target, Visitor, record
from telegraf_controller.db.engine import Database
from telegraf_controller.errors import ControllerError
from telegraf_controller.settings.queries import LoginSecurity
from telegraf_controller.users.passwords import check_turn
from telegraf_controller.users.secrets import digest_of
from telegraf_controller.users.tables import UnknownName, User
from telegraf_controller.users.throttle import Attempts, SignInThrottle

log = structlog.get_logger(__name__)

SIGN_IN = "session.sign_in"

REMEMBER_UNKNOWN_SECONDS = 3600
"""How long failures under a name that nobody has are kept, unless it is locked for longer."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What one process keeps in memory against guessing."""

    sign_ins: SignInThrottle = field(default_factory=SignInThrottle)
    links: Attempts = field(default_factory=Attempts)
    """Set-up, invites and reset links, per address."""
    confirmations: Attempts = field(default_factory=Attempts)
    """Passwords that people who are signed in repeat, per user."""
    budget: AnonymousBudget = field(default_factory=AnonymousBudget)
    """Audit entries that strangers may cause."""


def check_room(guard: Guard, address: str, name: str) -> None:
    """Raise ControllerError `too_many_attempts` when a sign-in would be refused for it anyway; it costs nothing."""
    check_turn(familiar=guard.sign_ins.check(address, name))


def account_locked(locked_until: datetime, now: datetime) -> ControllerError:
    """Return the error for a locked account; `retryAfter` is in seconds."""
    seconds = max(1, round((locked_until - now).total_seconds()))
    return ControllerError(
        "account_locked", "This account is locked after too many failed sign-ins.", retryAfter=seconds
    )


async def locked_until(session: AsyncSession, user: User | None, name: str, now: datetime) -> datetime | None:
    """Return until when a user, or a name that nobody has, is locked; None when it is not."""
    # Asked in both cases: a name that nobody has must not take longer.
    unknown = await session.scalar(select(UnknownName.locked_until).where(UnknownName.digest == _name_digest(name)))
    until = unknown if user is None else user.locked_until
    return until if until is not None and until > now else None


async def note_wrong_password(
    session: AsyncSession, by: Identity | Actor, user: User, security: LoginSecurity, now: datetime, *, action: str
) -> None:
    """Count and record a wrong password for an account, and lock it when it was one too many.

    The entries are bounded by the accounts there are: each has only so many failures until it is locked.
    """
    failures = await session.scalar(
        update(User)
        .where(User.id == user.id)
        .values(failed_sign_ins=User.failed_sign_ins + 1)
        .returning(User.failed_sign_ins)
        .execution_options(synchronize_session=False)
    )
    target = Target("user", user.id, user.username)
    await record(session, by, action, target=target, outcome="failure", changes={"reason": "wrong password"}, now=now)
    if failures is not None and failures >= security.attempts:
        until = now + timedelta(minutes=security.lockout_minutes)
        await _lock_user(session, user.id, until)
        changes = {"lockedUntil": clock.to_wire(until), "failures": failures}
        await record(session, by, "user.lock", target=target, changes=changes, now=now)
        address = by.visitor.address if isinstance(by, Actor) else by.address
        log.warning("account locked", user=user.username, address=address)


async def note_unknown_name(
    session: AsyncSession, name: str, security: LoginSecurity, guard: Guard, visitor: Visitor, now: datetime
) -> None:
    """Count a failed sign-in under a name that nobody has, lock the name, and record it as far as the budget allows."""
    digest = _name_digest(name)
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    failures = await session.scalar(
        dialect.insert(UnknownName)
        .values(digest=digest, failed_sign_ins=1, locked_until=None, last_failed_at=now)
        .on_conflict_do_update(
            index_elements=[UnknownName.digest],
            set_={"failed_sign_ins": UnknownName.failed_sign_ins + 1, "last_failed_at": now},
        )
        .returning(UnknownName.failed_sign_ins)
    )
    if failures is not None and failures >= security.attempts:
        until = now + timedelta(minutes=security.lockout_minutes)
        await session.execute(
            update(UnknownName).where(UnknownName.digest == digest).values(locked_until=until, failed_sign_ins=0)
        )
    left_out = guard.budget.spend()
    if left_out is not None:
        await _record_refused(session, visitor, now, reason="unknown name", target=None, left_out=left_out)


async def forget_unknown_names(session: AsyncSession, now: datetime) -> None:
    """Remove old failures under names that nobody has. Every failed sign-in does it, so there are never many."""
    await session.execute(
        delete(UnknownName).where(
            UnknownName.last_failed_at < now - timedelta(seconds=REMEMBER_UNKNOWN_SECONDS),
            or_(UnknownName.locked_until.is_(None), UnknownName.locked_until < now),
        )
    )


async def note_refused(
    database: Database, guard: Guard, visitor: Visitor, user: User | None, now: datetime, *, reason: str
) -> None:
    """Record, in a transaction of its own, a sign-in that no password would have helped, if the budget allows it."""
    left_out = guard.budget.spend()
    if left_out is None:
        return
    target = None if user is None else Target("user", user.id, user.username)
    async with database.write() as session:
        await _record_refused(session, visitor, now, reason=reason, target=target, left_out=left_out)


async def _record_refused(
    session: AsyncSession, visitor: Visitor, now: datetime, *, reason: str, target: Target | None, left_out: int
) -> None:
    # What was typed as a name is not kept: it may have been a password.
    changes = {"reason": reason, "leftOutBefore": left_out}
    await record(session, stranger(visitor), SIGN_IN, target=target, outcome="failure", changes=changes, now=now)


def stranger(visitor: Visitor) -> Actor:
    """Somebody who has not proved who they are."""
    return Actor("anonymous", "anonymous", visitor=visitor)


async def _lock_user(session: AsyncSession, user_id: UUID, until: datetime) -> None:
    await session.execute(
        update(User)
        .where(User.id == user_id)
        .values(locked_until=until, failed_sign_ins=0)
        .execution_options(synchronize_session=False)
    )


def _name_digest(name: str) -> bytes:
    return digest_of(name.strip().lower())
