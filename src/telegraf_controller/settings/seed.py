"""The settings of the first start, taken from the options (E3)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.db.generations import raise_generation
from telegraf_controller.settings.queries import LoginSecurity, Settings, stored_form
from telegraf_controller.settings.tables import Setting


async def seed_settings(
    session: AsyncSession, *, login_security: LoginSecurity, open_groups: Collection[str], now: datetime
) -> bool:
    """Store what the options say unless a start before this one did; tell whether anything was stored (E3).

    Several nodes may call it at once: the first one's values stay.
    """
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    wanted = Settings(login_security=login_security, open_groups=frozenset(open_groups))
    stored = False
    for key, value in sorted(stored_form(wanted).items()):
        statement = dialect.insert(Setting).values(key=key, value=value, updated_at=now, updated_by=None)
        added = await session.scalar(statement.on_conflict_do_nothing().returning(Setting.key))
        stored = stored or added is not None
    if stored:
        await raise_generation(session, "access")
    return stored
