"""Agents on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from telegraf_controller import clock
from telegraf_controller.agents.managed import Names
from telegraf_controller.agents.queries import AgentCounts, AgentFilter, AgentView, SortKey
from telegraf_controller.agents.references import reference_of
from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.labels.schemas import LabelFilter, LabelTag
from telegraf_controller.web.schemas import Answer, Body, PageQuery, WireTime

StatusName = Literal["ok", "warn", "fail", "undefined", "not_reporting"]
StatusNumber = Literal["0", "1", "2", "3", "4"]

_STATUS_NAMES = {status.value: status.wire_name for status in AgentStatus}


def _storable(value: str) -> str:
    # PostgreSQL cannot even be asked for a NUL.
    if "\0" in value:
        raise ValueError("must not contain a NUL character")
    return value


Text = Annotated[str, Field(max_length=255), AfterValidator(_storable)]


class AgentConditions(Body):
    """Which agents are meant (A4)."""

    status: StatusName | StatusNumber | None = None
    search: Text = ""
    config: Text | None = None
    """The id or an alias of a configuration; agents that come by any of its names."""
    group: Text | None = None
    """The same of a group."""
    alias: Text | None = None
    """Agents that come by this alias."""
    reporting_rule: UUID | None = None
    label: LabelFilter = Field(default_factory=list)
    version: Text | None = None

    def wanted(self, runs: Sequence[Sequence[str]]) -> AgentFilter:
        """As the query takes it; `runs` is what `config`, `group` and `alias` lead to."""
        return AgentFilter(
            status=_status(self.status),
            search=self.search.strip(),
            runs=runs,
            reporting_rule=self.reporting_rule,
            labels=self.label,
            version=self.version,
        )


class AgentQuery(AgentConditions, PageQuery):
    """Which agents to list, and how."""

    sort_by: SortKey = "name"
    sort_order: Literal["asc", "desc"] = "asc"


def _status(given: str | None) -> AgentStatus | None:
    if given is None:
        return None
    return AgentStatus(int(given)) if given.isdecimal() else AgentStatus[given.upper()]


class AgentBulk(Body):
    """Which agents a bulk call means."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]


class AgentRule(Answer):
    """The reporting rule of an agent."""

    id: UUID
    description: str


class AgentConfig(Answer):
    """What an agent runs. It is managed when its URL leads to a configuration or group that is stored here (A3)."""

    managed: bool
    source: str
    """The URL or path as the agent wrote it."""
    id: UUID | None
    """The configuration that the URL leads to; None when it leads to a group."""
    name: str | None
    alias: str | None
    """The alias in the URL."""
    group_id: UUID | None
    group: str | None
    """The name of the group that the URL leads to."""
    parameters: dict[str, str]
    """What the URL gives to placeholders; of a repeated one the first counts (C3)."""


class AgentStatistics(Answer):
    """What the agent counted since its heartbeat before."""

    errors: int
    warnings: int
    metrics: int


class AgentRecord(Answer):
    """An agent as its newest heartbeat left it (A1)."""

    id: UUID
    instance_id: str
    hostname: str | None
    ip_address: str | None
    telegraf_version: str | None
    telegraf_build: str
    status: StatusName
    reported_status: StatusName | None
    first_seen: WireTime
    last_seen: WireTime
    reporting_rule: AgentRule
    labels: list[LabelTag]
    configs: list[AgentConfig]
    statistics: AgentStatistics | None

    @classmethod
    def of(cls, view: AgentView, names: Names) -> AgentRecord:
        """Show an agent; `names` is what its URLs lead to."""
        return cls.model_validate(record_of(view, names))


def record_of(view: AgentView, names: Names) -> dict[str, Any]:
    """Return what `AgentRecord` shows of an agent, ready for JSON; pages are written from that without any model."""
    counted = view.metrics is not None
    return {
        "id": view.id,
        "instanceId": view.instance_id,
        "hostname": view.hostname,
        "ipAddress": view.ip_address,
        "telegrafVersion": view.telegraf_version,
        "telegrafBuild": view.telegraf_build,
        "status": _STATUS_NAMES[view.status],
        "reportedStatus": None if view.reported_status is None else _STATUS_NAMES[view.reported_status],
        "firstSeen": clock.to_wire(view.first_seen),
        "lastSeen": clock.to_wire(view.last_seen),
        "reportingRule": {"id": view.rule_id, "description": view.rule_description},
        "labels": [{"id": label.id, "name": label.name, "color": label.color} for label in view.labels],
        "configs": [_config(source, names) for source in view.configurations],
        "statistics": {"errors": view.errors, "warnings": view.warnings, "metrics": view.metrics} if counted else None,
    }


def _config(source: str, names: Names) -> dict[str, Any]:
    reference = reference_of(source)
    found = None if reference is None else names.resolve(reference)
    return {
        "managed": found is not None,
        "source": source,
        "id": None if found is None else found.config_id,
        "name": None if found is None else found.config,
        "alias": None if found is None else found.alias,
        "groupId": None if found is None else found.group_id,
        "group": None if found is None else found.group,
        "parameters": reference.parameters if found and reference else {},
    }


class VersionCount(Answer):
    """How many agents run one version of Telegraf."""

    version: str | None
    count: int


class LastReported(Answer):
    """How many agents were last heard of how long ago; each window ends where the next one begins."""

    # Camel case would make `lt5M` of it, which are months.
    model_config = ConfigDict(alias_generator=None)

    lt5m: int
    lt30m: int
    lt1h: int
    lt12h: int
    lt24h: int
    older: int


class AgentSummary(Answer):
    """Counts over agents (A5)."""

    total: int
    status: dict[str, int]
    """By status number."""
    telegraf_version: list[VersionCount]
    """Most frequent first."""
    last_reported: LastReported
    as_of: WireTime | None
    """What moment a large fleet's counts are of; null when they are exact."""

    @classmethod
    def of(cls, counts: AgentCounts, as_of: datetime | None) -> AgentSummary:
        """Show counts."""
        versions = sorted(counts.by_version.items(), key=lambda item: (-item[1], item[0] is None, item[0] or ""))
        return cls(
            total=counts.total,
            status={str(status): count for status, count in counts.by_status.items()},
            telegraf_version=[VersionCount(version=version, count=count) for version, count in versions],
            last_reported=LastReported(**counts.by_band),
            as_of=as_of,
        )
