"""What the URLs that agents report lead to here (A3): looked up when asked, because an alias may move."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.agents.references import Reference, reference_of
from telegraf_controller.agents.tables import Agent
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
from telegraf_controller.groups.tables import ConfigGroup


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


async def names_for(session: AsyncSession, by: Identity, agents: Iterable[Agent]) -> Names:
    """Return what the URLs of some agents lead to, as far as the caller may know it (T11)."""
    reported = {configuration for agent in agents for configuration in agent.configurations}
    references = [found for found in map(reference_of, reported) if found is not None]
    config_ids = {found.id for found in references if found.id is not None and found.kind == "config"}
    group_ids = {found.id for found in references if found.id is not None and found.kind == "group"}
    keys = {found.key for found in references if found.id is None}
    names = Names()
    if keys:
        leading = or_(Alias.config_id.is_not(None), Alias.group_id.is_not(None))
        rows = await session.execute(
            select(Alias.alias, Alias.config_id, Alias.group_id).where(Alias.alias.in_(keys), leading)
        )
        for alias, config_id, group_id in rows:
            names.aliases[alias] = config_id, group_id
            if config_id is not None:
                config_ids.add(config_id)
            if group_id is not None:
                group_ids.add(group_id)
    if config_ids:
        configs = select(Config.id, Config.name).where(Config.id.in_(config_ids), *readable_configs(by))
        names.configs.update((row.id, row.name) for row in await session.execute(configs))
    if group_ids:
        groups = select(ConfigGroup.id, ConfigGroup.name).where(ConfigGroup.id.in_(group_ids), *readable_groups(by))
        names.groups.update((row.id, row.name) for row in await session.execute(groups))
    return names


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
