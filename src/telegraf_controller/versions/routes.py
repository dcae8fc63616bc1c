"""`/api/configs/{idOrAlias}/versions`: the versions of a configuration over HTTP."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Path, Query

from telegraf_controller import clock
from telegraf_controller.access.require import Caller, InServices, ReadSession, WriteSession, requires
from telegraf_controller.configs import queries
from telegraf_controller.configs.around import around
from telegraf_controller.configs.checks import check_toml
from telegraf_controller.configs.schemas import ConfigSaved, VersionRecord, VersionSummary
from telegraf_controller.versions import actions
from telegraf_controller.versions.compare import compare
from telegraf_controller.versions.schemas import (
    CompareQuery,
    Comparison,
    Number,
    PruneAnswer,
    Rollback,
    VersionPatch,
    VersionPrune,
)
from telegraf_controller.web.routing import Router
from telegraf_controller.web.schemas import Page, PageQuery

router = Router(prefix="/api/configs/{idOrAlias}/versions", tags=["versions"])

Key = Annotated[str, Path(alias="idOrAlias", max_length=63)]
VersionNumber = Annotated[Number, Path()]


@router.get("", **requires("configs:read"))
async def list_versions(
    key: Key, wanted: Annotated[PageQuery, Query()], by: Caller, session: ReadSession
) -> Page[VersionSummary]:
    """List a configuration's versions, newest first and without their texts (V3)."""
    config = await queries.get_config(session, by, key)
    versions, total = await queries.list_versions(session, config, offset=wanted.offset, limit=wanted.limit)
    items = [VersionSummary.of(version, config) for version in versions]
    return Page[VersionSummary](items=items, total=total, page=wanted.page, limit=wanted.limit)


# Stands before `/{version}`, which would take `compare` for a number.
@router.get("/compare", **requires("configs:read"))
async def compare_versions(
    key: Key, wanted: Annotated[CompareQuery, Query()], by: Caller, session: ReadSession
) -> Comparison:
    """Show what differs between two versions; the lower number is the base (V3)."""
    config = await queries.get_config(session, by, key)
    base, head = [await queries.get_version(session, config, number) for number in sorted((wanted.base, wanted.head))]
    difference = await asyncio.to_thread(
        compare,
        base.toml,
        head.toml,
        base_name=f"version {base.version}",
        head_name=f"version {head.version}",
    )
    return Comparison.of(base, head, config, difference)


@router.post("/prune", **requires("configs:delete"))
async def prune_versions(key: Key, body: VersionPrune, by: Caller, session: WriteSession) -> PruneAnswer:
    """Remove versions; the one that is served stays (V3)."""
    return PruneAnswer.of(await actions.prune(session, by, key, body.wanted(), now=clock.now()))


@router.get("/{version}", **requires("configs:read"))
async def read_version(key: Key, version: VersionNumber, by: Caller, session: ReadSession) -> VersionRecord:
    """Show one version with its text (V3)."""
    config = await queries.get_config(session, by, key)
    return VersionRecord.of_whole(await queries.get_version(session, config, version), config)


@router.patch("/{version}", **requires("configs:write"))
async def edit_note(
    key: Key, version: VersionNumber, body: VersionPatch, by: Caller, session: WriteSession
) -> VersionSummary:
    """Give a version another note (V3)."""
    config, changed = await actions.edit_note(session, by, key, version, body.note, now=clock.now())
    return VersionSummary.of(changed, config)


@router.delete("/{version}", status_code=204, **requires("configs:delete"))
async def delete_version(key: Key, version: VersionNumber, by: Caller, session: WriteSession) -> None:
    """Remove one version; not the one that is served (V3)."""
    await actions.delete_version(session, by, key, version, now=clock.now())


@router.post("/{version}/rollback", **requires("configs:write"))
async def roll_back(
    key: Key,
    version: VersionNumber,
    by: Caller,
    session: WriteSession,
    services: InServices,
    body: Rollback | None = None,
) -> ConfigSaved:
    """Serve the text of an older version again, as a new version (V3)."""
    # The check takes its time, so it is over before the change begins: on SQLite that holds up every other one.
    async with services.database.read() as reading:
        config = await queries.get_config(reading, by, key)
        source = await queries.get_version(reading, config, version)
        constants = await queries.constants_in(reading, source.toml)
    problems = await asyncio.to_thread(check_toml, source.toml, constants)
    # By its id, as what the alias names may be another one by now.
    accept_impact = body is not None and body.accept_impact
    rolled_back = await actions.roll_back(
        session, by, str(config.id), version, accept_impact=accept_impact, now=clock.now()
    )
    return ConfigSaved.of_saved(rolled_back, await around(session, [config]), problems)
