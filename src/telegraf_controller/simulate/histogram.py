"""Percentiles of millions of durations in a few kilobytes."""

from __future__ import annotations

from math import frexp, ldexp

_LEAST_EXPONENT = -19
_MOST_EXPONENT = 16
_STEPS = 64
"""Buckets from one power of two to the next."""
_LEAST_SECONDS = 2.0 ** (_LEAST_EXPONENT - 1)
_MOST_SECONDS = 2.0**_MOST_EXPONENT
_FIRST = (_LEAST_EXPONENT + 1) * _STEPS - 1
"""What the first bucket of a duration would be numbered, were the one of no duration not before it."""


class Histogram:
    """Counts durations in buckets at most 1.6 % wide, from 1 µs to 18 hours."""

    def __init__(self) -> None:
        self._counts = [0] * ((_MOST_EXPONENT - _LEAST_EXPONENT + 1) * _STEPS + 1)
        self.max_seconds = 0.0

    @property
    def count(self) -> int:
        """How many were recorded."""
        return sum(self._counts)

    def record(self, seconds: float) -> None:
        """Count one duration; a negative one counts as none."""
        if seconds > self.max_seconds:
            self.max_seconds = seconds
        if _LEAST_SECONDS <= seconds < _MOST_SECONDS:
            fraction, exponent = frexp(seconds)  # the fraction is 0.5 or more, and less than 1
            self._counts[exponent * _STEPS + int(fraction * (2 * _STEPS)) - _FIRST] += 1
        else:
            self._counts[0 if seconds < _LEAST_SECONDS else -1] += 1

    def percentile(self, share: float) -> float:
        """Return the duration in seconds that `share` (0 to 1) of all do not exceed; 0 when there are none."""
        wanted = max(1, round(share * self.count + 0.499_999))
        seen = 0
        for index, count in enumerate(self._counts):
            seen += count
            if seen >= wanted:
                return min(_upper_bound_of(index), self.max_seconds)
        return self.max_seconds


def _upper_bound_of(index: int) -> float:
    if index == 0:
        return 0.0
    exponent, step = divmod(index - 1, _STEPS)
    return ldexp((_STEPS + step + 1) / (2 * _STEPS), exponent + _LEAST_EXPONENT)
