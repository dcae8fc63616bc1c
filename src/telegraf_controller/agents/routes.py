"""`/api/agents`: agents over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Depends, Path, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.identity import Identity
from telegraf_controller.access.require import Caller, GlanceSession, WriteSession, requires
from telegraf_controller.agents import actions, events, queries
from telegraf_controller.agents.event_schemas import AgentEventRecord
from telegraf_controller.agents.fleet import Fleet
from telegraf_controller.agents.managed import (
    names_for,
    references_of_alias,
    references_of_config,
    references_of_group,
)
from telegraf_controller.agents.schemas import (
    AgentBulk,
    AgentConditions,
    AgentQuery,
    AgentRecord,
    AgentSummary,
    record_of,
)
from telegraf_controller.errors import NotFound
from telegraf_controller.labels.assignments import change_labels, change_labels_of
from telegraf_controller.labels.carriers import AGENTS
from telegraf_controller.labels.schemas import LabelAssignment, bulk_answer
from telegraf_controller.web.declared import also
from telegraf_controller.web.routing import Router
from telegraf_controller.web.schemas import BulkAnswer, BulkResult, Page, PageQuery


async def _fleet(request: Request) -> Fleet:
    fleet: Fleet = request.app.state.fleet
    return fleet


InFleet = Annotated[Fleet, Depends(_fleet)]
"""Lists and counts, whatever the number of agents."""

router = Router(prefix="/api/agents", tags=["agents"])

LabelId = Annotated[UUID, Path(alias="labelId")]


@router.get("", response_model=Page[AgentRecord], **requires("agents:read"))
async def list_agents(
    wanted: Annotated[AgentQuery, Query()], by: Caller, session: GlanceSession, fleet: InFleet
) -> Response:
    """List agents (A4). In a large fleet `As-Of` says what moment `total` and the order are of."""
    listing = await fleet.list(
        session,
        wanted.wanted(await _runs(session, by, wanted)),
        sort_by=wanted.sort_by,
        descending=wanted.sort_order == "desc",
        offset=wanted.offset,
        limit=wanted.limit,
    )
    names = await names_for(session, by, listing.views)
    items = [record_of(view, names) for view in listing.views]
    # Somebody asks for it every few seconds, so it is written at once, without making and checking models of it.
    body = msgspec.json.encode({"items": items, "total": listing.total, "page": wanted.page, "limit": wanted.limit})
    headers = {} if listing.as_of is None else {"as-of": clock.to_wire(listing.as_of)}
    return Response(body, media_type="application/json", headers=headers)


@router.get("/summary", **requires("agents:read"))
async def summarise_agents(
    wanted: Annotated[AgentConditions, Query()], by: Caller, session: GlanceSession, fleet: InFleet
) -> AgentSummary:
    """Count agents by status, version and silence (A5)."""
    conditions = wanted.wanted(await _runs(session, by, wanted))
    counted = await fleet.count(session, conditions, clock.now())
    return AgentSummary.of(counted.counts, counted.as_of)


@router.post("/bulk/delete", **requires("agents:delete"))
async def bulk_delete(body: AgentBulk, by: Caller, session: WriteSession) -> BulkAnswer:
    """Forget many agents; the answer says for each what happened (A6)."""
    results: list[BulkResult] = []
    for agent_id in sorted(set(body.ids)):
        try:
            await actions.delete_agent(session, by, agent_id)
            results.append(BulkResult(id=str(agent_id), ok=True))
        except NotFound as error:
            results.append(BulkResult(id=str(agent_id), ok=False, error=error.code))
    return BulkAnswer.of(results)


@router.put("/bulk/labels/assign", responses=also(404), **requires("agents:write"))
async def bulk_assign_labels(body: LabelAssignment, by: Caller, session: WriteSession) -> BulkAnswer:
    """Put labels on many agents; the answer says for each what happened (B1)."""
    there = await change_labels(session, by, AGENTS, set(body.ids), add=body.label_ids, now=clock.now())
    return bulk_answer(body.ids, there)


@router.put("/bulk/labels/remove", responses=also(404), **requires("agents:write"))
async def bulk_remove_labels(body: LabelAssignment, by: Caller, session: WriteSession) -> BulkAnswer:
    """Take labels off many agents; the answer says for each what happened (B1)."""
    there = await change_labels(session, by, AGENTS, set(body.ids), remove=body.label_ids, now=clock.now())
    return bulk_answer(body.ids, there)


@router.get("/{agent_id}", **requires("agents:read"))
async def read_agent(agent_id: UUID, by: Caller, session: GlanceSession) -> AgentRecord:
    """Show one agent (A1)."""
    return await _record(session, by, agent_id)


@router.get("/{agent_id}/events", **requires("agents:read"))
async def list_events(
    agent_id: UUID, wanted: Annotated[PageQuery, Query()], session: GlanceSession
) -> Page[AgentEventRecord]:
    """List the changes of an agent's status, newest first (A7): 30 days, also of an agent that is gone."""
    found, total = await events.list_events(session, agent_id, offset=wanted.offset, limit=wanted.limit)
    if not total:
        await queries.get_agent(session, agent_id)
    items = [AgentEventRecord.of(event) for event in found]
    return Page[AgentEventRecord](items=items, total=total, page=wanted.page, limit=wanted.limit)


@router.delete("/{agent_id}", status_code=204, **requires("agents:delete"))
async def delete_agent(agent_id: UUID, by: Caller, session: WriteSession) -> None:
    """Forget an agent; its next heartbeat creates it anew (A6)."""
    await actions.delete_agent(session, by, agent_id)


@router.put("/{agent_id}/labels/{labelId}", **requires("agents:write"))
async def assign_label(agent_id: UUID, label_id: LabelId, by: Caller, session: WriteSession) -> AgentRecord:
    """Put a label on an agent (B1)."""
    await change_labels_of(session, by, AGENTS, agent_id, add=[label_id], now=clock.now())
    return await _record(session, by, agent_id)


@router.delete("/{agent_id}/labels/{labelId}", status_code=204, **requires("agents:write"))
async def remove_label(agent_id: UUID, label_id: LabelId, by: Caller, session: WriteSession) -> None:
    """Take a label off an agent; one that it does not have is off already (B1)."""
    await change_labels_of(session, by, AGENTS, agent_id, remove=[label_id], now=clock.now())


async def _record(session: AsyncSession, by: Identity, agent_id: UUID) -> AgentRecord:
    view = await queries.get_agent(session, agent_id)
    return AgentRecord.of(view, await names_for(session, by, [view]))


async def _runs(session: AsyncSession, by: Identity, wanted: AgentConditions) -> list[list[str]]:
    """Return the references that `config`, `group` and `alias` stand for. Raises Forbidden (T11)."""
    runs = []
    if wanted.config is not None:
        runs.append(await references_of_config(session, by, wanted.config))
    if wanted.group is not None:
        runs.append(await references_of_group(session, by, wanted.group))
    if wanted.alias is not None:
        runs.append(await references_of_alias(session, by, wanted.alias))
    return runs
