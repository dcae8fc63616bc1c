"""Links with which somebody who forgot their password sets a new one (U6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Actor, Target, Visitor, record
from telegraf_controller.db.engine import Database
from telegraf_controller.errors import ControllerError
from telegraf_controller.settings.queries import read_login_security
from telegraf_controller.users.actions import hold_to_change
from telegraf_controller.users.lockout import Guard
from telegraf_controller.users.passwords import hash_password, require_password
from telegraf_controller.users.queries import get_user
from telegraf_controller.users.secrets import digest_of, mint_secret
from telegraf_controller.users.sessions import end_sessions_of
from telegraf_controller.users.tables import PasswordReset, User
from telegraf_controller.users.throttle import network_of

DEFAULT_HOURS = 24
MAX_HOURS = 720


@dataclass(frozen=True, slots=True)
class CreatedReset:
    """A new link's secret, which goes out this once, and when it ends."""

    secret: str = field(repr=False)
    expires_at: datetime


async def create_reset(
    session: AsyncSession, by: Identity, user_id: UUID, *, expires_in_hours: int, now: datetime
) -> CreatedReset:
    """Make a reset link for a user; one made before it ends (U6). Raises NotFound, Forbidden `protected_user`."""
    user = (await hold_to_change(session, by, user_id, permission="password-resets:write")).user
    secret = mint_secret()
    expires_at = now + timedelta(hours=expires_in_hours)
    await forget_resets(session, user.id)
    session.add(
        PasswordReset(
            user_id=user.id, digest=secret.digest, created_at=now, created_by=by.username, expires_at=expires_at
        )
    )
    await session.flush()
    target = Target("user", user.id, user.username)
    changes = {"expiresAt": clock.to_wire(expires_at)}
    await record(session, by, "password-reset.create", target=target, changes=changes, now=now)
    return CreatedReset(secret.value, expires_at)


async def complete_reset(database: Database, guard: Guard, secret: str, password: str, visitor: Visitor) -> User:
    """Set the new password, unlock the account, end its sessions; nobody is signed in by it (U6). The link is used up.

    Raises ControllerError `not_found`, `too_many_attempts`; ValidationFailed.
    """
    guard.links.take(network_of(visitor.address))
    async with database.read() as session:
        found = await session.scalar(select(PasswordReset.user_id).where(_opens(secret, clock.now())))
        security = await read_login_security(session)
    if found is None:
        raise _gone()
    require_password(password, security.password_complexity)
    password_hash = await hash_password(password)
    now = clock.now()
    async with database.write() as session:
        # The user first, as everywhere, so that two transactions cannot wait for each other.
        user = await get_user(session, found, to_change=True)
        taken = await session.scalar(delete(PasswordReset).where(_opens(secret, now)).returning(PasswordReset.user_id))
        if taken is None:
            raise _gone()
        user.password_hash = password_hash
        user.failed_sign_ins = 0
        user.locked_until = None
        user.updated_at = now
        await end_sessions_of(session, user.id)
        actor = Actor("user", user.username, user.id, visitor)
        target = Target("user", user.id, user.username)
        await record(session, actor, "password-reset.complete", target=target, now=now)
    guard.links.give_back(network_of(visitor.address))
    return user


async def forget_resets(session: AsyncSession, user_id: UUID) -> None:
    """Make a user's link useless."""
    await session.execute(delete(PasswordReset).where(PasswordReset.user_id == user_id))


def _opens(secret: str, now: datetime) -> ColumnElement[bool]:
    return and_(PasswordReset.digest == digest_of(secret), PasswordReset.expires_at > now)


def _gone() -> ControllerError:
    return ControllerError("not_found", "This link does not exist, was used, or has expired.", what="password reset")
