"""Making the one owner (U1)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.audit.record import Actor, Target, record
from telegraf_controller.db.unique import unique_or
from telegraf_controller.errors import Conflict
from telegraf_controller.permissions import Role
from telegraf_controller.users.names import names_taken
from telegraf_controller.users.tables import User


async def create_owner(
    session: AsyncSession, by: Actor, *, username: str, email: str, password_hash: str, now: datetime
) -> User:
    """Store the owner; the caller has checked the values. Raises Conflict `set_up_already`: there is only one (U1)."""
    owner = User(
        username=username,
        username_key=username.lower(),
        email=email,
        email_key=email.lower(),
        role=Role.OWNER,
        password_hash=password_hash,
        created_at=now,
        updated_at=now,
    )
    session.add(owner)
    there_is_one = set_up_already()
    with unique_or({"users.owner": there_is_one, "users.role": there_is_one, **names_taken(username, email)}):
        await session.flush()
    await record(session, by, "user.create", target=Target("user", owner.id, username), changes={"role": Role.OWNER})
    return owner


def set_up_already() -> Conflict:
    """Return the error for who comes too late."""
    return Conflict("set_up_already", "This instance has an owner already.")
