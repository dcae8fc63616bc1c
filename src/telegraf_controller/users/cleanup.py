"""Removing what has ended by time. It is refused anyway; this only gives the space back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from telegraf_controller.db.engine import Database
from telegraf_controller.users.sessions import has_ended
from telegraf_controller.users.tables import PasswordReset, UserSession


async def delete_ended(database: Database, now: datetime) -> None:
    """Remove sessions and reset links that have ended. Expired invites stay: people look for them in the list."""
    for ended in (
        delete(UserSession).where(has_ended(now)),
        delete(PasswordReset).where(PasswordReset.expires_at <= now),
    ):
        # A transaction each: no rows of two tables are held at once.
        async with database.write() as session:
            await session.execute(ended)
