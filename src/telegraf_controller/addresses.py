"""Which address a request comes from, believing only proxies that were declared trusted (H5)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@lru_cache(maxsize=4096)
def parse_address(text: str) -> Address | None:
    """Read an IPv4 or IPv6 address without a zone; None when it is none. `::ffff:a.b.c.d` is read as IPv4."""
    if "%" in text or len(text) > 45:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def in_networks(text: str, networks: Sequence[Network]) -> bool:
    """Tell whether an address is in one of the networks; a text that is none is in none."""
    address = parse_address(text)
    return address is not None and any(address in network for network in networks)


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return the address of the client behind trusted proxies, else the peer's.

    `forwarded_for` holds the lines of `X-Forwarded-For`. They are read from the right, which is what the proxy nearest
    to us wrote, and only as long as the hops are trusted: whatever a client wrote itself stands further left.
    """
    if not trusted or not forwarded_for:
        return _plain(peer)
    current = _plain(peer)
    hops = [hop.strip() for line in forwarded_for for hop in line.split(",")]
    for hop in reversed(hops):
        if not in_networks(current, trusted) or parse_address(hop) is None:
            break
        current = _plain(hop)
    return current


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    address = parse_address(text)
    return text if address is None else str(address)
