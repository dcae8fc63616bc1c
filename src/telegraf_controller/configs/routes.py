"""`/api/configs`: configurations over HTTP. Agents get their TOML from `serving.py`, in front of these routes."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.identity import Identity
from telegraf_controller.access.require import Caller, InServices, ReadSession, WriteSession, requires
from telegraf_controller.access.services import Services
from telegraf_controller.configs import actions, bulk, queries, serving
from telegraf_controller.configs.around import around
from telegraf_controller.configs.change import text_change
from telegraf_controller.configs.checks import Problem, check_toml, problems_of
from telegraf_controller.configs.impact import Impact, impact_of
from telegraf_controller.configs.impact_schemas import ConfigImpact, ImpactRecord
from telegraf_controller.configs.schemas import (
    ConfigBulk,
    ConfigCreate,
    ConfigPatch,
    ConfigQuery,
    ConfigRecord,
    ConfigSaved,
    ConfigSummary,
    ConfigValidate,
    Problems,
    VariablesRecord,
)
from telegraf_controller.configs.variables import variables_of
from telegraf_controller.labels.assignments import change_labels_of
from telegraf_controller.labels.carriers import CONFIGS
from telegraf_controller.labels.schemas import LabelAssignment, bulk_answer
from telegraf_controller.web.declared import also
from telegraf_controller.web.plain import PlainRequest
from telegraf_controller.web.routing import Router
from telegraf_controller.web.schemas import BulkAnswer, BulkResult, Page

router = Router(tags=["configurations"])

Key = Annotated[str, Path(alias="idOrAlias", max_length=63)]
LabelId = Annotated[UUID, Path(alias="labelId")]


@router.get("/api/configs", **requires("configs:read"))
async def list_configs(
    wanted: Annotated[ConfigQuery, Query()], by: Caller, session: ReadSession
) -> Page[ConfigSummary]:
    """List configurations without their texts."""
    configs, total = await queries.list_configs(
        session,
        by,
        search=wanted.search.strip(),
        labels=wanted.label,
        sort_by=wanted.sort_by,
        descending=wanted.sort_order == "desc",
        offset=wanted.offset,
        limit=wanted.limit,
    )
    arounds = await around(session, configs)
    items = [ConfigSummary.of(config, arounds) for config in configs]
    return Page[ConfigSummary](items=items, total=total, page=wanted.page, limit=wanted.limit)


@router.post("/api/configs", status_code=201, responses=also(404), **requires("configs:write"))
async def create_config(
    body: ConfigCreate, by: Caller, session: WriteSession, services: InServices, response: Response
) -> ConfigSaved:
    """Store a configuration as version 1 (V2)."""
    problems = await _checked(services, body.toml)
    created = await actions.create_config(session, by, body.wanted(), now=clock.now())
    response.headers["Location"] = f"/api/configs/{created.config.id}"
    return ConfigSaved.of_saved(created, await around(session, [created.config]), problems)


@router.post("/api/configs/validate", **requires("configs:read"))
async def validate_toml(body: ConfigValidate, session: ReadSession) -> Problems:
    """Check a text as a save would, without storing it (Q1)."""
    constants = await queries.constants_in(session, body.toml)
    return Problems.of(await asyncio.to_thread(problems_of, body.toml, constants))


@router.post("/api/configs/bulk/delete", **requires("configs:delete"))
async def bulk_delete(body: ConfigBulk, by: Caller, session: WriteSession) -> BulkAnswer:
    """Remove many configurations; the answer says for each what happened (V4)."""
    done = await bulk.delete_configs(session, by, body.ids, now=clock.now())
    return BulkAnswer.of([BulkResult(id=str(key), ok=code is None, error=code) for key, code in done.items()])


@router.put("/api/configs/bulk/labels/assign", responses=also(404), **requires("configs:write"))
async def bulk_assign_labels(body: LabelAssignment, by: Caller, session: WriteSession) -> BulkAnswer:
    """Put labels on many configurations; the answer says for each what happened (B1)."""
    there, refused = await bulk.label_configs(session, by, body.ids, add=body.label_ids, now=clock.now())
    return bulk_answer(body.ids, there, refused)


@router.put("/api/configs/bulk/labels/remove", responses=also(404), **requires("configs:write"))
async def bulk_remove_labels(body: LabelAssignment, by: Caller, session: WriteSession) -> BulkAnswer:
    """Take labels off many configurations; the answer says for each what happened (B1)."""
    there, refused = await bulk.label_configs(session, by, body.ids, remove=body.label_ids, now=clock.now())
    return bulk_answer(body.ids, there, refused)


@router.get("/api/configs/{idOrAlias}", **requires("configs:read"))
async def read_config(key: Key, by: Caller, session: ReadSession) -> ConfigRecord:
    """Show a configuration with the text of its current version."""
    return await _record(session, await queries.get_current(session, by, key))


@router.patch("/api/configs/{idOrAlias}", **requires("configs:write"))
async def update_config(
    key: Key, body: ConfigPatch, by: Caller, session: WriteSession, services: InServices
) -> ConfigSaved:
    """Change a configuration; changed text becomes the next version (V2)."""
    problems = [] if body.toml is None else await _checked(services, body.toml)
    changed = await actions.update_config(session, by, key, body.wanted(), now=clock.now())
    return ConfigSaved.of_saved(changed, await around(session, [changed.config]), problems)


@router.post("/api/configs/{idOrAlias}/impact", **requires("configs:read"))
async def show_impact(key: Key, body: ConfigImpact, by: Caller, session: ReadSession) -> ImpactRecord:
    """Tell what another text, or an older version, would mean for today's agents, without saving it (V7)."""
    current = await queries.get_current(session, by, key)
    toml = body.toml
    if body.version is not None:
        toml = (await queries.get_version(session, current.config, body.version)).toml
    change = None if toml in (None, current.toml) else await text_change(session, current.config.id, toml or "")
    return ImpactRecord.of(Impact() if change is None else await impact_of(session, by, change))


