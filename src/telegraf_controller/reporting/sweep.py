"""Where an agent falls silent: it has not been heard of for longer than its rule allows (A2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, select, update

from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.agents.tables import AgentLiveness
from telegraf_controller.db.engine import Database
from telegraf_controller.reporting.thresholds import Thresholds, read_thresholds

AGENTS_PER_STEP = 2_000
"""How many are marked in one transaction, when a whole network goes away: heartbeats must not wait for a million."""


async def sweep(database: Database, now: datetime) -> int:
    """Mark the agents that have been silent for longer than their rule allows. Returns how many.

    Reads every agent once and writes only those that change. An agent that reports meanwhile is not marked: what makes
    it silent is asked again in the statement that marks it. Raises StorageUnavailable.
    """
    marked = 0
    async with database.read() as session:
        silent = _fell_silent(await read_thresholds(session), now)
        found = await session.stream_scalars(
            select(AgentLiveness.agent_id).where(silent), execution_options={"yield_per": AGENTS_PER_STEP}
        )
        async for agent_ids in found.partitions():
            marked += await _mark(database, agent_ids, silent)
    return marked


async def _mark(database: Database, agent_ids: Sequence[UUID], silent: ColumnElement[bool]) -> int:
    # Rows that a heartbeat holds at this moment are left out: their agents are not silent. So nobody waits for anybody.
    still_silent = (
        select(AgentLiveness.agent_id)
        .where(AgentLiveness.agent_id.in_(agent_ids), silent)
        .order_by(AgentLiveness.agent_id)
        .with_for_update(skip_locked=True)
    )
    async with database.write() as session:
        result = await session.execute(
            update(AgentLiveness)
            .where(AgentLiveness.agent_id.in_(still_silent))
            .values(status=AgentStatus.NOT_REPORTING.value)
            .execution_options(synchronize_session=False)
        )
    return cast(CursorResult[None], result).rowcount


def _fell_silent(thresholds: Thresholds, now: datetime) -> ColumnElement[bool]:
    return (AgentLiveness.status != AgentStatus.NOT_REPORTING.value) & thresholds.silent(now)
