"""Statistics by commit become statistics by agent: groups are merged into runs, whose blocks hold few agents each.

What a commit writes must be one piece, whatever the agents in it. To read one agent's series from there, everything of
the time has to be looked at: 53 GB for a day of a million agents, and for a small fleet a row for nearly every
heartbeat. So the leader merges what has gathered: a run is made of the groups of some time, and is stored in blocks of
about BLOCK_BYTES, each with the agents whose ids begin alike. A series is read from one block of each run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.db.engine import Database
from telegraf_controller.heartbeats.points import BUCKETS, RECORD_BYTES, part_points
from telegraf_controller.heartbeats.tables import HeartbeatBlock, HeartbeatGroup, HeartbeatRun

MERGE_AFTER = timedelta(minutes=2)
"""How old the oldest group is when a run is made of what there is."""

RUN_BYTES = 4 * 1024 * 1024
RUN_GROUPS = 5_000
"""How much becomes one run at the most: it is written in one transaction, and no heartbeat should wait for it."""

BLOCK_BYTES = 16 * 1024

Groups = Sequence[Row[int, datetime, datetime, int, bytes]]


async def merge_groups(database: Database, now: datetime) -> int:
    """Merge the groups that have gathered, when they are many or old, in steps. Returns how many were merged.

    Raises StorageUnavailable.
    """
    merged = 0
    while True:
        groups = await _oldest_groups(database)
        full = len(groups) == RUN_GROUPS or sum(len(group.points) for group in groups) >= RUN_BYTES
        if not groups or not (full or groups[0].received_at < now - MERGE_AFTER):
            return merged
        if not await _merge(database, groups):
            return merged
        merged += len(groups)


async def _oldest_groups(database: Database) -> Groups:
    """Return the oldest groups, as many as fit into one run."""
    wanted = (
        select(
            HeartbeatGroup.id,
            HeartbeatGroup.received_at,
            HeartbeatGroup.first_received_at,
            HeartbeatGroup.heartbeats,
            HeartbeatGroup.points,
        )
        .order_by(HeartbeatGroup.received_at, HeartbeatGroup.id)
        .limit(RUN_GROUPS)
        .execution_options(yield_per=100)
    )
    groups, size = [], 0
    async with database.read() as session:
        async for group in await session.stream(wanted):
            groups.append(group)
            size += len(group.points)
            if size >= RUN_BYTES:
                break
    return groups


async def _merge(database: Database, groups: Groups) -> bool:
    """Put one run in the place of groups, in one transaction. Tells whether that was done: not when they were gone."""
    heartbeats = sum(group.heartbeats for group in groups)
    bucket_width = -(-BUCKETS // max(1, heartbeats * RECORD_BYTES // BLOCK_BYTES))
    parts = await asyncio.to_thread(part_points, [group.points for group in groups], bucket_width)
    run = HeartbeatRun(
        received_at=max(group.received_at for group in groups),
        first_received_at=min(group.first_received_at for group in groups),
        heartbeats=heartbeats,
        bucket_width=bucket_width,
    )
    async with database.write() as session:
        if not await _delete(session, [group.id for group in groups]):
            await session.rollback()
            return False
        session.add(run)
        await session.flush()
        blocks = [{"run_id": run.id, "bucket": bucket, "points": points} for bucket, points in parts.items()]
        await session.execute(insert(HeartbeatBlock), blocks)
    return True


async def _delete(session: AsyncSession, ids: Sequence[int]) -> bool:
    """Delete groups; tell whether all of them were there. Two nodes that both believe to lead must not both merge."""
    gone = await session.execute(delete(HeartbeatGroup).where(HeartbeatGroup.id.in_(ids)))
    return cast(CursorResult[None], gone).rowcount == len(ids)
