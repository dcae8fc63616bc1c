"""Reading labels, and finding what carries them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.db.text import contains
from telegraf_controller.errors import NotFound
from telegraf_controller.labels.carriers import AGENTS, CONFIGS, GROUPS, Carrier
from telegraf_controller.labels.tables import Label

SortKey = Literal["name", "createdAt", "updatedAt"]


async def get_label(session: AsyncSession, label_id: UUID, *, lock: bool = False) -> Label:
    """Return one label. Raises NotFound. With `lock`, nobody else changes, assigns or deletes it meanwhile."""
    statement = select(Label).where(Label.id == label_id)
    label = await session.scalar(statement.with_for_update() if lock else statement)
    if label is None:
        raise NotFound("label", label_id)
    return label


async def list_labels(
    session: AsyncSession,
    *,
    search: str = "",
    sort_by: SortKey = "name",
    descending: bool = False,
    offset: int = 0,
    limit: int = 25,
) -> tuple[list[Label], int]:
    """Return one page of labels, and how many there are. A search looks into names and descriptions."""
    statement = select(Label)
    if search:
        statement = statement.where(or_(contains(Label.name, search), contains(Label.description, search)))
    total = await session.scalar(select(func.count()).select_from(statement.subquery()))
    column: SQLColumnExpression[Any] = {
        "name": func.lower(Label.name),
        "createdAt": Label.created_at,
        "updatedAt": Label.updated_at,
    }[sort_by]
    order = column.desc() if descending else column.asc()
    rows = await session.scalars(statement.order_by(order, Label.id).offset(offset).limit(limit))
    return list(rows), total or 0


@dataclass(frozen=True, slots=True)
class LabelUse:
    """How many of each kind carry a label."""

    configs: int = 0
    groups: int = 0
    agents: int = 0


async def count_use(session: AsyncSession, label_ids: Collection[UUID]) -> dict[UUID, LabelUse]:
    """Return for each label how much carries it (B1): what its removal is about."""
    counts: dict[Carrier, dict[UUID, int]] = {}
    for carrier in (CONFIGS, GROUPS, AGENTS):
        grouped = select(carrier.label, func.count()).where(carrier.label.in_(label_ids)).group_by(carrier.label)
        counts[carrier] = dict((await session.execute(grouped)).all())
    return {
        label: LabelUse(*(counts[carrier].get(label, 0) for carrier in (CONFIGS, GROUPS, AGENTS)))
        for label in label_ids
    }


async def labels_of(session: AsyncSession, carrier: Carrier, ids: Collection[UUID]) -> dict[UUID, list[Label]]:
    """Return the labels of each that has any, in the order of their names."""
    found: dict[UUID, list[Label]] = defaultdict(list)
    if ids:
        rows = await session.execute(
            select(carrier.owner, Label)
            .join(Label, Label.id == carrier.label)
            .where(carrier.owner.in_(ids))
            .order_by(func.lower(Label.name), Label.id)
        )
        for owner, label in rows:
            found[owner].append(label)
    return found


def having_label(
    carrier: Carrier, owner: SQLColumnExpression[UUID], wanted: Sequence[str]
) -> list[ColumnElement[bool]]:
    """The conditions that `owner`, the id column of a list, carries all the wanted labels, each by its id or name."""
    return [owner.in_(_carrying(carrier, key)) for key in dict.fromkeys(wanted)]


def _carrying(carrier: Carrier, key: str) -> Any:
    named = [Label.name == key]
    with suppress(ValueError):
        named.append(Label.id == UUID(key))
    return select(carrier.owner).join(Label, Label.id == carrier.label).where(or_(*named))
