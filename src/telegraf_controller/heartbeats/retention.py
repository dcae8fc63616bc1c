"""Dropping statistics that are older than they are kept (D1, D3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from telegraf_controller.db.engine import Database
from telegraf_controller.heartbeats.tables import HeartbeatRun

RUNS_PER_STEP = 50
HEARTBEATS_PER_STEP = 400_000
"""How much is deleted in one transaction: little enough that no heartbeat waits for it."""


async def keep_statistics(database: Database, now: datetime, keep_hours: int) -> int:
    """Delete the runs whose heartbeats are all older than `keep_hours`, in small steps. Returns how many.

    The newest statistics of each agent stand in its own row and stay. Raises StorageUnavailable.
    """
    expired = (
        select(HeartbeatRun.id, HeartbeatRun.heartbeats)
        .where(HeartbeatRun.received_at < now - timedelta(hours=keep_hours))
        .order_by(HeartbeatRun.received_at)
        .limit(RUNS_PER_STEP)
    )
    deleted = 0
    while True:
        async with database.read() as session:
            runs = (await session.execute(expired)).all()
        if not runs:
            return deleted
        ids, heartbeats = [], 0
        for run in runs:
            ids.append(run.id)
            heartbeats += run.heartbeats
            if heartbeats >= HEARTBEATS_PER_STEP:
                break
        async with database.write() as session:
            # Its blocks go with it.
            await session.execute(delete(HeartbeatRun).where(HeartbeatRun.id.in_(ids)))
        deleted += len(ids)
