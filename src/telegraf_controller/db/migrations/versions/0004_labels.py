"""Labels, on configurations and agents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from telegraf_controller.db.base import Id, Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "labels",
        sa.Column("id", Id(), nullable=False),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("description", sa.String(1000), nullable=False),
        sa.Column("color", sa.String(7), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.String(50)),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", sa.String(50)),
        sa.PrimaryKeyConstraint("id", name="pk_labels"),
        sa.UniqueConstraint("name", name="uq_labels_name"),
    )
    _carried("config_labels", "config_id", "configs")
    _carried("agent_labels", "agent_id", "agents")


def _carried(name: str, key: str, carriers: str) -> None:
    op.create_table(
        name,
        sa.Column(key, Id(), nullable=False),
        sa.Column("label_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint(key, "label_id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint([key], [f"{carriers}.id"], name=f"fk_{name}_{key}", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["label_id"], ["labels.id"], name=f"fk_{name}_label_id", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index(f"ix_{name}_label_id", name, ["label_id"])
