"""What a change does to documents: which URLs lead to each, and what it is made of before and after (V7, C2).

Nothing is read here that depends on agents, and nothing is changed: whoever makes the change describes it like this
first, in its own transaction after `lock_content`, and asks `impact` about it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.configs.names import aliases_of_configs, aliases_of_groups
from telegraf_controller.constants.tables import ConstantUse
from telegraf_controller.groups.tables import GroupMember

Members = tuple[UUID, ...]
"""The configurations that a document is made of, in order; one by itself is a document as well."""

_PATHS = ("config", "group", "alias")


@dataclass(frozen=True, slots=True)
class Move:
    """A document whose text changes, and the references that lead to it (see `reported`)."""

    references: tuple[str, ...]
    before: Members
    after: Members | None
    """None when nothing is there any more."""


@dataclass(frozen=True, slots=True)
class Change:
    """All that one action does to what is served."""

    moves: Sequence[Move]
    texts: Mapping[UUID, str] = field(default_factory=dict)
    """The new texts of configurations."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """The new values of constants."""


def references_of(kind: str, owner_id: UUID, aliases: Collection[str] = ()) -> tuple[str, ...]:
    """Return the references that lead to a `config` or `group`: its id under its own path, aliases under every one."""
    return (f"{kind}/{owner_id}", *(reference for alias in aliases for reference in references_of_alias(alias)))


def references_of_alias(alias: str) -> tuple[str, ...]:
    """Return the references that an alias makes lead somewhere (L1)."""
    return tuple(f"{path}/{alias}" for path in _PATHS)


async def text_change(session: AsyncSession, config_id: UUID, toml: str) -> Change:
    """Describe that a configuration gets another text."""
    return Change(await _moves_of(session, [config_id]), texts={config_id: toml})


async def constant_change(session: AsyncSession, name: str, value: str) -> Change:
    """Describe that a constant gets another value."""
    users = await session.scalars(select(ConstantUse.config_id).where(ConstantUse.name == name))
    return Change(await _moves_of(session, users.all()), constants={name: value})


async def group_change(
    session: AsyncSession, group_id: UUID, before: Sequence[UUID], after: Sequence[UUID] | None
) -> Change:
    """Describe that a group gets other members or another order; `after` is None when it is deleted."""
    aliases = (await aliases_of_groups(session, [group_id])).get(group_id, ())
    references = references_of("group", group_id, aliases)
    return Change([Move(references, tuple(before), None if after is None else tuple(after))])


def alias_change(alias: str, before: Sequence[UUID], after: Sequence[UUID] | None) -> Change:
    """Describe that an alias leads to another document; `after` is None when it is given up."""
    return Change([Move(references_of_alias(alias), tuple(before), None if after is None else tuple(after))])


async def members_of(session: AsyncSession, group_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Return the members of groups, in order."""
    members: dict[UUID, list[UUID]] = {group_id: [] for group_id in group_ids}
    rows = await session.execute(
        select(GroupMember.group_id, GroupMember.config_id)
        .where(GroupMember.group_id.in_(group_ids))
        .order_by(GroupMember.position)
    )
    for group_id, config_id in rows:
        members[group_id].append(config_id)
    return members


async def _moves_of(session: AsyncSession, config_ids: Sequence[UUID]) -> list[Move]:
    """Return the documents that configurations are or are in; their members stay as they are."""
    aliases = await aliases_of_configs(session, config_ids)
    moves = [_unmoved(references_of("config", one, aliases.get(one, ())), [one]) for one in config_ids]
    around = select(GroupMember.group_id).where(GroupMember.config_id.in_(config_ids)).distinct()
    groups = await members_of(session, (await session.scalars(around)).all())
    aliases = await aliases_of_groups(session, groups)
    moves += [_unmoved(references_of("group", one, aliases.get(one, ())), members) for one, members in groups.items()]
    return moves


def _unmoved(references: tuple[str, ...], members: Sequence[UUID]) -> Move:
    return Move(references, tuple(members), tuple(members))
