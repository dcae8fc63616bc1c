"""Aliases of configurations and groups: one namespace."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from telegraf_controller.db.base import Base, Id, Instant


class Alias(Base):
    """A name in URLs that leads to a configuration or to a group (L1); to nothing, once it was deleted.

    The row of a deleted alias stays, by itself when its owner is deleted: an agent may hold the last value of
    `Last-Modified`, and whoever takes the name next must not give that value, or an older one, to another text (C2).
    """

    __tablename__ = "aliases"

    alias: Mapped[str] = mapped_column(String(63), primary_key=True)
    config_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("configs.id", ondelete="SET NULL"), index=True)
    group_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("config_groups.id", ondelete="SET NULL"), index=True)
    last_modified: Mapped[int] = mapped_column(BigInteger)
    """What `Last-Modified` says at the alias: a value of its own, which moves with the text and with the alias (C2)."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str | None] = mapped_column(String(50))
