"""Changing versions: their notes, going back to one, and removing old ones (V3).

Each function works in the caller's transaction and records its change in the audit trail. What a version says is never
changed, and the current version is never removed, so nothing here but a rollback touches what is served.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Target, record
from telegraf_controller.configs.actions import add_version
from telegraf_controller.configs.change import text_change
from telegraf_controller.configs.impact import require_acceptance
from telegraf_controller.configs.queries import CurrentConfig, get_config, get_version
from telegraf_controller.configs.tables import Config, ConfigVersion
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.errors import Conflict, NotFound

WhyKept = Literal["current", "only", "not_found"]


@dataclass(frozen=True, slots=True)
class Which:
    """Which versions are meant; exactly one of the fields is given."""

    versions: Sequence[int] | None = None
    before_version: int | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed, and what was meant but stays."""

    pruned: list[int]
    kept: list[tuple[int, WhyKept]]


async def edit_note(
    session: AsyncSession, by: Identity, key: str, number: int, note: str, *, now: datetime
) -> tuple[Config, ConfigVersion]:
    """Give a version another note. Raises NotFound, Forbidden."""
    config = await get_config(session, by, key)
    statement = select(ConfigVersion).where(ConfigVersion.config_id == config.id, ConfigVersion.version == number)
    version = await session.scalar(statement.with_for_update())
    if version is None:
        raise NotFound("version", number)
    if note != version.note:
        changes = {"version": number, "note": [version.note, note]}
        version.note = note
        await record(session, by, "config.edit_note", target=_target(config), changes=changes, now=now)
    return config, version


async def roll_back(
    session: AsyncSession, by: Identity, key: str, number: int, *, accept_impact: bool = False, now: datetime
) -> CurrentConfig:
    """Write the next version with the text of an older one, and serve it from now on (V3).

    `Last-Modified` moves when that changes the text (C2). Raises NotFound, Forbidden, Conflict `version_is_current`,
    `agents_would_fail` (V7).
    """
    config = await get_config(session, by, key, lock=True)
    source = await get_version(session, config, number)
    current = await get_version(session, config, config.current_version)
    if number == config.current_version:
        raise Conflict("version_is_current", f"Version {number} is the one that is served.", version=number)
    same_text = source.toml == current.toml
    accepted: dict[str, int] = {}
    if not same_text:
        wanted = await text_change(session, config.id, source.toml)
        accepted = await require_acceptance(session, by, wanted, accepted=accept_impact)
    await add_version(
        session,
        config,
        source.toml,
        note=f"Rolled back to version {number}",
        by=by,
        now=now,
        same_text=same_text,
    )
    config.updated_at = now
    config.updated_by = by.username
    changes = {"version": [current.version, config.current_version], "source": number, **accepted}
    await record(session, by, "config.rollback", target=_target(config), changes=changes, now=now)
    await raise_generation(session, "content")
    return CurrentConfig(config, source.toml)


async def delete_version(session: AsyncSession, by: Identity, key: str, number: int, *, now: datetime) -> None:
    """Remove one version. Raises NotFound, Forbidden, Conflict `version_is_current`."""
    config = await get_config(session, by, key, lock=True)
    done = await _prune(session, by, config, Which(versions=[number]), now=now)
    for version, why in done.kept:
        if why == "not_found":
            raise NotFound("version", version)
        raise Conflict("version_is_current", f"Version {version} is the one that is served.", version=version)


async def prune(session: AsyncSession, by: Identity, key: str, which: Which, *, now: datetime) -> Pruned:
    """Remove versions; the current one, and so the only one, stays and is reported. Raises NotFound, Forbidden."""
    return await _prune(session, by, await get_config(session, by, key, lock=True), which, now=now)


async def _prune(session: AsyncSession, by: Identity, config: Config, which: Which, *, now: datetime) -> Pruned:
    of_config = ConfigVersion.config_id == config.id
    meant = _condition(which)
    found = set(await session.scalars(select(ConfigVersion.version).where(of_config, meant)))
    kept: list[tuple[int, WhyKept]] = [(number, "not_found") for number in {*(which.versions or ())} - found]
    if config.current_version in found:
        there = await session.scalar(select(func.count()).select_from(ConfigVersion).where(of_config))
        kept.append((config.current_version, "only" if there == 1 else "current"))
    pruned = sorted(found - {config.current_version})
    if pruned:
        # The same condition as above, as the numbers may be more than a statement takes. Nobody adds any meanwhile.
        others = ConfigVersion.version != config.current_version
        await session.execute(
            delete(ConfigVersion).where(of_config, meant, others), execution_options={"synchronize_session": False}
        )
        await record(session, by, "config.prune", target=_target(config), changes={"versions": pruned}, now=now)
    return Pruned(pruned, sorted(kept))


def _condition(which: Which) -> ColumnElement[bool]:
    if which.versions is not None:
        return ConfigVersion.version.in_(which.versions)
    if which.before_version is not None:
        return ConfigVersion.version < which.before_version
    assert which.before is not None
    return ConfigVersion.created_at < which.before


def _target(config: Config) -> Target:
    return Target("config", config.id, config.name)
