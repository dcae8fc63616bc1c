"""API tokens: the digest of a value and what it may do. The value itself is nowhere (T1)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from telegraf_controller.db.base import Base, Id, Instant


class Token(Base):
    """One API token (T5)."""

    __tablename__ = "tokens"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    user_id: Mapped[UUID] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    hint: Mapped[str] = mapped_column(String(4))
    permissions: Mapped[list[str]] = mapped_column(JSON)
    """As chosen and cut to the role at that time; what counts is its intersection with today's role (T7)."""
    status: Mapped[str] = mapped_column(String(16), default="active")
    source: Mapped[str] = mapped_column(String(16), default="generated")
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str | None] = mapped_column(String(50))
    """The username of who made it, as it was then."""
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_by: Mapped[str | None] = mapped_column(String(50))
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    last_used_ip: Mapped[str | None] = mapped_column(String(45))
    previous_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    previous_value_expires_at: Mapped[datetime | None] = mapped_column(Instant)
    allowed_networks: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    agent_ids: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    configs: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
