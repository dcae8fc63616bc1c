"""Putting labels on things and taking them off, in the caller's transaction and recorded with it.

Labels say nothing about what is served: they move no `Last-Modified` (C2), and a thing does not count as changed.

Things are held first, then labels, then assignments, each in the order of their ids; whoever deletes does the same. So
nobody waits in a circle, and nothing is put on what is gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Target, record
from telegraf_controller.errors import NotFound
from telegraf_controller.labels.carriers import CARRIERS, Carrier
from telegraf_controller.labels.tables import Label

_BATCH = 5000
"""How many rows one statement writes: a database takes only so many values at once."""

Pairs = dict[UUID, set[UUID]]
"""Ids of labels by the id of what carries them."""


async def change_labels(
    session: AsyncSession,
    by: Identity,
    carrier: Carrier,
    ids: Collection[UUID],
    *,
    add: Collection[UUID] = (),
    remove: Collection[UUID] = (),
    now: datetime,
) -> set[UUID]:
    """Put labels on things and take others off (B1); what is so already stays. Returns the ids that there are.

    Raises NotFound when there is no such label.
    """
    names = await _hold_things(session, carrier, ids)
    labels = await _hold_labels(session, {*add, *remove})
    added = await _add(session, carrier, sorted(names), sorted(add))
    removed = await _remove(session, carrier, names, remove)
    for owner, name in names.items():
        changes = {"added": _names(added, owner, labels), "removed": _names(removed, owner, labels)}
        if any(changes.values()):
            target = Target(carrier.kind, owner, name)
            await record(session, by, f"{carrier.kind}.labels", target=target, changes=changes, now=now)
    return set(names)


async def change_labels_of(
    session: AsyncSession,
    by: Identity,
    carrier: Carrier,
    owner: UUID,
    *,
    add: Collection[UUID] = (),
    remove: Collection[UUID] = (),
    now: datetime,
) -> None:
    """The same for one thing. Raises NotFound also when there is no such thing."""
    if not await change_labels(session, by, carrier, [owner], add=add, remove=remove, now=now):
        raise NotFound(carrier.what, owner)


async def set_labels(
    session: AsyncSession, by: Identity, carrier: Carrier, owner: UUID, wanted: Collection[UUID], *, now: datetime
) -> None:
    """Make these the labels of one thing, which the caller holds. Raises NotFound."""
    current = set(await session.scalars(select(carrier.label).where(carrier.owner == owner)))
    add, remove = set(wanted) - current, current - set(wanted)
    if add or remove:
        await change_labels_of(session, by, carrier, owner, add=add, remove=remove, now=now)


async def hold_assignments(session: AsyncSession, label_ids: Collection[UUID]) -> None:
    """Before labels are deleted: hold all that says who carries them, in the order that others go by."""
    for carrier in CARRIERS:
        held = (
            select(carrier.owner)
            .where(carrier.label.in_(label_ids))
            .order_by(carrier.owner, carrier.label)
            .with_for_update()
        )
        # Counted, so that the ids of a whole fleet need not travel here.
        await session.execute(select(func.count()).select_from(held.subquery()))


async def _hold_things(session: AsyncSession, carrier: Carrier, ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of those that there are; nobody deletes one of them until the transaction ends."""
    statement = (
        select(carrier.id.label("id"), carrier.name.label("name")).where(carrier.id.in_(ids)).order_by(carrier.id)
    )
    rows = await session.execute(statement.with_for_update(read=True, key_share=True))
    return {row.id: row.name for row in rows}


async def _hold_labels(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of labels; nobody deletes one of them until the transaction ends. Raises NotFound."""
    statement = select(Label.id, Label.name).where(Label.id.in_(ids)).order_by(Label.id)
    rows = await session.execute(statement.with_for_update(read=True, key_share=True))
    names = {row.id: row.name for row in rows}
    for missing in sorted(set(ids) - set(names)):
        raise NotFound("label", missing)
    return names


async def _add(session: AsyncSession, carrier: Carrier, owners: list[UUID], labels: list[UUID]) -> Pairs:
    """Put each label on each thing; return what is new."""
    rows = [{carrier.owner.key: owner, carrier.label.key: label} for owner in owners for label in labels]
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    added: list[tuple[UUID, UUID]] = []
    for start in range(0, len(rows), _BATCH):
        statement = insert(carrier.assignments).values(rows[start : start + _BATCH]).on_conflict_do_nothing()
        added += [(owner, label) for owner, label in await session.execute(
            statement.returning(carrier.owner, carrier.label)
        )]  # fmt: skip
    return _gathered(added)


async def _remove(session: AsyncSession, carrier: Carrier, owners: Collection[UUID], labels: Collection[UUID]) -> Pairs:
    """Take each label off each thing; return what was there."""
    if not owners or not labels:
        return {}
    there = (carrier.owner.in_(owners), carrier.label.in_(labels))
    held = select(carrier.owner, carrier.label).where(*there).order_by(carrier.owner, carrier.label)
    removed = [(owner, label) for owner, label in await session.execute(held.with_for_update())]
    await session.execute(delete(carrier.assignments).where(*there))
    return _gathered(removed)


def _gathered(pairs: Iterable[tuple[UUID, UUID]]) -> Pairs:
    gathered: Pairs = defaultdict(set)
    for owner, label in pairs:
        gathered[owner].add(label)
    return gathered


def _names(changed: Pairs, owner: UUID, labels: dict[UUID, str]) -> list[str]:
    return sorted(labels[label] for label in changed.get(owner, ()))
