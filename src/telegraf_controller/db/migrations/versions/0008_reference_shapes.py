"""What decides of the parameters in agents' URLs, beside the references that they are.

Existing rows say that their agents' URLs have to be read; each agent's next heartbeat writes its own anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agent_references", sa.Column("shape", sa.String(1024), nullable=False, server_default="*"))
    op.create_index(
        "ix_agent_references_reference_shape_agent_id", "agent_references", ["reference", "shape", "agent_id"]
    )
    op.drop_index("ix_agent_references_reference", "agent_references")
