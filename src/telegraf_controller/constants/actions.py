"""Changing constants. Each function works in the caller's transaction and records its change in the audit trail.

A constant's value changes the text of every configuration that uses it, so `Last-Modified` moves there and wherever
those are served (C2, K1). That holds for the first value as well: what was an error before becomes a text.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Target, record
from telegraf_controller.configs.change import constant_change
from telegraf_controller.configs.impact import require_acceptance
from telegraf_controller.configs.moves import lock_content, move_configs
from telegraf_controller.configs.names import require_unheld
from telegraf_controller.configs.tables import Config
from telegraf_controller.constants.queries import get_constant
from telegraf_controller.constants.tables import Constant, ConstantUse
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.errors import Conflict

_EXAMPLES = 20
"""How many configurations a refusal names."""


async def create_constant(session: AsyncSession, by: Identity, name: str, value: str, *, now: datetime) -> Constant:
    """Define a constant. Raises Forbidden, Conflict `constant_name_conflict`."""
    await _begin(session, by)
    if await session.get(Constant, name) is not None:
        raise Conflict("constant_name_conflict", f"There is already a constant {name!r}.", name=name)
    constant = Constant(
        name=name, value=value, created_at=now, created_by=by.username, updated_at=now, updated_by=by.username
    )
    session.add(constant)
    await session.flush()
    await _move_users(session, name, now)
    await record(session, by, "constant.create", target=_target(name), changes={"length": [None, len(value)]}, now=now)
    await raise_generation(session, "content")
    return constant


async def update_constant(
    session: AsyncSession, by: Identity, name: str, value: str, *, accept_impact: bool = False, now: datetime
) -> Constant:
    """Give a constant another value. Raises Forbidden, NotFound, Conflict `agents_would_fail` (V7)."""
    await _begin(session, by)
    constant = await get_constant(session, name)
    if constant.value == value:
        return constant
    wanted = await constant_change(session, name, value)
    accepted = await require_acceptance(session, by, wanted, accepted=accept_impact)
    lengths = [len(constant.value), len(value)]
    constant.value = value
    constant.updated_at = now
    constant.updated_by = by.username
    await session.flush()
    await _move_users(session, name, now)
    # A value may be a secret, so the trail shows only that it changed.
    changes = {"length": lengths, **accepted}
    await record(session, by, "constant.update", target=_target(name), changes=changes, now=now)
    await raise_generation(session, "content")
    return constant


async def delete_constant(session: AsyncSession, by: Identity, name: str, *, now: datetime) -> None:
    """Remove a constant that nothing uses. Raises Forbidden, NotFound, Conflict `constant_in_use`."""
    await _begin(session, by)
    constant = await get_constant(session, name)
    users = select(Config.id, Config.name).join(ConstantUse, ConstantUse.config_id == Config.id)
    used_by = (await session.execute(users.where(ConstantUse.name == name).order_by(Config.name))).all()
    if used_by:
        raise Conflict(
            "constant_in_use",
            f"The constant {name!r} is used by {len(used_by)} configuration{'s' if len(used_by) > 1 else ''}, "
            f"{used_by[0].name!r} for one.",
            count=len(used_by),
            configs=[{"id": str(config_id), "name": config} for config_id, config in used_by[:_EXAMPLES]],
        )
    await session.delete(constant)
    await record(session, by, "constant.delete", target=_target(name), now=now)
    await raise_generation(session, "content")


async def _begin(session: AsyncSession, by: Identity) -> None:
    await lock_content(session)
    # A constant reaches into every configuration, those too that the caller's token is not held to (T11).
    require_unheld(by)


async def _move_users(session: AsyncSession, name: str, now: datetime) -> None:
    await move_configs(session, select(ConstantUse.config_id).where(ConstantUse.name == name), now=now)


def _target(name: str) -> Target:
    return Target("constant", name, name)
