"""How often an address may try a password or a secret; in memory, bounded, for each process by itself (U10)."""

from __future__ import annotations

import math
from collections import OrderedDict
from ipaddress import IPv6Address

from telegraf_controller import clock
from telegraf_controller.addresses import parse_address
from telegraf_controller.users.passwords import too_many_attempts

BURST = 20
"""Attempts that an address has at once."""

SECONDS_PER_ATTEMPT = 3.0
"""How long it takes to get one back."""

MAX_ADDRESSES = 10_000
"""Addresses that are remembered; whoever tried longest ago is forgotten first."""


class Throttle:
    """A bucket of attempts for each address. What succeeded is given back: people behind one address do not count."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self.refused = 0
        """Attempts refused since the start."""

    def take(self, address: str) -> None:
        """Use up one attempt. Raises ControllerError `too_many_attempts` with the seconds until there is one again."""
        key = _network_of(address)
        left = self._left(key)
        if left < 1:
            self.refused += 1
            raise too_many_attempts(max(1, math.ceil((1 - left) * SECONDS_PER_ATTEMPT)))
        self._store(key, left - 1)

    def give_back(self, address: str) -> None:
        """Return an attempt that succeeded."""
        key = _network_of(address)
        self._store(key, self._left(key) + 1)

    def _left(self, key: str) -> float:
        now_ms = clock.now_ms()
        left, since_ms = self._buckets.get(key, (float(BURST), now_ms))
        # A clock that was set back must not take anything away.
        return min(float(BURST), left + max(0, now_ms - since_ms) / 1000 / SECONDS_PER_ATTEMPT)

    def _store(self, key: str, left: float) -> None:
        self._buckets[key] = (left, clock.now_ms())
        self._buckets.move_to_end(key)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)


def _network_of(address: str) -> str:
    parsed = parse_address(address)
    if isinstance(parsed, IPv6Address):
        # Whoever has one IPv6 address has the 2^64 beside it.
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return address
