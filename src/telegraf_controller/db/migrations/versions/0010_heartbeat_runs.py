"""Statistics of many commits together, parted by agent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from telegraf_controller.db.base import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Times are packed in another way from here on.
    op.execute("DELETE FROM heartbeat_groups")
    op.create_table(
        "heartbeat_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("first_received_at", Instant(), nullable=False),
        sa.Column("heartbeats", sa.Integer(), nullable=False),
        sa.Column("bucket_width", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_heartbeat_runs"),
    )
    op.create_index("ix_heartbeat_runs_received_at", "heartbeat_runs", ["received_at"])
    op.create_table(
        "heartbeat_blocks",
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "bucket", name="pk_heartbeat_blocks"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["heartbeat_runs.id"], name="fk_heartbeat_blocks_run_id", ondelete="CASCADE"
        ),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Packed statistics hardly compress; trying would cost more than it saves.
        op.execute("ALTER TABLE heartbeat_blocks ALTER COLUMN points SET STORAGE EXTERNAL")
