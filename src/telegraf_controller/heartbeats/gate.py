"""Who may send which heartbeat, and from which address it comes (T3, T4, T11, E1, H5)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from msgspec import Struct

from telegraf_controller.access.grants import TokenGrant
from telegraf_controller.addresses import Network, client_address, in_networks, parse_address
from telegraf_controller.errors import Unauthenticated, ValidationFailed
from telegraf_controller.tokens.check import (
    AccessState,
    bearer_digest,
    require_agent,
    require_network,
    require_permission,
)

PERMISSION = "heartbeat:write"
GROUP = "heartbeat"
"""The endpoint group that can be opened to everybody (E1)."""

_FORWARDED_FOR = "x-forwarded-for"


class Headers(Protocol):
    """What is needed of a request's headers."""

    def __contains__(self, key: str) -> bool:
        """Tell whether there is such a header."""

    def get(self, key: str) -> str | None:
        """Return the first line of a header."""

    def get_all(self, key: str) -> list[str]:
        """Return every line of a header, in order."""


class Credentials(Struct, gc=False):
    """What a request presented, never the token value itself. Good for asking again when rights have changed."""

    digest: bytes | None
    refusal: Unauthenticated | None
    """What is wrong with the header; None when there is a digest."""
    address: str
    """Where the request comes from: the peer, or what a trusted proxy says."""


def read_credentials(headers: Headers, address: str) -> Credentials:
    """Read the `Authorization` header. What is wrong with it counts only if credentials turn out to be needed."""
    try:
        return Credentials(bearer_digest(headers.get_all("authorization")), None, address)
    except Unauthenticated as refusal:
        return Credentials(None, refusal, address)


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
        raise credentials.refusal
    grant = state.grant_of(credentials.digest, now_ms)
    require_permission(grant, PERMISSION)
    require_network(grant, credentials.address)
    if instance_id is not None:
        require_agent(grant, instance_id)
    return grant


def peer_address(client: str, headers: Headers, trusted_proxies: Sequence[Network]) -> str:
    """Return where a request comes from. `client` is the socket's `1.2.3.4:5678` or `[::1]:5678`.

    Raises ValidationFailed when a trusted proxy's word for it cannot be read.
    """
    peer = _without_port(client)
    if not trusted_proxies:
        return peer
    forwarded_for = headers.get_all(_FORWARDED_FOR)
    # The server leaves out lines with bytes beyond ASCII. One that a client began so must not hide what the proxy added
    # to it: the request would count as the proxy's own.
    if not forwarded_for and _FORWARDED_FOR in headers and in_networks(peer, trusted_proxies):
        raise ValidationFailed({"X-Forwarded-For": "must be a list of addresses, in ASCII"})
    return client_address(peer, forwarded_for, trusted_proxies)


def agent_address(address: str, headers: Headers) -> str:
    """Return the address that the agent's record shows: its own word if that is one valid address, else `address`."""
    if "telegraf-agent-ip" not in headers:
        return address
    claimed = headers.get_all("telegraf-agent-ip")
    if len(claimed) != 1:
        return address
    parsed = parse_address(claimed[0].strip())
    return address if parsed is None else str(parsed)


@lru_cache(maxsize=65_536)
def _without_port(client: str) -> str:
    return client_address(client.rpartition(":")[0].strip("[]"), (), ())
