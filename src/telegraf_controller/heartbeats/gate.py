"""Who may send which heartbeat, and from which address it comes (T3, T4, T11, E1, H5)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from telegraf_controller.access.grants import TokenGrant
from telegraf_controller.addresses import Network, client_address, parse_address
from telegraf_controller.errors import Unauthenticated
from telegraf_controller.tokens.check import (
    AccessState,
    require_agent,
    require_network,
    require_permission,
)

PERMISSION = "heartbeat:write"
GROUP = "heartbeat"
"""The endpoint group that can be opened to everybody (E1)."""


class Credentials(Struct, gc=False):
    """What a request presented, never the token value itself. Good for asking again when rights have changed."""

    digest: bytes | None
    refusal: tuple[str, str] | None
    """Code and sentence of what is wrong with the header, which counts only if credentials turn out to be needed; None
    when there is a digest."""
    address: str
    """Where the request comes from: the peer, or what a trusted proxy says."""


def authorise(
    state: AccessState, credentials: Credentials, now_ms: int, instance_id: str | None = None
) -> TokenGrant | None:
    """Check that heartbeats may come with these credentials, and from this agent once its id is known.

    Returns the token's grant; None when nobody needs credentials now (E1), then good and bad ones are ignored alike.
    Raises Unauthenticated or Forbidden exactly as T4 lists them.
    """
    if GROUP in state.open_groups:
        return None
    if credentials.digest is None:
        assert credentials.refusal is not None
        raise Unauthenticated(*credentials.refusal)
    grant = state.grant_of(credentials.digest, now_ms)
    require_permission(grant, PERMISSION)
    require_network(grant, credentials.address)
    if instance_id is not None:
        require_agent(grant, instance_id)
    return grant


def peer_address(peer: str, forwarded_for: Sequence[str], trusted_proxies: Sequence[Network]) -> str:
    """Return where a request comes from: the socket's peer, or what trusted proxies say in `X-Forwarded-For`."""
    return client_address(peer, forwarded_for, trusted_proxies) if trusted_proxies else peer


def agent_address(address: str, claimed: Sequence[str]) -> str:
    """Return the address that the agent's record shows: its own word if that is one valid address, else `address`.

    `claimed` holds the lines of `Telegraf-Agent-IP`.
    """
    parsed = parse_address(claimed[0].strip()) if len(claimed) == 1 else None
    return address if parsed is None else str(parsed)
