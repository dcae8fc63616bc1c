"""Reading agents: lists with filters and order (A4), single records (A1), counts (A5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    String,
    bindparam,
    case,
    column,
    exists,
    func,
    select,
    table,
)
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.agents.identity import search_pattern
from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.agents.tables import Agent, AgentLiveness, AgentReference
from telegraf_controller.db.base import Id
from telegraf_controller.errors import NotFound
from telegraf_controller.labels.carriers import AGENTS
from telegraf_controller.labels.queries import having_label
from telegraf_controller.labels.tables import AgentLabel, Label

SortKey = Literal["name", "status", "lastSeen", "version"]

# Rules are a room to the right of this one, which knows of them what an agent shows.
_rules = table("reporting_rules", column("id", Id), column("number", Integer), column("description", String))
_named = table("reporting_rules", column("number", Integer), column("replaced_by", Integer)).alias("named_rules")
_FOLLOWED = func.coalesce(_named.c.replaced_by, _named.c.number)
"""The number of the rule that agents follow whose row has some number: a deleted rule leaves its number behind."""

BANDS: tuple[tuple[str, timedelta | None], ...] = (
    ("lt5m", timedelta(minutes=5)),
    ("lt30m", timedelta(minutes=30)),
    ("lt1h", timedelta(hours=1)),
    ("lt12h", timedelta(hours=12)),
    ("lt24h", timedelta(hours=24)),
    ("older", None),
)
"""How long ago agents were last heard of; each band ends where the next one begins (A5)."""


@dataclass(frozen=True, slots=True)
class AgentFilter:
    """Which agents; what is None or empty does not matter."""

    status: AgentStatus | None = None
    search: str = ""
    """Part of the host name, instance id or address, in any case."""
    runs: Sequence[Sequence[str]] = ()
    """An agent has to have, of each of these, one of the references (see `agents.managed`)."""
    reporting_rule: UUID | None = None
    labels: Sequence[str] = ()
    """Ids or names; an agent has to have all of them (B1)."""
    version: str | None = None
    """The bare version."""


class Tag(NamedTuple):
    """A label as records show it."""

    id: UUID
    name: str
    color: str


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent with all that its record shows; see `agents.tables`."""

    id: UUID
    instance_id: str
    hostname: str | None
    ip_address: str | None
    telegraf_version: str | None
    telegraf_build: str
    configurations: list[str]
    first_seen: datetime
    last_seen: datetime
    errors: int | None
    warnings: int | None
    metrics: int | None
    status: int
    reported_status: int | None
    rule_id: UUID
    rule_description: str
    labels: list[Tag] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AgentCounts:
    """How many agents there are, by status, by bare version, and by when they were last heard of (A5)."""

    total: int
    by_status: dict[int, int]
    by_version: dict[str | None, int]
    by_band: dict[str, int]


async def get_agent(session: AsyncSession, agent_id: UUID) -> AgentView:
    """Return one agent. Raises NotFound."""
    views = await read_agents(session, [agent_id])
    if not views:
        raise NotFound("agent", agent_id)
    return views[0]


async def list_agents(
    session: AsyncSession,
    wanted: AgentFilter,
    *,
    sort_by: SortKey = "name",
    descending: bool = False,
    offset: int = 0,
    limit: int = 25,
) -> tuple[list[AgentView], int]:
    """Return one page of agents, and how many there are. Agents that the order does not tell apart stand by id."""
    conditions = _conditions(wanted)
    sorted_by: SQLColumnExpression[Any] = {
        "name": Agent.name_key,
        "status": AgentLiveness.status,
        "lastSeen": AgentLiveness.last_seen,
        "version": Agent.version_key,
    }[sort_by]
    order = sorted_by.desc() if descending else sorted_by.asc()
    # An unknown version comes last, on both databases and in both directions.
    orders = [sorted_by.is_(None), order] if sort_by == "version" else [order]
    counted = _counted(wanted).where(*conditions)
    page = _joined(select(Agent.id)).where(*conditions).order_by(*orders, Agent.id).offset(offset).limit(limit)
    # All in one statement: it is of one moment, and one round trip. Both parts speak of agents of their own.
    found = _views().add_columns(counted.correlate(None).scalar_subquery()).where(Agent.id.in_(page.correlate(None)))
    rows = (await session.execute(found.order_by(*orders, Agent.id, *_ORDER_OF_LABELS))).all()
    total = rows[0][-1] if rows else 0
    if offset and not rows:
        # Beyond the end there is no row that could tell.
        total = await session.scalar(counted)
    return _gathered(row[:-1] for row in rows), total or 0


async def read_agents(session: AsyncSession, ids: Sequence[UUID]) -> list[AgentView]:
    """Return agents in the order of these ids, without those that there are not."""
    if not ids:
        return []
    views = {view.id: view for view in _gathered(await session.execute(_BY_ID, {"ids": ids}))}
    return [views[agent_id] for agent_id in ids if agent_id in views]


