"""Reading constants, and which configurations use them (K1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import SQLColumnExpression, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.configs.names import readable_configs
from telegraf_controller.configs.tables import Config
from telegraf_controller.constants.tables import Constant, ConstantUse
from telegraf_controller.db.text import contains
from telegraf_controller.errors import NotFound

NAME_SHAPE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")

SortKey = Literal["name", "createdAt", "updatedAt"]


@dataclass(frozen=True, slots=True)
class Usage:
    """A configuration whose served version uses a constant."""

    id: UUID
    name: str


async def get_constant(session: AsyncSession, name: str) -> Constant:
    """Return a constant. Raises NotFound."""
    constant = await session.get(Constant, name) if NAME_SHAPE.fullmatch(name) else None
    if constant is None:
        raise NotFound("constant", name)
    return constant


async def list_constants(
    session: AsyncSession,
    *,
    search: str = "",
    sort_by: SortKey = "name",
    descending: bool = False,
    offset: int = 0,
    limit: int = 25,
) -> tuple[list[Constant], int]:
    """Return one page of the constants, and how many there are; the search looks into names and values."""
    statement = select(Constant)
    if search:
        statement = statement.where(contains(Constant.name, search) | contains(Constant.value, search))
    total = await session.scalar(select(func.count()).select_from(statement.subquery()))
    column: SQLColumnExpression[Any] = {
        "name": func.lower(Constant.name),
        "createdAt": Constant.created_at,
        "updatedAt": Constant.updated_at,
    }[sort_by]
    order = column.desc() if descending else column.asc()
    rows = await session.scalars(statement.order_by(order, Constant.name).offset(offset).limit(limit))
    return list(rows), total or 0


async def usage_of(session: AsyncSession, by: Identity, name: str) -> list[Usage]:
    """Return the configurations that use a name as a constant, as far as the caller may read them (T11)."""
    rows = await session.execute(
        select(Config.id, Config.name)
        .join(ConstantUse, ConstantUse.config_id == Config.id)
        .where(ConstantUse.name == name, *readable_configs(by))
        .order_by(Config.name)
    )
    return [Usage(row.id, row.name) for row in rows]


async def count_usage(session: AsyncSession, by: Identity, names: Sequence[str]) -> dict[str, int]:
    """Return how many configurations use each name, as far as the caller may read them (T11)."""
    rows = await session.execute(
        select(ConstantUse.name, func.count().label("uses"))
        .join(Config, ConstantUse.config_id == Config.id)
        .where(ConstantUse.name.in_(names), *readable_configs(by))
        .group_by(ConstantUse.name)
    )
    return dict.fromkeys(names, 0) | {row.name: row.uses for row in rows}
