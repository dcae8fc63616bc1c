"""How people write instants on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def parse_expiry(text: str, now: datetime) -> datetime | None:
    """Read `30d` (also m, h, w), a date, an instant, or `never` (None). A date means its end, in UTC.

    Raises ValueError with one sentence.
    """
    text = text.strip()
    if text.lower() == "never":
        return None
    span = re.fullmatch(r"(\d{1,6})([mhdw])", text.lower())
    try:
        if span:
            return now + timedelta(seconds=int(span[1]) * _SECONDS[span[2]])
        instant = datetime.fromisoformat(text)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            instant += timedelta(days=1)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no expiry: write 30d, 2027-12-31, 2027-12-31T12:00:00Z, or never.") from None
    instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
    if instant <= now:
        raise ValueError(f"{text!r} is in the past.")
    return instant
