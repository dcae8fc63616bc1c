"""Bring a database to the newest schema: at start-up, under a lock, forwards only (O5).

Alembic is imported when there is something to migrate: a start on a database that is up to date does without.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, inspect, select, table, text

from telegraf_controller.db.engine import Database
from telegraf_controller.db.url import DatabaseTarget

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"

_VERSION = table("alembic_version", column("version_num"))

_ADVISORY_LOCK = 7_420_815_021
"""Any number that no other program takes on the same database."""

LOCK_TIMEOUT_SECONDS = 120
"""How long a node waits for another one's migrations."""


class SchemaTooNew(Exception):
    """The database was written by a newer program; the message says so in one sentence."""


def upgrade(target: DatabaseTarget | str) -> None:
    """Migrate to the newest schema; several nodes may call this at once. Not to be called from a running event loop.

    Raises SchemaTooNew, StorageUnavailable, OSError (the SQLite file cannot be made).
    """
    asyncio.run(upgrade_async(_target(target)))


async def upgrade_async(target: DatabaseTarget | str) -> None:
    """The same, for callers in an event loop."""
    database = Database(_target(target), pool_size=1)
    try:
        async with database.write() as session:
            # SQLite: the write transaction itself is the lock. PostgreSQL: a lock that ends with the transaction.
            if database.is_postgresql:
                await session.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'"))
                await session.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
            await (await session.connection()).run_sync(_upgrade_on)
    finally:
        await database.close()


async def current_revision(database: Database) -> str | None:
    """Return the revision that the database is at, None when it is empty."""
    async with database.read() as session:
        return await (await session.connection()).run_sync(_revision_of)


async def schema_drift(database: Database) -> list[object]:
    """Return how the database's tables differ from the program's; empty when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from telegraf_controller.db.tables import metadata

    def compare(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.read() as session:
        return await (await session.connection()).run_sync(compare)


def newest_revision() -> str:
    """Return the revision that this program wants: what the name of the last migration begins with."""
    return max(path.name for path in (_MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]


def _target(target: DatabaseTarget | str) -> DatabaseTarget:
    return DatabaseTarget.parse(target) if isinstance(target, str) else target


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", os.fspath(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def _revision_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return connection.scalar(select(_VERSION.c.version_num))


def _upgrade_on(connection: Connection) -> None:
    present = _revision_of(connection)
    if present == newest_revision():
        return
    from alembic import command
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = _config()
    config.attributes["connection"] = connection
    if present is not None:
        try:
            ScriptDirectory.from_config(config).get_revision(present)
        except CommandError:
            raise SchemaTooNew(
                f"The database is at schema {present}, which this version does not know: it was written by a newer one."
            ) from None
    command.upgrade(config, "head")
