"""Groups of configurations."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from telegraf_controller.db.base import Base, Id, Instant


class ConfigGroup(Base):
    """Configurations that are served as one document (G1)."""

    __tablename__ = "config_groups"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str] = mapped_column(String(1000), default="")
    last_modified: Mapped[int] = mapped_column(BigInteger)
    """What `Last-Modified` says, in seconds since the epoch: moves with the served text, by at least a second (C2)."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str | None] = mapped_column(String(50))
    updated_at: Mapped[datetime] = mapped_column(Instant)
    updated_by: Mapped[str | None] = mapped_column(String(50))


class GroupMember(Base):
    """A configuration's place in a group."""

    __tablename__ = "config_group_members"

    group_id: Mapped[UUID] = mapped_column(Id, ForeignKey("config_groups.id", ondelete="CASCADE"), primary_key=True)
    config_id: Mapped[UUID] = mapped_column(
        Id, ForeignKey("configs.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int] = mapped_column(Integer)
    heading: Mapped[str] = mapped_column(String(100))
    """The configuration's name in the comment above its text, as it was when the group's text last changed.

    A rename must not make a fleet reload (C2): the new name appears together with the next change of the text.
    """
