"""Where an agent falls silent: it has not been heard of for longer than its rule allows (A2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, CursorResult, literal, select, update
from sqlalchemy import cast as sql_cast

from telegraf_controller import clock
from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.agents.tables import AgentLiveness
from telegraf_controller.db.engine import Database
from telegraf_controller.reporting.tables import ReportingRule

AGENTS_PER_STEP = 2_000
"""How many are marked in one transaction, when a whole network goes away: heartbeats must not wait for a million."""


async def sweep(database: Database, now: datetime) -> int:
    """Mark the agents that have been silent for longer than their rule allows. Returns how many.

    Reads every agent once and writes only those that change. An agent that reports meanwhile is not marked: what makes
    it silent is asked again in the statement that marks it. Raises StorageUnavailable.
    """
    marked = 0
    silent = (
        select(AgentLiveness.agent_id)
        .join(ReportingRule, ReportingRule.number == AgentLiveness.rule)
        .where(_is_silent(now))
    )
    async with database.read() as session:
        found = await session.stream_scalars(silent, execution_options={"yield_per": AGENTS_PER_STEP})
        async for agent_ids in found.partitions():
            marked += await _mark(database, agent_ids, now)
    return marked


async def _mark(database: Database, agent_ids: Sequence[UUID], now: datetime) -> int:
    # Rows that a heartbeat holds at this moment are left out: their agents are not silent. So nobody waits for anybody.
    still_silent = (
        select(AgentLiveness.agent_id)
        .join(ReportingRule, ReportingRule.number == AgentLiveness.rule)
        .where(AgentLiveness.agent_id.in_(agent_ids), _is_silent(now))
        .order_by(AgentLiveness.agent_id)
        .with_for_update(of=AgentLiveness, skip_locked=True)
    )
    async with database.write() as session:
        result = await session.execute(
            update(AgentLiveness)
            .where(AgentLiveness.agent_id.in_(still_silent))
            .values(status=AgentStatus.NOT_REPORTING.value)
            .execution_options(synchronize_session=False)
        )
    return cast(CursorResult[None], result).rowcount


def _is_silent(now: datetime) -> ColumnElement[bool]:
    # Thirty days in milliseconds are more than a 32-bit integer holds.
    threshold_ms = sql_cast(ReportingRule.not_reporting_after_seconds, BigInteger) * 1000
    not_yet_marked = AgentLiveness.status != AgentStatus.NOT_REPORTING.value
    return not_yet_marked & (AgentLiveness.last_seen < literal(clock.to_epoch_ms(now), BigInteger) - threshold_ms)
