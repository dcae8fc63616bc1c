"""How many heartbeats the database holds, asked of the database itself."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing

import asyncpg

from telegraf_controller.db.url import DatabaseTarget

_COUNT = """
SELECT coalesce(sum(heartbeats), 0)
FROM (SELECT heartbeats FROM heartbeat_groups UNION ALL SELECT heartbeats FROM heartbeat_runs) AS stored
"""


def count_stored(database: str) -> int:
    """Return how many heartbeats have been committed, once those under way have been."""
    time.sleep(0.5)
    target = DatabaseTarget.parse(database)
    if target.path is not None:
        with closing(sqlite3.connect(target.path)) as connection:
            return int(connection.execute(_COUNT).fetchone()[0])
    return asyncio.run(_count_postgresql(target))


async def _count_postgresql(target: DatabaseTarget) -> int:
    connection = await asyncpg.connect(**target.asyncpg_arguments())
    try:
        return int(await connection.fetchval(_COUNT))
    finally:
        await connection.close()
