"""Reporting rules: after how much silence an agent counts as not reporting, and when it is deleted (R1)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Boolean, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from telegraf_controller.db.base import Base, Id, Instant


class ReportingRule(Base):
    """One rule. The migration inserts the first default; exactly one is default."""

    __tablename__ = "reporting_rules"
    __table_args__ = (
        Index(
            "uq_reporting_rules_default", "is_default", unique=True,
            sqlite_where=text("is_default"), postgresql_where=text("is_default"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=uuid4)
    number: Mapped[int] = mapped_column(Integer, unique=True)
    """How an agent's row names its rule: a small number, because every heartbeat rewrites that row."""
    replaced_by: Mapped[int | None] = mapped_column(Integer)
    """Set when the rule was deleted: the number of the rule that its agents follow instead. The row stays, so that
    deleting writes no agents, however many there are, and disturbs no heartbeat that is just making one."""
    description: Mapped[str] = mapped_column(String(200))
    not_reporting_after_seconds: Mapped[int] = mapped_column(Integer)
    auto_delete: Mapped[bool] = mapped_column(Boolean, default=False)
    auto_delete_after_seconds: Mapped[int | None] = mapped_column(Integer)
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
