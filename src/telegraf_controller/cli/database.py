"""`db migrate|check|backup`: the database itself, on a machine that can reach it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from telegraf_controller import clock
from telegraf_controller.cli.connection import Json
from telegraf_controller.cli.output import Column, CommandFailed, say, show_json, show_list

if TYPE_CHECKING:
    from telegraf_controller.cli.database_check import Finding

app = typer.Typer(no_args_is_help=True, help="The database itself, beside a running controller or without one.")

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="PATH|URL",
        help="SQLite file or postgresql:// URL; else DATABASE_URL, .env, the usual place. "
        "Prefer the variable when there is a password.",
    ),
]

FINDINGS: tuple[Column[Finding], ...] = (
    Column("CHECK", lambda finding: finding.check),
    Column("RESULT", lambda finding: "ok" if finding.ok else "FAILED"),
    Column("DETAIL", lambda finding: finding.detail),
)


class Migrated(msgspec.Struct, rename="camel"):
    """From which schema to which a database was brought."""

    database: str
    before: str | None
    after: str | None


class BackedUp(msgspec.Struct, rename="camel"):
    """Which database went to which file."""

    database: str
    file: str
    bytes: int


@app.command("migrate")
def migrate_database(database: DatabaseOption = None, as_json: Json = False) -> None:
    """Bring the database to the newest schema, as starting the controller does."""
    from telegraf_controller.cli import database_access

    target = database_access.target_of(database)
    before, after = database_access.upgrade(target)
    done = Migrated(target.display, before, after)
    if as_json:
        show_json(done)
    elif done.before == done.after:
        say(f"{done.database} is at schema {done.after} already.")
    else:
        say(f"{done.database} is now at schema {done.after} (was {done.before or 'empty'}).")


@app.command("check")
def check(database: DatabaseOption = None, as_json: Json = False) -> None:
    """Look for damage and for a schema that is not this program's; ends with 1 when something is found."""
    from telegraf_controller.cli import database_access

    target = database_access.target_of(database)
    found = database_access.check(target)
    show_list(found, FINDINGS, as_json=as_json)
    failed = [finding.check for finding in found if not finding.ok]
    if failed:
        raise CommandFailed(f"{target.display} is not as it should be: {', '.join(failed)}.")


@app.command("backup")
def backup(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to; by default here, named by time.")
    ] = None,
    database: DatabaseOption = None,
    as_json: Json = False,
) -> None:
    """Copy the database to a file (mode 0600) while the controller runs. PostgreSQL needs pg_dump on the PATH."""
    from telegraf_controller.cli.database_access import target_of
    from telegraf_controller.cli.database_backup import back_up, default_name

    target = target_of(database)
    destination = output or default_name(target, clock.now())
    back_up(target, destination)
    done = BackedUp(target.display, str(destination), destination.stat().st_size)
    if as_json:
        show_json(done)
    else:
        say(f"{done.database} is copied to {done.file} ({done.bytes:,} bytes).")
