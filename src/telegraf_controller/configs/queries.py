"""Reading configurations and their versions: only those that the caller's token may read (T11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.configs.tables import Config, ConfigVersion
from telegraf_controller.db.text import contains
from telegraf_controller.errors import NotFound
from telegraf_controller.tokens.check import require_config

SortKey = Literal["name", "createdAt", "updatedAt"]


@dataclass(frozen=True, slots=True)
class CurrentConfig:
    """A configuration with the text of its current version."""

    config: Config
    toml: str


def parse_config_id(key: str) -> UUID | None:
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


def names_of(config: Config) -> tuple[str, ...]:
    """Return every name under which a configuration can be asked for: its id, and its aliases once there are any."""
    return (str(config.id),)


def require_readable(by: Identity, names: Sequence[str]) -> None:
    """Raise Forbidden `token_not_allowed_here` when the caller's token is held to other configurations (T11)."""
    if by.grant is not None:
        require_config(by.grant, names)


async def get_config(session: AsyncSession, by: Identity, key: str, *, lock: bool = False) -> Config:
    """Return a configuration by its id. Raises NotFound, Forbidden.

    With `lock` its row is held until the transaction ends: whoever else wants to change it waits. (On SQLite the write
    transaction itself is that lock.)
    """
    config_id = parse_config_id(key)
    config: Config | None = None
    if config_id is not None:
        statement = select(Config).where(Config.id == config_id)
        config = await session.scalar(statement.with_for_update() if lock else statement)
    # A token that is held to some configurations does not learn which others exist.
    require_readable(by, (key,) if config is None else names_of(config))
    if config is None:
        raise NotFound("configuration", key)
    return config


async def get_current(session: AsyncSession, by: Identity, key: str) -> CurrentConfig:
    """Return a configuration and the text that belongs to it at one moment. Raises NotFound, Forbidden."""
    config_id = parse_config_id(key)
    statement = (
        select(Config, ConfigVersion.toml)
        .join(ConfigVersion, (ConfigVersion.config_id == Config.id) & (ConfigVersion.version == Config.current_version))
        .where(Config.id == config_id)
    )
    row = None if config_id is None else (await session.execute(statement)).one_or_none()
    require_readable(by, (key,) if row is None else names_of(row[0]))
    if row is None:
        raise NotFound("configuration", key)
    return CurrentConfig(*row)


async def list_configs(
    session: AsyncSession,
    by: Identity,
    *,
    search: str = "",
    sort_by: SortKey = "name",
    descending: bool = False,
    offset: int = 0,
    limit: int = 25,
) -> tuple[list[Config], int]:
    """Return one page of the configurations that the caller may read, and how many there are."""
    conditions = _readable_by(by)
    if search:
        conditions.append(or_(contains(Config.name, search), contains(Config.description, search)))
    statement = select(Config).where(*conditions)
    total = await session.scalar(select(func.count()).select_from(statement.subquery()))
    column: SQLColumnExpression[Any] = {
        "name": func.lower(Config.name),
        "createdAt": Config.created_at,
        "updatedAt": Config.updated_at,
    }[sort_by]
    order = column.desc() if descending else column.asc()
    rows = await session.scalars(statement.order_by(order, Config.id).offset(offset).limit(limit))
    return list(rows), total or 0


async def list_versions(
    session: AsyncSession, config: Config, *, offset: int = 0, limit: int = 25
) -> tuple[list[ConfigVersion], int]:
    """Return one page of a configuration's versions, newest first and without their texts; and how many there are."""
    of_config = ConfigVersion.config_id == config.id
    total = await session.scalar(select(func.count()).select_from(ConfigVersion).where(of_config))
    columns = (
        ConfigVersion.config_id,
        ConfigVersion.version,
        ConfigVersion.note,
        ConfigVersion.created_at,
        ConfigVersion.created_by,
    )
    rows = await session.execute(
        select(*columns).where(of_config).order_by(ConfigVersion.version.desc()).offset(offset).limit(limit)
    )
    versions = [
        ConfigVersion(config_id=config_id, version=version, note=note, created_at=created_at, created_by=created_by)
        for config_id, version, note, created_at, created_by in rows
    ]
    return versions, total or 0


async def get_version(session: AsyncSession, config: Config, number: int) -> ConfigVersion:
    """Return one version of a configuration with its text. Raises NotFound."""
    version = await session.get(ConfigVersion, (config.id, number))
    if version is None:
        raise NotFound("version", number)
    return version


def _readable_by(by: Identity) -> list[ColumnElement[bool]]:
    if by.grant is None or by.grant.configs is None:
        return []
    ids = [config_id for name in by.grant.configs if (config_id := parse_config_id(name)) is not None]
    return [Config.id.in_(ids)]
