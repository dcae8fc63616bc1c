"""How the statistics of a group of heartbeats are packed into one value: a fixed-size record for each, sorted by agent.

One agent's records are found by looking for its sixteen bytes, without unpacking the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct

import msgspec

from telegraf_controller.heartbeats.parse import Heartbeat

_RECORD = Struct("<16sIBIIQ")
"""Agent, milliseconds since the group's first heartbeat, flags and status, errors, warnings, metrics."""

_HAS_STATISTICS = 0x80
_STATUS = 0x0F
_MAX_32 = 2**32 - 1


class Point(msgspec.Struct, frozen=True):
    """What one heartbeat reported. The three counts are None when it had no statistics."""

    received_ms: int
    status: int
    errors: int | None
    warnings: int | None
    metrics: int | None


def pack_points(heartbeats: Iterable[Heartbeat], first_ms: int) -> bytes:
    """Pack heartbeats, which are sorted by agent; `first_ms` is when the earliest was received."""
    pack = _RECORD.pack
    records = []
    for heartbeat in heartbeats:
        # Masked, because a clock that jumps by months must cost a wrong time and not the whole group.
        after = (heartbeat.received_ms - first_ms) & _MAX_32
        counts = heartbeat.statistics
        if counts is None:
            records.append(pack(heartbeat.agent_key, after, heartbeat.status, 0, 0, 0))
            continue
        errors = counts.errors if counts.errors < _MAX_32 else _MAX_32
        warnings = counts.warnings if counts.warnings < _MAX_32 else _MAX_32
        flags = heartbeat.status | _HAS_STATISTICS
        records.append(pack(heartbeat.agent_key, after, flags, errors, warnings, counts.metrics))
    return b"".join(records)


def points_of(agent_key: bytes, packed: bytes, first_ms: int) -> Iterator[Point]:
    """Yield one agent's points, in the order in which they were packed."""
    position = packed.find(agent_key)
    while position >= 0:
        # The same bytes may also occur by chance across the border of two records.
        if position % _RECORD.size:
            position = packed.find(agent_key, position + 1)
            continue
        _, after, flags, errors, warnings, metrics = _RECORD.unpack_from(packed, position)
        if flags & _HAS_STATISTICS:
            yield Point(first_ms + after, flags & _STATUS, errors, warnings, metrics)
        else:
            yield Point(first_ms + after, flags & _STATUS, None, None, None)
        position = packed.find(agent_key, position + _RECORD.size)
