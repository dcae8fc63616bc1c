"""What every test may ask for: real databases, fresh for each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest

from telegraf_controller.db import migrate
from telegraf_controller.db.engine import Database
from telegraf_controller.db.url import DatabaseTarget
from telegraf_controller.processes.garbage import collect_rarely
from telegraf_controller.users import passwords
from tests.cast import CHEAP_HASHER
from tests.support.postgres import DatabasePool, PostgresServer, run_postgres

_LONG = ("end_to_end", "processes", "configs")
"""Folders whose files take longest. They are begun first: at the end one file would keep the other processes idle."""


# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


def pytest_xdist_auto_num_workers() -> int:
    """Tests also wait, for processes and time-outs: so there are two processes more than cores."""
    return 2 + (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    here = Path(__file__).parent

    def when(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0] if item.path.is_relative_to(here) else ""
        return _LONG.index(folder) if folder in _LONG else len(_LONG)

    items.sort(key=when)


def pytest_collection_finish() -> None:
    """Look for garbage as rarely as the processes of the program, and never among what was imported."""
    collect_rarely()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Passwords are hashed in microseconds: what they cost is no concern of tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", CHEAP_HASHER)
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The PostgreSQL that all tests of a run share; a test that stops or kills one takes `own_postgres_server`.

    Nobody kills this one, so it need not wait for the disk, which took a tenth of the time of all tests.
    """
    with run_postgres(fsync="off") as server:
        yield server


@pytest.fixture
def own_postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL for one test alone, which may stop, start and kill it."""
    with run_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on: both, one after the other.

    `@pytest.mark.parametrize("database_kind", ["postgres"])` keeps a test to one.
    """
    kind: str = request.param
    return kind


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database, as `--database` takes it."""
    if database_kind == "sqlite":
        yield str(tmp_path / "controller.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def migrated_database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database with the newest schema and nothing else in it, like one that was migrated before."""
    if database_kind == "sqlite":
        path = tmp_path / "controller.db"
        shutil.copy(request.getfixturevalue("_migrated_sqlite_file"), path)
        yield str(path)
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    pool: DatabasePool = request.getfixturevalue("_migrated_postgres_databases")
    name = pool.take()
    yield server.url(name)
    pool.give_back(name)


@pytest.fixture
async def database(migrated_database_url: str) -> AsyncIterator[Database]:
    """The same, opened as a process opens it."""
    database = Database(DatabaseTarget.parse(migrated_database_url))
    yield database
    await database.close()


@pytest.fixture(scope="session")
def _migrated_sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "controller.db"
    migrate.upgrade(str(path))
    return path


@pytest.fixture(scope="session")
def _migrated_postgres_database(postgres_server: PostgresServer) -> str:
    name = postgres_server.create_database("migrated_template")
    migrate.upgrade(postgres_server.url(name))
    return name


@pytest.fixture(scope="session")
def _migrated_postgres_databases(postgres_server: PostgresServer, _migrated_postgres_database: str) -> DatabasePool:
    return DatabasePool(postgres_server, _migrated_postgres_database)
