"""What the bearer of a token may do, as data. It knows no room, so that every room may know who is asking."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property
from uuid import UUID

from telegraf_controller.addresses import Network, parse_address
from telegraf_controller.errors import Forbidden
from telegraf_controller.permissions import Role


@dataclass(frozen=True)
class TokenGrant:
    """What the bearer of one value may do; effective permissions are already the intersection with the role (T7)."""

    token_id: UUID
    token_name: str
    user_id: UUID
    username: str
    role: Role
    permissions: frozenset[str]
    expires_at_ms: int | None
    """When this value stops working: the token's expiry, or for a rotated-out value the end of its overlap."""
    allowed_networks: tuple[Network, ...] | None = None
    agent_ids: tuple[str, ...] | None = None
    configs: tuple[str, ...] | None = None

    @cached_property
    def _agent_id_pattern(self) -> re.Pattern[str] | None:
        return None if self.agent_ids is None else re.compile("|".join(map(translate, self.agent_ids)) or r"(?!)")

    def allows_network(self, address: str) -> bool:
        """Tell whether a peer address is inside the token's networks."""
        if self.allowed_networks is None:
            return True
        peer = parse_address(address)
        return peer is not None and any(peer in network for network in self.allowed_networks)

    def allows_agent(self, instance_id: str) -> bool:
        """Tell whether the token may speak for, or fetch as, this agent."""
        pattern = self._agent_id_pattern
        return pattern is None or pattern.match(instance_id) is not None

    def allows_config(self, names: Iterable[str]) -> bool:
        """Tell whether one of a configuration's or group's names (id, aliases) is among those the token may read."""
        return self.configs is None or any(name.lower() in self.configs for name in names)


def lacks_permission(permission: str) -> Forbidden:
    """Return the error that names the missing permission (T4)."""
    return Forbidden("insufficient_permissions", f"Missing permission {permission}", required=permission)
