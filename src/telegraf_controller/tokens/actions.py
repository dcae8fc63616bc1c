"""Changing tokens. Each function works in the caller's transaction and raises the access generation with its change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.db.unique import unique_or
from telegraf_controller.errors import Conflict, ControllerError, Forbidden, NotFound, ValidationFailed
from telegraf_controller.permissions import ROLE_GRANTS, Role, in_table_order
from telegraf_controller.tokens.mint import MintedToken, from_value, mint
from telegraf_controller.tokens.queries import OwnedToken, get_token, sees_all_tokens
from telegraf_controller.tokens.tables import Token
from telegraf_controller.users.tables import User

MAX_OVERLAP_SECONDS = 7 * 24 * 3600
DEFAULT_OVERLAP_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Restrictions:
    """Where a token may be used, beyond its permissions; None does not restrict (T11)."""

    allowed_networks: list[str] | None = None
    agent_ids: list[str] | None = None
    configs: list[str] | None = None


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a caller asks for when creating a token."""

    name: str
    permissions: Collection[str]
    expires_at: datetime | None = None
    user_id: UUID | None = None
    raw_token: str | None = field(default=None, repr=False)
    restrictions: Restrictions = field(default_factory=Restrictions)


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """A new or rotated token with its value, which is shown this once."""

    owned: OwnedToken
    value: str = field(repr=False)
    dropped_permissions: list[str] = field(default_factory=list)


async def create_token(
    session: AsyncSession, by: Identity, wanted: NewToken, *, now: datetime, presharing_allowed: bool = True
) -> CreatedToken:
    """Store a new token with what the caller and its user may both do (T6, T7, T13).

    Nobody can give what they do not have: the permissions are cut to the caller's own and to the role of the token's
    user. Raises Forbidden, Conflict (`token_name_conflict`, `token_value_conflict`), ValidationFailed, ControllerError
    `no_permissions`.
    """
    user = await _user_of_new_token(session, by, wanted.user_id)
    granted = frozenset(wanted.permissions) & by.permissions & ROLE_GRANTS[Role(user.role)]
    if not granted:
        raise ControllerError("no_permissions", "None of the permissions asked for can be given to this token.")
    _check_expiry(wanted.expires_at, now)
    if wanted.raw_token is not None and not presharing_allowed:
        raise Forbidden("preshared_tokens_disabled", "This instance does not accept supplied token values.")
    minted = _minted(wanted.raw_token)
    await check_token_conflicts(session, name=wanted.name, digest=minted.digest)
    token = Token(
        name=wanted.name,
        user_id=user.id,
        digest=minted.digest,
        hint=minted.hint,
        permissions=in_table_order(granted),
        source="generated" if wanted.raw_token is None else "supplied",
        status="active",
        expires_at=wanted.expires_at,
        created_at=now,
        created_by=by.username,
        allowed_networks=wanted.restrictions.allowed_networks,
        agent_ids=wanted.restrictions.agent_ids,
        configs=wanted.restrictions.configs,
    )
    session.add(token)
    with unique_or({"tokens.name": _name_taken(wanted.name), "tokens.digest": _value_taken()}):
        await session.flush()
    await raise_generation(session, "access")
    dropped = in_table_order(frozenset(wanted.permissions) - granted)
    return CreatedToken(OwnedToken(token, user), minted.value, dropped)


async def check_token_conflicts(session: AsyncSession, *, name: str, digest: bytes) -> None:
    """Raise Conflict when a name or value is taken; a value also by one that was rotated out."""
    rows = await session.execute(
        select(Token.name, Token.digest, Token.previous_digest).where(
            or_(Token.name == name, Token.digest == digest, Token.previous_digest == digest)
        )
    )
    for taken_name, taken_digest, previous_digest in rows:
        if digest in (taken_digest, previous_digest):
            raise _value_taken()
        raise _name_taken(taken_name)


def _name_taken(name: str) -> Conflict:
    return Conflict("token_name_conflict", f"There is already a token named {name!r}.", name=name)


def _value_taken() -> Conflict:
    return Conflict("token_value_conflict", "This token value is already known here.")


async def revoke_token(session: AsyncSession, by: Identity, token_id: UUID, *, now: datetime) -> OwnedToken:
    """Make a token's values useless for good and keep the record (T9). Revoking it again changes nothing."""
    owned = await get_token(session, by, token_id)
    if owned.token.status != "revoked":
        mark_revoked(owned.token, by.username, now)
        await session.flush()
        await raise_generation(session, "access")
    return owned


