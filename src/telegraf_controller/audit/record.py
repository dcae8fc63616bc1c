"""The one way into the audit trail.

    await record(session, by, "token.revoke", target=Target("token", token.id, token.name))

The entry is part of the caller's transaction: what was rolled back was not done, and what was done is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.tables import AuditEntry

Outcome = Literal["success", "failure"]

_SECRET_KEYS = frozenset(
    {"password", "currentpassword", "newpassword", "secret", "token", "rawtoken", "value", "digest"}
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from that has not proved, or need not prove, who sends it."""

    address: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts when there is no Identity: somebody who is just signing in, or the program itself."""

    type: Literal["user", "anonymous", "system"]
    name: str
    id: UUID | None = None
    visitor: Visitor = Visitor("")


SYSTEM = Actor("system", "system")
"""Start-up, sweeps, and whoever can set the options of the program."""


@dataclass(frozen=True, slots=True)
class Target:
    """What was acted on; the name is kept as it is now."""

    type: str
    id: UUID | str | None
    name: str | None = None


async def record(
    session: AsyncSession,
    by: Identity | Actor,
    action: str,
    *,
    target: Target | None = None,
    outcome: Outcome = "success",
    changes: Mapping[str, object] | None = None,
    now: datetime | None = None,
) -> None:
    """Write down that `by` did `action` ("token.revoke"), in the caller's transaction.

    `changes` is JSON and says what changed (`{"role": ["viewer", "manager"]}`: before, after) or why it failed
    (`{"reason": …}`), never a secret: a key that names one raises ValueError.
    """
    session.add(_entry(by, action, target, outcome, changes or {}, now or clock.now()))
    await session.flush()


async def record_each(
    session: AsyncSession,
    by: Identity | Actor,
    action: str,
    changed: Iterable[tuple[Target, Mapping[str, object]]],
    *,
    now: datetime,
) -> None:
    """Write down that `by` did the same to many, in one go: targets with what changed of each, as for `record`."""
    session.add_all(_entry(by, action, target, "success", changes, now) for target, changes in changed)
    await session.flush()


def before_and_after(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, object]:
    """Return `{key: [before, after]}` for what differs."""
    return {key: [before.get(key), value] for key, value in after.items() if before.get(key) != value}


def _entry(
    by: Identity | Actor,
    action: str,
    target: Target | None,
    outcome: Outcome,
    changes: Mapping[str, object],
    now: datetime,
) -> AuditEntry:
    named = _SECRET_KEYS & {key.lower() for key in changes}
    if named:
        raise ValueError(f"the audit trail holds no secrets, so no {sorted(named)[0]!r}")
    return AuditEntry(
        at=now,
        action=action,
        target_type=target.type if target else None,
        target_id=str(target.id)[:64] if target and target.id is not None else None,
        target_name=target.name[:320] if target and target.name is not None else None,
        outcome=outcome,
        changes=dict(changes),
        **_actor_columns(by),
    )


def _actor_columns(by: Identity | Actor) -> dict[str, object]:
    if isinstance(by, Actor):
        return {
            "actor_type": by.type,
            "actor_id": by.id,
            "actor_name": by.name[:320],
            "address": by.visitor.address[:64],
            "user_agent": by.visitor.user_agent[:255],
        }
    return {
        "actor_type": {"session": "user", "token": "token", "open": "anonymous"}[by.via],
        "actor_id": by.user_id,
        "actor_name": by.username,
        "token_id": by.grant.token_id if by.grant else None,
        "token_name": by.grant.token_name if by.grant else None,
        "address": by.address[:64],
        "user_agent": by.user_agent[:255],
    }
