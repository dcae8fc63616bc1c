"""What configuration URLs serve, as of one content generation: small facts about every document, without texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.aliases.tables import Alias
from telegraf_controller.configs.tables import Config
from telegraf_controller.constants.tables import Constant
from telegraf_controller.groups.tables import ConfigGroup, GroupMember

Kind = Literal["config", "group"]


class Part(NamedTuple):
    """One version of a configuration, which is never changed once written; in a group, under a heading."""

    config_id: str
    """As the API writes it."""
    version: int
    heading: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """What one URL serves: versions, and when the text last changed."""

    kind: Kind
    name: str
    parts: tuple[Part, ...]
    """The version of a configuration, or those of a group's members in order."""
    last_modified: bytes
    """The header's value, such as `Mon, 23 Nov 2026 17:10:02 GMT`."""
    names: tuple[str, ...]
    """Every name under which it can be asked for; a token may be held to some of them (T11)."""


@dataclass(frozen=True, slots=True)
class ContentState:
    """Every document by the name in its URL."""

    configs: Mapping[str, Document]
    """By id, and so are groups."""
    groups: Mapping[str, Document] = field(default_factory=dict)
    by_alias: Mapping[str, Document] = field(default_factory=dict)
    """By alias a document has a `last_modified` of its own: it also moves when the alias goes to another one (C2)."""
    constants: Mapping[str, str] = field(default_factory=dict)

    def find(self, name: str, kind: Kind) -> Document | None:
        """Return what an id of that kind or an alias names, None when there is nothing.

        An alias leads to what it names whichever the kind: moving one from a configuration to a group must not cut off
        the agents that came by `/api/configs/{alias}/toml` (L1).
        """
        by_id = self.configs if kind == "config" else self.groups
        return by_id.get(name) or self.by_alias.get(name) or by_id.get(name.lower())


async def load_content(session: AsyncSession) -> ContentState:
    """Build the state from the database, in the caller's transaction, where nothing may have been done before.

    All of it is of one moment: a new `Last-Modified` with an old text would keep an agent on that text (C2).
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    rows = await session.execute(_ALIASES)
    aliases = [(alias, owner, moved) for alias, owner, moved in rows if owner is not None]
    names: dict[UUID, list[str]] = defaultdict(list)
    for alias, owner_id, _ in aliases:
        names[owner_id].append(alias)
    configs = await _load_configs(session, names)
    groups = await _load_groups(session, configs, names)
    return ContentState(
        configs={str(config_id): document for config_id, document in configs.items()},
        groups={str(group_id): document for group_id, document in groups.items()},
        by_alias={alias: _at(configs.get(owner) or groups[owner], moved) for alias, owner, moved in aliases},
        constants={row.name: row.value for row in await session.execute(select(Constant.name, Constant.value))},
    )


_ALIASES = (
    select(Alias.alias, Alias.config_id, Alias.last_modified)
    .where(Alias.config_id.is_not(None))
    .union_all(select(Alias.alias, Alias.group_id, Alias.last_modified).where(Alias.group_id.is_not(None)))
)


async def _load_configs(session: AsyncSession, aliases: Mapping[UUID, list[str]]) -> dict[UUID, Document]:
    rows = await session.execute(select(Config.id, Config.name, Config.current_version, Config.last_modified))
    return {
        config_id: Document(
            "config",
            name,
            (Part(str(config_id), version),),
            http_date(last_modified),
            (str(config_id), *aliases.get(config_id, ())),
        )
        for config_id, name, version, last_modified in rows
    }


async def _load_groups(
    session: AsyncSession, configs: Mapping[UUID, Document], aliases: Mapping[UUID, list[str]]
) -> dict[UUID, Document]:
    parts: dict[UUID, list[Part]] = defaultdict(list)
    members = select(GroupMember.group_id, GroupMember.config_id, GroupMember.heading).order_by(GroupMember.position)
    for group_id, config_id, heading in await session.execute(members):
        parts[group_id].append(configs[config_id].parts[0]._replace(heading=heading))
    rows = await session.execute(select(ConfigGroup.id, ConfigGroup.name, ConfigGroup.last_modified))
    return {
        group_id: Document(
            "group",
            name,
            tuple(parts.get(group_id, ())),
            http_date(last_modified),
            (str(group_id), *aliases.get(group_id, ())),
        )
        for group_id, name, last_modified in rows
    }


def _at(document: Document, last_modified: int) -> Document:
    return replace(document, last_modified=http_date(last_modified))


def http_date(seconds: int) -> bytes:
    """Format seconds since the epoch as HTTP does."""
    return formatdate(seconds, usegmt=True).encode()
