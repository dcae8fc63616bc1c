"""Removing what has ended by time. It is refused anyway; this only gives the space back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.users.sessions import has_ended
from telegraf_controller.users.tables import PasswordReset, UserSession


async def delete_ended(session: AsyncSession, now: datetime) -> None:
    """Remove sessions and reset links that have ended. Expired invites stay: people look for them in the list."""
    await session.execute(delete(UserSession).where(has_ended(now)))
    await session.execute(delete(PasswordReset).where(PasswordReset.expires_at <= now))
