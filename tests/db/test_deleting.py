"""What deleting costs on SQLite: D3."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import delete, insert, text

from telegraf_controller.db.engine import Database
from telegraf_controller.heartbeats.tables import HeartbeatGroup
from tests.heartbeats.support import NOON

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_is_deleted_is_not_written_once_more(database: Database) -> None:
    """D3: merging and retention delete megabytes in one transaction, and heartbeats wait for it. Some builds of SQLite
    would overwrite all of it first."""
    points = os.urandom(MEGABYTE // 4)
    group = {"received_at": NOON, "first_received_at": NOON, "heartbeats": 1, "points": points}
    async with database.write() as session:
        await session.execute(insert(HeartbeatGroup), [group] * 20)
    async with database.glance() as session:
        await session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    async with database.write() as session:
        await session.execute(delete(HeartbeatGroup))
    assert written(database) < MEGABYTE


def written(database: Database) -> int:
    """Return the size of the log of writes."""
    return os.path.getsize(f"{database.target.path}-wal")
