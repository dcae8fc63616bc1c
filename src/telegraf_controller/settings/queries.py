"""Reading the settings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.permissions import ENDPOINT_GROUPS
from telegraf_controller.settings.tables import Setting

Complexity = Literal["low", "medium", "high"]
"""How strong a new password has to be (U9)."""

PUBLIC_ENDPOINTS = "public-endpoints"
LOGIN_SECURITY = "login-security"
ENDPOINT_AUTH = "endpoint-auth"


@dataclass(frozen=True, slots=True)
class PublicEndpoints:
    """Under which URLs this instance is reached from outside; None: as the request was addressed."""

    ui_url: str | None = None
    api_url: str | None = None
    heartbeat_url: str | None = None


@dataclass(frozen=True, slots=True)
class LoginSecurity:
    """What protects accounts from guessing (U9, U10)."""

    attempts: int = 5
    lockout_minutes: int = 15
    password_complexity: Complexity = "low"  # noqa: S105 - no password


@dataclass(frozen=True, slots=True)
class Settings:
    """Every part of the settings."""

    public_endpoints: PublicEndpoints = field(default_factory=PublicEndpoints)
    login_security: LoginSecurity = field(default_factory=LoginSecurity)
    open_groups: frozenset[str] = frozenset()
    """Endpoint groups that need no credentials, unless start-up locked them to something else (E1, E3)."""


async def read_settings(session: AsyncSession) -> Settings:
    """Return the settings, with defaults for what was never set."""
    rows = await session.execute(select(Setting.key, Setting.value))
    stored = {row.key: row.value for row in rows}
    return Settings(
        public_endpoints=PublicEndpoints(**stored.get(PUBLIC_ENDPOINTS, {})),
        login_security=LoginSecurity(**stored.get(LOGIN_SECURITY, {})),
        open_groups=_known_groups(stored.get(ENDPOINT_AUTH, {})),
    )


async def read_login_security(session: AsyncSession) -> LoginSecurity:
    """Return what protects accounts from guessing."""
    return (await read_settings(session)).login_security


async def read_open_groups(session: AsyncSession) -> frozenset[str]:
    """Return the endpoint groups that the settings open (E1)."""
    return (await read_settings(session)).open_groups


def stored_form(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the rows that hold these settings, by key."""
    return {
        PUBLIC_ENDPOINTS: asdict(settings.public_endpoints),
        LOGIN_SECURITY: asdict(settings.login_security),
        ENDPOINT_AUTH: {"open": in_group_order(settings.open_groups)},
    }


def in_group_order(groups: Collection[str]) -> list[str]:
    """Sort endpoint groups as the specification lists them."""
    return [group for group in ENDPOINT_GROUPS if group in groups]


def _known_groups(value: dict[str, Any]) -> frozenset[str]:
    # A group that a newer version wrote must not stop this one.
    return frozenset(value.get("open", ())) & frozenset(ENDPOINT_GROUPS)
