"""`/api/labels`: labels over HTTP. They are put on things at the things' own paths."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.require import Caller, GlanceSession, WriteSession, requires
from telegraf_controller.labels import actions, queries
from telegraf_controller.labels.queries import LabelUse
from telegraf_controller.labels.schemas import (
    LabelBulk,
    LabelCreate,
    LabelPatch,
    LabelQuery,
    LabelRecord,
    bulk_answer,
)
from telegraf_controller.labels.tables import Label
from telegraf_controller.web.routing import Router
from telegraf_controller.web.schemas import BulkAnswer, Page

router = Router(prefix="/api/labels", tags=["labels"])

LabelId = Annotated[UUID, Path(alias="labelId")]


@router.get("", **requires("labels:read"))
async def list_labels(wanted: Annotated[LabelQuery, Query()], session: GlanceSession) -> Page[LabelRecord]:
    """List labels (B1)."""
    labels, total = await queries.list_labels(
        session,
        search=wanted.search.strip(),
        sort_by=wanted.sort_by,
        descending=wanted.sort_order == "desc",
        offset=wanted.offset,
        limit=wanted.limit,
    )
    use = await queries.count_use(session, [label.id for label in labels])
    items = [LabelRecord.of(label, use[label.id]) for label in labels]
    return Page[LabelRecord](items=items, total=total, page=wanted.page, limit=wanted.limit)


@router.post("", status_code=201, **requires("labels:write"))
async def create_label(body: LabelCreate, by: Caller, session: WriteSession, response: Response) -> LabelRecord:
    """Store a label (B1)."""
    label = await actions.create_label(
        session, by, name=body.name, description=body.description, color=body.color, now=clock.now()
    )
    response.headers["Location"] = f"/api/labels/{label.id}"
    return LabelRecord.of(label, LabelUse())


@router.delete("", **requires("labels:delete"))
async def delete_labels(body: LabelBulk, by: Caller, session: WriteSession) -> BulkAnswer:
    """Remove many labels, also from everything that carries them; the answer says for each what happened (B1)."""
    return bulk_answer(body.ids, await actions.delete_labels(session, by, set(body.ids), now=clock.now()))


@router.get("/{labelId}", **requires("labels:read"))
async def read_label(label_id: LabelId, session: GlanceSession) -> LabelRecord:
    """Show one label."""
    return await _shown(session, await queries.get_label(session, label_id))


@router.patch("/{labelId}", **requires("labels:write"))
async def update_label(label_id: LabelId, body: LabelPatch, by: Caller, session: WriteSession) -> LabelRecord:
    """Change a label wherever it is."""
    return await _shown(session, await actions.update_label(session, by, label_id, body.wanted(), now=clock.now()))


@router.delete("/{labelId}", status_code=204, **requires("labels:delete"))
async def delete_label(label_id: LabelId, by: Caller, session: WriteSession) -> None:
    """Remove a label, also from everything that carries it (B1)."""
    await actions.delete_label(session, by, label_id, now=clock.now())


async def _shown(session: AsyncSession, label: Label) -> LabelRecord:
    return LabelRecord.of(label, (await queries.count_use(session, [label.id]))[label.id])
