"""What carries labels: configurations, groups, agents.

Their rooms are to the right of this one, which knows of each the key and the name that the audit trail shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnClause, ColumnElement, FromClause, String, Table, column, table

from telegraf_controller.db.base import Base, Id
from telegraf_controller.labels.tables import AgentLabel, ConfigLabel, GroupLabel


@dataclass(frozen=True, slots=True)
class Carrier:
    """A kind of thing that carries labels, and where its labels are noted."""

    kind: str
    """As the audit trail names it, and its actions: `config` gives `config.labels`."""
    what: str
    """For a person."""
    things: FromClause
    id: ColumnElement[UUID]
    name: ColumnElement[str]
    assignments: Table
    owner: ColumnElement[UUID]
    label: ColumnElement[UUID]


def _carrier(kind: str, what: str, things: str, name: str, assigned: type[Base]) -> Carrier:
    columns: list[ColumnClause[Any]] = [column("id", Id), column(name, String)]
    found = table(things, *columns)
    assignments = assigned.__table__
    assert isinstance(assignments, Table)
    owner, label = assignments.primary_key.columns
    return Carrier(kind, what, found, found.c.id, found.c[name], assignments, owner, label)


CONFIGS = _carrier("config", "configuration", "configs", "name", ConfigLabel)
AGENTS = _carrier("agent", "agent", "agents", "instance_id", AgentLabel)
GROUPS = _carrier("group", "group", "config_groups", "name", GroupLabel)

CARRIERS = (CONFIGS, AGENTS, GROUPS)
