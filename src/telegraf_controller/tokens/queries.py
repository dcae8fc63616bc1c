"""Reading tokens: who sees which (T16), and the record they see (T5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.db.text import contains
from telegraf_controller.errors import NotFound
from telegraf_controller.permissions import Role
from telegraf_controller.tokens.tables import Token
from telegraf_controller.users.tables import User

SortKey = Literal["name", "createdAt", "expiresAt", "lastUsedAt", "status", "username"]


@dataclass(frozen=True, slots=True)
class TokenFilter:
    """Which tokens of those that the caller may see."""

    status: Literal["active", "revoked", "expired"] | None = None
    user_id: UUID | None = None
    search: str = ""
    expiring_within_days: int | None = None


@dataclass(frozen=True, slots=True)
class OwnedToken:
    """A token with the user it acts for."""

    token: Token
    user: User


def sees_all_tokens(by: Identity) -> bool:
    """Owner and administrators see every token, others their own (T16)."""
    return by.role in (Role.OWNER, Role.ADMINISTRATOR)


def visible_to(by: Identity) -> ColumnElement[bool]:
    """The condition for the tokens that somebody may see."""
    return true() if sees_all_tokens(by) else Token.user_id == by.user_id


def visible_tokens(by: Identity) -> Select[Token, User]:
    """The statement that every look-up starts from."""
    return select(Token, User).join(User, User.id == Token.user_id).where(visible_to(by))


async def get_token(session: AsyncSession, by: Identity, token_id: UUID, *, to_change: bool = False) -> OwnedToken:
    """Return a token that the caller may see. Raises NotFound, also for one that is somebody else's.

    `to_change` keeps others from changing it until this transaction ends; what is returned is then as it is now.
    """
    statement = visible_tokens(by).where(Token.id == token_id)
    if to_change:
        statement = statement.with_for_update(of=Token).execution_options(populate_existing=True)
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("token", token_id)
    token, user = row
    return OwnedToken(token, user)


async def list_tokens(
    session: AsyncSession,
    by: Identity,
    wanted: TokenFilter,
    *,
    now: datetime,
    sort_by: SortKey = "name",
    descending: bool = False,
    offset: int = 0,
    limit: int = 25,
) -> tuple[list[OwnedToken], int]:
    """Return one page of the tokens that the caller may see, and how many there are."""
    statement = visible_tokens(by).where(*_conditions(wanted, now))
    total = await session.scalar(select(func.count()).select_from(statement.subquery()))
    column = {
        "name": func.lower(Token.name),
        "createdAt": Token.created_at,
        "expiresAt": Token.expires_at,
        "lastUsedAt": Token.last_used_at,
        "status": Token.status,
        "username": User.username_key,
    }[sort_by]
    # What never expires or was never used comes last in ascending order, on both databases.
    order = [column.is_(None).desc(), column.desc()] if descending else [column.is_(None), column.asc()]
    rows = await session.execute(statement.order_by(*order, Token.id).offset(offset).limit(limit))
    return [OwnedToken(token, user) for token, user in rows], total or 0


def _conditions(wanted: TokenFilter, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.status == "expired":
        conditions += [Token.status == "active", Token.expires_at <= now]
    elif wanted.status is not None:
        conditions.append(Token.status == wanted.status)
    if wanted.user_id is not None:
        conditions.append(Token.user_id == wanted.user_id)
    if wanted.search:
        conditions.append(
            or_(
                contains(Token.name, wanted.search), contains(User.username, wanted.search), Token.hint == wanted.search
            )
        )
    if wanted.expiring_within_days is not None:
        until = now + timedelta(days=wanted.expiring_within_days)
        conditions += [Token.status == "active", Token.expires_at > now, Token.expires_at <= until]
    return conditions
