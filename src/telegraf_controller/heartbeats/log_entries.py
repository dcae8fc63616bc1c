"""Which of a heartbeat's log entries are kept: the worst and newest, within fixed limits (D1)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

MAX_ENTRIES = 200
MAX_BYTES = 64 * 1024
MAX_MESSAGE_BYTES = 8 * 1024
MAX_ATTRIBUTES_BYTES = 2 * 1024
_MAX_SOURCE_LENGTH = 255
_MAX_WORD_LENGTH = 64

_SEVERITY = {"ERROR": 0, "WARN": 1, "INFO": 2, "DEBUG": 3, "TRACE": 4}
_LEAST_SEVERE = len(_SEVERITY)


class ReportedEntry(msgspec.Struct, gc=False):
    """One log entry as Telegraf sends it."""

    time: str
    level: str
    source: str
    message: str
    attributes: msgspec.Raw = msgspec.Raw(b"null")


class StoredEntry(msgspec.Struct, gc=False):
    """One log entry as it is stored and shown."""

    time: str
    level: str
    source: str
    message: str
    attributes: msgspec.Raw
    truncated: bool
    """Whether the message or attributes were longer."""


def keep_worst(entries: Sequence[ReportedEntry]) -> bytes:
    """Return the entries to store as a JSON list, most severe first, then newest: ≤ 200, ≤ 64 KiB.

    Telegraf sends them oldest first. A level that is not known here (of a newer Telegraf) counts as the least severe.
    """
    ranked = list(reversed(entries))
    ranked.sort(key=lambda entry: _SEVERITY.get(entry.level.upper(), _LEAST_SEVERE))
    kept: list[bytes] = []
    room = MAX_BYTES - len("[]")
    for entry in ranked[:MAX_ENTRIES]:
        encoded = msgspec.json.encode(_stored(entry))
        room -= len(encoded) + len(",")
        if room < 0:
            break
        kept.append(encoded)
    return b"[" + b",".join(kept) + b"]"


def read_entries(stored: bytes) -> list[StoredEntry]:
    """Return what `keep_worst` made."""
    return msgspec.json.decode(stored, type=list[StoredEntry])


def _stored(entry: ReportedEntry) -> StoredEntry:
    message = _cut(entry.message, MAX_MESSAGE_BYTES)
    attributes, cut = _fitting_attributes(bytes(entry.attributes))
    return StoredEntry(
        time=entry.time[:_MAX_WORD_LENGTH],
        level=entry.level.upper()[:_MAX_WORD_LENGTH],
        source=entry.source[:_MAX_SOURCE_LENGTH],
        message=message,
        attributes=msgspec.Raw(attributes),
        truncated=cut or message != entry.message,
    )


def _cut(text: str, limit: int) -> str:
    if len(text) * 4 <= limit:
        return text
    encoded = text.encode()
    return text if len(encoded) <= limit else encoded[:limit].decode(errors="ignore")


def _fitting_attributes(attributes: bytes) -> tuple[bytes, bool]:
    """Return as many attributes as fit, in their order, and whether some did not. What is no JSON object is dropped."""
    if not attributes.startswith(b"{"):
        return b"null", attributes != b"null"
    if len(attributes) <= MAX_ATTRIBUTES_BYTES:
        return attributes, False
    fitting: dict[str, msgspec.Raw] = {}
    room = MAX_ATTRIBUTES_BYTES - len("{}")
    for name, value in msgspec.json.decode(attributes, type=dict[str, msgspec.Raw]).items():
        room -= len(msgspec.json.encode(name)) + len(bytes(value)) + len(":,")
        if room < 0:
            break
        fitting[name] = value
    return msgspec.json.encode(fitting), True
