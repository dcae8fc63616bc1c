"""The token that start-up provisions for the owner from `OWNER_TOKEN` (T14)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.audit.record import SYSTEM, Target, record
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.permissions import PERMISSIONS
from telegraf_controller.tokens.actions import mark_revoked
from telegraf_controller.tokens.mint import from_value
from telegraf_controller.tokens.tables import Token
from telegraf_controller.users.queries import find_owner

NAME = "bootstrap-token"

Outcome = Literal["created", "replaced", "unchanged", "revoked", "malformed", "no-owner", "taken"]

WARNINGS: dict[Outcome, str] = {
    "malformed": "OWNER_TOKEN is not a token value (tc-apiv1_ and 64 lowercase hexadecimal characters); ignored.",
    "no-owner": "OWNER_TOKEN is set but there is no owner yet; it is tried again at the next start.",
    "taken": "OWNER_TOKEN already belongs to another token; nothing was changed.",
    "revoked": "OWNER_TOKEN was revoked by hand and stays revoked.",
}
"""What the log says for each outcome that deserves a warning."""


async def provision_owner_token(session: AsyncSession, value: str, *, now: datetime) -> Outcome:
    """Make sure that the owner has this value as a bootstrap token; revoke the bootstrap token before it (T14).

    Only the leader calls it. Start-up goes on whatever the outcome.
    """
    try:
        minted = from_value(value)
    except ValueError:
        return "malformed"
    owner = await find_owner(session)
    if owner is None:
        return "no-owner"
    known = await session.scalar(
        select(Token).where(or_(Token.digest == minted.digest, Token.previous_digest == minted.digest))
    )
    if known is not None:
        if known.source != "bootstrap":
            return "taken"
        return "unchanged" if known.status == "active" else "revoked"
    previous = list(await session.scalars(select(Token).where(Token.source == "bootstrap", Token.status == "active")))
    provisioned = Token(
        name=await _free_name(session),
        user_id=owner.id,
        digest=minted.digest,
        hint=minted.hint,
        permissions=list(PERMISSIONS),
        source="bootstrap",
        created_at=now,
        created_by=owner.username,
    )
    session.add(provisioned)
    # The new one first: at no moment is the owner without a working token.
    await session.flush()
    await record(session, SYSTEM, "token.create", target=Target("token", provisioned.id, provisioned.name), now=now)
    for token in previous:
        mark_revoked(token, owner.username, now)
        await record(session, SYSTEM, "token.revoke", target=Target("token", token.id, token.name), now=now)
    await raise_generation(session, "access")
    return "replaced" if previous else "created"


async def _free_name(session: AsyncSession) -> str:
    taken = set(await session.scalars(select(Token.name).where(Token.name.like(f"{NAME}%"))))
    if NAME not in taken:
        return NAME
    number = 2
    while f"{NAME}-{number}" in taken:
        number += 1
    return f"{NAME}-{number}"
