"""Asking somebody to join (U5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Actor, Target, Visitor, record
from telegraf_controller.db.engine import Database
from telegraf_controller.db.unique import unique_or
from telegraf_controller.errors import ControllerError, NotFound
from telegraf_controller.permissions import Role
from telegraf_controller.settings.queries import read_login_security
from telegraf_controller.users.actions import require_may_give
from telegraf_controller.users.lockout import SIGN_IN, Guard
from telegraf_controller.users.names import email_taken, names_taken, username_taken
from telegraf_controller.users.passwords import hash_password, require_password
from telegraf_controller.users.secrets import digest_of, mint_secret
from telegraf_controller.users.sessions import start_session
from telegraf_controller.users.sign_in import SignedIn
from telegraf_controller.users.tables import Invite, User
from telegraf_controller.users.throttle import network_of

DEFAULT_HOURS = 72
MAX_HOURS = 720


@dataclass(frozen=True, slots=True)
class NewInvite:
    """Whom to ask, as what; username and e-mail address are checked already."""

    username: str
    email: str
    role: Role
    expires_in_hours: int = DEFAULT_HOURS
    provider: str = "local"


@dataclass(frozen=True, slots=True)
class CreatedInvite:
    """A new invite with its secret, which goes out this once."""

    invite: Invite
    secret: str = field(repr=False)


async def list_invites(session: AsyncSession, *, offset: int, limit: int) -> tuple[list[Invite], int]:
    """Return one page of the invites that nobody has used, newest first, and how many there are."""
    total = await session.scalar(select(func.count()).select_from(Invite))
    rows = await session.scalars(
        select(Invite).order_by(Invite.created_at.desc(), Invite.id).offset(offset).limit(limit)
    )
    return list(rows), total or 0


async def create_invite(session: AsyncSession, by: Identity, wanted: NewInvite, now: datetime) -> CreatedInvite:
    """Store an invite (U5). Raises Conflict `username_conflict` or `email_conflict`, Forbidden `protected_user`."""
    await require_may_give(session, by, wanted.role)
    username_key, email_key = wanted.username.lower(), wanted.email.lower()
    same_name = or_(Invite.username_key == username_key, Invite.email_key == email_key)
    await session.execute(delete(Invite).where(Invite.expires_at <= now, same_name))
    await _check_free(session, wanted)
    secret = mint_secret()
    invite = Invite(
        digest=secret.digest,
        username=wanted.username,
        username_key=username_key,
        email=wanted.email,
        email_key=email_key,
        role=wanted.role,
        provider=wanted.provider,
        created_at=now,
        created_by=by.username,
        expires_at=now + timedelta(hours=wanted.expires_in_hours),
    )
    session.add(invite)
    with unique_or(
        {"invites.username_key": username_taken(wanted.username), "invites.email_key": email_taken(wanted.email)}
    ):
        await session.flush()
    changes = {"role": wanted.role, "email": wanted.email, "expiresAt": clock.to_wire(invite.expires_at)}
    await record(session, by, "invite.create", target=_target(invite), changes=changes, now=now)
    return CreatedInvite(invite, secret.value)


async def delete_invite(session: AsyncSession, by: Identity, invite_id: UUID) -> None:
    """Take an invite back. Raises NotFound, also when it has just been used."""
    invite = await session.scalar(delete(Invite).where(Invite.id == invite_id).returning(Invite))
    if invite is None:
        raise NotFound("invite", invite_id)
    await record(session, by, "invite.delete", target=_target(invite))


async def find_invite(session: AsyncSession, secret: str, now: datetime) -> Invite:
    """Return the invite that a secret opens. Raises ControllerError `not_found`, without the secret."""
    invite = await session.scalar(select(Invite).where(Invite.digest == digest_of(secret), Invite.expires_at > now))
    if invite is None:
        raise _gone()
    return invite


async def accept_invite(database: Database, guard: Guard, secret: str, password: str, visitor: Visitor) -> SignedIn:
    """Make the account that an invite is for and sign in (U5). Of several browsers at once one wins.

    Raises ControllerError `not_found`, `too_many_attempts`; ValidationFailed; Conflict.
    """
    guard.links.take(network_of(visitor.address))
    async with database.read() as session:
        await find_invite(session, secret, clock.now())
        security = await read_login_security(session)
    require_password(password, security.password_complexity)
    password_hash = await hash_password(password)
    now = clock.now()
    async with database.write() as session:
        # Taking the row is what decides: a second browser finds nothing to take.
        invite = await session.scalar(
            delete(Invite).where(Invite.digest == digest_of(secret), Invite.expires_at > now).returning(Invite)
        )
        if invite is None:
            raise _gone()
        user = await _create_user(session, invite, password_hash, now)
        started = await start_session(session, user.id, visitor, now)
        actor = Actor("user", user.username, user.id, visitor)
        changes = {"role": user.role, "invitedBy": invite.created_by}
        target = Target("user", user.id, user.username)
        await record(session, actor, "invite.accept", target=target, changes=changes, now=now)
        await record(session, actor, SIGN_IN, target=target, now=now)
    guard.links.give_back(network_of(visitor.address))
    return SignedIn(user, started)


async def _create_user(session: AsyncSession, invite: Invite, password_hash: str, now: datetime) -> User:
    user = User(
        username=invite.username,
        username_key=invite.username_key,
        email=invite.email,
        email_key=invite.email_key,
        role=invite.role,
        auth_provider=invite.provider,
        password_hash=password_hash,
        last_sign_in_at=now,
        created_at=now,
        updated_at=now,
    )
    session.add(user)
    with unique_or(names_taken(invite.username, invite.email)):
        await session.flush()
    return user


async def _check_free(session: AsyncSession, wanted: NewInvite) -> None:
    """Raise Conflict when a user or a pending invite has the name or the address."""
    for table in (User, Invite):
        rows = await session.execute(
            select(table.username_key, table.email_key).where(
                or_(table.username_key == wanted.username.lower(), table.email_key == wanted.email.lower())
            )
        )
        for username_key, _ in rows:
            if username_key == wanted.username.lower():
                raise username_taken(wanted.username)
            raise email_taken(wanted.email)


def _target(invite: Invite) -> Target:
    return Target("invite", invite.id, invite.username)


def _gone() -> ControllerError:
    return ControllerError("not_found", "This invitation does not exist, was used, or has expired.", what="invite")
