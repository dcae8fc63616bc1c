"""How many entries those may cause who have proved nothing: a flood must not fill the disk."""

from __future__ import annotations

from telegraf_controller import clock

BURST = 60
"""Entries at once."""

ENTRIES_PER_SECOND = 1.0
"""Entries in the long run."""


class AnonymousBudget:
    """Tells whether one more entry may be written. What is left out is counted, and the next entry says how many."""

    def __init__(self) -> None:
        self._left = float(BURST)
        self._since_ms = clock.now_ms()
        self._left_out = 0

    def spend(self) -> int | None:
        """Return how many were left out before this one, or None when this one is to be left out as well."""
        now_ms = clock.now_ms()
        gained = max(0, now_ms - self._since_ms) / 1000 * ENTRIES_PER_SECOND
        self._left, self._since_ms = min(float(BURST), self._left + gained), now_ms
        if self._left < 1:
            self._left_out += 1
            return None
        self._left -= 1
        left_out, self._left_out = self._left_out, 0
        return left_out
