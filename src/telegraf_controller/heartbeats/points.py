"""How the statistics of many heartbeats are packed into one value: a fixed-size record for each.

One agent's records are found by looking for its sixteen bytes, without unpacking the others. To read a record takes
nothing but an instant that is later, by less than 49 days: so packed values can be joined and parted as bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct

import msgspec

from telegraf_controller.heartbeats.parse import Liveness

_RECORD = Struct("<16sIBIIQ")
"""Agent, the lower half of when it was received (milliseconds since the epoch), flags and status, errors, warnings,
metrics."""

RECORD_BYTES = _RECORD.size

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


def pack_points(heartbeats: Iterable[Liveness]) -> bytes:
    """Pack heartbeats in their order."""
    pack = _RECORD.pack
    records = []
    for heartbeat in heartbeats:
        received, errors, metrics = heartbeat.received_ms & _MAX_32, heartbeat.errors, heartbeat.metrics
        if errors is None or metrics is None:
            records.append(pack(heartbeat.agent_key, received, heartbeat.status, 0, 0, 0))
            continue
        warnings = heartbeat.warnings or 0
        if errors > _MAX_32 or warnings > _MAX_32:
            errors, warnings = min(errors, _MAX_32), min(warnings, _MAX_32)
        records.append(
            pack(heartbeat.agent_key, received, heartbeat.status | _HAS_STATISTICS, errors, warnings, metrics)
        )
    return b"".join(records)


def points_of(agent_key: bytes, packed: bytes, last_ms: int) -> Iterator[Point]:
    """Yield one agent's points, in the order in which they were packed; `last_ms` is when the latest was received."""
    position = packed.find(agent_key)
    while position >= 0:
        # The same bytes may also occur by chance across the border of two records.
        if position % RECORD_BYTES:
            position = packed.find(agent_key, position + 1)
            continue
        _, received, flags, errors, warnings, metrics = _RECORD.unpack_from(packed, position)
        received_ms = last_ms - ((last_ms - received) & _MAX_32)
        if flags & _HAS_STATISTICS:
            yield Point(received_ms, flags & _STATUS, errors, warnings, metrics)
        else:
            yield Point(received_ms, flags & _STATUS, None, None, None)
        position = packed.find(agent_key, position + RECORD_BYTES)


def part_points(packed: Iterable[bytes], bucket_width: int) -> dict[int, bytes]:
    """Part records by their agents into buckets: `bucket_of(agent) // bucket_width`. Their order stays within each."""
    parts: dict[int, list[bytes]] = {}
    for points in packed:
        for start in range(0, len(points), RECORD_BYTES):
            record = points[start : start + RECORD_BYTES]
            bucket = (record[0] << 8 | record[1]) // bucket_width
            parts.setdefault(bucket, []).append(record)
    return {bucket: b"".join(records) for bucket, records in sorted(parts.items())}


def bucket_of(agent_key: bytes) -> int:
    """Return a number below BUCKETS that is made from an agent's id, evenly over all agents."""
    return agent_key[0] << 8 | agent_key[1]


BUCKETS = 1 << 16
