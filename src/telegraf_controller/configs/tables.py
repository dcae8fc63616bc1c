"""Configurations and their versions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from telegraf_controller.db.base import Base, Id, Instant


class Config(Base):
    """A configuration: its name and which version is served (V1)."""

    __tablename__ = "configs"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str] = mapped_column(String(1000), default="")
    editor_mode: Mapped[str] = mapped_column(String(16), default="code")
    current_version: Mapped[int] = mapped_column(Integer, default=1)
    last_modified: Mapped[int] = mapped_column(BigInteger)
    """What `Last-Modified` says, in seconds since the epoch: moves with the served text, by at least a second (C2)."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str | None] = mapped_column(String(50))
    updated_at: Mapped[datetime] = mapped_column(Instant)
    updated_by: Mapped[str | None] = mapped_column(String(50))


class ConfigVersion(Base):
    """One text of a configuration, never changed once written (V2)."""

    __tablename__ = "config_versions"

    config_id: Mapped[UUID] = mapped_column(Id, ForeignKey("configs.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    toml: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(String(1000), default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str | None] = mapped_column(String(50))
