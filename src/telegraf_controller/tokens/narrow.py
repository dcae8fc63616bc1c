"""What happens to a user's tokens when the user's role shrinks (T8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Target, record
from telegraf_controller.permissions import ROLE_GRANTS, Role, in_table_order
from telegraf_controller.tokens.actions import mark_revoked
from telegraf_controller.tokens.tables import Token
from telegraf_controller.users.tables import User


async def narrow_tokens(session: AsyncSession, by: Identity, user: User, now: datetime) -> None:
    """Cut the user's active tokens to their present role; a viewer's are revoked (T8).

    The caller holds the user, so that nobody makes a token for the former role meanwhile, and raises the generation.
    """
    role = Role(user.role)
    tokens = await session.scalars(
        select(Token).where(Token.user_id == user.id, Token.status == "active").order_by(Token.id).with_for_update()
    )
    for token in tokens:
        target = Target("token", token.id, token.name)
        if role == Role.VIEWER:
            mark_revoked(token, by.username, now)
            changes: dict[str, object] = {"reason": f"{user.username} became a viewer"}
            await record(session, by, "token.revoke", target=target, changes=changes, now=now)
            continue
        kept = in_table_order(frozenset(token.permissions) & ROLE_GRANTS[role])
        if kept != token.permissions:
            changes = {"permissions": [token.permissions, kept]}
            token.permissions = kept
            await record(session, by, "token.narrow", target=target, changes=changes, now=now)
    await session.flush()