@router.delete("/api/configs/{idOrAlias}", status_code=204, **requires("configs:delete"))
async def delete_config(key: Key, by: Caller, session: WriteSession) -> None:
    """Remove a configuration with its versions (V4)."""
    await actions.delete_config(session, by, key, now=clock.now())


@router.post("/api/configs/{idOrAlias}/duplicate", status_code=201, **requires("configs:write"))
async def duplicate_config(key: Key, by: Caller, session: WriteSession, response: Response) -> ConfigRecord:
    """Store a copy under a name of its own (V4)."""
    copy = await actions.duplicate_config(session, by, key, now=clock.now())
    response.headers["Location"] = f"/api/configs/{copy.config.id}"
    return await _record(session, copy)


@router.get("/api/configs/{idOrAlias}/variables", **requires("configs:read"))
async def list_variables(key: Key, by: Caller, session: ReadSession) -> VariablesRecord:
    """List the parameters, environment variables, secrets and constants that the served text uses (Q3)."""
    toml = (await queries.get_current(session, by, key)).toml
    constants = await queries.constants_in(session, toml)
    return VariablesRecord.of(await asyncio.to_thread(variables_of, toml, constants), constants)


@router.post("/api/configs/{idOrAlias}/assign/{labelId}", **requires("configs:write"))
async def assign_label(key: Key, label_id: LabelId, by: Caller, session: WriteSession) -> ConfigRecord:
    """Put a label on a configuration (B1)."""
    current = await queries.get_current(session, by, key)
    await change_labels_of(session, by, CONFIGS, current.config.id, add=[label_id], now=clock.now())
    return await _record(session, current)


@router.delete("/api/configs/{idOrAlias}/labels/{labelId}", status_code=204, **requires("configs:write"))
async def remove_label(key: Key, label_id: LabelId, by: Caller, session: WriteSession) -> None:
    """Take a label off a configuration; one that it does not have is off already (B1)."""
    config = await queries.get_config(session, by, key)
    await change_labels_of(session, by, CONFIGS, config.id, remove=[label_id], now=clock.now())


async def _checked(services: Services, toml: str) -> list[Problem]:
    """Check a text that is to be saved, before the change begins: on SQLite that holds up every other one."""
    async with services.database.read() as session:
        constants = await queries.constants_in(session, toml)
    return await asyncio.to_thread(check_toml, toml, constants)


async def _record(session: AsyncSession, current: queries.CurrentConfig) -> ConfigRecord:
    return ConfigRecord.of_current(current, await around(session, [current.config]))


_LAST_MODIFIED = "Moves whenever the served text could differ, by at least a second, and never otherwise (C2)."

_TOML: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {
            "description": "The text with its placeholders filled in. Query parameters are the values of `&{…}` (C3).",
            "content": {"text/x-toml": {"schema": {"type": "string"}}},
            "headers": {
                "Last-Modified": {"description": _LAST_MODIFIED, "schema": {"type": "string"}},
                "ETag": {"description": "Of the bytes served.", "schema": {"type": "string"}},
            },
        },
        304: {"description": "What `If-None-Match` or `If-Modified-Since` names is current."},
    },
}


@router.get("/api/configs/{idOrAlias}/toml", **requires(serving.PERMISSION), **_TOML)
async def serve_toml(key: Key, by: Caller, request: Request) -> Response:
    """Serve a configuration to an agent (C1)."""
    return await _served(request, by, serving.Target(key, short=False))


@router.head("/api/configs/{idOrAlias}/toml", **requires(serving.PERMISSION), **_TOML)
async def watch_toml(key: Key, by: Caller, request: Request) -> Response:
    """Serve the headers of a configuration, which Telegraf watches (C2)."""
    return await _served(request, by, serving.Target(key, short=False))


@router.get("/c/{alias}", **requires(serving.PERMISSION), **_TOML)
async def serve_short(alias: str, by: Caller, request: Request) -> Response:
    """Serve what an alias names to an agent (C1)."""
    return await _served(request, by, serving.Target(alias, short=True))


@router.head("/c/{alias}", **requires(serving.PERMISSION), **_TOML)
async def watch_short(alias: str, by: Caller, request: Request) -> Response:
    """Serve the headers of what an alias names, which Telegraf watches (C2)."""
    return await _served(request, by, serving.Target(alias, short=True))


async def _served(request: Request, by: Identity, target: serving.Target) -> Response:
    """Answer a browser from the server that answers agents: two ways of serving would be two truths."""
    answer = await serving.server_in(request.scope).answer(PlainRequest(request.scope), target, by=by)
    response = Response(b"" if request.method == "HEAD" else answer.body, status_code=answer.status)
    response.raw_headers = answer.headers
    return response
