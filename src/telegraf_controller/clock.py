"""The one source of time: aware UTC, replaceable in tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_source: Callable[[], float] = time.time


def now() -> datetime:
    """Return the current instant, aware, in UTC, to the millisecond (what the database keeps)."""
    return from_epoch_ms(now_ms())


def now_ms() -> int:
    """Return the current instant in milliseconds since the epoch."""
    return int(_source() * 1000)


def now_seconds() -> int:
    """Return the current instant in whole seconds since the epoch."""
    return int(_source())


def from_epoch_ms(milliseconds: int) -> datetime:
    """Turn milliseconds since the epoch into an aware UTC instant."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def to_epoch_ms(instant: datetime) -> int:
    """Turn an aware instant into milliseconds since the epoch."""
    return round(instant.timestamp() * 1000)


def to_wire(instant: datetime) -> str:
    """Format an aware instant as the API shows it: `2026-11-23T17:10:02.123Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


@contextmanager
def replaced(source: Callable[[], float]) -> Iterator[None]:
    """Take time from `source` (seconds since the epoch) for the length of a `with` block; for tests."""
    global _source
    previous, _source = _source, source
    try:
        yield
    finally:
        _source = previous
