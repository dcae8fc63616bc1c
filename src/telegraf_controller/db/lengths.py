"""Lists of values in statements: their text depends on how many there are."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

T = TypeVar("T")


def few_lengths(values: Collection[T]) -> list[T]:
    """Return values for an `IN`, one of them repeated until their number is a power of two.

    PostgreSQL prepares each text of a statement once on each connection, which is a round trip of its own. So there are
    to be few texts where the number of values differs from one request to the next.
    """
    listed = list(values)
    return listed + listed[-1:] * ((1 << (len(listed) - 1).bit_length()) - len(listed)) if listed else []
