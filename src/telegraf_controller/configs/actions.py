"""Changing configurations. Each function works in the caller's transaction and records its change in the audit trail.

Whatever changes what a configuration URL serves moves `last_modified` (C2) and raises the content generation.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Target, before_and_after, record
from telegraf_controller.configs.agent_use import count_agents_by_references, references_to
from telegraf_controller.configs.change import text_change
from telegraf_controller.configs.impact import require_acceptance
from telegraf_controller.configs.moves import leave_groups, lock_content, next_last_modified, text_saved
from telegraf_controller.configs.names import aliases_of_configs, require_unheld
from telegraf_controller.configs.queries import CurrentConfig, get_config, get_version
from telegraf_controller.configs.tables import Config, ConfigVersion
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.errors import Conflict
from telegraf_controller.labels.assignments import set_labels
from telegraf_controller.labels.carriers import CONFIGS

INITIAL_NOTE = "Initial version"
MAX_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class NewConfig:
    """What a new configuration is to be; `toml` has been checked."""

    name: str
    toml: str
    description: str = ""
    editor_mode: str = "code"
    note: str | None = None
    label_ids: Collection[UUID] = ()


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """What is to change; None leaves a field as it is. `toml` has been checked."""

    name: str | None = None
    toml: str | None = None
    description: str | None = None
    editor_mode: str | None = None
    note: str | None = None
    """Told with the version that changed text writes; without changed text it goes nowhere."""
    base_version: int | None = None
    """The version that the change was made from."""
    label_ids: Collection[UUID] | None = None
    """The whole new set."""
    accept_impact: bool = False
    """Save also a text that agents which are reporting now would get an error from (V7)."""


async def create_config(session: AsyncSession, by: Identity, wanted: NewConfig, *, now: datetime) -> CurrentConfig:
    """Store a configuration and its version 1 (V2).

    Raises Conflict `config_name_conflict`, Forbidden, NotFound (a label).
    """
    await lock_content(session)
    # A token that is held to some configurations could not even read what it made.
    require_unheld(by)
    await _check_name(session, wanted.name)
    config = Config(
        name=wanted.name,
        description=wanted.description,
        editor_mode=wanted.editor_mode,
        current_version=1,
        last_modified=int(now.timestamp()),
        created_at=now,
        created_by=by.username,
        updated_at=now,
        updated_by=by.username,
    )
    session.add(config)
    await _flush(session, wanted.name)
    session.add(_version(config, wanted.toml, wanted.note or INITIAL_NOTE, by, now))
    await text_saved(session, config.id, wanted.toml, now=now)
    await record(session, by, "config.create", target=_target(config), changes={"version": [None, 1]}, now=now)
    await set_labels(session, by, CONFIGS, config.id, wanted.label_ids, now=now)
    await raise_generation(session, "content")
    return CurrentConfig(config, wanted.toml)


async def update_config(
    session: AsyncSession, by: Identity, key: str, change: ConfigChange, *, now: datetime
) -> CurrentConfig:
    """Change a configuration; changed text becomes the next version, other fields write none (V2).

    The row is locked first: of two editors the second sees what the first saved, and no version number is lost or given
    twice. Raises NotFound (also a label), Forbidden, Conflict `edit_conflict` (past `base_version`),
    `config_name_conflict`, `agents_would_fail`.
    """
    config = await get_config(session, by, key, lock=True)
    current = await get_version(session, config, config.current_version)
    _check_base(current, change.base_version)
    toml = current.toml
    if change.name is not None and change.name != config.name:
        await _check_name(session, change.name)
    if change.label_ids is not None:
        await set_labels(session, by, CONFIGS, config.id, change.label_ids, now=now)
    before = _shown(config)
    accepted: dict[str, int] = {}
    text_changed = change.toml is not None and change.toml != toml
    if change.toml is not None and text_changed:
        wanted = await text_change(session, config.id, change.toml)
        accepted = await require_acceptance(session, by, wanted, accepted=change.accept_impact)
    _set_fields(config, change)
    if not text_changed and _shown(config) == before:
        return CurrentConfig(config, toml)
    if change.toml is not None and text_changed:
        toml = change.toml
        await add_version(session, config, toml, note=change.note or "", by=by, now=now)
    config.updated_at = now
    config.updated_by = by.username
    await _flush(session, config.name)
    changes = before_and_after(before, _shown(config))
    await record(session, by, "config.update", target=_target(config), changes={**changes, **accepted}, now=now)
    # A download carries the name (C1), so a rename changes what is served, though not the text.
    if text_changed or "name" in changes:
        await raise_generation(session, "content")
    return CurrentConfig(config, toml)


async def add_version(
    session: AsyncSession,
    config: Config,
    toml: str,
    *,
    note: str,
    by: Identity,
    now: datetime,
    same_text: bool = False,
) -> None:
    """Write the next version of a configuration whose row is locked, and serve it from now on.

    `same_text` says that the version before says the same: then no `Last-Modified` moves (C2). The caller raises the
    content generation.
    """
    config.current_version += 1
    session.add(_version(config, toml, note, by, now))
    if not same_text:
        config.last_modified = next_last_modified(config.last_modified, now)
        await text_saved(session, config.id, toml, now=now)


async def duplicate_config(session: AsyncSession, by: Identity, key: str, *, now: datetime) -> CurrentConfig:
    """Store a copy "<name> (copy)" of a configuration's current text, with its labels, as a new one's version 1 (V4).

    Aliases and places in groups stay with the original. Raises NotFound, Forbidden.
    """
    config = await get_config(session, by, key, lock=True)
    current = await get_version(session, config, config.current_version)
    labels = await session.scalars(select(CONFIGS.label).where(CONFIGS.owner == config.id))
    wanted = NewConfig(
        name=await _name_for_copy(session, config.name),
        toml=current.toml,
        description=config.description,
        editor_mode=config.editor_mode,
        note=f"Copy of {config.name}, version {current.version}",
        label_ids=labels.all(),
    )
    return await create_config(session, by, wanted, now=now)


async def delete_config(session: AsyncSession, by: Identity, key: str, *, now: datetime) -> None:
    """Remove a configuration with its versions, aliases and places in groups (V4).

    Raises NotFound, Forbidden, Conflict `config_in_use`.
    """
    await remove_config(session, by, await get_config(session, by, key, lock=True), now=now)
    await raise_generation(session, "content")


async def remove_config(session: AsyncSession, by: Identity, config: Config, *, now: datetime) -> None:
    """The same with one that is locked already; the caller raises the content generation."""
    await _require_unused(session, config)
    changes = {"version": [config.current_version, None]}
    await record(session, by, "config.delete", target=_target(config), changes=changes, now=now)
    await leave_groups(session, [config.id], now=now)
    await session.execute(delete(Config).where(Config.id == config.id))


async def _require_unused(session: AsyncSession, config: Config) -> None:
    """Refuse while an agent that is reporting would find nothing at its URL. By a group's URL it finds the group."""
    aliases = (await aliases_of_configs(session, [config.id])).get(config.id, ())
    references = {config.id: references_to("config", config.id, aliases)}
    agents = (await count_agents_by_references(session, references, reporting_only=True))[config.id]
    if agents:
        number = "1 agent that is reporting uses" if agents == 1 else f"{agents} agents that are reporting use"
        raise Conflict("config_in_use", f"{number} the configuration {config.name!r}.", agentCount=agents)


