"""Rules that were deleted leave their number behind; the agents of a rule are found by it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reporting_rules", sa.Column("replaced_by", sa.Integer()))
    op.create_index("ix_agent_liveness_rule", "agent_liveness", ["rule"])
