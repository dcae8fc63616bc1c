"""Reading users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from telegraf_controller.db.text import contains
from telegraf_controller.errors import NotFound
from telegraf_controller.permissions import Role
from telegraf_controller.users.tables import User

SortKey = Literal["username", "email", "role", "status", "createdAt", "lastSignInAt"]


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which users."""

    role: Role | None = None
    status: Literal["active", "disabled"] | None = None
    search: str = ""


async def get_user(session: AsyncSession, user_id: UUID, *, to_change: bool = False) -> User:
    """Return a user; `to_change` holds back others who want to change it until this transaction ends. Raises NotFound.

    What is returned is then what is stored now, not what this session read before.
    """
    user = await session.get(User, user_id, with_for_update=to_change or None, populate_existing=to_change)
    if user is None:
        raise NotFound("user", user_id)
    return user


async def find_by_name(session: AsyncSession, name: str) -> User | None:
    """Return the user with this username or e-mail address, in any case; None when there is none."""
    key = name.strip().lower()
    return await session.scalar(select(User).where(or_(User.username_key == key, User.email_key == key)))


async def find_owner(session: AsyncSession) -> User | None:
    """Return the owner, None while there is none."""
    return await session.scalar(select(User).where(User.role == Role.OWNER))


async def list_users(
    session: AsyncSession, wanted: UserFilter, *, sort_by: SortKey, descending: bool, offset: int, limit: int
) -> tuple[list[User], int]:
    """Return one page of users, and how many there are."""
    conditions = _conditions(wanted)
    total = await session.scalar(select(func.count()).select_from(User).where(*conditions))
    columns: dict[SortKey, InstrumentedAttribute[Any]] = {
        "username": User.username_key,
        "email": User.email_key,
        "role": User.role,
        "status": User.status,
        "createdAt": User.created_at,
        "lastSignInAt": User.last_sign_in_at,
    }
    column = columns[sort_by]
    # Who never signed in comes last in ascending order, on both databases.
    order = [column.is_(None).desc(), column.desc()] if descending else [column.is_(None), column.asc()]
    users = await session.scalars(select(User).where(*conditions).order_by(*order, User.id).offset(offset).limit(limit))
    return list(users), total or 0


def _conditions(wanted: UserFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.role is not None:
        conditions.append(User.role == wanted.role)
    if wanted.status is not None:
        conditions.append(User.status == wanted.status)
    if wanted.search:
        conditions.append(or_(contains(User.username, wanted.search), contains(User.email, wanted.search)))
    return conditions
