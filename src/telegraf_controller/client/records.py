"""What the API answers, typed. Unknown fields are ignored, so that a newer server is understood."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The base of all records: snake_case here, camelCase on the wire."""


class Page(Record, Generic[T], frozen=True, kw_only=True):
    """One page of a list; `total` counts the whole list."""

    items: list[T]
    total: int
    page: int
    limit: int


class Token(Record, frozen=True, kw_only=True):
    """A token without its value (T5)."""

    id: str
    name: str
    user_id: str
    username: str
    permissions: list[str]
    status: str
    expired: bool
    expires_at: datetime | None
    created_at: datetime
    created_by: str | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    last_used_at: datetime | None = None
    last_used_ip: str | None = None
    hint: str
    source: str
    previous_value_expires_at: datetime | None = None
    allowed_networks: list[str] | None = None
    agent_ids: list[str] | None = None
    configs: list[str] | None = None


class NewToken(Token, frozen=True, kw_only=True):
    """A token together with its value, which the controller shows this once (T1)."""

    token: str
    dropped_permissions: list[str] = []

    def __repr__(self) -> str:
        """Name the token and keep its value out of logs and tracebacks."""
        return f"NewToken(id={self.id!r}, name={self.name!r})"


class User(Record, frozen=True, kw_only=True):
    """Somebody who may sign in (U4)."""

    id: str
    username: str
    email: str
    role: str
    status: str


class Problem(Record, frozen=True, kw_only=True):
    """Something that the check of a configuration found (Q1)."""

    severity: str
    code: str
    message: str
    line: int | None = None
    column: int | None = None


class Problems(Record, frozen=True, kw_only=True):
    """What the check of a text found (Q1)."""

    problems: list[Problem]


class LabelTag(Record, frozen=True, kw_only=True):
    """A label as the records of what carries it show it."""

    id: str
    name: str


class Config(Record, frozen=True, kw_only=True):
    """A configuration (V1). Lists leave `toml` out."""

    id: str
    name: str
    description: str = ""
    toml: str | None = None
    editor_mode: str = "code"
    aliases: list[str] = []
    labels: list[LabelTag] = []
    groups: list[str] = []
    current_version: int
    agent_count: int | None = None
    created_at: datetime
    created_by: str | None = None
    updated_at: datetime
    updated_by: str | None = None
    problems: list[Problem] = []


class ConfigVersion(Record, frozen=True, kw_only=True):
    """One text of a configuration (V3). Lists leave `toml` out."""

    version: int
    toml: str | None = None
    note: str = ""
    created_at: datetime
    created_by: str | None = None


class GroupMember(Record, frozen=True, kw_only=True):
    """A configuration in a group."""

    id: str
    name: str


class GroupProblem(Problem, frozen=True, kw_only=True):
    """A problem of a group's text as a whole, and where it is in a member (G1)."""

    config_id: str | None = None
    config_line: int | None = None


class Group(Record, frozen=True, kw_only=True):
    """A group (G1); `configs` are its members in the order in which they are served. Lists leave `problems` out."""

    id: str
    name: str
    description: str = ""
    configs: list[GroupMember]
    labels: list[LabelTag] = []
    aliases: list[str] = []
    agent_count: int | None = None
    problems: list[GroupProblem] = []


class Constant(Record, frozen=True, kw_only=True):
    """A value that configurations share (K1)."""

    name: str
    value: str
    usage_count: int = 0

    def __repr__(self) -> str:
        """Name the constant and keep its value, which may be a secret, out of logs and tracebacks."""
        return f"Constant(name={self.name!r})"


class Label(Record, frozen=True, kw_only=True):
    """A label (B1)."""

    id: str
    name: str
    description: str = ""
    color: str = ""


class Alias(Record, frozen=True, kw_only=True):
    """A name in URLs, and what it leads to (L1)."""

    alias: str
    config_id: str | None = None
    group_id: str | None = None


class Impact(Record, frozen=True, kw_only=True):
    """What a change would mean for today's agents (V7)."""

    would_reload: int = 0
    would_fail: int = 0
    would_fail_not_reporting: int = 0


class ServedConfig(Record, frozen=True, kw_only=True):
    """What an agent gets from a configuration's URL (C1, C2)."""

    body: bytes
    last_modified: str | None
    etag: str | None


class Statistics(Record, frozen=True, kw_only=True):
    """An agent's counters since its heartbeat before."""

    errors: int = 0
    warnings: int = 0
    metrics: int = 0


class Agent(Record, frozen=True, kw_only=True):
    """An agent as its newest heartbeat left it (A1)."""

    id: str
    instance_id: str
    hostname: str | None = None
    ip_address: str | None = None
    telegraf_version: str | None = None
    status: str
    reported_status: str | None = None
    first_seen: datetime
    last_seen: datetime
    statistics: Statistics | None = None


class VersionCount(Record, frozen=True, kw_only=True):
    """How many agents run one version of Telegraf."""

    version: str | None
    count: int


class AgentSummary(Record, frozen=True, kw_only=True):
    """Counts over agents (A5): by status number, by Telegraf version, by the time since the last heartbeat."""

    total: int
    status: dict[str, int]
    telegraf_version: list[VersionCount] = []
    last_reported: dict[str, int] = {}


class ServerVersion(Record, frozen=True, kw_only=True):
    """What the server says about itself."""

    version: str
