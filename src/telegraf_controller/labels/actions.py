"""Changing labels. Each function works in the caller's transaction and records its change in the audit trail."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Target, before_and_after, record
from telegraf_controller.db.unique import unique_or
from telegraf_controller.errors import Conflict, NotFound
from telegraf_controller.labels.assignments import hold_assignments
from telegraf_controller.labels.queries import get_label
from telegraf_controller.labels.tables import Label

DEFAULT_COLOR = "#64748b"


@dataclass(frozen=True, slots=True)
class LabelChange:
    """What is to change; None leaves a field as it is."""

    name: str | None = None
    description: str | None = None
    color: str | None = None


async def create_label(
    session: AsyncSession,
    by: Identity,
    *,
    name: str,
    description: str = "",
    color: str = DEFAULT_COLOR,
    now: datetime,
) -> Label:
    """Store a label (B1). Raises Conflict `label_name_conflict`."""
    label = Label(
        name=name,
        description=description,
        color=color,
        created_at=now,
        created_by=by.username,
        updated_at=now,
        updated_by=by.username,
    )
    session.add(label)
    await _flush(session, name)
    await record(session, by, "label.create", target=_target(label), changes={"color": [None, color]}, now=now)
    return label


async def update_label(
    session: AsyncSession, by: Identity, label_id: UUID, change: LabelChange, *, now: datetime
) -> Label:
    """Change a label wherever it is. Raises NotFound, Conflict `label_name_conflict`."""
    label = await get_label(session, label_id, lock=True)
    before = _shown(label)
    for field in ("name", "description", "color"):
        value = getattr(change, field)
        if value is not None:
            setattr(label, field, value)
    changes = before_and_after(before, _shown(label))
    if changes:
        label.updated_at = now
        label.updated_by = by.username
        await _flush(session, label.name)
        await record(session, by, "label.update", target=_target(label), changes=changes, now=now)
    return label


async def delete_label(session: AsyncSession, by: Identity, label_id: UUID, *, now: datetime) -> None:
    """Remove a label, also from everything that carries it (B1). Raises NotFound."""
    if not await delete_labels(session, by, [label_id], now=now):
        raise NotFound("label", label_id)


async def delete_labels(session: AsyncSession, by: Identity, ids: Collection[UUID], *, now: datetime) -> set[UUID]:
    """Remove labels, also from everything that carries them (B1). Returns the ids that there were."""
    labels = list(await session.scalars(select(Label).where(Label.id.in_(ids)).order_by(Label.id).with_for_update()))
    found = {label.id for label in labels}
    await hold_assignments(session, found)
    for label in labels:
        await record(session, by, "label.delete", target=_target(label), now=now)
    await session.execute(delete(Label).where(Label.id.in_(found)), execution_options={"synchronize_session": False})
    return found


async def _flush(session: AsyncSession, name: str) -> None:
    taken = Conflict("label_name_conflict", f"There is already a label named {name!r}.", name=name)
    with unique_or({"labels.name": taken}):
        await session.flush()


def _shown(label: Label) -> dict[str, object]:
    return {"name": label.name, "description": label.description, "color": label.color}


def _target(label: Label) -> Target:
    return Target("label", label.id, label.name)
