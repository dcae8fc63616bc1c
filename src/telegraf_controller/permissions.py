"""Who may do what: resources, actions, what each role grants, presets, endpoint groups (P1).

A permission is written `resource:action`, for example `configs:read`. Absent means no.
Nothing here imports anything of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What a user may do at the most; exactly one user is the owner."""

    OWNER = "owner"
    ADMINISTRATOR = "administrator"
    MANAGER = "manager"
    VIEWER = "viewer"


_READ = ("read",)
_READ_WRITE = ("read", "write")
_ALL = ("read", "write", "delete")

RESOURCES: dict[str, tuple[str, ...]] = {
    "agents": _ALL,
    "configs": _ALL,
    "config-groups": _ALL,
    "constants": _ALL,
    "labels": _ALL,
    "reporting-rules": _ALL,
    "heartbeat": _READ_WRITE,
    "tokens": _ALL,
    "users": _ALL,
    "invites": _ALL,
    "password-resets": _ALL,
    "settings": _READ_WRITE,
    "auth-settings": _READ_WRITE,
    "audit": _READ,
    "metrics": _READ,
}
"""Every resource with the actions it knows."""

PERMISSIONS: tuple[str, ...] = tuple(
    f"{resource}:{action}" for resource, actions in RESOURCES.items() for action in actions
)
"""Every permission there is, in the order of the table."""

_FLEET = ("agents", "configs", "config-groups", "constants", "labels", "reporting-rules", "heartbeat")
_PEOPLE = ("users", "invites", "password-resets")


def _grant(*resources: str, actions: Iterable[str] = _ALL) -> frozenset[str]:
    wanted = set(actions)
    return frozenset(f"{r}:{a}" for r in resources for a in RESOURCES[r] if a in wanted)


ROLE_GRANTS: dict[Role, frozenset[str]] = {
    Role.VIEWER: _grant(*_FLEET, actions=_READ),
    Role.MANAGER: _grant(*_FLEET, "tokens") | _grant("metrics"),
    Role.ADMINISTRATOR: _grant(*_FLEET, "tokens", *_PEOPLE, "settings", "audit", "metrics")
    | _grant("auth-settings", actions=_READ),
    Role.OWNER: frozenset(PERMISSIONS),
}
"""What each role grants. A manager's `tokens:*` reach only the manager's own tokens (T16)."""

PRESETS: dict[str, tuple[str, ...]] = {
    "telegraf-agent": ("configs:read", "config-groups:read", "heartbeat:write"),
    "read-only": tuple(p for p in PERMISSIONS if p in _grant(*_FLEET, actions=_READ)),
    "configuration-as-code": tuple(
        p for p in PERMISSIONS if p in _grant("configs", "config-groups", "constants", "labels")
    ),
    "full-access": PERMISSIONS,
}
"""Ready-made choices for a new token, by id."""

PRESET_NAMES: dict[str, str] = {
    "telegraf-agent": "Telegraf agent",
    "read-only": "Read only",
    "configuration-as-code": "Configuration as code",
    "full-access": "Full access",
}

ENDPOINT_GROUPS: dict[str, tuple[str, ...]] = {
    "agents": ("agents",),
    "configs": ("configs", "config-groups", "constants"),
    "labels": ("labels",),
    "reporting-rules": ("reporting-rules",),
    "heartbeat": ("heartbeat",),
}
"""Parts of the API whose authentication can be switched off, with the resources each covers (E1)."""


def endpoint_group_of(permission: str) -> str | None:
    """Return the endpoint group that a permission belongs to, or None when it can never be opened."""
    resource = permission.partition(":")[0]
    return next((group for group, resources in ENDPOINT_GROUPS.items() if resource in resources), None)


def in_table_order(permissions: Iterable[str]) -> list[str]:
    """Sort permissions as the table lists them, so that answers are stable."""
    wanted = set(permissions)
    return [p for p in PERMISSIONS if p in wanted]
