"""How often somebody may try, in memory, bounded, for each process by itself (U10).

A flood must cost little and lock out nobody else. So attempts count per address; and who has signed in from an address
before is familiar there: they have attempts of their own under their name, whatever others do at the same address (an
office, or a proxy that nobody declared).
"""

from __future__ import annotations

import math
from collections import OrderedDict
from ipaddress import IPv6Address

from telegraf_controller import clock
from telegraf_controller.addresses import parse_address
from telegraf_controller.errors import ControllerError

BURST = 20
"""Attempts that somebody has at once."""

SECONDS_PER_ATTEMPT = 3.0
"""How long it takes to get one back."""

STRANGERS_AT_ONCE = 30
"""Attempts that all strangers together have at once, from however many addresses."""

SECONDS_PER_STRANGER = 0.2
"""How long it takes to get one of those back. Each costs a password check and a write, which others wait for."""

MAX_KEYS = 10_000
"""How many are remembered; whoever tried longest ago is forgotten first."""


class Attempts:
    """A bucket of attempts for each key. What succeeded is given back."""

    def __init__(self, burst: int = BURST, seconds_each: float = SECONDS_PER_ATTEMPT) -> None:
        self._burst = float(burst)
        self._seconds_each = seconds_each
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def __contains__(self, key: str) -> bool:
        return key in self._buckets

    def check(self, key: str) -> None:
        """Raise ControllerError `too_many_attempts`, with the seconds until there is one again, if none is left."""
        left = self._left(key)
        if left < 1:
            raise too_many_attempts(max(1, math.ceil((1 - left) * self._seconds_each)))

    def take(self, key: str) -> None:
        """Use up one attempt. Raises ControllerError `too_many_attempts`."""
        self.check(key)
        self._store(key, self._left(key) - 1)

    def give_back(self, key: str) -> None:
        """Return an attempt that succeeded."""
        self._store(key, min(self._burst, self._left(key) + 1))

    def _left(self, key: str) -> float:
        now_ms = clock.now_ms()
        left, since_ms = self._buckets.get(key, (self._burst, now_ms))
        # A clock that was set back must not take anything away.
        return min(self._burst, left + max(0, now_ms - since_ms) / 1000 / self._seconds_each)

    def _store(self, key: str, left: float) -> None:
        self._buckets[key] = (left, clock.now_ms())
        self._buckets.move_to_end(key)
        if len(self._buckets) > MAX_KEYS:
            self._buckets.popitem(last=False)


class SignInThrottle:
    """Attempts per address and for all strangers together, and per name at an address for who is familiar there."""

    def __init__(self) -> None:
        self._addresses = Attempts()
        self._strangers = Attempts(STRANGERS_AT_ONCE, SECONDS_PER_STRANGER)
        self._familiar = Attempts()

    def check(self, address: str, name: str) -> bool:
        """Tell whether they are familiar there. Raises ControllerError `too_many_attempts` when `take` would."""
        pair = _pair(address, name)
        if pair in self._familiar:
            self._familiar.check(pair)
            return True
        self._addresses.check(network_of(address))
        self._strangers.check("")
        return False

    def take(self, address: str, name: str) -> bool:
        """Use up one attempt; tell whether they are familiar there. Raises ControllerError `too_many_attempts`."""
        if self.check(address, name):
            self._familiar.take(_pair(address, name))
            return True
        self._addresses.take(network_of(address))
        self._strangers.take("")
        return False

    def succeeded(self, address: str, name: str, *, familiar: bool) -> None:
        """Return the attempt of who has signed in, and remember them."""
        if not familiar:
            self._addresses.give_back(network_of(address))
            self._strangers.give_back("")
        self._familiar.give_back(_pair(address, name))


def network_of(address: str) -> str:
    """Return what counts as one address: whoever has one IPv6 address has the 2^64 beside it."""
    parsed = parse_address(address)
    return str(IPv6Address(int(parsed) >> 64 << 64)) if isinstance(parsed, IPv6Address) else address


def too_many_attempts(retry_after_seconds: int) -> ControllerError:
    """Return the error for somebody who has to wait."""
    return ControllerError(
        "too_many_attempts", "Too many attempts; try again a little later.", retryAfter=retry_after_seconds
    )


def _pair(address: str, name: str) -> str:
    return f"{address}\n{name.strip().lower()}"
