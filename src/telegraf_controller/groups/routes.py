"""`/api/config-groups`: groups over HTTP. Agents get their TOML from `configs/serving.py`, in front of these routes."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.identity import Identity
from telegraf_controller.access.require import Caller, ReadSession, WriteSession, requires
from telegraf_controller.configs import serving
from telegraf_controller.configs.change import group_change, members_of
from telegraf_controller.configs.impact import Impact, impact_of
from telegraf_controller.configs.impact_schemas import ImpactRecord
from telegraf_controller.configs.merge import merge_texts
from telegraf_controller.configs.queries import constants_in
from telegraf_controller.configs.schemas import AcceptImpact, VariablesRecord
from telegraf_controller.configs.variables import variables_of
from telegraf_controller.groups import actions, queries
from telegraf_controller.groups.check import Merged, check_merged, defined_constants, read_members
from telegraf_controller.groups.schemas import (
    GroupCreate,
    GroupImpact,
    GroupPatch,
    GroupPreview,
    GroupQuery,
    GroupRecord,
    GroupSummary,
)
from telegraf_controller.groups.tables import ConfigGroup
from telegraf_controller.labels.assignments import change_labels_of
from telegraf_controller.labels.carriers import GROUPS
from telegraf_controller.labels.schemas import LabelAssignment, bulk_answer
from telegraf_controller.web.declared import also
from telegraf_controller.web.plain import PlainRequest
from telegraf_controller.web.routing import Router
from telegraf_controller.web.schemas import BulkAnswer, Page

router = Router(prefix="/api/config-groups", tags=["groups"])

Key = Annotated[str, Path(alias="idOrAlias", max_length=63)]
LabelId = Annotated[UUID, Path(alias="labelId")]
AcceptInQuery = Annotated[AcceptImpact, Query(alias="acceptImpact")]


@router.get("", **requires("config-groups:read"))
async def list_groups(wanted: Annotated[GroupQuery, Query()], by: Caller, session: ReadSession) -> Page[GroupSummary]:
    """List groups."""
    groups, total = await queries.list_groups(
        session,
        by,
        search=wanted.search.strip(),
        labels=wanted.label,
        sort_by=wanted.sort_by,
        descending=wanted.sort_order == "desc",
        offset=wanted.offset,
        limit=wanted.limit,
    )
    items = [GroupSummary.of(view) for view in await queries.views_of(session, groups)]
    return Page[GroupSummary](items=items, total=total, page=wanted.page, limit=wanted.limit)


@router.post("", status_code=201, **requires("config-groups:write"))
async def create_group(body: GroupCreate, by: Caller, session: WriteSession, response: Response) -> GroupRecord:
    """Store a group (G1)."""
    group = await actions.create_group(session, by, body.wanted(), now=clock.now())
    response.headers["Location"] = f"/api/config-groups/{group.id}"
    return await _record(session, group)


@router.put("/bulk/labels/assign", responses=also(404), **requires("config-groups:write"))
async def bulk_assign_labels(body: LabelAssignment, by: Caller, session: WriteSession) -> BulkAnswer:
    """Put labels on many groups; the answer says for each what happened (B1)."""
    there, refused = await actions.label_groups(session, by, body.ids, add=body.label_ids, now=clock.now())
    return bulk_answer(body.ids, there, refused)


@router.put("/bulk/labels/remove", responses=also(404), **requires("config-groups:write"))
async def bulk_remove_labels(body: LabelAssignment, by: Caller, session: WriteSession) -> BulkAnswer:
    """Take labels off many groups; the answer says for each what happened (B1)."""
    there, refused = await actions.label_groups(session, by, body.ids, remove=body.label_ids, now=clock.now())
    return bulk_answer(body.ids, there, refused)


@router.get("/{idOrAlias}", **requires("config-groups:read"))
async def read_group(key: Key, by: Caller, session: ReadSession) -> GroupRecord:
    """Show a group and what is wrong with its text as a whole (G1)."""
    return await _record(session, await queries.get_group(session, by, key))


@router.get("/{idOrAlias}/preview", **requires("config-groups:read"))
async def preview_group(key: Key, by: Caller, session: ReadSession) -> GroupPreview:
    """Show a group's whole text, with placeholders unfilled, and what is wrong with it (G1)."""
    return GroupPreview.of(await _merged(session, await queries.get_group(session, by, key)))


