"""The audit trail: one row for each thing that somebody did, written with it and never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from telegraf_controller.db.base import Base, Id, Instant


class AuditEntry(Base):
    """Who did what to what, from where, with what outcome. Names are kept as they were: the rows may be gone later."""

    __tablename__ = "audit_entries"

    # SQLite numbers rows by itself only in a column of exactly the type INTEGER.
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    actor_type: Mapped[str] = mapped_column(String(16))
    """`user` (a session), `token`, `anonymous` (nobody has proved anything), or `system` (start-up, a sweep)."""
    actor_id: Mapped[UUID | None] = mapped_column(Id, index=True)
    """The user, also when a token acted for them."""
    actor_name: Mapped[str] = mapped_column(String(320))
    token_id: Mapped[UUID | None] = mapped_column(Id)
    token_name: Mapped[str | None] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(64))
    target_type: Mapped[str | None] = mapped_column(String(32))
    target_id: Mapped[str | None] = mapped_column(String(64))
    target_name: Mapped[str | None] = mapped_column(String(320))
    outcome: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(255))
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What changed, `{"role": ["viewer", "manager"]}` (before, after) or `{"reason": "…"}`; never a secret."""
