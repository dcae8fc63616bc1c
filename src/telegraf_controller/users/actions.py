"""Changing what users may do. Who may change whom stands in one function, `_require_may_change`.

A change of role also narrows the user's tokens; `access/roles.py` does both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.grants import lacks_permission
from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Target, record
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.errors import Forbidden, NotFound
from telegraf_controller.permissions import ROLE_GRANTS, Role
from telegraf_controller.users.sessions import end_sessions_of
from telegraf_controller.users.tables import User

Status = Literal["active", "disabled"]


@dataclass(frozen=True, slots=True)
class Held:
    """A user whom nobody else changes meanwhile, and the role of who changes them, as both are now."""

    user: User
    by_role: Role


async def hold_to_change(session: AsyncSession, by: Identity, user_id: UUID, *, permission: str) -> Held:
    """Return a user whom the caller may change, holding both rows until the transaction ends.

    The caller's rights are looked at again: they may have been taken away since the request came in. Raises NotFound,
    Forbidden (`insufficient_permissions`, `protected_user`).
    """
    rows = await hold_users(session, by.user_id, user_id)
    role = _present_role(by, rows, permission)
    user = rows.get(user_id)
    if user is None:
        raise NotFound("user", user_id)
    _require_may_change(by, role, user)
    return Held(user, role)


async def hold_users(session: AsyncSession, *ids: UUID | None) -> dict[UUID, User]:
    """Return users as they are now, and keep others from changing them until this transaction ends."""
    # Always in the same order, so that two transactions cannot wait for each other.
    rows = await session.scalars(
        select(User)
        .where(User.id.in_([user_id for user_id in ids if user_id is not None]))
        .order_by(User.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {user.id: user for user in rows}


async def require_may_give(session: AsyncSession, by: Identity, role: Role) -> None:
    """Raise Forbidden unless the caller may give somebody this role; holds the caller's row."""
    rows = await hold_users(session, by.user_id)
    _require_may_give(_present_role(by, rows, "invites:write"), role)


async def change_role(session: AsyncSession, by: Identity, held: Held, role: Role, now: datetime) -> bool:
    """Give a user another role and end their sessions (U7); tell whether anything changed.

    Only `access/roles.py` calls it: the user's tokens have to follow. Raises Forbidden `protected_user`.
    """
    user = held.user
    if user.role == role:
        return False
    _require_may_give(held.by_role, role)
    changes = {"role": [user.role, role]}
    user.role = role
    user.updated_at = now
    await session.flush()
    await end_sessions_of(session, user.id)
    await record(session, by, "user.role", target=Target("user", user.id, user.username), changes=changes, now=now)
    return True


async def change_status(session: AsyncSession, by: Identity, held: Held, status: Status, now: datetime) -> None:
    """Disable a user, which ends their sessions and makes their tokens unusable at once, or enable them (U7)."""
    user = held.user
    if user.status == status:
        return
    user.status = status
    user.updated_at = now
    if status == "disabled":
        await end_sessions_of(session, user.id)
    await session.flush()
    action = "user.disable" if status == "disabled" else "user.enable"
    await record(session, by, action, target=Target("user", user.id, user.username), now=now)
    await raise_generation(session, "access")


async def delete_user(session: AsyncSession, by: Identity, held: Held) -> None:
    """Remove an account; its sessions, links and tokens go with it (U7). Only `access/roles.py` calls it."""
    user = held.user
    target = Target("user", user.id, user.username)
    changes = {"role": user.role, "email": user.email}
    await session.delete(user)
    await session.flush()
    await record(session, by, "user.delete", target=target, changes=changes)
    await raise_generation(session, "access")


def _present_role(by: Identity, rows: dict[UUID, User], permission: str) -> Role:
    actor = None if by.user_id is None else rows.get(by.user_id)
    if actor is None or actor.status != "active" or permission not in ROLE_GRANTS[Role(actor.role)]:
        raise lacks_permission(permission)
    return Role(actor.role)


def _require_may_change(by: Identity, role: Role, user: User) -> None:
    """The footnote of the permission table: nobody changes the owner or themself, and only the owner administrators."""
    if user.role == Role.OWNER:
        raise _protected("Nobody can do this to the owner.")
    if user.id == by.user_id:
        raise _protected("Nobody can do this to themself.")
    if user.role == Role.ADMINISTRATOR and role != Role.OWNER:
        raise _protected("Only the owner can do this to an administrator.")


def _require_may_give(present: Role, role: Role) -> None:
    if role == Role.OWNER:
        raise _protected("There is one owner; ownership is transferred.")
    if role == Role.ADMINISTRATOR and present != Role.OWNER:
        raise _protected("Only the owner makes somebody an administrator.")


def _protected(sentence: str) -> Forbidden:
    return Forbidden("protected_user", sentence)
