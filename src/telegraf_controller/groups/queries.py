"""Reading groups: only those that the caller's token may read (T11)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import SQLColumnExpression, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.configs.agent_use import count_agents_by_references, references_to
from telegraf_controller.configs.moves import lock_content
from telegraf_controller.configs.names import (
    aliases_of_groups,
    find_group_id,
    readable_configs,
    readable_groups,
    require_names,
)
from telegraf_controller.configs.tables import Config
from telegraf_controller.db.text import contains
from telegraf_controller.errors import NotFound, ValidationFailed
from telegraf_controller.groups.tables import ConfigGroup, GroupMember
from telegraf_controller.labels.carriers import GROUPS
from telegraf_controller.labels.queries import having_label, labels_of
from telegraf_controller.labels.tables import Label

SortKey = Literal["name", "createdAt", "updatedAt"]


@dataclass(frozen=True, slots=True)
class Member:
    """A configuration in a group."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group with all that its record shows; members are in order."""

    group: ConfigGroup
    members: list[Member]
    labels: list[Label]
    aliases: list[str]
    agent_count: int


async def get_group(session: AsyncSession, by: Identity, key: str, *, lock: bool = False) -> ConfigGroup:
    """Return a group by its id or an alias. Raises NotFound, Forbidden.

    With `lock`, which goes first in a transaction, nobody else changes what is served until the transaction ends.
    """
    if lock:
        await lock_content(session)
    group_id = await find_group_id(session, key)
    group = None if group_id is None else await session.get(ConfigGroup, group_id)
    await require_names(session, by, key, None if group is None else group.id)
    if group is None:
        raise NotFound("group", key)
    return group


async def list_groups(
    session: AsyncSession,
    by: Identity,
    *,
    search: str = "",
    labels: Sequence[str] = (),
    sort_by: SortKey = "name",
    descending: bool = False,
    offset: int = 0,
    limit: int = 25,
) -> tuple[list[ConfigGroup], int]:
    """Return one page of the groups that the caller may read, and how many there are.

    `labels` are ids or names: a group has to have all of them (B1).
    """
    statement = select(ConfigGroup).where(*readable_groups(by), *having_label(GROUPS, ConfigGroup.id, labels))
    if search:
        statement = statement.where(contains(ConfigGroup.name, search) | contains(ConfigGroup.description, search))
    total = await session.scalar(select(func.count()).select_from(statement.subquery()))
    column: SQLColumnExpression[Any] = {
        "name": func.lower(ConfigGroup.name),
        "createdAt": ConfigGroup.created_at,
        "updatedAt": ConfigGroup.updated_at,
    }[sort_by]
    order = column.desc() if descending else column.asc()
    rows = await session.scalars(statement.order_by(order, ConfigGroup.id).offset(offset).limit(limit))
    return list(rows), total or 0


async def views_of(session: AsyncSession, groups: Sequence[ConfigGroup]) -> list[GroupView]:
    """Return what the records of groups show."""
    ids = [group.id for group in groups]
    labels = await labels_of(session, GROUPS, ids)
    aliases = await aliases_of_groups(session, ids)
    references = {group_id: references_to("group", group_id, aliases.get(group_id, ())) for group_id in ids}
    agents = await count_agents_by_references(session, references)
    members: dict[UUID, list[Member]] = defaultdict(list)
    rows = await session.execute(
        select(GroupMember.group_id, Config.id, Config.name)
        .join(Config, Config.id == GroupMember.config_id)
        .where(GroupMember.group_id.in_(ids))
        .order_by(GroupMember.position)
    )
    for group_id, config_id, name in rows:
        members[group_id].append(Member(config_id, name))
    return [
        GroupView(
            group,
            members=members.get(group.id, []),
            labels=labels.get(group.id, []),
            aliases=aliases.get(group.id, []),
            agent_count=agents[group.id],
        )
        for group in groups
    ]


async def names_of_members(
    session: AsyncSession, by: Identity, wanted: Sequence[UUID], *, there_already: Sequence[UUID] = ()
) -> dict[UUID, str]:
    """Return the names of configurations that may be members. Raises ValidationFailed for those that may not.

    A token that is held to some configurations cannot read others by way of a group (T11), but may leave them there.
    """
    readable = [condition | Config.id.in_(there_already) for condition in readable_configs(by)]
    rows = await session.execute(select(Config.id, Config.name).where(Config.id.in_(wanted), *readable))
    names = {row.id: row.name for row in rows}
    unknown = [config_id for config_id in wanted if config_id not in names]
    if unknown:
        raise ValidationFailed([("members", f"there is no configuration {str(unknown[0])!r}")])
    return names
