"""`/api/heartbeat/agent/…`: what heartbeats left behind, over HTTP.

An instance id may hold any printable character, a slash too: what stands in the path between fixed parts is the id. The
last part is fixed as well, so there is one way to read such a path.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from telegraf_controller import clock
from telegraf_controller.access.require import ReadSession, requires
from telegraf_controller.heartbeats import queries
from telegraf_controller.heartbeats.schemas import LatestHeartbeatRecord, SeriesQuery, StatisticsSeries

router = APIRouter(prefix="/api/heartbeat/agent", tags=["heartbeat"])

InstanceId = Annotated[str, Path(alias="instanceId", max_length=255, description="URL-encoded.")]

_EVER_MS = (0, 253_402_300_799_999)


@router.get("/{instanceId:path}/latest-heartbeat", **requires("heartbeat:read"))
async def latest_heartbeat(instance_id: InstanceId, session: ReadSession) -> LatestHeartbeatRecord | None:
    """Show the latest heartbeat of an agent with its log entries; null when there is no such agent (D2)."""
    latest = await queries.read_latest(session, instance_id)
    return None if latest is None else LatestHeartbeatRecord.of(latest)


@router.get("/{instanceId:path}/logs", **requires("heartbeat:read"))
async def statistics(
    instance_id: InstanceId, wanted: Annotated[SeriesQuery, Query()], session: ReadSession
) -> StatisticsSeries:
    """Show the statistics of an agent over time: the newest that are wanted, oldest first (D2)."""
    series = await queries.read_series(
        session,
        instance_id,
        start=clock.from_epoch_ms(_EVER_MS[0] if wanted.from_ms is None else wanted.from_ms),
        end=clock.from_epoch_ms(_EVER_MS[1] if wanted.to_ms is None else wanted.to_ms),
        limit=wanted.limit,
    )
    return StatisticsSeries.of(series)
