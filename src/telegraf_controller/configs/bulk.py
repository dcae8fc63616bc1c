"""Changing many configurations in one transaction, with an answer for each (V4, B1)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.configs.actions import remove_config
from telegraf_controller.configs.moves import lock_content
from telegraf_controller.configs.names import readable_configs
from telegraf_controller.configs.queries import get_config
from telegraf_controller.configs.tables import Config
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.errors import ControllerError
from telegraf_controller.labels.assignments import change_labels
from telegraf_controller.labels.carriers import CONFIGS


async def delete_configs(
    session: AsyncSession, by: Identity, ids: Collection[UUID], *, now: datetime
) -> dict[UUID, str | None]:
    """Remove configurations as `delete_config` does. Returns for each id None, or the code of what is in the way."""
    await lock_content(session)
    done: dict[UUID, str | None] = {}
    for config_id in sorted(set(ids)):
        try:
            await remove_config(session, by, await get_config(session, by, str(config_id), lock=True), now=now)
            done[config_id] = None
        except ControllerError as error:
            if error.status >= 500:
                raise
            done[config_id] = error.code
    if None in done.values():
        # Once and at the end: heartbeats that are being stored have to wait from here on.
        await raise_generation(session, "content")
    return done


async def label_configs(
    session: AsyncSession,
    by: Identity,
    ids: Collection[UUID],
    *,
    add: Collection[UUID] = (),
    remove: Collection[UUID] = (),
    now: datetime,
) -> tuple[set[UUID], set[UUID]]:
    """Put labels on configurations and take others off (B1). Raises NotFound when there is no such label.

    Returns the ids that there are, and those that the caller's token is not held to (T11), whether they are or not.
    """
    allowed = set(ids)
    if by.grant is not None and by.grant.configs is not None:
        allowed = set(await session.scalars(select(Config.id).where(Config.id.in_(allowed), *readable_configs(by))))
    there = await change_labels(session, by, CONFIGS, allowed, add=add, remove=remove, now=now)
    return there, set(ids) - allowed
