"""Who is asking: from a request's credentials to an Identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from telegraf_controller.access.grants import TokenGrant, lacks_permission
from telegraf_controller.permissions import ENDPOINT_GROUPS, ROLE_GRANTS, Role


@dataclass(frozen=True, slots=True)
class Identity:
    """Who acts in a request, and with what rights."""

    via: Literal["token", "session", "open"]
    username: str
    user_id: UUID | None
    role: Role
    permissions: frozenset[str]
    address: str
    """Where the request comes from."""
    user_agent: str = ""
    grant: TokenGrant | None = None
    """The token that was presented, when `via` is "token"."""
    session_id: bytes | None = None
    """The digest of the session's secret, when `via` is "session"."""

    def may(self, permission: str) -> bool:
        """Tell whether the permission is there."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise Forbidden `insufficient_permissions` unless the permission is there."""
        if permission not in self.permissions:
            raise lacks_permission(permission)


def token_identity(grant: TokenGrant, address: str, user_agent: str = "") -> Identity:
    """The identity of a token's bearer: its user, with the token's effective permissions (T7)."""
    return Identity(
        via="token",
        username=grant.username,
        user_id=grant.user_id,
        role=grant.role,
        permissions=grant.permissions,
        address=address,
        user_agent=user_agent,
        grant=grant,
    )


def session_identity(
    *, user_id: UUID, username: str, role: Role, session_id: bytes, address: str, user_agent: str = ""
) -> Identity:
    """The identity of somebody who is signed in with a browser: all that their role grants."""
    return Identity(
        via="session",
        username=username,
        user_id=user_id,
        role=role,
        permissions=ROLE_GRANTS[role],
        address=address,
        user_agent=user_agent,
        session_id=session_id,
    )


def open_identity(group: str, address: str, user_agent: str = "") -> Identity:
    """Whoever asks an endpoint group that needs no credentials: a manager's rights, within that group only (E1)."""
    resources = ENDPOINT_GROUPS[group]
    rights = frozenset(p for p in ROLE_GRANTS[Role.MANAGER] if p.partition(":")[0] in resources)
    return Identity(
        via="open",
        username="anonymous",
        user_id=None,
        role=Role.MANAGER,
        permissions=rights,
        address=address,
        user_agent=user_agent,
    )
