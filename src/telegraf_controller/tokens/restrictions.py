"""Where a token may be used, beyond its permissions, and how a restricted token hands its restrictions on (T11)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network

from telegraf_controller.access.grants import TokenGrant
from telegraf_controller.addresses import Network
from telegraf_controller.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Restrictions:
    """None does not restrict."""

    allowed_networks: list[str] | None = None
    agent_ids: list[str] | None = None
    configs: list[str] | None = None


def inherited(grant: TokenGrant | None, wanted: Restrictions) -> Restrictions:
    """Return the restrictions of a token that is made, or whose value is learned, by means of another one.

    What is not asked for is handed on; what is asked for has to lie within. Otherwise a leaked token could make itself
    a free one. Raises Forbidden `token_not_allowed_here`, naming the rule.
    """
    if grant is None:
        return wanted
    if grant.allowed_networks is not None and wanted.allowed_networks is not None:
        _require(
            all(_inside(ip_network(network), grant.allowed_networks) for network in wanted.allowed_networks),
            "allowedNetworks",
        )
    if grant.agent_ids is not None and wanted.agent_ids is not None:
        # A pattern that is not among them lies within only if it is the id of one agent.
        _require(all(_covers(grant, pattern) for pattern in wanted.agent_ids), "agentIds")
    if grant.configs is not None and wanted.configs is not None:
        _require({name.lower() for name in wanted.configs} <= set(grant.configs), "configs")
    networks = None if grant.allowed_networks is None else [str(network) for network in grant.allowed_networks]
    return Restrictions(
        allowed_networks=_first(wanted.allowed_networks, networks),
        agent_ids=_first(wanted.agent_ids, grant.agent_ids),
        configs=_first(wanted.configs, grant.configs),
    )


def require_within(grant: TokenGrant | None, existing: Restrictions) -> None:
    """Raise Forbidden `token_not_allowed_here` when a token may be used where the caller's own may not."""
    if inherited(grant, existing) != existing:
        raise _beyond("restrictions")


def _inside(network: Network, allowed: tuple[Network, ...]) -> bool:
    for outer in allowed:
        if isinstance(network, IPv4Network):
            if isinstance(outer, IPv4Network) and network.subnet_of(outer):
                return True
        elif not isinstance(outer, IPv4Network) and network.subnet_of(outer):
            return True
    return False


def _covers(grant: TokenGrant, pattern: str) -> bool:
    if grant.agent_ids is not None and pattern in grant.agent_ids:
        return True
    return not any(sign in pattern for sign in "*?[") and grant.allows_agent(pattern)


def _first(wanted: list[str] | None, handed_on: list[str] | tuple[str, ...] | None) -> list[str] | None:
    if wanted is not None:
        return wanted
    return None if handed_on is None else list(handed_on)


def _require(within: bool, rule: str) -> None:
    if not within:
        raise _beyond(rule)


def _beyond(rule: str) -> Forbidden:
    return Forbidden(
        "token_not_allowed_here", "The token is restricted itself, and cannot hand on more than it has", rule=rule
    )
