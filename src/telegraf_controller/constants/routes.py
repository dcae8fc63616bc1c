"""`/api/constants`: constants over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response

from telegraf_controller import clock
from telegraf_controller.access.require import Caller, ReadSession, WriteSession, requires
from telegraf_controller.configs.change import constant_change
from telegraf_controller.configs.impact import Impact, impact_of
from telegraf_controller.configs.impact_schemas import ImpactRecord
from telegraf_controller.configs.names import require_unheld
from telegraf_controller.constants import actions, queries
from telegraf_controller.constants.schemas import (
    ConstantCreate,
    ConstantImpact,
    ConstantPatch,
    ConstantQuery,
    ConstantRecord,
    ConstantSummary,
)
from telegraf_controller.web.routing import Router
from telegraf_controller.web.schemas import Page

router = Router(prefix="/api/constants", tags=["constants"])

Name = Annotated[str, Path(max_length=128)]


@router.get("", **requires("constants:read"))
async def list_constants(
    wanted: Annotated[ConstantQuery, Query()], by: Caller, session: ReadSession
) -> Page[ConstantSummary]:
    """List constants with how many configurations use each (K1)."""
    constants, total = await queries.list_constants(
        session,
        search=wanted.search.strip(),
        sort_by=wanted.sort_by,
        descending=wanted.sort_order == "desc",
        offset=wanted.offset,
        limit=wanted.limit,
    )
    usage = await queries.count_usage(session, by, [constant.name for constant in constants])
    items = [ConstantSummary.of(constant, usage[constant.name]) for constant in constants]
    return Page[ConstantSummary](items=items, total=total, page=wanted.page, limit=wanted.limit)


@router.post("", status_code=201, **requires("constants:write"))
async def create_constant(
    body: ConstantCreate, by: Caller, session: WriteSession, response: Response
) -> ConstantRecord:
    """Define a constant; configurations that used it undefined are served from now on (K1)."""
    constant = await actions.create_constant(session, by, body.name, body.value, now=clock.now())
    response.headers["Location"] = f"/api/constants/{constant.name}"
    return ConstantRecord.of_used(constant, await queries.usage_of(session, by, constant.name))


@router.get("/{name}", **requires("constants:read"))
async def read_constant(name: Name, by: Caller, session: ReadSession) -> ConstantRecord:
    """Show a constant with the configurations that use it (K1)."""
    constant = await queries.get_constant(session, name)
    return ConstantRecord.of_used(constant, await queries.usage_of(session, by, name))


@router.patch("/{name}", **requires("constants:write"))
async def update_constant(name: Name, body: ConstantPatch, by: Caller, session: WriteSession) -> ConstantRecord:
    """Give a constant another value; `Last-Modified` moves wherever it is used (C2, K1)."""
    constant = await actions.update_constant(
        session, by, name, body.value, accept_impact=body.accept_impact, now=clock.now()
    )
    return ConstantRecord.of_used(constant, await queries.usage_of(session, by, name))


@router.post("/{name}/impact", **requires("constants:read"))
async def show_impact(name: Name, body: ConstantImpact, by: Caller, session: ReadSession) -> ImpactRecord:
    """Tell what another value would mean for today's agents, without giving it (V7)."""
    require_unheld(by)
    constant = await queries.get_constant(session, name)
    if constant.value == body.value:
        return ImpactRecord.of(Impact())
    return ImpactRecord.of(await impact_of(session, by, await constant_change(session, name, body.value)))


@router.delete("/{name}", status_code=204, **requires("constants:delete"))
async def delete_constant(name: Name, by: Caller, session: WriteSession) -> None:
    """Remove a constant that no configuration uses (K1)."""
    await actions.delete_constant(session, by, name, now=clock.now())
