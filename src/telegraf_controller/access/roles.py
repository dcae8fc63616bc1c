"""Changes of what somebody may do, with all that follows from them: the user's sessions end, their tokens shrink (T8).

They stand here because they need both rooms, users and tokens, which do not know each other in this direction.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Target, record
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.errors import Conflict, Forbidden, NotFound, ValidationFailed
from telegraf_controller.permissions import Role
from telegraf_controller.tokens.actions import hold_tokens_of
from telegraf_controller.tokens.narrow import narrow_tokens
from telegraf_controller.users.actions import (
    Status,
    change_role,
    change_status,
    delete_user,
    hold_to_change,
    hold_users,
)
from telegraf_controller.users.sessions import end_sessions_of
from telegraf_controller.users.tables import User


async def change_user(
    session: AsyncSession, by: Identity, user_id: UUID, *, role: Role | None, status: Status | None, now: datetime
) -> User:
    """Change a user's role, status, or both; None leaves it (U7, T8).

    Raises NotFound, Forbidden (`insufficient_permissions`, `protected_user`).
    """
    held = await hold_to_change(session, by, user_id, permission="users:write")
    if role is not None and await change_role(session, by, held, role, now):
        await narrow_tokens(session, by, held.user, now)
        await raise_generation(session, "access")
    if status is not None:
        await change_status(session, by, held, status, now)
    return held.user


async def remove_user(session: AsyncSession, by: Identity, user_id: UUID) -> None:
    """Delete an account with its tokens and sessions (U7). Raises NotFound, Forbidden."""
    held = await hold_to_change(session, by, user_id, permission="users:delete")
    # The rows go by cascade, in no order: held in order first, so that nobody waits crosswise.
    await hold_tokens_of(session, user_id)
    await delete_user(session, by, held)


async def make_owner(session: AsyncSession, by: Identity, user_id: UUID, *, username: str, now: datetime) -> User:
    """Make an active administrator the owner, and the owner an administrator; both are signed out (U3).

    `username` repeats the administrator's name; the caller has confirmed the password. Of two transfers at once one
    wins. Raises NotFound, Forbidden, Conflict `not_an_administrator`, ValidationFailed.
    """
    rows = await hold_users(session, by.user_id, user_id)
    owner = None if by.user_id is None else rows.get(by.user_id)
    if owner is None or owner.role != Role.OWNER:
        raise only_the_owner()
    heir = rows.get(user_id)
    if heir is None:
        raise NotFound("user", user_id)
    if heir.role != Role.ADMINISTRATOR or heir.status != "active":
        raise Conflict("not_an_administrator", "Only an active administrator can become the owner.")
    if username.strip().lower() != heir.username_key:
        raise ValidationFailed([("username", "is not the name of the user who is to become the owner")])
    # In this order: the database allows one owner at any moment.
    for user, role in ((owner, Role.ADMINISTRATOR), (heir, Role.OWNER)):
        user.role = role
        user.updated_at = now
        await session.flush()
        await end_sessions_of(session, user.id)
    target = Target("user", heir.id, heir.username)
    await record(
        session, by, "user.make-owner", target=target, changes={"owner": [owner.username, heir.username]}, now=now
    )
    await narrow_tokens(session, by, owner, now)
    await raise_generation(session, "access")
    return heir


def only_the_owner() -> Forbidden:
    """Return the error for who is not the owner."""
    return Forbidden("insufficient_permissions", "Only the owner can do this.", required="owner")
