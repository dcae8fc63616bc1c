"""How many agents run what a name leads to, by the URLs that they report (A3, L1).

Agents are a room to the right of this one, which knows of them where their URLs are noted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, TypeVar
from uuid import UUID

from sqlalchemy import Select, SmallInteger, String, column, func, select, table
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
    every = [reference for names in references.values() for reference in names]
    if not every:
        return dict.fromkeys(references, 0)
    counted = _using(select(_references.c.reference, func.count().label("agents")), every, reporting_only)
    rows = await session.execute(counted.group_by(_references.c.reference))
    agents = {row.reference: row.agents for row in rows}
    counts = {}
    for key, names in references.items():
        used = [reference for reference in names if reference in agents]
        counts[key] = sum(agents[reference] for reference in used)
        if len(used) > 1:
            # An agent may come by several names. To tell its rows apart costs several times as much, so only here.
            each_once = _using(select(func.count(_references.c.agent_id.distinct())), used, reporting_only)
            counts[key] = await session.scalar(each_once) or 0
    return counts


def _using(statement: Select[Any], references: Sequence[str], reporting_only: bool) -> Select[Any]:
    statement = statement.where(_references.c.reference.in_(references))
    if reporting_only:
        reporting = select(_liveness.c.agent_id).where(_liveness.c.status != NOT_REPORTING)
        statement = statement.where(_references.c.agent_id.in_(reporting))
    return statement