async def _name_for_copy(session: AsyncSession, name: str) -> str:
    """Return the first free one of "<name> (copy)", "<name> (copy 2)", …, cut to fit; nobody takes it meanwhile."""
    for number in count(1):
        suffix = " (copy)" if number == 1 else f" (copy {number})"
        wanted = name[: MAX_NAME_LENGTH - len(suffix)].rstrip() + suffix
        if await session.scalar(select(Config.id).where(Config.name == wanted)) is None:
            return wanted
    raise AssertionError("numbers do not end")


def _version(config: Config, toml: str, note: str, by: Identity, now: datetime) -> ConfigVersion:
    return ConfigVersion(
        config_id=config.id,
        version=config.current_version,
        toml=toml,
        note=note,
        created_at=now,
        created_by=by.username,
    )


def _set_fields(config: Config, change: ConfigChange) -> None:
    wanted = {"name": change.name, "description": change.description, "editor_mode": change.editor_mode}
    for field, value in wanted.items():
        if value is not None:
            setattr(config, field, value)


def _shown(config: Config) -> dict[str, object]:
    """What the audit trail shows of a configuration: texts can be looked up by version, and may hold secrets."""
    return {
        "name": config.name,
        "description": config.description,
        "editorMode": config.editor_mode,
        "version": config.current_version,
    }


def _target(config: Config) -> Target:
    return Target("config", config.id, config.name)


def _check_base(current: ConfigVersion, base_version: int | None) -> None:
    if base_version is None or base_version == current.version:
        return
    raise Conflict(
        "edit_conflict",
        f"The configuration is at version {current.version}, saved by {current.created_by}, not at {base_version}.",
        currentVersion=current.version,
        baseVersion=base_version,
        savedBy=current.created_by,
        savedAt=clock.to_wire(current.created_at),
    )


async def _check_name(session: AsyncSession, name: str) -> None:
    if await session.scalar(select(Config.id).where(Config.name == name)) is not None:
        raise _name_taken(name)


async def _flush(session: AsyncSession, name: str) -> None:
    """Flush a row whose name may have been taken, by somebody faster, since it was checked."""
    try:
        await session.flush()
    except IntegrityError:
        raise _name_taken(name) from None


def _name_taken(name: str) -> Conflict:
    return Conflict("config_name_conflict", f"There is already a configuration named {name!r}.", name=name)
