"""A copy of the database while the controller runs: SQLite's online backup, or PostgreSQL's own `pg_dump`."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from telegraf_controller.cli.output import CommandFailed
from telegraf_controller.db.url import DatabaseTarget

_WAIT_SECONDS = 60.0


def default_name(target: DatabaseTarget, now: datetime) -> Path:
    """Return the file name that a backup gets unless somebody says otherwise."""
    suffix = "db" if target.dialect == "sqlite" else "dump"
    return Path(f"telegraf-controller-{now:%Y%m%dT%H%M%SZ}.{suffix}")


def back_up(target: DatabaseTarget, destination: Path) -> None:
    """Write a consistent copy to `destination`, readable by this user alone (0600), whole or not at all.

    Raises CommandFailed, also when the file is already there.
    """
    with _draft_of(destination) as draft:
        if target.dialect == "sqlite":
            _copy_sqlite(target, draft)
        else:
            _dump_postgresql(target, draft)


@contextmanager
def _draft_of(destination: Path) -> Iterator[Path]:
    """Give a file of mode 0600 that takes the destination's name when the block succeeds, and else disappears."""
    if destination.exists():
        raise CommandFailed(f"{destination} is already there; a backup overwrites nothing.")
    draft = destination.with_name(f".{destination.name[:60]}.{os.getpid()}.part")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            yield draft
            _flush_to_disk(draft)
            draft.replace(destination)
            _flush_to_disk(destination.parent)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise CommandFailed(f"{destination} cannot be written: {error.strerror or error}.") from None


def _copy_sqlite(target: DatabaseTarget, draft: Path) -> None:
    assert target.path is not None
    if not target.path.is_file():
        raise CommandFailed(f"There is no database at {target.path}.")
    try:
        with (
            # `rw` does not create a file; read-only could not join the write-ahead log of a running controller.
            closing(sqlite3.connect(f"{target.path.as_uri()}?mode=rw", uri=True, timeout=_WAIT_SECONDS)) as source,
            closing(sqlite3.connect(draft)) as copy,
        ):
            # All pages in one step: one snapshot. In several steps every write to the source would start it anew.
            source.backup(copy)
            # A single file without companions is what people carry away; the controller turns WAL on again.
            copy.execute("PRAGMA journal_mode=DELETE")
            found = copy.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as error:
        raise CommandFailed(f"{target.display} cannot be copied: {error}.") from None
    if found != "ok":
        raise CommandFailed(f"The copy of {target.display} is damaged ({found}); see `db check`.")


def _dump_postgresql(target: DatabaseTarget, draft: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise CommandFailed(
            "A backup of PostgreSQL is made by its own program pg_dump, which is not on the PATH "
            "(Debian, Ubuntu: apt install postgresql-client)."
        )
    done = subprocess.run(
        [program, "--format=custom", "--no-password", f"--file={draft}"],
        # Not as arguments: those can be read by every user of the machine, and the password is among them.
        env={**os.environ, **postgresql_environment(target)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise CommandFailed(
            "; ".join(lines[:2]).rstrip(".") + "." if lines else f"pg_dump ended with {done.returncode}."
        )


def postgresql_environment(target: DatabaseTarget) -> dict[str, str]:
    """Return the variables that lead PostgreSQL's programs to the database."""
    given = {
        "PGHOST": target.host,
        "PGPORT": str(target.port),
        "PGDATABASE": target.name,
        "PGUSER": target.user,
        "PGPASSWORD": target.password,
        "PGSSLMODE": target.ssl_mode,
        "PGSSLROOTCERT": target.ssl_root_cert,
    }
    return {name: value for name, value in given.items() if value is not None}


def _flush_to_disk(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
