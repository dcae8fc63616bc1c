"""What `db check` looks at: the file, its pages, its references, and its schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from telegraf_controller.db import migrate
from telegraf_controller.db.engine import Database
from telegraf_controller.db.url import DatabaseTarget

_SHOWN = 3
"""How many of many findings a line shows."""


class Finding(msgspec.Struct, rename="camel"):
    """One thing that was looked at, and how it is."""

    check: str
    ok: bool
    detail: str


async def findings(target: DatabaseTarget) -> list[Finding]:
    """Look at everything. Raises StorageUnavailable, sqlite3.Error."""
    found: list[Finding] = []
    if target.dialect == "sqlite":
        assert target.path is not None
        if not target.path.is_file():
            return [Finding("file", False, f"there is no database at {target.path}")]
        found += _file_findings(target.path)
    database = Database(target, pool_size=1)
    try:
        found += await _schema_findings(database)
    finally:
        await database.close()
    return found


def _file_findings(path: Path) -> Iterator[Finding]:
    mode = path.stat().st_mode & 0o777
    yield Finding("file mode", not mode & 0o077, f"{mode:04o}" + (", should be 0600" if mode & 0o077 else ""))
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=60)) as connection:
        pages = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
        yield Finding("integrity", pages == ["ok"], "; ".join(pages[:_SHOWN]))
        broken = sorted({str(row[0]) for row in connection.execute("PRAGMA foreign_key_check")})
        yield Finding("references", not broken, f"broken in {', '.join(broken)}" if broken else "ok")


async def _schema_findings(database: Database) -> list[Finding]:
    present, newest = await migrate.current_revision(database), migrate.newest_revision()
    if present is None:
        return [Finding("schema", False, f"empty; `db migrate` brings it to {newest}")]
    if present != newest:
        return [Finding("schema", False, f"{present}, while this program wants {newest}")]
    drift = await migrate.schema_drift(database)
    shown = "; ".join(str(difference) for difference in drift[:_SHOWN])
    return [
        Finding("schema", True, present),
        Finding("tables", not drift, f"differ from the program's: {shown}" if drift else "as the program wants them"),
    ]