@router.get("/{idOrAlias}/variables", **requires("config-groups:read"))
async def list_variables(key: Key, by: Caller, session: ReadSession) -> VariablesRecord:
    """List the parameters, environment variables, secrets and constants that the text of all members uses (Q3)."""
    members = await read_members(session, await queries.get_group(session, by, key))
    toml = merge_texts([(member.heading, member.toml) for member in members])
    constants = await constants_in(session, toml)
    return VariablesRecord.of(await asyncio.to_thread(variables_of, toml, constants), constants)


@router.patch("/{idOrAlias}", **requires("config-groups:write"))
async def update_group(key: Key, body: GroupPatch, by: Caller, session: WriteSession) -> GroupRecord:
    """Change a group; another order or membership moves `Last-Modified` (C2)."""
    return await _record(session, await actions.update_group(session, by, key, body.wanted(), now=clock.now()))


@router.post("/{idOrAlias}/impact", **requires("config-groups:read"))
async def show_impact(key: Key, body: GroupImpact, by: Caller, session: ReadSession) -> ImpactRecord:
    """Tell what other members, another order or no group at all would mean for today's agents (V7)."""
    group = await queries.get_group(session, by, key)
    before = (await members_of(session, [group.id]))[group.id]
    if body.members == before:
        return ImpactRecord.of(Impact())
    if body.members is not None:
        await queries.names_of_members(session, by, body.members, there_already=before)
    change = await group_change(session, group.id, before, body.members)
    return ImpactRecord.of(await impact_of(session, by, change))


@router.delete("/{idOrAlias}", status_code=204, **requires("config-groups:delete"))
async def delete_group(key: Key, by: Caller, session: WriteSession, accept_impact: AcceptInQuery = False) -> None:
    """Remove a group and its aliases; its members stay (G1)."""
    await actions.delete_group(session, by, key, accept_impact=accept_impact, now=clock.now())


@router.post("/{idOrAlias}/assign/{labelId}", **requires("config-groups:write"))
async def assign_label(key: Key, label_id: LabelId, by: Caller, session: WriteSession) -> GroupRecord:
    """Put a label on a group (B1)."""
    group = await queries.get_group(session, by, key)
    await change_labels_of(session, by, GROUPS, group.id, add=[label_id], now=clock.now())
    return await _record(session, group)


@router.delete("/{idOrAlias}/labels/{labelId}", status_code=204, **requires("config-groups:write"))
async def remove_label(key: Key, label_id: LabelId, by: Caller, session: WriteSession) -> None:
    """Take a label off a group; one that it does not have is off already (B1)."""
    group = await queries.get_group(session, by, key)
    await change_labels_of(session, by, GROUPS, group.id, remove=[label_id], now=clock.now())


_TOML: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {
            "description": "The members' texts in order, with placeholders filled in from query parameters (C3, G1).",
            "content": {"text/x-toml": {"schema": {"type": "string"}}},
            "headers": {
                "Last-Modified": {
                    "description": "Moves whenever the served text could differ, by at least a second (C2).",
                    "schema": {"type": "string"},
                },
                "ETag": {"description": "Of the bytes served.", "schema": {"type": "string"}},
            },
        },
        304: {"description": "What `If-None-Match` or `If-Modified-Since` names is current."},
    },
}


@router.get("/{idOrAlias}/toml", **requires(serving.GROUP_PERMISSION), **_TOML)
async def serve_toml(key: Key, by: Caller, request: Request) -> Response:
    """Serve a group to an agent as one document (C1, G1)."""
    return await _served(request, by, key)


@router.head("/{idOrAlias}/toml", **requires(serving.GROUP_PERMISSION), **_TOML)
async def watch_toml(key: Key, by: Caller, request: Request) -> Response:
    """Serve the headers of a group, which Telegraf watches (C2, G1)."""
    return await _served(request, by, key)


async def _served(request: Request, by: Identity, key: str) -> Response:
    """Answer a browser from the server that answers agents: two ways of serving would be two truths."""
    target = serving.Target(key, short=False, kind="group")
    answer = await serving.server_in(request.scope).answer(PlainRequest(request.scope), target, by=by)
    response = Response(b"" if request.method == "HEAD" else answer.body, status_code=answer.status)
    response.raw_headers = answer.headers
    return response


async def _record(session: AsyncSession, group: ConfigGroup) -> GroupRecord:
    view = (await queries.views_of(session, [group]))[0]
    return GroupRecord.of_checked(view, await _merged(session, group))


async def _merged(session: AsyncSession, group: ConfigGroup) -> Merged:
    members, constants = await read_members(session, group), await defined_constants(session)
    return await asyncio.to_thread(check_merged, members, constants)
