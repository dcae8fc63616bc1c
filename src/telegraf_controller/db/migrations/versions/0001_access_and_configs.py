"""Users, tokens, configurations with versions, generations and leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from telegraf_controller.db.base import Id, Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _generations_and_leases()
    _users()
    _tokens()
    _configs()


def _generations_and_leases() -> None:
    generations = op.create_table(
        "generations",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_generations"),
    )
    op.bulk_insert(generations, [{"name": "access", "value": 0}, {"name": "content", "value": 0}])
    leases = op.create_table(
        "leases",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(64)),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.bulk_insert(leases, [{"name": "leader", "holder": None, "expires_at": 0}])


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", Id(), nullable=False),
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("username_key", sa.String(50), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("email_key", sa.String(320), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("auth_provider", sa.String(16), nullable=False),
        sa.Column("external_id", sa.String(255)),
        sa.Column("password_hash", sa.String(255)),
        sa.Column("failed_sign_ins", sa.Integer(), nullable=False),
        sa.Column("locked_until", Instant()),
        sa.Column("last_sign_in_at", Instant()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username_key", name="uq_users_username_key"),
        sa.UniqueConstraint("email_key", name="uq_users_email_key"),
    )
    only_owner = sa.text("role = 'owner'")
    op.create_index(
        "uq_users_owner", "users", ["role"], unique=True, sqlite_where=only_owner, postgresql_where=only_owner
    )


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", Id(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("hint", sa.String(4), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("expires_at", Instant()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.String(50)),
        sa.Column("revoked_at", Instant()),
        sa.Column("revoked_by", sa.String(50)),
        sa.Column("last_used_at", Instant()),
        sa.Column("last_used_ip", sa.String(45)),
        sa.Column("previous_digest", sa.LargeBinary(32)),
        sa.Column("previous_value_expires_at", Instant()),
        sa.Column("allowed_networks", sa.JSON()),
        sa.Column("agent_ids", sa.JSON()),
        sa.Column("configs", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tokens_user_id", ondelete="CASCADE"),
        sa.UniqueConstraint("name", name="uq_tokens_name"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
        sa.UniqueConstraint("previous_digest", name="uq_tokens_previous_digest"),
    )
    op.create_index("ix_tokens_user_id", "tokens", ["user_id"])


def _configs() -> None:
    op.create_table(
        "configs",
        sa.Column("id", Id(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("description", sa.String(1000), nullable=False),
        sa.Column("editor_mode", sa.String(16), nullable=False),
        sa.Column("current_version", sa.Integer(), nullable=False),
        sa.Column("last_modified", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.String(50)),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", sa.String(50)),
        sa.PrimaryKeyConstraint("id", name="pk_configs"),
        sa.UniqueConstraint("name", name="uq_configs_name"),
    )
    op.create_table(
        "config_versions",
        sa.Column("config_id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("toml", sa.Text(), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.String(50)),
        sa.PrimaryKeyConstraint("config_id", "version", name="pk_config_versions"),
        sa.ForeignKeyConstraint(["config_id"], ["configs.id"], name="fk_config_versions_config_id", ondelete="CASCADE"),
    )
