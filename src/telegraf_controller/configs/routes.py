"""`/api/configs`: configurations over HTTP. Agents get their TOML from `serving.py`, in front of these routes."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from telegraf_controller import clock
from telegraf_controller.access.identity import Identity
from telegraf_controller.access.require import Caller, ReadSession, WriteSession, requires
from telegraf_controller.configs import actions, queries, serving
from telegraf_controller.configs.checks import check_toml, problems_of
from telegraf_controller.configs.schemas import (
    ConfigCreate,
    ConfigPatch,
    ConfigQuery,
    ConfigRecord,
    ConfigSaved,
    ConfigSummary,
    ConfigValidate,
    Problems,
    VersionRecord,
    VersionSummary,
)
from telegraf_controller.web.plain import PlainRequest
from telegraf_controller.web.schemas import Page, PageQuery

router = APIRouter(tags=["configurations"])

Key = Annotated[str, Path(alias="idOrAlias", max_length=63)]
VersionNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/api/configs", **requires("configs:read"))
async def list_configs(
    wanted: Annotated[ConfigQuery, Query()], by: Caller, session: ReadSession
) -> Page[ConfigSummary]:
    """List configurations without their texts."""
    configs, total = await queries.list_configs(
        session,
        by,
        search=wanted.search.strip(),
        sort_by=wanted.sort_by,
        descending=wanted.sort_order == "desc",
        offset=wanted.offset,
        limit=wanted.limit,
    )
    items = [ConfigSummary.of(config) for config in configs]
    return Page[ConfigSummary](items=items, total=total, page=wanted.page, limit=wanted.limit)


@router.post("/api/configs", status_code=201, **requires("configs:write"))
async def create_config(body: ConfigCreate, by: Caller, session: WriteSession, response: Response) -> ConfigSaved:
    """Store a configuration as version 1 (V2)."""
    problems = await asyncio.to_thread(check_toml, body.toml)
    created = await actions.create_config(session, by, body.wanted(), now=clock.now())
    response.headers["Location"] = f"/api/configs/{created.config.id}"
    return ConfigSaved.of_saved(created, problems)


@router.post("/api/configs/validate", **requires("configs:read"))
async def validate_toml(body: ConfigValidate) -> Problems:
    """Check a text as a save would, without storing it (Q1)."""
    return Problems.of(await asyncio.to_thread(problems_of, body.toml))


@router.get("/api/configs/{idOrAlias}", **requires("configs:read"))
async def read_config(key: Key, by: Caller, session: ReadSession) -> ConfigRecord:
    """Show a configuration with the text of its current version."""
    return ConfigRecord.of_current(await queries.get_current(session, by, key))


@router.patch("/api/configs/{idOrAlias}", **requires("configs:write"))
async def update_config(key: Key, body: ConfigPatch, by: Caller, session: WriteSession) -> ConfigSaved:
    """Change a configuration; changed text becomes the next version (V2)."""
    problems = [] if body.toml is None else await asyncio.to_thread(check_toml, body.toml)
    changed = await actions.update_config(session, by, key, body.wanted(), now=clock.now())
    return ConfigSaved.of_saved(changed, problems)


@router.delete("/api/configs/{idOrAlias}", status_code=204, **requires("configs:delete"))
async def delete_config(key: Key, by: Caller, session: WriteSession) -> None:
    """Remove a configuration with its versions (V4)."""
    await actions.delete_config(session, by, key, now=clock.now())


@router.get("/api/configs/{idOrAlias}/versions", **requires("configs:read"))
async def list_versions(
    key: Key, wanted: Annotated[PageQuery, Query()], by: Caller, session: ReadSession
) -> Page[VersionSummary]:
    """List a configuration's versions, newest first and without their texts (V3)."""
    config = await queries.get_config(session, by, key)
    versions, total = await queries.list_versions(session, config, offset=wanted.offset, limit=wanted.limit)
    items = [VersionSummary.of(version, config) for version in versions]
    return Page[VersionSummary](items=items, total=total, page=wanted.page, limit=wanted.limit)


@router.get("/api/configs/{idOrAlias}/versions/{version}", **requires("configs:read"))
async def read_version(key: Key, version: VersionNumber, by: Caller, session: ReadSession) -> VersionRecord:
    """Show one version with its text (V3)."""
    config = await queries.get_config(session, by, key)
    return VersionRecord.of_whole(await queries.get_version(session, config, version), config)


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
