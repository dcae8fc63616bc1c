"""Changing groups. Each function works in the caller's transaction and records its change in the audit trail.

Whatever changes what a group's URLs serve moves `last_modified` (C2) and raises the content generation.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Target, before_and_after, record
from telegraf_controller.configs.change import group_change, members_of
from telegraf_controller.configs.impact import require_acceptance
from telegraf_controller.configs.moves import lock_content, move_groups
from telegraf_controller.configs.names import readable_groups, require_unheld
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.errors import Conflict
from telegraf_controller.groups.queries import get_group, names_of_members
from telegraf_controller.groups.tables import ConfigGroup, GroupMember
from telegraf_controller.labels.assignments import change_labels
from telegraf_controller.labels.carriers import GROUPS


@dataclass(frozen=True, slots=True)
class NewGroup:
    """What a new group is to be; each member is there once."""

    name: str
    description: str = ""
    members: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What is to change; None leaves a field as it is."""

    name: str | None = None
    description: str | None = None
    members: Sequence[UUID] | None = None
    accept_impact: bool = False
    """Change also what agents that are reporting now would get an error from (V7)."""


async def create_group(session: AsyncSession, by: Identity, wanted: NewGroup, *, now: datetime) -> ConfigGroup:
    """Store a group. Raises Forbidden, Conflict `config_group_name_conflict`, ValidationFailed."""
    await lock_content(session)
    # A token that is held to some configurations and groups could not even read what it made.
    require_unheld(by)
    await _check_name(session, wanted.name)
    names = await names_of_members(session, by, wanted.members)
    group = ConfigGroup(
        name=wanted.name,
        description=wanted.description,
        last_modified=int(now.timestamp()),
        created_at=now,
        created_by=by.username,
        updated_at=now,
        updated_by=by.username,
    )
    session.add(group)
    await session.flush()
    _add_members(session, group, wanted.members, names)
    changes = {"members": [None, _shown_members(wanted.members)]}
    await record(session, by, "group.create", target=_target(group), changes=changes, now=now)
    await raise_generation(session, "content")
    return group


async def update_group(
    session: AsyncSession, by: Identity, key: str, change: GroupChange, *, now: datetime
) -> ConfigGroup:
    """Change a group; only another order or membership changes its text (C2).

    Raises NotFound, Forbidden, Conflict `config_group_name_conflict`, `agents_would_fail`, ValidationFailed.
    """
    group = await get_group(session, by, key, lock=True)
    members = await _members(session, group)
    wanted = members if change.members is None else list(change.members)
    before = _shown(group, members)
    if change.name is not None and change.name != group.name:
        await _check_name(session, change.name)
        group.name = change.name
    if change.description is not None:
        group.description = change.description
    changes = before_and_after(before, _shown(group, wanted))
    if not changes:
        return group
    if "members" in changes:
        names = await names_of_members(session, by, wanted, there_already=members)
        impact = await group_change(session, group.id, members, wanted)
        changes |= await require_acceptance(session, by, impact, accepted=change.accept_impact)
        await _replace_members(session, group, wanted, names, now=now)
    group.updated_at = now
    group.updated_by = by.username
    await record(session, by, "group.update", target=_target(group), changes=changes, now=now)
    # A download carries the name (C1), so a rename changes what is served, though not the text.
    await raise_generation(session, "content")
    return group


async def delete_group(
    session: AsyncSession, by: Identity, key: str, *, accept_impact: bool = False, now: datetime
) -> None:
    """Remove a group and its aliases; its members stay. Raises NotFound, Forbidden, Conflict `agents_would_fail`."""
    group = await get_group(session, by, key, lock=True)
    impact = await group_change(session, group.id, await _members(session, group), None)
    accepted = await require_acceptance(session, by, impact, accepted=accept_impact)
    await record(session, by, "group.delete", target=_target(group), changes=accepted, now=now)
    await session.execute(delete(ConfigGroup).where(ConfigGroup.id == group.id))
    await raise_generation(session, "content")


async def label_groups(
    session: AsyncSession,
    by: Identity,
    ids: Collection[UUID],
    *,
    add: Collection[UUID] = (),
    remove: Collection[UUID] = (),
    now: datetime,
) -> tuple[set[UUID], set[UUID]]:
    """Put labels on groups and take others off (B1). Raises NotFound when there is no such label.

    Returns the ids that there are, and those that the caller's token is not held to (T11), whether they are or not.
    """
    allowed = set(ids)
    if by.grant is not None and by.grant.configs is not None:
        readable = select(ConfigGroup.id).where(ConfigGroup.id.in_(allowed), *readable_groups(by))
        allowed = set(await session.scalars(readable))
    there = await change_labels(session, by, GROUPS, allowed, add=add, remove=remove, now=now)
    return there, set(ids) - allowed


async def _replace_members(
    session: AsyncSession, group: ConfigGroup, wanted: Sequence[UUID], names: dict[UUID, str], *, now: datetime
) -> None:
    await session.execute(
        delete(GroupMember).where(GroupMember.group_id == group.id), execution_options={"synchronize_session": False}
    )
    _add_members(session, group, wanted, names)
    await session.flush()
    await move_groups(session, [group.id], now=now)


def _add_members(session: AsyncSession, group: ConfigGroup, members: Sequence[UUID], names: dict[UUID, str]) -> None:
    session.add_all(
        GroupMember(group_id=group.id, config_id=config_id, position=position, heading=names[config_id])
        for position, config_id in enumerate(members)
    )


async def _members(session: AsyncSession, group: ConfigGroup) -> list[UUID]:
    return (await members_of(session, [group.id]))[group.id]


async def _check_name(session: AsyncSession, name: str) -> None:
    if await session.scalar(select(ConfigGroup.id).where(ConfigGroup.name == name)) is not None:
        raise Conflict("config_group_name_conflict", f"There is already a group named {name!r}.", name=name)


def _shown(group: ConfigGroup, members: Sequence[UUID]) -> dict[str, object]:
    return {"name": group.name, "description": group.description, "members": _shown_members(members)}


def _shown_members(members: Sequence[UUID]) -> list[str]:
    return [str(config_id) for config_id in members]


def _target(group: ConfigGroup) -> Target:
    return Target("group", group.id, group.name)