def mark_revoked(token: Token, by_username: str, now: datetime) -> None:
    """Set what a revoked token shows; the caller flushes and raises the generation."""
    token.status = "revoked"
    token.revoked_at = now
    token.revoked_by = by_username
    token.previous_digest = None
    token.previous_value_expires_at = None


async def delete_token(session: AsyncSession, by: Identity, token_id: UUID) -> None:
    """Remove a token's record and thereby its values (T9). Raises NotFound."""
    owned = await get_token(session, by, token_id)
    await session.execute(delete(Token).where(Token.id == owned.token.id))
    await raise_generation(session, "access")


async def rotate_token(
    session: AsyncSession, by: Identity, token_id: UUID, *, overlap_seconds: int, now: datetime
) -> CreatedToken:
    """Give a token a new value; the old one works on for `overlap_seconds`, then stops (T12).

    Only the newest two values live: an overlap that was still running ends. Raises NotFound, Forbidden, Conflict
    `token_not_active`.
    """
    owned = await get_token(session, by, token_id)
    token = owned.token
    if token.status != "active":
        raise Conflict("token_not_active", "A revoked token cannot be rotated.")
    # Whoever rotates learns the new value: that must not be a way to more than they have.
    effective = frozenset(token.permissions) & ROLE_GRANTS[Role(owned.user.role)]
    missing = in_table_order(effective - by.permissions)
    if missing:
        sentence = f"This token may do more than you: it has {missing[0]}"
        raise Forbidden("insufficient_permissions", sentence, required=missing[0])
    if outranks(owned.user.role, by.role):
        raise Forbidden("insufficient_permissions", "Only the owner rotates the owner's tokens.")
    minted = mint()
    token.previous_digest = token.digest if overlap_seconds > 0 else None
    token.previous_value_expires_at = now + timedelta(seconds=overlap_seconds) if overlap_seconds > 0 else None
    token.digest = minted.digest
    token.hint = minted.hint
    token.source = "generated"
    await session.flush()
    await raise_generation(session, "access")
    return CreatedToken(owned, minted.value)


async def reassign_token(session: AsyncSession, by: Identity, token_id: UUID, user_id: UUID) -> OwnedToken:
    """Make another user the token's user and cut its permissions to that user's role; the value works on (T10).

    Raises Forbidden, NotFound, Conflict `token_not_active`.
    """
    if not sees_all_tokens(by):
        raise Forbidden("insufficient_permissions", "Only the owner and administrators reassign tokens.")
    owned = await get_token(session, by, token_id)
    user = await _target_user(session, by, user_id)
    if owned.token.status != "active":
        raise Conflict("token_not_active", "A revoked token cannot be reassigned.")
    if outranks(owned.user.role, by.role):
        raise Forbidden("insufficient_permissions", "Only the owner reassigns the owner's tokens.")
    owned.token.user_id = user.id
    owned.token.permissions = in_table_order(frozenset(owned.token.permissions) & ROLE_GRANTS[Role(user.role)])
    await session.flush()
    await raise_generation(session, "access")
    return OwnedToken(owned.token, user)


_RANK: Sequence[str] = (Role.VIEWER, Role.MANAGER, Role.ADMINISTRATOR, Role.OWNER)


def outranks(role: str, other: str) -> bool:
    """Tell whether a role stands above another."""
    return _RANK.index(role) > _RANK.index(other)


async def _user_of_new_token(session: AsyncSession, by: Identity, user_id: UUID | None) -> User:
    wanted = user_id or by.user_id
    if wanted is None:
        raise ValidationFailed([("userId", "is needed when nobody is signed in")])
    if wanted != by.user_id and not sees_all_tokens(by):
        raise Forbidden("insufficient_permissions", "Only the owner and administrators create tokens for others.")
    return await _target_user(session, by, wanted)


async def _target_user(session: AsyncSession, by: Identity, user_id: UUID) -> User:
    user = await session.get(User, user_id)
    if user is None:
        raise NotFound("user", user_id)
    if outranks(user.role, by.role):
        raise Forbidden("insufficient_permissions", "A token cannot be given to a user above your own role.")
    return user


def _check_expiry(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise ValidationFailed([("expiresAt", "has to be in the future")])


def _minted(raw_token: str | None) -> MintedToken:
    if raw_token is None:
        return mint()
    try:
        return from_value(raw_token)
    except ValueError as error:
        raise ValidationFailed([("rawToken", str(error))]) from None
