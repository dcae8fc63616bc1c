"""The engine of a process: how both databases are opened, and the kinds of session."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from telegraf_controller.db.idle import replace_dead_connections
from telegraf_controller.db.sqlite import SqliteConnection
from telegraf_controller.db.url import DatabaseTarget
from telegraf_controller.errors import ControllerError, StorageUnavailable

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA secure_delete=FAST",  # pages that are free are not overwritten, whatever this SQLite was built for
)
"""How every connection to SQLite is set up (O6): an acknowledged commit survives a power cut."""


class Database:
    """One process's access to the database. `read()` and `write()` give a session inside one transaction; `glance()`
    spares it where each statement may stand for itself.
    """

    def __init__(self, target: DatabaseTarget, *, pool_size: int = 8) -> None:
        self.target = target
        self.engine = _create_engine(target, pool_size)

    @property
    def is_postgresql(self) -> bool:
        """Whether this is PostgreSQL (else SQLite)."""
        return self.target.dialect == "postgresql"

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Give a session inside one transaction that keeps nothing. Raises StorageUnavailable.

        On SQLite it is one snapshot; on PostgreSQL each statement sees what was committed before it began, unless the
        session begins with asking for REPEATABLE READ.
        """
        with storage_errors():
            async with AsyncSession(self.engine, expire_on_commit=False) as session:
                yield session

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncSession]:
        """Give a session for statements that only read and do not depend on each other. Raises StorageUnavailable.

        There is no transaction around them: on PostgreSQL it would add a round trip before them and one after, and no
        guarantee. So whatever a statement wrote would stay; changed objects are not written. Cursors need `read()`.
        """
        with storage_errors():
            async with AsyncSession(self._without_transactions, expire_on_commit=False, autoflush=False) as session:
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Give a session whose transaction commits when the block ends without an error. Raises StorageUnavailable.

        On SQLite the write lock is taken first: a transaction that reads and then writes could otherwise fail midway.
        """
        with storage_errors():
            engine = self.engine.execution_options(begin="BEGIN IMMEDIATE")
            async with AsyncSession(engine, expire_on_commit=False) as session:
                yield session
                await session.commit()

    @cached_property
    def _without_transactions(self) -> AsyncEngine:
        if self.is_postgresql:
            return self.engine.execution_options(isolation_level="AUTOCOMMIT")
        return self.engine.execution_options(begin=None)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


class storage_errors:
    """Turn a driver's "the database is not there" into StorageUnavailable, and a lost race between transactions into
    ControllerError `overloaded`: nothing was stored, the same request may succeed next time. Other errors pass.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and is_unavailable(error):
            raise StorageUnavailable from error
        if isinstance(error, DBAPIError) and isinstance(_cause(error), asyncpg.TransactionRollbackError):
            raise ControllerError("overloaded", "Somebody else was changing the same; try again.") from error


def _cause(error: DBAPIError) -> BaseException | None:
    """Return the driver's own error, which SQLAlchemy's PostgreSQL dialect wraps once more."""
    return error.orig and (error.orig.__cause__ or error.orig)


def is_unavailable(error: BaseException) -> bool:
    """Tell whether an error means that the database cannot be used now, as opposed to a wrong statement."""
    if isinstance(error, OperationalError | InterfaceError):
        return not _is_programming(error.orig)
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_unavailable_driver_error(_cause(error))
    return is_unavailable_driver_error(error)


def is_unavailable_driver_error(error: BaseException | None) -> bool:
    """The same for an error straight from a driver."""
    if isinstance(error, sqlite3.OperationalError):
        return not _is_programming(error)
    if isinstance(
        error,
        asyncpg.PostgresConnectionError
        | asyncpg.CannotConnectNowError
        | asyncpg.OperatorInterventionError
        | asyncpg.InsufficientResourcesError
        | asyncpg.ReadOnlySQLTransactionError
        | asyncpg.InvalidAuthorizationSpecificationError
        | asyncpg.InvalidCatalogNameError,
    ):
        return True
    if isinstance(error, asyncpg.InterfaceError):
        return "closed" in str(error) or "connection" in str(error)
    return isinstance(error, ConnectionError | asyncio.TimeoutError | OSError)


def is_unknown_to_database(error: BaseException) -> bool:
    """Tell whether a statement asks for what the database lacks: some speak like PostgreSQL without being one."""
    if isinstance(error, DBAPIError):
        return isinstance(error, ProgrammingError) or isinstance(_cause(error), asyncpg.FeatureNotSupportedError)
    return False


def _is_programming(error: BaseException | None) -> bool:
    return isinstance(error, sqlite3.OperationalError) and str(error).startswith(("no such", "near "))


def _create_engine(target: DatabaseTarget, pool_size: int) -> AsyncEngine:
    if target.dialect == "sqlite":
        return _create_sqlite(target, pool_size)
    engine = create_async_engine(
        target.sqlalchemy_url,
        # An error must not print what was being stored: digests, password hashes.
        hide_parameters=True,
        connect_args={**target.asyncpg_arguments(), "timeout": 5, "command_timeout": 30},
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        # The one that was used last has most statements prepared, and need not be asked whether it is still alive.
        pool_use_lifo=True,
        pool_recycle=1800,
    )
    # A connection that died during an outage must cost one retry, not one failed request.
    replace_dead_connections(engine)
    return engine


def _create_sqlite(target: DatabaseTarget, pool_size: int) -> AsyncEngine:
    prepare_sqlite_file(target)
    path = target.path
    assert path is not None
    engine = create_async_engine(
        target.sqlalchemy_url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=30,
        async_creator=lambda: SqliteConnection(path),
    )

    def connect(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        for pragma in SQLITE_PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    def begin(connection: Connection) -> None:
        beginning = connection.get_execution_options().get("begin", "BEGIN")
        if beginning is not None:
            driver: Any = connection.connection.driver_connection
            driver.begin(beginning)

    event.listen(engine.sync_engine, "connect", connect)
    event.listen(engine.sync_engine, "begin", begin)
    return engine


def prepare_sqlite_file(target: DatabaseTarget) -> None:
    """Create the file and its folder when missing, readable by this user alone (mode 0600). Raises OSError."""
    assert target.path is not None
    target.path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(target.path, os.O_RDWR | os.O_CREAT, 0o600)
    os.close(descriptor)
