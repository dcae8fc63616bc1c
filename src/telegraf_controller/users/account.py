"""What everybody sees and changes about themself (U8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Target, before_and_after, record
from telegraf_controller.db.engine import Database
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.db.unique import unique_or
from telegraf_controller.errors import Forbidden, NotFound
from telegraf_controller.settings.queries import read_login_security
from telegraf_controller.users.lockout import Guard
from telegraf_controller.users.names import names_taken
from telegraf_controller.users.passwords import hash_password, require_password
from telegraf_controller.users.queries import get_user
from telegraf_controller.users.resets import forget_resets
from telegraf_controller.users.sessions import end_session, end_sessions_of, live_sessions_of, session_id_of
from telegraf_controller.users.sign_in import confirm_password
from telegraf_controller.users.tables import User, UserSession

PASSWORD = "account.password"  # noqa: S105 - the name of an action
SESSION_END = "session.end"


async def change_account(
    session: AsyncSession, by: Identity, *, username: str | None, email: str | None, now: datetime
) -> User:
    """Change the caller's own username or e-mail address; None leaves it (U8).

    Raises Conflict `username_conflict`, `email_conflict`.
    """
    user = await _myself(session, by)
    before = {"username": user.username, "email": user.email}
    after = {"username": username or user.username, "email": email or user.email}
    changes = before_and_after(before, after)
    if not changes:
        return user
    user.username, user.username_key = after["username"], after["username"].lower()
    user.email, user.email_key = after["email"], after["email"].lower()
    user.updated_at = now
    with unique_or(names_taken(user.username, user.email)):
        await session.flush()
    target = Target("user", user.id, before["username"])
    await record(session, by, "account.update", target=target, changes=changes, now=now)
    # Every process keeps names beside the tokens.
    await raise_generation(session, "access")
    return user


async def change_password(database: Database, guard: Guard, by: Identity, *, current: str, new: str) -> User:
    """Set a new password for who knows the current one; the other sessions end (U8, U9).

    Raises Forbidden `wrong_password`; ValidationFailed; ControllerError `account_locked`, `too_many_attempts`.
    """
    async with database.read() as session:
        security = await read_login_security(session)
    require_password(new, security.password_complexity, "newPassword")
    await confirm_password(database, guard, by, current, action=PASSWORD)
    password_hash = await hash_password(new)
    now = clock.now()
    async with database.write() as session:
        user = await _myself(session, by)
        user.password_hash = password_hash
        user.updated_at = now
        await end_sessions_of(session, user.id, but=by.session_id)
        await forget_resets(session, user.id)
        await record(session, by, PASSWORD, target=Target("user", user.id, user.username), now=now)
    return user


async def own_sessions(session: AsyncSession, by: Identity, now: datetime) -> Sequence[UserSession]:
    """Return the caller's sessions that have not ended, the one that was used last first (U8)."""
    assert by.user_id is not None
    return await live_sessions_of(session, by.user_id, now)


async def end_own_session(session: AsyncSession, by: Identity, session_id: UUID, now: datetime) -> None:
    """End one of the caller's sessions at once, on every node (U8). Raises NotFound, also for somebody else's."""
    for row in await own_sessions(session, by, now):
        if session_id_of(row.digest) == session_id:
            await end_session(session, row.digest)
            await record(session, by, SESSION_END, target=Target("user", by.user_id, by.username), now=now)
            return
    raise NotFound("session", session_id)


async def end_other_sessions(session: AsyncSession, by: Identity, now: datetime) -> None:
    """End all sessions of the caller but the one that asks, at once and on every node (U8)."""
    assert by.user_id is not None
    await end_sessions_of(session, by.user_id, but=by.session_id)
    target = Target("user", by.user_id, by.username)
    await record(session, by, SESSION_END, target=target, changes={"which": "all others"}, now=now)


async def _myself(session: AsyncSession, by: Identity) -> User:
    if by.user_id is None:
        raise Forbidden("session_required", "This needs somebody who is signed in.")
    return await get_user(session, by.user_id, to_change=True)
