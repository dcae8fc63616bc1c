"""Changing tokens. Each function works in the caller's transaction and raises the access generation with its change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.grants import lacks_permission
from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Target, before_and_after, record
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.db.unique import unique_or
from telegraf_controller.errors import Conflict, ControllerError, Forbidden, NotFound, ValidationFailed
from telegraf_controller.permissions import ROLE_GRANTS, Role, in_table_order
from telegraf_controller.tokens.mint import MintedToken, from_value, mint
from telegraf_controller.tokens.queries import OwnedToken, get_token, sees_all_tokens, visible_to
from telegraf_controller.tokens.restrictions import Restrictions, inherited, require_within
from telegraf_controller.tokens.tables import Token
from telegraf_controller.users.tables import User

MAX_OVERLAP_SECONDS = 7 * 24 * 3600
DEFAULT_OVERLAP_SECONDS = 24 * 3600


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
    user, and a restricted token hands its restrictions on (T11). Raises Forbidden, Conflict (`token_name_conflict`,
    `token_value_conflict`), ValidationFailed, ControllerError `no_permissions`.
    """
    user = await _user_of_new_token(session, by, wanted.user_id)
    granted = frozenset(wanted.permissions) & by.permissions & ROLE_GRANTS[Role(user.role)]
    if not granted:
        raise ControllerError("no_permissions", "None of the permissions asked for can be given to this token.")
    _check_expiry(wanted.expires_at, now)
    restrictions = inherited(by.grant, wanted.restrictions)
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
        allowed_networks=restrictions.allowed_networks,
        agent_ids=restrictions.agent_ids,
        configs=restrictions.configs,
    )
    session.add(token)
    with unique_or({"tokens.name": _name_taken(wanted.name), "tokens.digest": _value_taken()}):
        await session.flush()
    await record(session, by, "token.create", target=_target(token), changes=_shown(token, user), now=now)
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
    owned = await get_token(session, by, token_id, to_change=True)
    if owned.token.status != "revoked":
        mark_revoked(owned.token, by.username, now)
        await record(session, by, "token.revoke", target=_target(owned.token), now=now)
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
    owned = await get_token(session, by, token_id, to_change=True)
    await session.execute(delete(Token).where(Token.id == owned.token.id))
    await record(session, by, "token.delete", target=_target(owned.token), changes=_shown(owned.token, owned.user))
    await raise_generation(session, "access")


async def rotate_token(
    session: AsyncSession, by: Identity, token_id: UUID, *, overlap_seconds: int, now: datetime
) -> CreatedToken:
    """Give a token a new value; the old one works on for `overlap_seconds`, then stops (T12).

    Only the newest two values live: an overlap that was still running ends. Raises NotFound, Forbidden, Conflict
    `token_not_active`.
    """
    owned = await get_token(session, by, token_id, to_change=True)
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
    require_within(by.grant, Restrictions(token.allowed_networks, token.agent_ids, token.configs))
    minted = mint()
    token.previous_digest = token.digest if overlap_seconds > 0 else None
    token.previous_value_expires_at = now + timedelta(seconds=overlap_seconds) if overlap_seconds > 0 else None
    token.digest = minted.digest
    token.hint = minted.hint
    token.source = "generated"
    changes: dict[str, object] = {"overlapSeconds": overlap_seconds}
    await record(session, by, "token.rotate", target=_target(token), changes=changes, now=now)
    await raise_generation(session, "access")
    return CreatedToken(owned, minted.value)


async def reassign_token(session: AsyncSession, by: Identity, token_id: UUID, user_id: UUID) -> OwnedToken:
    """Make another user the token's user and cut its permissions to that user's role; the value works on (T10).

    Raises Forbidden, NotFound, Conflict `token_not_active`.
    """
    if not sees_all_tokens(by):
        raise Forbidden("insufficient_permissions", "Only the owner and administrators reassign tokens.")
    # The user before the token, as everywhere, so that two transactions cannot wait for each other.
    user = await _target_user(session, by, user_id)
    owned = await get_token(session, by, token_id, to_change=True)
    if owned.token.status != "active":
        raise Conflict("token_not_active", "A revoked token cannot be reassigned.")
    if outranks(owned.user.role, by.role):
        raise Forbidden("insufficient_permissions", "Only the owner reassigns the owner's tokens.")
    before = _shown(owned.token, owned.user)
    owned.token.user_id = user.id
    owned.token.permissions = in_table_order(frozenset(owned.token.permissions) & ROLE_GRANTS[Role(user.role)])
    changes = before_and_after(before, _shown(owned.token, user))
    await record(session, by, "token.reassign", target=_target(owned.token), changes=changes)
    await raise_generation(session, "access")
    return OwnedToken(owned.token, user)


async def hold_tokens(
    session: AsyncSession, by: Identity, ids: Collection[UUID], *, user_id: UUID | None = None
) -> None:
    """Before a bulk change: keep others from the tokens (and the user to be) until this transaction ends.

    All at once and in one order: each change raises the access generation, and whoever waited for a token after that
    could wait for ever.
    """
    if user_id is not None:
        await session.execute(select(User.id).where(User.id == user_id).with_for_update(read=True))
    await session.execute(
        select(Token.id).where(Token.id.in_(ids), visible_to(by)).order_by(Token.id).with_for_update()
    )


async def hold_tokens_of(session: AsyncSession, user_id: UUID) -> None:
    """The same for all tokens of a user who is about to go."""
    await session.execute(select(Token.id).where(Token.user_id == user_id).order_by(Token.id).with_for_update())


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
    # Held until the end: a role must not shrink, nor the user go, between this look and the commit (T8).
    user = await session.get(User, user_id, with_for_update={"read": True}, populate_existing=True)
    if user is None:
        raise NotFound("user", user_id)
    if user.id == by.user_id and "tokens:write" not in ROLE_GRANTS[Role(user.role)]:
        raise lacks_permission("tokens:write")
    if outranks(user.role, by.role):
        raise Forbidden("insufficient_permissions", "A token cannot be given to a user above your own role.")
    return user


def _target(token: Token) -> Target:
    return Target("token", token.id, token.name)


def _shown(token: Token, user: User) -> dict[str, object]:
    """What the audit trail keeps of a token."""
    return {
        "user": user.username,
        "permissions": token.permissions,
        "source": token.source,
        "expiresAt": None if token.expires_at is None else clock.to_wire(token.expires_at),
        "allowedNetworks": token.allowed_networks,
        "agentIds": token.agent_ids,
        "configs": token.configs,
    }


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
