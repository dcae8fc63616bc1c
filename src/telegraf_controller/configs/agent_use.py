"""How many agents run what a name leads to, by the URLs that they report (A3, L1).

Agents are a room to the right of this one, which knows of them where their URLs are noted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from sqlalchemy import SmallInteger, String, case, column, func, select, table
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.db.base import Id

T = TypeVar("T")

_references = table("agent_references", column("agent_id", Id), column("reference", String))
_liveness = table("agent_liveness", column("agent_id", Id), column("status", SmallInteger))
NOT_REPORTING = 4
"""As `agents.status` numbers it."""

_PATHS = ("config", "group", "alias")


async def count_agents_by_names(
    session: AsyncSession, names: Mapping[T, Sequence[str]], *, reporting_only: bool = False
) -> dict[T, int]:
    """Return for each key how many agents have a URL with one of its names: an id or aliases, in whichever path.

    `reporting_only` leaves out agents that have fallen silent (A2).
    """
    counts = dict.fromkeys(names, 0)
    keys = list(names)
    owners = {f"{path}/{name}": number for number, key in enumerate(keys) for name in names[key] for path in _PATHS}
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
