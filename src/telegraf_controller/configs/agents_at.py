"""Which agents come to which references, and with what shape of a query (V7).

Agents are a room to the right of this one, which knows of them where their URLs are noted. Lists travel as one JSON
parameter each: databases limit how many parameters a statement takes, and not how long one is.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import JSON, Select, SmallInteger, String, Subquery, and_, cast, column, func, literal, select, table
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.configs.agent_use import NOT_REPORTING
from telegraf_controller.db.base import Id

Pair = tuple[str, str]
"""A reference and the shape of the query there."""

_ROWS_AT_ONCE = 2000
_IDS_AT_ONCE = 500

_references = table("agent_references", column("agent_id", Id), column("reference", String), column("shape", String))
_liveness = table("agent_liveness", column("agent_id", Id), column("status", SmallInteger))
_agents = table(
    "agents",
    column("id", Id),
    column("instance_id", String),
    column("hostname", String),
    column("configurations", JSON),
)


class AgentUrls(NamedTuple):
    """An agent and all that it says it runs."""

    id: UUID
    instance_id: str
    hostname: str | None
    configurations: list[str]
    reporting: bool


class Count(NamedTuple):
    """How many agents: those that are reporting, and those that have fallen silent (A2)."""

    reporting: int
    silent: int


NONE = Count(0, 0)


async def pairs_at(session: AsyncSession, references: Collection[str]) -> list[Pair]:
    """Return which shapes there are at each of the references: mostly a handful, though a million agents come.

    The index is asked for the first shape, then for the next one after it, and so on: agents are not gone through.
    """
    wanted = _listed(session, [[reference] for reference in references])
    shapes = select(func.min(_references.c.shape))
    first = shapes.where(_references.c.reference == wanted.c.reference).scalar_subquery()
    found = select(wanted.c.reference, first.label("shape")).cte("found", recursive=True)
    of_reference = _references.c.reference == found.c.reference
    following = shapes.where(of_reference, _references.c.shape > found.c.shape).scalar_subquery()
    found = found.union_all(select(found.c.reference, following).where(found.c.shape.is_not(None)))
    rows = await session.execute(select(found.c.reference, found.c.shape).where(found.c.shape.is_not(None)))
    return [(reference, shape) for reference, shape in rows]


async def count_at(session: AsyncSession, pairs: Collection[Pair]) -> Count:
    """Count the agents at any of the pairs, each once."""
    if not pairs:
        return NONE
    found = _at(session, pairs, select(_references.c.agent_id))
    if len({reference for reference, _ in pairs}) > 1:
        found = found.distinct()
    agents = found.subquery()
    silent = (_liveness.c.status == NOT_REPORTING).label("silent")
    counted = select(silent, func.count()).join(agents, agents.c.agent_id == _liveness.c.agent_id).group_by(silent)
    counts = {bool(is_silent): number for is_silent, number in await session.execute(counted)}
    return Count(counts.get(False, 0), counts.get(True, 0))


async def agents_at(session: AsyncSession, pair: Pair, *, reporting: bool, limit: int) -> list[AgentUrls]:
    """Return some of the agents at a pair."""
    status = _liveness.c.status
    wanted = status != NOT_REPORTING if reporting else status == NOT_REPORTING
    statement = _agents_at(session, [pair]).where(wanted).limit(limit)
    return [_agent(row) for row in await session.execute(statement)]


async def each_at(session: AsyncSession, pairs: Collection[Pair]) -> AsyncIterator[AgentUrls]:
    """Go through all the agents at the pairs; one with several references may come several times."""
    rows = await session.stream(_agents_at(session, pairs), execution_options={"yield_per": _ROWS_AT_ONCE})
    async for row in rows:
        yield _agent(row)


async def those_at(session: AsyncSession, pairs: Collection[Pair], agent_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these agents are at any of the pairs."""
    found: set[UUID] = set()
    for start in range(0, len(agent_ids), _IDS_AT_ONCE):
        some = _at(session, pairs, select(_references.c.agent_id))
        ids = agent_ids[start : start + _IDS_AT_ONCE]
        found |= set(await session.scalars(some.where(_references.c.agent_id.in_(ids))))
    return found


def _agents_at(session: AsyncSession, pairs: Collection[Pair]) -> Select[Any]:
    columns = (_agents.c.id, _agents.c.instance_id, _agents.c.hostname, _agents.c.configurations, _liveness.c.status)
    return (
        _at(session, pairs, select(*columns).select_from(_references))
        .join(_agents, _agents.c.id == _references.c.agent_id)
        .join(_liveness, _liveness.c.agent_id == _references.c.agent_id)
    )


def _at(session: AsyncSession, pairs: Collection[Pair], statement: Select[Any]) -> Select[Any]:
    wanted = _listed(session, pairs)
    same = and_(_references.c.reference == wanted.c.reference, _references.c.shape == wanted.c.shape)
    return statement.join(wanted, same)


def _listed(session: AsyncSession, rows: Collection[Sequence[str]]) -> Subquery:
    """Return a table of `reference` and, where rows have two entries, `shape`."""
    given = literal(json.dumps([list(row) for row in rows]), String)
    if session.get_bind().dialect.name == "postgresql":
        row = func.json_array_elements(cast(given, JSON)).table_valued("value").c.value
        reference, shape = cast(row.op("->>")(0), String), cast(row.op("->>")(1), String)
    else:
        row = func.json_each(given).table_valued("value").c.value
        reference, shape = (cast(func.json_extract(row, f"$[{number}]"), String) for number in (0, 1))
    return select(reference.label("reference"), shape.label("shape")).subquery()


def _agent(row: Any) -> AgentUrls:
    return AgentUrls(row.id, row.instance_id, row.hostname, row.configurations, row.status != NOT_REPORTING)
