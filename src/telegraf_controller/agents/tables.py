"""Agents in two tables: who they are, which rarely changes, and how they are, which every heartbeat changes."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from telegraf_controller.db.base import Base, Id, Instant


class Agent(Base):
    """Who an agent is. Written by its first heartbeat, and by a later one only when something here has changed (A1)."""

    __tablename__ = "agents"
    __table_args__ = (Index("ix_agents_name_key_id", "name_key", "id"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    """Made from `instance_id` by `agents.identity.agent_id_of`, so that neither needs the other looked up."""
    instance_id: Mapped[str] = mapped_column(String(255))
    hostname: Mapped[str | None] = mapped_column(String(255))
    ip_address: Mapped[str | None] = mapped_column(String(45))
    telegraf_version: Mapped[str | None] = mapped_column(String(64))
    """The bare version, `1.40.0`."""
    version_key: Mapped[str | None] = mapped_column(String(64))
    """What lists are sorted by when the version decides: 1.9 before 1.10."""
    telegraf_build: Mapped[str] = mapped_column(String(200))
    """The version as the agent wrote it, `Telegraf 1.40.0 (git: HEAD@b2726314)`."""
    configurations: Mapped[list[str]] = mapped_column(JSON)
    """The URLs and paths that it says it runs."""
    name_key: Mapped[str] = mapped_column(String(255))
    """What lists are sorted by: the host name, else the instance id, without case."""
    search_text: Mapped[str] = mapped_column(Text)
    """What searches look into: host name, instance id and address, without case, one per line."""
    first_seen: Mapped[datetime] = mapped_column(Instant)


class AgentLiveness(Base):
    """How an agent is: one narrow row that every heartbeat rewrites.

    It has no index on what heartbeats change: that would cost each of them a second random write, and on PostgreSQL the
    in-page (HOT) update as well, for which the pages are left half empty.
    """

    __tablename__ = "agent_liveness"
    __table_args__ = (
        Index("ix_agent_liveness_rule", "rule"),
        {"sqlite_with_rowid": False, "postgresql_with": {"fillfactor": "50"}},
    )

    # Looked at when the transaction ends: heartbeats write this row before the agent's. It is what locks the agent, and
    # taking locks in one order everywhere is what keeps transactions from waiting in a circle.
    agent_id: Mapped[UUID] = mapped_column(
        Id, ForeignKey("agents.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    last_seen: Mapped[datetime] = mapped_column(Instant)
    identity: Mapped[int] = mapped_column(BigInteger)
    """A checksum of the agent's row in `agents`: a heartbeat with another one rewrites that row too."""
    errors: Mapped[int | None] = mapped_column(BigInteger)
    warnings: Mapped[int | None] = mapped_column(BigInteger)
    metrics: Mapped[int | None] = mapped_column(BigInteger)
    """Statistics of the latest heartbeat; None when it had none."""
    rule: Mapped[int] = mapped_column(Integer, ForeignKey("reporting_rules.number"))
    status: Mapped[int] = mapped_column(SmallInteger)
    """What the agent counts as, one of `AgentStatus`; the sweep makes it NOT_REPORTING (A2)."""
    reported_status: Mapped[int | None] = mapped_column(SmallInteger)
    """What its latest heartbeat said; None when it said nothing."""
    previous_status: Mapped[int | None] = mapped_column(SmallInteger)
    """What it counted as before the statement that may have changed `status` last, None when that made the agent: so
    the statement itself can tell which agents changed, and nobody has to look at them before."""


class AgentReference(Base):
    """One configuration, alias or group of this controller that an agent runs, as its URL names it (A3).

    Written with the agent's row, so a heartbeat that says nothing new about who the agent is costs nothing here.
    """

    __tablename__ = "agent_references"
    __table_args__ = (
        Index("ix_agent_references_reference_shape_agent_id", "reference", "shape", "agent_id"),
        {"sqlite_with_rowid": False},
    )

    agent_id: Mapped[UUID] = mapped_column(Id, ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True)
    reference: Mapped[str] = mapped_column(String(120), primary_key=True)
    """See `agents.references`. What it leads to is looked up when asked: an alias may be moved."""
    shape: Mapped[str] = mapped_column(String(1024), server_default="*")
    """What the URL's parameters are, as far as it decides whether they can be served (V7): see `configs.reported`."""


class EventReason(IntEnum):
    """Why an agent's status changed. The numbers are the database's."""

    FIRST_HEARTBEAT = 0
    HEARTBEAT = 1
    SILENCE = 2
    DELETED = 3
    AUTO_DELETED = 4

    @property
    def wire_name(self) -> str:
        """As the API writes it: `first_heartbeat`."""
        return self.name.lower()


class AgentEvent(Base):
    """One change of an agent's status (A7). It outlives the agent, whose id is the same when it comes back."""

    __tablename__ = "agent_events"
    __table_args__ = (Index("ix_agent_events_agent_id_id", "agent_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Instant)
    from_status: Mapped[int | None] = mapped_column(SmallInteger)
    """None when the agent was not known before."""
    to_status: Mapped[int | None] = mapped_column(SmallInteger)
    """None when the agent was deleted."""
    reason: Mapped[int] = mapped_column(SmallInteger)
    after_seconds: Mapped[int | None] = mapped_column(Integer)
    """How much silence its rule allowed, where silence is the reason."""
