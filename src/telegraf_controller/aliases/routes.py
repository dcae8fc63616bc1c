"""Aliases of configurations and groups over HTTP (L1)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.identity import Identity
from telegraf_controller.access.require import Caller, ReadSession, WriteSession, requires
from telegraf_controller.aliases import actions, queries
from telegraf_controller.aliases.schemas import AliasCreate, AliasImpact, AliasRecord, AliasTarget, AliasTransfer
from telegraf_controller.aliases.tables import Alias
from telegraf_controller.configs.impact import Impact, impact_of
from telegraf_controller.configs.impact_schemas import ImpactRecord
from telegraf_controller.configs.moves import lock_content
from telegraf_controller.configs.schemas import AcceptImpact
from telegraf_controller.web.routing import Router
from telegraf_controller.web.schemas import Page, PageQuery

router = Router(tags=["aliases"])

Key = Annotated[str, Path(alias="idOrAlias", max_length=63)]
AliasName = Annotated[str, Path(alias="alias", max_length=63)]
Wanted = Annotated[PageQuery, Query()]
AcceptInQuery = Annotated[AcceptImpact, Query(alias="acceptImpact")]


@router.get("/api/configs/{idOrAlias}/aliases", **requires("configs:read"))
async def list_config_aliases(key: Key, wanted: Wanted, by: Caller, session: ReadSession) -> Page[AliasRecord]:
    """List the aliases of a configuration."""
    return await _listed(session, await queries.config_owner(session, by, key), wanted)


@router.post("/api/configs/{idOrAlias}/aliases", status_code=201, **requires("configs:write"))
async def create_config_alias(
    key: Key, body: AliasCreate, by: Caller, session: WriteSession, response: Response
) -> AliasRecord:
    """Make an alias that leads to a configuration."""
    owner = await queries.config_owner(session, by, key, lock=True)
    created = await actions.create_alias(session, by, body.alias, owner, now=clock.now())
    response.headers["Location"] = f"/c/{created.alias}"
    return await _record(session, created)


@router.get("/api/config-groups/{idOrAlias}/aliases", **requires("config-groups:read"))
async def list_group_aliases(key: Key, wanted: Wanted, by: Caller, session: ReadSession) -> Page[AliasRecord]:
    """List the aliases of a group."""
    return await _listed(session, await queries.group_owner(session, by, key), wanted)


@router.post("/api/config-groups/{idOrAlias}/aliases", status_code=201, **requires("config-groups:write"))
async def create_group_alias(
    key: Key, body: AliasCreate, by: Caller, session: WriteSession, response: Response
) -> AliasRecord:
    """Make an alias that leads to a group."""
    owner = await queries.group_owner(session, by, key, lock=True)
    created = await actions.create_alias(session, by, body.alias, owner, now=clock.now())
    response.headers["Location"] = f"/c/{created.alias}"
    return await _record(session, created)


@router.post("/api/aliases/{alias}/transfer", **requires("configs:write"))
async def transfer_alias(alias: AliasName, body: AliasTransfer, by: Caller, session: WriteSession) -> AliasRecord:
    """Make an alias lead to another configuration or group, in one step."""
    await lock_content(session)
    owner = await _target(session, by, body)
    assert owner is not None
    moved = await actions.transfer_alias(session, by, alias, owner, accept_impact=body.accept_impact, now=clock.now())
    return await _record(session, moved)


@router.post("/api/aliases/{alias}/impact", **requires("configs:read"))
async def show_impact(alias: AliasName, body: AliasImpact, by: Caller, session: ReadSession) -> ImpactRecord:
    """Tell what a transfer would mean for today's agents, or giving the alias up (V7)."""
    before = await queries.owner_of(session, await queries.get_alias(session, by, alias))
    after = await _target(session, by, body)
    for owner in (before, after):
        if owner is not None and owner.group is not None:
            by.require("config-groups:read")
    if before is None or (after is not None and after.id == before.id):
        return ImpactRecord.of(Impact())
    return ImpactRecord.of(await impact_of(session, by, await queries.owner_change(session, alias, before, after)))


@router.delete("/api/aliases/{alias}", status_code=204, **requires("configs:write"))
async def delete_alias(
    alias: AliasName, by: Caller, session: WriteSession, accept_impact: AcceptInQuery = False
) -> None:
    """Give up an alias."""
    await lock_content(session)
    await actions.delete_alias(session, by, alias, accept_impact=accept_impact, now=clock.now())


async def _target(session: AsyncSession, by: Identity, body: AliasTarget) -> queries.Owner | None:
    if body.config_id is not None:
        return await queries.config_owner(session, by, str(body.config_id))
    if body.group_id is not None:
        return await queries.group_owner(session, by, str(body.group_id))
    return None


async def _listed(session: AsyncSession, owner: queries.Owner, wanted: PageQuery) -> Page[AliasRecord]:
    views, total = await queries.list_aliases(session, owner, offset=wanted.offset, limit=wanted.limit)
    items = [AliasRecord.of(view) for view in views]
    return Page[AliasRecord](items=items, total=total, page=wanted.page, limit=wanted.limit)


async def _record(session: AsyncSession, alias: Alias) -> AliasRecord:
    return AliasRecord.of((await queries.views_of(session, [alias]))[0])
