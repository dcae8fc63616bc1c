"""What the URLs that agents report lead to here (A3): looked up when asked, because an alias may move."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, String, bindparam, cast, null, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.agents.queries import AgentView
from telegraf_controller.agents.references import Reference, reference_of
from telegraf_controller.aliases.tables import Alias
from telegraf_controller.configs.agent_use import references_by_alias, references_to
from telegraf_controller.configs.names import (
    ALIAS_SHAPE,
    aliases_of_configs,
    aliases_of_groups,
    find_config_id,
    find_group_id,
    readable_configs,
    readable_groups,
    require_names,
)
from telegraf_controller.configs.tables import Config
from telegraf_controller.db.base import Id
from telegraf_controller.db.lengths import few_lengths
from telegraf_controller.groups.tables import ConfigGroup

_NO_NAME = cast(null(), String)
_NO_ID = cast(null(), Id)


@dataclass(frozen=True, slots=True)
class Managed:
    """What a URL leads to: a configuration or a group; `alias` is the one that it goes by."""

    config_id: UUID | None
    config: str | None
    """The configuration's name."""
    group_id: UUID | None
    group: str | None
    """The group's name."""
    alias: str | None


@dataclass(frozen=True, slots=True)
class Names:
    """What ids and aliases lead to, as far as the caller may know it (T11)."""

    configs: dict[UUID, str] = field(default_factory=dict)
    groups: dict[UUID, str] = field(default_factory=dict)
    aliases: dict[str, tuple[UUID | None, UUID | None]] = field(default_factory=dict)
    """The id of the configuration or of the group."""

    def resolve(self, reference: Reference) -> Managed | None:
        """Return what a reference leads to; None for nothing, and for what the caller may not read."""
        config_id = group_id = alias = None
        if reference.id is None:
            alias = reference.key
            config_id, group_id = self.aliases.get(alias, (None, None))
        elif reference.kind == "config":
            config_id = reference.id
        elif reference.kind == "group":
            group_id = reference.id
        if config_id is not None and config_id in self.configs:
            return Managed(config_id, self.configs[config_id], None, None, alias)
        if group_id is not None and group_id in self.groups:
            return Managed(None, None, group_id, self.groups[group_id], alias)
        return None


async def names_for(session: AsyncSession, by: Identity, agents: Iterable[AgentView]) -> Names:
    """Return what the URLs of some agents lead to, as far as the caller may know it (T11)."""
    reported = {configuration for agent in agents for configuration in agent.configurations}
    references = [found for found in map(reference_of, reported) if found is not None]
    config_ids = {found.id for found in references if found.id is not None and found.kind == "config"}
    group_ids = {found.id for found in references if found.id is not None and found.kind == "group"}
    keys = {found.key for found in references if found.id is None}
    names = Names()
    if not references:
        return names
    held = readable_configs(by), readable_groups(by)
    given = {"keys": few_lengths(keys), "config_ids": few_lengths(config_ids), "group_ids": few_lengths(group_ids)}
    for alias, config_id, group_id, name in await session.execute(_named(*held) if any(held) else _NAMED, given):
        if alias is not None:
            names.aliases[alias] = config_id, group_id
        elif config_id is not None:
            names.configs[config_id] = name
        elif group_id is not None:
            names.groups[group_id] = name
    return names


def _named(
    readable_configs: Collection[ColumnElement[bool]], readable_groups: Collection[ColumnElement[bool]]
) -> CompoundSelect[Any]:
    """Aliases with what they lead to; then the names of that, and of further configurations and groups.

    In one statement it is one round trip, and an alias stands beside the name of what it leads to at that moment.
    """
    asked = Alias.alias.in_(bindparam("keys", expanding=True))
    leading = or_(Alias.config_id.is_not(None), Alias.group_id.is_not(None))
    aliases = select(Alias.alias, Alias.config_id, Alias.group_id, _NO_NAME).where(asked, leading)
    by_alias = select(Alias.config_id).where(asked, Alias.config_id.is_not(None))
    wanted = or_(Config.id.in_(bindparam("config_ids", expanding=True)), Config.id.in_(by_alias))
    configs = select(_NO_NAME, Config.id, _NO_ID, Config.name).where(wanted, *readable_configs)
    by_alias = select(Alias.group_id).where(asked, Alias.group_id.is_not(None))
    wanted = or_(ConfigGroup.id.in_(bindparam("group_ids", expanding=True)), ConfigGroup.id.in_(by_alias))
    groups = select(_NO_NAME, _NO_ID, ConfigGroup.id, ConfigGroup.name).where(wanted, *readable_groups)
    return union_all(aliases, configs, groups)


_NAMED = _named((), ())
"""For whom no token holds to some of them: made once, because making it takes as long as waiting for the answer."""


async def references_of_config(session: AsyncSession, by: Identity, key: str) -> list[str]:
    """Return the references of all agents that run a configuration, given its id or an alias. Raises Forbidden."""
    config_id = await find_config_id(session, key)
    await require_names(session, by, key, config_id)
    if config_id is None or await session.get(Config, config_id) is None:
        return []
    aliases = await aliases_of_configs(session, [config_id])
    return references_to("config", config_id, aliases.get(config_id, ()))


async def references_of_group(session: AsyncSession, by: Identity, key: str) -> list[str]:
    """Return the references of all agents that run a group, given its id or an alias. Raises Forbidden."""
    group_id = await find_group_id(session, key)
    await require_names(session, by, key, group_id)
    if group_id is None or await session.get(ConfigGroup, group_id) is None:
        return []
    aliases = await aliases_of_groups(session, [group_id])
    return references_to("group", group_id, aliases.get(group_id, ()))


async def references_of_alias(session: AsyncSession, by: Identity, alias: str) -> list[str]:
    """Return the references of all agents that come by an alias. Raises Forbidden."""
    found = await session.get(Alias, alias) if ALIAS_SHAPE.fullmatch(alias) else None
    owner_id = None if found is None else found.config_id or found.group_id
    await require_names(session, by, alias, owner_id)
    return [] if owner_id is None else references_by_alias(alias)
