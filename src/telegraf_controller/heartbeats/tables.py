"""What heartbeats leave behind besides the agent itself: statistics over time, and the latest log entries (D1)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from telegraf_controller.db.base import Base, Id, Instant


class HeartbeatGroup(Base):
    """The statistics of all heartbeats that one commit stored, packed into one value (see `heartbeats.points`).

    A row per heartbeat and an index by agent would halve what can be stored in a second, because every heartbeat of a
    large fleet lands on another page; a row per group is written in one piece, whatever the number of agents. Groups
    are merged into runs minutes later (see `heartbeats.merging`).
    """

    __tablename__ = "heartbeat_groups"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(Instant, index=True)
    """When the last of its heartbeats was received."""
    first_received_at: Mapped[datetime] = mapped_column(Instant)
    heartbeats: Mapped[int] = mapped_column(Integer)
    points: Mapped[bytes] = mapped_column(LargeBinary)


class HeartbeatRun(Base):
    """The statistics of many groups, parted by agent into blocks, so that one agent's are read without all others'."""

    __tablename__ = "heartbeat_runs"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(Instant, index=True)
    """When the last of its heartbeats was received."""
    first_received_at: Mapped[datetime] = mapped_column(Instant)
    heartbeats: Mapped[int] = mapped_column(Integer)
    bucket_width: Mapped[int] = mapped_column(Integer)
    """An agent is in block `bucket_of(its id) // bucket_width`."""


class HeartbeatBlock(Base):
    """The statistics of the agents of a run whose ids begin alike, packed as in a group."""

    __tablename__ = "heartbeat_blocks"

    run_id: Mapped[int] = mapped_column(ForeignKey("heartbeat_runs.id", ondelete="CASCADE"), primary_key=True)
    bucket: Mapped[int] = mapped_column(Integer, primary_key=True)
    points: Mapped[bytes] = mapped_column(LargeBinary)


class AgentLog(Base):
    """The log entries of the latest heartbeat that had any; of the latest heartbeat only if `received_at` says so."""

    __tablename__ = "agent_logs"

    agent_id: Mapped[UUID] = mapped_column(Id, ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(Instant)
    reported: Mapped[int] = mapped_column(Integer)
    """How many entries the heartbeat had; fewer may be stored."""
    entries: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON: a list of `{time, level, source, message, attributes, truncated}`, at most 200 and 64 KiB."""
