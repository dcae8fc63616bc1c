"""How `db` commands reach the database: which one is meant, at which schema it is, and what its errors mean.

Apart from the commands, because what it imports takes longer than most commands run.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from sqlalchemy.exc import SQLAlchemyError

from telegraf_controller.cli.database_check import Finding, findings
from telegraf_controller.cli.output import CommandFailed
from telegraf_controller.db import migrate
from telegraf_controller.db.engine import Database
from telegraf_controller.db.url import DatabaseTarget, DatabaseUrlError
from telegraf_controller.errors import StorageUnavailable
from telegraf_controller.options import Options, OptionsError
from telegraf_controller.processes import database


def target_of(given: str | None) -> DatabaseTarget:
    """Return the database that the flag, the environment or `.env` names. Raises typer.BadParameter."""
    try:
        return database.target_of(Options.load([] if given is None else [f"--database={given}"]))
    except (OptionsError, DatabaseUrlError) as error:
        raise typer.BadParameter(str(error), param_hint="--database (DATABASE_URL)") from None


def upgrade(target: DatabaseTarget) -> tuple[str | None, str | None]:
    """Bring the database to the newest schema and return the schemas before and after. Raises CommandFailed."""
    with _sentences(target):
        before = _revision(target)
        migrate.upgrade(target)
        return before, _revision(target)


def check(target: DatabaseTarget) -> list[Finding]:
    """Look at everything `db check` looks at. Raises CommandFailed."""
    with _sentences(target):
        return asyncio.run(findings(target))


def _revision(target: DatabaseTarget) -> str | None:
    async def read() -> str | None:
        database = Database(target, pool_size=1)
        try:
            return await migrate.current_revision(database)
        finally:
            await database.close()

    return asyncio.run(read())


@contextmanager
def _sentences(target: DatabaseTarget) -> Iterator[None]:
    """Turn what a database or the operating system says into one sentence."""
    try:
        yield
    except migrate.SchemaTooNew as error:
        raise CommandFailed(str(error)) from None
    except (StorageUnavailable, SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise CommandFailed(f"{target.display} cannot be used: {_reason(error)}.") from None


def _reason(error: BaseException) -> str:
    while isinstance(error, StorageUnavailable | SQLAlchemyError):
        inner = getattr(error, "orig", None) or error.__cause__
        if inner is None:
            break
        error = inner
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
