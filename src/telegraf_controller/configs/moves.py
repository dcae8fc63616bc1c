"""Moving `Last-Modified` in the transaction that changes what is served (C2).

A configuration, a group and an alias have a stored value each, since each is a URL that somebody watches. What changes
a text moves the values of all URLs that serve it, in statements over sets: the number of configurations does not
matter, nor are texts read. The caller raises the content generation at the end.

Whoever changes what is served takes `lock_content` first, before reading what the change depends on. Otherwise a
constant could change while a configuration that begins to use it is being saved, and neither would see the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, SQLColumnExpression, case, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.aliases.tables import Alias
from telegraf_controller.configs.placeholders import compile_template
from telegraf_controller.configs.tables import Config
from telegraf_controller.constants.tables import ConstantUse
from telegraf_controller.groups.tables import ConfigGroup, GroupMember

Ids = Sequence[UUID] | Select[UUID]

_ADVISORY_LOCK = 0x7463_6374
"""Named in no other place: "tcct"."""


async def lock_content(session: AsyncSession) -> None:
    """Wait until no other transaction is changing what is served; taken again in the same one, it costs nothing.

    On SQLite the write transaction itself is that lock. On PostgreSQL the counter's own row would not do: a lock on it
    would keep the table from `raise_generation` of another transaction that waits for this one.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))


async def text_saved(session: AsyncSession, config_id: UUID, toml: str, *, now: datetime) -> None:
    """Follow a configuration whose new text is served from now on, and whose own value has been moved already.

    Remembers which constants the text uses (K1); moves its aliases, its groups and theirs.
    """
    names: tuple[str, ...] = ()
    if "::{" in toml:
        names = (await asyncio.to_thread(compile_template, toml)).constants
    await session.execute(delete(ConstantUse).where(ConstantUse.config_id == config_id), execution_options=_PLAIN)
    if names:
        await session.execute(insert(ConstantUse), [{"config_id": config_id, "name": name} for name in names])
    await _move_around(session, [config_id], now)


async def move_configs(session: AsyncSession, ids: Ids, *, now: datetime) -> None:
    """Move configurations whose text changed though none of their versions did, and all that serves them."""
    moved = update(Config).where(Config.id.in_(ids)).values(last_modified=_later(Config.last_modified, now))
    await session.execute(moved, execution_options=_PLAIN)
    await _move_around(session, ids, now)


async def leave_groups(session: AsyncSession, ids: Ids, *, now: datetime) -> None:
    """Take configurations that are about to be deleted out of all groups, whose texts change with that (V4)."""
    of_configs = GroupMember.config_id.in_(ids)
    group_ids = (await session.scalars(select(GroupMember.group_id).where(of_configs).distinct())).all()
    if group_ids:
        await session.execute(delete(GroupMember).where(of_configs), execution_options=_PLAIN)
        await move_groups(session, group_ids, now=now)


async def move_groups(session: AsyncSession, ids: Ids, *, now: datetime) -> None:
    """Move groups whose text changed, and their aliases; the names above their members' texts become today's."""
    group = update(ConfigGroup).where(ConfigGroup.id.in_(ids))
    name = select(Config.name).where(Config.id == GroupMember.config_id).scalar_subquery()
    for moved in (
        group.values(last_modified=_later(ConfigGroup.last_modified, now)),
        update(GroupMember).where(GroupMember.group_id.in_(ids)).values(heading=name),
        update(Alias).where(Alias.group_id.in_(ids)).values(last_modified=_later(Alias.last_modified, now)),
    ):
        await session.execute(moved, execution_options=_PLAIN)


async def _move_around(session: AsyncSession, ids: Ids, now: datetime) -> None:
    """Move the aliases of configurations, the groups that they are members of, and the aliases of those."""
    aliases = update(Alias).where(Alias.config_id.in_(ids)).values(last_modified=_later(Alias.last_modified, now))
    await session.execute(aliases, execution_options=_PLAIN)
    await move_groups(session, select(GroupMember.group_id).where(GroupMember.config_id.in_(ids)), now=now)


def next_last_modified(previous: int, now: datetime) -> int:
    """Return the next `Last-Modified` in seconds: now, but always after the previous one (C2).

    So two saves within one second differ, and a clock that was set back cannot bring an old value again.
    """
    return max(int(now.timestamp()), previous + 1)


def _later(column: SQLColumnExpression[int], now: datetime) -> SQLColumnExpression[int]:
    """The same in SQL."""
    seconds = int(now.timestamp())
    return case((column >= seconds, column + 1), else_=seconds)


_PLAIN = {"synchronize_session": False}
