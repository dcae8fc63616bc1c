"""Changes of agents' status, kept for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from telegraf_controller.db.base import Id, Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agent_liveness", sa.Column("previous_status", sa.SmallInteger()))
    op.create_table(
        "agent_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agent_id", Id(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("from_status", sa.SmallInteger()),
        sa.Column("to_status", sa.SmallInteger()),
        sa.Column("reason", sa.SmallInteger(), nullable=False),
        sa.Column("after_seconds", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_agent_events"),
    )
    op.create_index("ix_agent_events_agent_id_id", "agent_events", ["agent_id", "id"])
