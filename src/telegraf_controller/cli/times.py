"""How people write instants and spans on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def parse_span(text: str) -> int | None:
    """Read `30d` (also s, m, h, w) as seconds; None when it is something else."""
    span = re.fullmatch(r"(\d{1,6})([smhdw])", text.strip().lower())
    return int(span[1]) * _SECONDS[span[2]] if span else None


def parse_expiry(text: str, now: datetime) -> datetime | None:
    """Read a span from now, a date, an instant, or `never` (None). A date means its end, in UTC.

    Raises ValueError with one sentence.
    """
    text = text.strip()
    if text.lower() == "never":
        return None
    seconds = parse_span(text)
    try:
        if seconds is not None:
            return now + timedelta(seconds=seconds)
        instant = datetime.fromisoformat(text)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            instant += timedelta(days=1)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no expiry: write 30d, 2027-12-31, 2027-12-31T12:00:00Z, or never.") from None
    instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
    if instant <= now:
        raise ValueError(f"{text!r} is in the past.")
    return instant
