"""Labels on groups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from telegraf_controller.db.base import Id

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "group_labels",
        sa.Column("group_id", Id(), nullable=False),
        sa.Column("label_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "label_id", name="pk_group_labels"),
        sa.ForeignKeyConstraint(
            ["group_id"], ["config_groups.id"], name="fk_group_labels_group_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["label_id"], ["labels.id"], name="fk_group_labels_label_id", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_group_labels_label_id", "group_labels", ["label_id"])