async def rule_numbers(session: AsyncSession, rule_id: UUID) -> list[int]:
    """Return the numbers by which agents' rows name a rule."""
    return list(await session.scalars(_numbers_of(rule_id)))


async def count_agents(session: AsyncSession, wanted: AgentFilter, now: datetime) -> AgentCounts:
    """Count agents in one pass (A5)."""
    since = [(AgentLiveness.last_seen > now - age, name) for name, age in BANDS if age is not None]
    band = case(*since, else_=BANDS[-1][0]).label("band")
    counted = _joined(select(AgentLiveness.status, Agent.telegraf_version, band, func.count()))
    grouped = counted.where(*_conditions(wanted)).group_by(AgentLiveness.status, Agent.telegraf_version, "band")
    rows = await session.execute(grouped)
    counts = AgentCounts(0, {status.value: 0 for status in AgentStatus}, {}, {name: 0 for name, _ in BANDS})
    total = 0
    for status, version, name, number in rows:
        total += number
        counts.by_status[status] += number
        counts.by_version[version] = counts.by_version.get(version, 0) + number
        counts.by_band[name] += number
    return AgentCounts(total, counts.by_status, counts.by_version, counts.by_band)


def _counted(wanted: AgentFilter) -> Select[int]:
    """Count agents; of a million, going into both tables takes a hundred times as long as into one.

    Each agent has a row in both.
    """
    is_by_record = bool(wanted.search or wanted.runs or wanted.labels or wanted.version is not None)
    is_by_liveness = wanted.status is not None or wanted.reporting_rule is not None
    statement = select(func.count())
    if is_by_record and is_by_liveness:
        return _joined(statement)
    return statement.select_from(AgentLiveness if is_by_liveness else Agent)


def _joined(statement: Select[Any]) -> Select[Any]:
    return statement.select_from(Agent).join(AgentLiveness, AgentLiveness.agent_id == Agent.id)


_ORDER_OF_LABELS = func.lower(Label.name), Label.id


_OF_LABEL = Label.id, Label.name, Label.color
_OF_AGENT = (
    *(Agent.id, Agent.instance_id, Agent.hostname, Agent.ip_address, Agent.telegraf_version, Agent.telegraf_build),
    *(Agent.configurations, Agent.first_seen),
    *(AgentLiveness.last_seen, AgentLiveness.errors, AgentLiveness.warnings, AgentLiveness.metrics),
    *(AgentLiveness.status, AgentLiveness.reported_status),
    *(_rules.c.id, _rules.c.description),
)
"""In the order of `AgentView`."""


def _views() -> Select[Any]:
    """Agents with all that their records show, one row for each label, and one for each agent without any.

    Columns, not objects: to make those of a page takes as long as to read it.
    """
    return (
        _joined(select(*_OF_LABEL, *_OF_AGENT))
        .join(_named, _named.c.number == AgentLiveness.rule)
        .join(_rules, _rules.c.number == _FOLLOWED)
        .outerjoin(AgentLabel, AgentLabel.agent_id == Agent.id)
        .outerjoin(Label, Label.id == AgentLabel.label_id)
    )


_BY_ID = _views().where(Agent.id.in_(bindparam("ids", expanding=True))).order_by(*_ORDER_OF_LABELS)
"""Made once: a large fleet is listed by it again and again."""


def _gathered(rows: Iterable[Any]) -> list[AgentView]:
    """Put together what `_views` returns, in the order in which agents and labels first come."""
    views: dict[UUID, AgentView] = {}
    for label_id, label, color, *shown in rows:
        view = views.get(shown[0])
        if view is None:
            view = views[shown[0]] = AgentView(*shown)
        if label_id is not None:
            view.labels.append(Tag(label_id, label, color))
    return list(views.values())


def _numbers_of(rule_id: UUID) -> Select[int]:
    numbers = select(_named.c.number).join(_rules, _rules.c.number == _FOLLOWED)
    return numbers.where(_rules.c.id == rule_id)


def _conditions(wanted: AgentFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.status is not None:
        conditions.append(AgentLiveness.status == wanted.status.value)
    if wanted.search:
        conditions.append(Agent.search_text.contains(search_pattern(wanted.search), autoescape=True))
    for references in wanted.runs:
        runs = exists().where(AgentReference.agent_id == Agent.id, AgentReference.reference.in_(references))
        conditions.append(runs)
    if wanted.reporting_rule is not None:
        conditions.append(AgentLiveness.rule.in_(_numbers_of(wanted.reporting_rule)))
    conditions += having_label(AGENTS, Agent.id, wanted.labels)
    if wanted.version is not None:
        conditions.append(Agent.telegraf_version == wanted.version)
    return conditions
