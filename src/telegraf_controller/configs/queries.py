"""Reading configurations and their versions: only those that the caller's token may read (T11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import SQLColumnExpression, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.configs.moves import lock_content
from telegraf_controller.configs.names import find_config_id, readable_configs, require_names
from telegraf_controller.configs.tables import Config, ConfigVersion
from telegraf_controller.constants.tables import Constant
from telegraf_controller.db.text import contains
from telegraf_controller.errors import NotFound
from telegraf_controller.labels.carriers import CONFIGS
from telegraf_controller.labels.queries import having_label

SortKey = Literal["name", "createdAt", "updatedAt"]


@dataclass(frozen=True, slots=True)
class CurrentConfig:
    """A configuration with the text of its current version."""

    config: Config
    toml: str


async def get_config(session: AsyncSession, by: Identity, key: str, *, lock: bool = False) -> Config:
    """Return a configuration by its id or an alias. Raises NotFound, Forbidden.

    With `lock`, which goes first in a transaction, nobody else changes what is served, this configuration among it,
    until the transaction ends: whoever wants to waits.
    """
    if lock:
        await lock_content(session)
    config_id = await find_config_id(session, key)
    config: Config | None = None
    if config_id is not None:
        statement = select(Config).where(Config.id == config_id)
        config = await session.scalar(statement.with_for_update() if lock else statement)
    await require_names(session, by, key, None if config is None else config.id)
    if config is None:
        raise NotFound("configuration", key)
    return config


async def get_current(session: AsyncSession, by: Identity, key: str) -> CurrentConfig:
    """Return a configuration and the text that belongs to it at one moment. Raises NotFound, Forbidden."""
    config_id = await find_config_id(session, key)
    statement = (
        select(Config, ConfigVersion.toml)
        .join(ConfigVersion, (ConfigVersion.config_id == Config.id) & (ConfigVersion.version == Config.current_version))
        .where(Config.id == config_id)
    )
    row = None if config_id is None else (await session.execute(statement)).one_or_none()
    await require_names(session, by, key, None if row is None else row[0].id)
    if row is None:
        raise NotFound("configuration", key)
    return CurrentConfig(*row)


async def list_configs(
    session: AsyncSession,
    by: Identity,
    *,
    search: str = "",
    labels: Sequence[str] = (),
    sort_by: SortKey = "name",
    descending: bool = False,
    offset: int = 0,
    limit: int = 25,
) -> tuple[list[Config], int]:
    """Return one page of the configurations that the caller may read, and how many there are.

    `labels` are ids or names: a configuration has to have all of them (B1).
    """
    conditions = [*readable_configs(by), *having_label(CONFIGS, Config.id, labels)]
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


async def constants_in(session: AsyncSession, toml: str) -> dict[str, str]:
    """Return the values of the constants that a text may use: of all of them, if it looks as if it used any."""
    if "::{" not in toml:
        return {}
    return {row.name: row.value for row in await session.execute(select(Constant.name, Constant.value))}


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
