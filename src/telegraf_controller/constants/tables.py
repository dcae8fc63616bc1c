"""Constants, and which configurations use them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from telegraf_controller.db.base import Base, Id, Instant


class Constant(Base):
    """A text that configurations share by its name (K1)."""

    __tablename__ = "constants"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str | None] = mapped_column(String(50))
    updated_at: Mapped[datetime] = mapped_column(Instant)
    updated_by: Mapped[str | None] = mapped_column(String(50))


class ConstantUse(Base):
    """A name that the served version of a configuration uses as a constant, whether that is defined or not (K1).

    Written with every text that begins to be served, so that nobody has to read texts to know what a constant touches.
    """

    __tablename__ = "constant_uses"
    __table_args__ = (Index("ix_constant_uses_name", "name"), {"sqlite_with_rowid": False})

    config_id: Mapped[UUID] = mapped_column(Id, ForeignKey("configs.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
