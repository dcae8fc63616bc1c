"""Constants and who uses them, groups with their members, aliases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from telegraf_controller.configs.placeholders import compile_template
from telegraf_controller.db.base import Id, Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _constants()
    _groups()
    _aliases()
    _note_uses()


def _constants() -> None:
    op.create_table(
        "constants",
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.String(50)),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", sa.String(50)),
        sa.PrimaryKeyConstraint("name", name="pk_constants"),
    )
    op.create_table(
        "constant_uses",
        sa.Column("config_id", Id(), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("config_id", "name", name="pk_constant_uses"),
        sa.ForeignKeyConstraint(["config_id"], ["configs.id"], name="fk_constant_uses_config_id", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_constant_uses_name", "constant_uses", ["name"])


def _groups() -> None:
    op.create_table(
        "config_groups",
        sa.Column("id", Id(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("description", sa.String(1000), nullable=False),
        sa.Column("last_modified", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.String(50)),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", sa.String(50)),
        sa.PrimaryKeyConstraint("id", name="pk_config_groups"),
        sa.UniqueConstraint("name", name="uq_config_groups_name"),
    )
    op.create_table(
        "config_group_members",
        sa.Column("group_id", Id(), nullable=False),
        sa.Column("config_id", Id(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("heading", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "config_id", name="pk_config_group_members"),
        sa.ForeignKeyConstraint(
            ["group_id"], ["config_groups.id"], name="fk_config_group_members_group_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["config_id"], ["configs.id"], name="fk_config_group_members_config_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_config_group_members_config_id", "config_group_members", ["config_id"])


def _aliases() -> None:
    op.create_table(
        "aliases",
        sa.Column("alias", sa.String(63), nullable=False),
        sa.Column("config_id", Id()),
        sa.Column("group_id", Id()),
        sa.Column("last_modified", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.String(50)),
        sa.PrimaryKeyConstraint("alias", name="pk_aliases"),
        sa.ForeignKeyConstraint(["config_id"], ["configs.id"], name="fk_aliases_config_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["group_id"], ["config_groups.id"], name="fk_aliases_group_id", ondelete="SET NULL"),
    )
    op.create_index("ix_aliases_config_id", "aliases", ["config_id"])
    op.create_index("ix_aliases_group_id", "aliases", ["group_id"])


def _note_uses() -> None:
    """Note the constants in texts that are served already; the grammar of placeholders is code, so code reads them."""
    configs = sa.table("configs", sa.column("id", Id()), sa.column("current_version", sa.Integer()))
    versions = sa.table(
        "config_versions",
        sa.column("config_id", Id()),
        sa.column("version", sa.Integer()),
        sa.column("toml", sa.Text()),
    )
    uses = sa.table("constant_uses", sa.column("config_id", Id()), sa.column("name", sa.String()))
    connection = op.get_bind()
    candidates = connection.scalars(
        sa.select(configs.c.id)
        .join(versions, (versions.c.config_id == configs.c.id) & (versions.c.version == configs.c.current_version))
        .where(versions.c.toml.contains("::{"))
    ).all()
    for config_id in candidates:
        # One text at a time: together they may be more than fits into memory.
        toml = connection.scalar(
            sa.select(versions.c.toml)
            .join(configs, (versions.c.config_id == configs.c.id) & (versions.c.version == configs.c.current_version))
            .where(configs.c.id == config_id)
        )
        for name in compile_template(toml or "").constants:
            connection.execute(uses.insert().values(config_id=config_id, name=name))
