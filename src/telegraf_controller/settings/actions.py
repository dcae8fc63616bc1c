"""Changing the settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Target, before_and_after, record
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.errors import Forbidden
from telegraf_controller.settings.queries import Settings, in_group_order, read_settings, stored_form
from telegraf_controller.settings.tables import Setting

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """What is to change: only the names that are given. `groups` says per endpoint group whether it is to be open."""

    public_endpoints: Mapping[str, Any] = field(default_factory=dict)
    login_security: Mapping[str, Any] = field(default_factory=dict)
    groups: Mapping[str, bool] = field(default_factory=dict)

    def beyond(self, open_groups: Collection[str]) -> SettingsChange:
        """Return the change without what it says of endpoint groups that are so already."""
        return replace(
            self, groups={group: wish for group, wish in self.groups.items() if wish != (group in open_groups)}
        )


async def change_settings(
    session: AsyncSession, by: Identity, change: SettingsChange, *, locked: bool, now: datetime
) -> Settings:
    """Store what changes and return all of it; open endpoint groups hold everywhere at once (E1, E4).

    Raises Forbidden: `setting_locked` when start-up locked endpoint authentication (E3), `insufficient_permissions`.
    The caller has confirmed the password when groups change (E2).
    """
    if change.groups:
        require_may_open(by, locked=locked)
    await hold_settings(session, now)
    before = await read_settings(session)
    opened = before.open_groups.union(group for group, is_open in change.groups.items() if is_open)
    after = replace(
        before,
        public_endpoints=replace(before.public_endpoints, **change.public_endpoints),
        login_security=replace(before.login_security, **change.login_security),
        open_groups=opened.difference(group for group, is_open in change.groups.items() if not is_open),
    )
    old, new = stored_form(before), stored_form(after)
    for key, value in new.items():
        if value != old[key]:
            await store_setting(session, key, value, by=by.username, now=now)
            changes = before_and_after(old[key], value)
            target = Target("settings", key, key)
            await record(session, by, "settings.update", target=target, changes=changes, now=now)
    if after.open_groups != before.open_groups:
        await raise_generation(session, "access")
        log.warning(
            "endpoint authentication changed",
            by=by.username,
            open=", ".join(in_group_order(after.open_groups)) or "none",
        )
    return after


def require_may_open(by: Identity, *, locked: bool) -> None:
    """Raise Forbidden unless the caller may open and close endpoint groups, and start-up did not lock them (E2, E3)."""
    by.require("auth-settings:write")
    if locked:
        raise Forbidden("setting_locked", "Endpoint authentication was locked when the program started.")


async def store_setting(
    session: AsyncSession, key: str, value: Mapping[str, Any], *, by: str | None, now: datetime
) -> None:
    """Store one part of the settings, whether it was there or not."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    columns = {"value": dict(value), "updated_at": now, "updated_by": by}
    statement = dialect.insert(Setting).values(key=key, **columns)
    await session.execute(statement.on_conflict_do_update(index_elements=[Setting.key], set_=columns))


async def hold_settings(session: AsyncSession, now: datetime) -> None:
    """Let nobody else change settings until this transaction ends: of two changes at once, both must hold."""
    # A row that everybody writes: unlike a lock it needs nothing that one of the databases lacks.
    await store_setting(session, "last-change", {}, by=None, now=now)
