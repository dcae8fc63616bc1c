"""Agents, reporting rules with the default one, and what heartbeats leave behind."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from telegraf_controller import clock
from telegraf_controller.db.base import Id, Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _reporting_rules()
    _agents()
    _heartbeats()


def _reporting_rules() -> None:
    rules = op.create_table(
        "reporting_rules",
        sa.Column("id", Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("not_reporting_after_seconds", sa.Integer(), nullable=False),
        sa.Column("auto_delete", sa.Boolean(), nullable=False),
        sa.Column("auto_delete_after_seconds", sa.Integer()),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reporting_rules"),
        sa.UniqueConstraint("number", name="uq_reporting_rules_number"),
    )
    only_default = sa.text("is_default")
    op.create_index(
        "uq_reporting_rules_default",
        "reporting_rules",
        ["is_default"],
        unique=True,
        sqlite_where=only_default,
        postgresql_where=only_default,
    )
    now = clock.now()
    default = {
        "id": uuid4(),
        "number": 1,
        "description": "Default",
        "not_reporting_after_seconds": 180,
        "auto_delete": False,
        "auto_delete_after_seconds": None,
        "is_default": True,
        "created_at": now,
        "updated_at": now,
    }
    op.bulk_insert(rules, [default])


def _agents() -> None:
    op.create_table(
        "agents",
        sa.Column("id", Id(), nullable=False),
        sa.Column("instance_id", sa.String(255), nullable=False),
        sa.Column("hostname", sa.String(255)),
        sa.Column("ip_address", sa.String(45)),
        sa.Column("telegraf_version", sa.String(64)),
        sa.Column("version_key", sa.String(64)),
        sa.Column("telegraf_build", sa.String(200), nullable=False),
        sa.Column("configurations", sa.JSON(), nullable=False),
        sa.Column("name_key", sa.String(255), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("first_seen", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agents"),
    )
    op.create_index("ix_agents_name_key_id", "agents", ["name_key", "id"])
    op.create_table(
        "agent_liveness",
        sa.Column("agent_id", Id(), nullable=False),
        sa.Column("last_seen", Instant(), nullable=False),
        sa.Column("identity", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger()),
        sa.Column("warnings", sa.BigInteger()),
        sa.Column("metrics", sa.BigInteger()),
        sa.Column("rule", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("reported_status", sa.SmallInteger()),
        sa.PrimaryKeyConstraint("agent_id", name="pk_agent_liveness"),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agents.id"],
            name="fk_agent_liveness_agent_id",
            ondelete="CASCADE",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(["rule"], ["reporting_rules.number"], name="fk_agent_liveness_rule"),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "agent_references",
        sa.Column("agent_id", Id(), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "reference", name="pk_agent_references"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_agent_references_agent_id", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_agent_references_reference", "agent_references", ["reference"])


def _heartbeats() -> None:
    op.create_table(
        "heartbeat_groups",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("first_received_at", Instant(), nullable=False),
        sa.Column("heartbeats", sa.Integer(), nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_heartbeat_groups"),
    )
    op.create_index("ix_heartbeat_groups_received_at", "heartbeat_groups", ["received_at"])
    op.create_table(
        "agent_logs",
        sa.Column("agent_id", Id(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("reported", sa.Integer(), nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", name="pk_agent_logs"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_agent_logs_agent_id", ondelete="CASCADE"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Packed statistics hardly compress; trying would cost more than it saves.
        op.execute("ALTER TABLE heartbeat_groups ALTER COLUMN points SET STORAGE EXTERNAL")
