"""What a name in a URL leads to: ids and aliases, of configurations and of groups (L1)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.aliases.tables import Alias
from telegraf_controller.configs.tables import Config
from telegraf_controller.groups.tables import ConfigGroup, GroupMember
from telegraf_controller.tokens.check import require_config

ALIAS_SHAPE = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
"""What an alias is made of (L1)."""


def parse_id(key: str) -> UUID | None:
    """Read an id as the API writes it, in any case; None when it is something else, such as an alias.

    Other spellings of a UUID (without hyphens, in braces) are no ids here: with one name per configuration, a token's
    restrictions and the URLs that agents report can be compared.
    """
    if len(key) != 36:
        return None
    try:
        parsed = UUID(key)
    except ValueError:
        return None
    return parsed if str(parsed) == key.lower() else None


async def find_config_id(session: AsyncSession, key: str) -> UUID | None:
    """Return the id that a configuration's id or alias stands for; None for an alias that leads to none."""
    config_id = parse_id(key)
    if config_id is None and ALIAS_SHAPE.fullmatch(key):
        config_id = await session.scalar(select(Alias.config_id).where(Alias.alias == key))
    return config_id


async def find_group_id(session: AsyncSession, key: str) -> UUID | None:
    """Return the id that a group's id or alias stands for; None for an alias that leads to none."""
    group_id = parse_id(key)
    if group_id is None and ALIAS_SHAPE.fullmatch(key):
        group_id = await session.scalar(select(Alias.group_id).where(Alias.alias == key))
    return group_id


async def require_names(session: AsyncSession, by: Identity, key: str, owner_id: UUID | None) -> None:
    """Raise Forbidden `token_not_allowed_here` when the caller's token is held to others (T11).

    `owner_id` is the configuration or group that `key` leads to. Where there is none the answer is the same: a token
    that is held to some does not learn which others exist.
    """
    if by.grant is None or by.grant.configs is None:
        return
    names = [key] if owner_id is None else [str(owner_id)]
    if owner_id is not None:
        of_owner = or_(Alias.config_id == owner_id, Alias.group_id == owner_id)
        names += await session.scalars(select(Alias.alias).where(of_owner))
    require_config(by.grant, names)


def require_unheld(by: Identity) -> None:
    """Raise Forbidden `token_not_allowed_here` when the caller's token is held to some configurations or groups (T11).

    For what concerns others too, or could not be read afterwards.
    """
    if by.grant is not None:
        require_config(by.grant, ())


def readable_configs(by: Identity) -> list[ColumnElement[bool]]:
    """The conditions that a configuration is one that the caller's token may read (T11)."""
    if by.grant is None or by.grant.configs is None:
        return []
    of_aliases = select(Alias.config_id).where(Alias.alias.in_(by.grant.configs), Alias.config_id.is_not(None))
    return [or_(Config.id.in_(_ids(by.grant.configs)), Config.id.in_(of_aliases))]


def readable_groups(by: Identity) -> list[ColumnElement[bool]]:
    """The conditions that a group is one that the caller's token may read (T11)."""
    if by.grant is None or by.grant.configs is None:
        return []
    of_aliases = select(Alias.group_id).where(Alias.alias.in_(by.grant.configs), Alias.group_id.is_not(None))
    return [or_(ConfigGroup.id.in_(_ids(by.grant.configs)), ConfigGroup.id.in_(of_aliases))]


@dataclass(slots=True)
class Surroundings:
    """What leads to a configuration: its aliases, in order, and the ids of the groups that it is a member of."""

    aliases: list[str] = field(default_factory=list)
    groups: list[UUID] = field(default_factory=list)


async def surroundings_of(session: AsyncSession, config_ids: Sequence[UUID]) -> dict[UUID, Surroundings]:
    """Return the surroundings of each configuration."""
    found = {config_id: Surroundings() for config_id in config_ids}
    for config_id, aliases in (await aliases_of_configs(session, config_ids)).items():
        found[config_id].aliases = aliases
    rows = await session.execute(
        select(GroupMember.config_id, GroupMember.group_id)
        .join(ConfigGroup, ConfigGroup.id == GroupMember.group_id)
        .where(GroupMember.config_id.in_(config_ids))
        .order_by(ConfigGroup.name)
    )
    for config_id, group_id in rows:
        found[config_id].groups.append(group_id)
    return found


async def aliases_of_configs(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Return the aliases of configurations that have any, in order."""
    rows = await session.execute(
        select(Alias.config_id, Alias.alias).where(Alias.config_id.in_(ids)).order_by(Alias.alias)
    )
    return _gathered((owner, alias) for owner, alias in rows if owner is not None)


async def aliases_of_groups(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Return the aliases of groups that have any, in order."""
    rows = await session.execute(
        select(Alias.group_id, Alias.alias).where(Alias.group_id.in_(ids)).order_by(Alias.alias)
    )
    return _gathered((owner, alias) for owner, alias in rows if owner is not None)


def _gathered(pairs: Iterable[tuple[UUID, str]]) -> dict[UUID, list[str]]:
    gathered: dict[UUID, list[str]] = defaultdict(list)
    for owner, alias in pairs:
        gathered[owner].append(alias)
    return gathered


def _ids(names: Iterable[str]) -> list[UUID]:
    return [parsed for name in names if (parsed := parse_id(name)) is not None]
