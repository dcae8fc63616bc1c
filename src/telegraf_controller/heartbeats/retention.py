"""Dropping statistics that are older than they are kept (D1, D3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from telegraf_controller.db.engine import Database
from telegraf_controller.heartbeats.tables import HeartbeatGroup

GROUPS_PER_STEP = 200
"""How many are deleted in one transaction: few enough that no heartbeat waits for it."""


async def keep_statistics(database: Database, now: datetime, keep_hours: int) -> int:
    """Delete the groups whose heartbeats are all older than `keep_hours`, in small steps. Returns how many.

    The newest statistics of each agent stand in its own row and stay. Raises StorageUnavailable.
    """
    oldest = now - timedelta(hours=keep_hours)
    expired = (
        select(HeartbeatGroup.id)
        .where(HeartbeatGroup.received_at < oldest)
        .order_by(HeartbeatGroup.received_at)
        .limit(GROUPS_PER_STEP)
    )
    deleted = 0
    while True:
        async with database.write() as session:
            ids = (await session.scalars(expired)).all()
            if ids:
                await session.execute(delete(HeartbeatGroup).where(HeartbeatGroup.id.in_(ids)))
        deleted += len(ids)
        if len(ids) < GROUPS_PER_STEP:
            return deleted
