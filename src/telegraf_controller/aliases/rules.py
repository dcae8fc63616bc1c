"""What an alias may look like (L1)."""

from __future__ import annotations

from uuid import UUID

from telegraf_controller.configs.names import ALIAS_SHAPE

RESERVED = frozenset({"bulk", "duplicate", "many"})
"""Words that stand in paths where an id or alias would."""


def problem_with(alias: str) -> str | None:
    """Say what is wrong with an alias; None when nothing is."""
    if not 3 <= len(alias) <= 63:
        return "must have 3 to 63 characters"
    if ALIAS_SHAPE.fullmatch(alias) is None:
        return "must be made of lowercase letters, digits and hyphens, and begin and end with a letter or digit"
    if alias in RESERVED:
        return f"must not be one of {', '.join(sorted(RESERVED))}"
    try:
        UUID(alias)
    except ValueError:
        return None
    return "must not look like an id"
