"""Connections to SQLite as SQLAlchemy takes them: each has a thread, and a statement goes there and back once.

aiosqlite hands over each step of a statement by itself: a cursor, the execution, the rows, the cursor's end, and before
all that the transaction's beginning. Each handing over takes longer than most statements do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import aiosqlite

T = TypeVar("T")

_ROWS_AT_ONCE = 1_000
"""How many rows come back with a statement; who wants more of them fetches the rest."""


class SqliteConnection(aiosqlite.Connection):
    """A connection whose transactions begin together with their first statement."""

    def __init__(self, path: Path) -> None:
        super().__init__(partial(sqlite3.connect, path, isolation_level=None, factory=_Connection), _ROWS_AT_ONCE)
        # The process ends without waiting for it.
        self._thread.daemon = True
        self._beginning: str | None = None
        self._has_begun = False

    def begin(self, statement: str) -> None:
        """Begin a transaction by `statement`, right before the next one."""
        self._beginning = statement

    def cursor(self) -> Cursor:  # type: ignore[override]
        """Return what executes one statement."""
        return Cursor(self)

    async def commit(self) -> None:
        """Commit what has begun, if anything has; what cannot be committed is rolled back."""
        try:
            await self._end(super().commit)
        except sqlite3.Error:
            # Who uses the connection next would be in the same transaction: SQLAlchemy takes it for ended.
            await self.rollback()
            raise

    async def rollback(self) -> None:
        """Roll back what has begun, if anything has."""
        await self._end(super().rollback)

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Return what some work gives that is done in the connection's thread."""
        done: T = await self._execute(work, *arguments)  # type: ignore[no-untyped-call]
        return done

    async def execute_once(self, many: bool, statement: str, parameters: Any) -> Executed:
        """Execute a statement, and what begins the transaction if it is the first."""
        beginning, self._beginning = self._beginning, None
        if beginning is not None:
            self._has_begun = True
        return await self.run(_executed, self._conn, beginning, many, statement, parameters)

    async def _end(self, how: Callable[[], Any]) -> None:
        self._beginning = None
        if self._has_begun:
            await how()
            self._has_begun = False


class Executed(NamedTuple):
    """What a statement gave."""

    description: Any
    rowcount: int
    lastrowid: int | None
    rows: list[Any]
    rest: sqlite3.Cursor | None
    """Where there are more rows."""


class Cursor:
    """One statement at a time, as SQLAlchemy asks drivers for it."""

    arraysize = 1

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self._rest: sqlite3.Cursor | None = None
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Cursor:
        return self

    async def execute(self, statement: str, parameters: Any = ()) -> Cursor:
        """Execute a statement."""
        self._take(await self._connection.execute_once(False, statement, parameters))
        return self

    async def executemany(self, statement: str, parameters: Any) -> Cursor:
        """Execute a statement that returns no rows for each of some parameters."""
        self._take(await self._connection.execute_once(True, statement, parameters))
        return self

    async def fetchone(self) -> Any:
        """Return the next row, None after the last."""
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def fetchmany(self, size: int | None = None) -> Sequence[Any]:
        """Return the next rows, at most so many."""
        wanted = self.arraysize if size is None else size
        if self._rest is not None and len(self._rows) < wanted:
            self._rows += await self._connection.run(self._rest.fetchmany, wanted - len(self._rows))
        rows, self._rows = self._rows[:wanted], self._rows[wanted:]
        return rows

    async def fetchall(self) -> Sequence[Any]:
        """Return all further rows."""
        rows, self._rows = self._rows, []
        if self._rest is not None:
            rows += await self._connection.run(self._rest.fetchall)
            self.rowcount = self._rest.rowcount
        return rows

    async def close(self) -> None:
        """End the statement, wherever it is."""
        self._rows = []
        rest, self._rest = self._rest, None
        if rest is not None:
            await self._connection.run(rest.close)

    def _take(self, executed: Executed) -> None:
        self.description, self.rowcount, self.lastrowid, self._rows, self._rest = executed


def _executed(
    connection: sqlite3.Connection, beginning: str | None, many: bool, statement: str, parameters: Any
) -> Executed:
    if beginning is not None:
        connection.execute(beginning)
    cursor = connection.cursor()
    try:
        (cursor.executemany if many else cursor.execute)(statement, parameters)
        rows = cursor.fetchmany(_ROWS_AT_ONCE)
    except BaseException:
        cursor.close()
        raise
    executed = Executed(cursor.description, cursor.rowcount, cursor.lastrowid, rows, cursor)
    if len(rows) == _ROWS_AT_ONCE:
        return executed
    cursor.close()
    return executed._replace(rest=None)


class _Connection(sqlite3.Connection):
    """Ends its transaction when it is closed.

    SQLite puts that off, and keeps the write lock, until nobody knows any of the connection's statements any more. The
    traceback of a cancelled task knows one until the next collection of garbage, which may be minutes away.
    """

    def close(self) -> None:
        """Roll back and close."""
        with suppress(sqlite3.Error):
            self.rollback()
        super().close()
