"""Connections to PostgreSQL that died while nobody used them: they must cost nobody's request.

SQLAlchemy's own check asks the server each time that a connection is taken, in three round trips. When the cores are
busy with heartbeats, each round trip waits twice for one, here and in the database. So only a connection that has
rested is asked, in one round trip; of all others it is known whether the server has closed them.
"""

from __future__ import annotations

import time
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine

RESTED_SECONDS = 1.0
"""How long a connection has to lie idle to be asked: no server, network or proxy that loses it is back sooner."""

_ANSWER_SECONDS = 5.0
"""How long it may take to answer, as long as a new connection may take."""

_SINCE = "idle_since"


def replace_dead_connections(engine: AsyncEngine) -> None:
    """Let the pool of an engine replace connections that turn out to be dead when they are taken from it."""

    def returned(connection: Any, record: Any) -> None:
        record.info[_SINCE] = time.monotonic()

    def taken(connection: Any, record: Any, proxy: Any) -> None:
        # A server that ends says so: then this is known without asking.
        if connection.driver_connection.is_closed():
            raise DisconnectionError
        if time.monotonic() - record.info.get(_SINCE, time.monotonic()) >= RESTED_SECONDS:
            try:
                connection.run_async(_ask)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                # Whatever this one died of, the others have most likely died of as well.
                raise InvalidatePoolError from error

    event.listen(engine.sync_engine, "checkin", returned)
    event.listen(engine.sync_engine, "checkout", taken)


async def _ask(connection: asyncpg.Connection) -> None:
    # One simple query, which prepares nothing. Not an empty one: asyncpg cannot read the answer to that.
    await connection.execute("SELECT 1", timeout=_ANSWER_SECONDS)
