"""Labels, and what carries them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from telegraf_controller.db.base import Base, Id, Instant


class Label(Base):
    """A coloured tag on configurations, groups and agents (B1)."""

    __tablename__ = "labels"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    description: Mapped[str] = mapped_column(String(1000), default="")
    color: Mapped[str] = mapped_column(String(7))
    """`#rrggbb`, in lower case."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str | None] = mapped_column(String(50))
    updated_at: Mapped[datetime] = mapped_column(Instant)
    updated_by: Mapped[str | None] = mapped_column(String(50))


class ConfigLabel(Base):
    """A label on a configuration."""

    __tablename__ = "config_labels"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    config_id: Mapped[UUID] = mapped_column(Id, ForeignKey("configs.id", ondelete="CASCADE"), primary_key=True)
    label_id: Mapped[UUID] = mapped_column(
        Id, ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class AgentLabel(Base):
    """A label on an agent."""

    __tablename__ = "agent_labels"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    agent_id: Mapped[UUID] = mapped_column(Id, ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True)
    label_id: Mapped[UUID] = mapped_column(
        Id, ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class GroupLabel(Base):
    """A label on a group of configurations."""

    __tablename__ = "group_labels"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    group_id: Mapped[UUID] = mapped_column(Id, ForeignKey("config_groups.id", ondelete="CASCADE"), primary_key=True)
    label_id: Mapped[UUID] = mapped_column(
        Id, ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True, index=True
    )
