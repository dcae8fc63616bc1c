"""How Alembic runs here: on a connection that `db.migrate` hands over."""

from __future__ import annotations

from alembic import context

from telegraf_controller.db.tables import metadata

connection = context.config.attributes["connection"]
# SQLite cannot alter a column in place: there, a change rebuilds the table.
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
context.run_migrations()
