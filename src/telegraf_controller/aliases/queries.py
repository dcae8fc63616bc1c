"""Reading aliases (L1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.aliases.tables import Alias
from telegraf_controller.configs.agent_use import count_agents_by_references, references_by_alias
from telegraf_controller.configs.change import Change, alias_change, members_of
from telegraf_controller.configs.names import ALIAS_SHAPE, require_names
from telegraf_controller.configs.queries import get_config
from telegraf_controller.configs.tables import Config
from telegraf_controller.errors import NotFound
from telegraf_controller.groups.queries import get_group
from telegraf_controller.groups.tables import ConfigGroup


@dataclass(frozen=True, slots=True)
class Owner:
    """What an alias leads to, or is to lead to: a configuration or a group."""

    config: Config | None = None
    group: ConfigGroup | None = None

    @property
    def id(self) -> UUID:
        """The id of either."""
        return self._of.id

    @property
    def name(self) -> str:
        """The name of either."""
        return self._of.name

    @property
    def type(self) -> str:
        """As the audit trail and answers call it."""
        return "group" if self.config is None else "config"

    @property
    def _of(self) -> Config | ConfigGroup:
        owner = self.config or self.group
        assert owner is not None
        return owner


@dataclass(frozen=True, slots=True)
class AliasView:
    """An alias with how many agents have it in a URL."""

    alias: Alias
    agent_count: int


async def config_owner(session: AsyncSession, by: Identity, key: str, *, lock: bool = False) -> Owner:
    """Return a configuration as an owner. Raises NotFound, Forbidden."""
    return Owner(config=await get_config(session, by, key, lock=lock))


async def group_owner(session: AsyncSession, by: Identity, key: str, *, lock: bool = False) -> Owner:
    """Return a group as an owner. Raises NotFound, Forbidden."""
    return Owner(group=await get_group(session, by, key, lock=lock))


async def get_alias(session: AsyncSession, by: Identity, alias: str) -> Alias:
    """Return an alias that leads somewhere. Raises NotFound, Forbidden."""
    found = await session.get(Alias, alias) if ALIAS_SHAPE.fullmatch(alias) else None
    owner_id = None if found is None else found.config_id or found.group_id
    await require_names(session, by, alias, owner_id)
    if found is None or owner_id is None:
        raise NotFound("alias", alias)
    return found


async def owner_of(session: AsyncSession, alias: Alias) -> Owner | None:
    """Return what an alias leads to; None when it was deleted."""
    if alias.config_id is not None:
        return Owner(config=await session.get_one(Config, alias.config_id))
    if alias.group_id is not None:
        return Owner(group=await session.get_one(ConfigGroup, alias.group_id))
    return None


async def owner_change(session: AsyncSession, alias: str, before: Owner, after: Owner | None) -> Change:
    """Describe that an alias leads to another owner; `after` is None when it is given up."""
    groups = [owner.group.id for owner in (before, after) if owner is not None and owner.group is not None]
    members = await members_of(session, groups)

    def what_is_at(owner: Owner) -> list[UUID]:
        return [owner.id] if owner.group is None else members[owner.id]

    return alias_change(alias, what_is_at(before), None if after is None else what_is_at(after))


async def list_aliases(
    session: AsyncSession, owner: Owner, *, offset: int = 0, limit: int = 25
) -> tuple[list[AliasView], int]:
    """Return one page of the aliases of a configuration or group, and how many there are."""
    of_owner = or_(Alias.config_id == owner.id, Alias.group_id == owner.id)
    total = await session.scalar(select(func.count()).select_from(Alias).where(of_owner))
    rows = await session.scalars(select(Alias).where(of_owner).order_by(Alias.alias).offset(offset).limit(limit))
    return await views_of(session, list(rows)), total or 0


async def views_of(session: AsyncSession, aliases: Sequence[Alias]) -> list[AliasView]:
    """Return what the records of aliases show."""
    references = {alias.alias: references_by_alias(alias.alias) for alias in aliases}
    agents = await count_agents_by_references(session, references)
    return [AliasView(alias, agents[alias.alias]) for alias in aliases]
