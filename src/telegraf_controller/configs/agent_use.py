"""How many agents run what a name leads to, by the URLs that they report (A3, L1).

Agents are a room to the right of this one, which knows of them where their URLs are noted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, TypeVar
from uuid import UUID

from sqlalchemy import SmallInteger, String, case, column, func, select, table
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.db.base import Id

T = TypeVar("T")

_references = table("agent_references", column("agent_id", Id), column("reference", String))
_liveness = table("agent_liveness", column("agent_id", Id), column("status", SmallInteger))
NOT_REPORTING = 4
"""As `agents.status` numbers it."""

_PATHS = ("config", "group", "alias")


def references_by_alias(alias: str) -> list[str]:
    """Return the references that lead to what an alias names: it does so under every path (L1)."""
    return [f"{path}/{alias}" for path in _PATHS]


def references_to(kind: Literal["config", "group"], owner_id: UUID, aliases: Collection[str]) -> list[str]:
    """Return every reference that leads to a configuration or group: by its id, and by each of its aliases."""
    return [f"{kind}/{owner_id}", *(reference for alias in aliases for reference in references_by_alias(alias))]


async def count_agents_by_references(
    session: AsyncSession, references: Mapping[T, Sequence[str]], *, reporting_only: bool = False
) -> dict[T, int]:
    """Return for each key how many agents have a URL that is one of its references; no two keys share one.

    `reporting_only` leaves out agents that have fallen silent (A2).
    """
    counts = dict.fromkeys(references, 0)
    keys = list(references)
    owners = {reference: number for number, key in enumerate(keys) for reference in references[key]}
    if not owners:
        return counts
    owner = case(owners, value=_references.c.reference).label("owner")
    using = select(owner, _references.c.agent_id).where(_references.c.reference.in_(owners)).distinct()
    if reporting_only:
        reporting = select(_liveness.c.agent_id).where(_liveness.c.status != NOT_REPORTING)
        using = using.where(_references.c.agent_id.in_(reporting))
    used = using.subquery()
    for number, agents in await session.execute(select(used.c.owner, func.count()).group_by(used.c.owner)):
        counts[keys[number]] = agents
    return counts
