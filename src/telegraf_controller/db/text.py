"""Searching text alike on both databases."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import InstrumentedAttribute

_ESCAPE = "\\"


def contains(
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None] | ColumnElement[str], wanted: str
) -> ColumnElement[bool]:
    """The condition that a column contains a text, without regard to case; `%` and `_` stand for themselves."""
    escaped = wanted.lower().replace(_ESCAPE, _ESCAPE * 2).replace("%", _ESCAPE + "%").replace("_", _ESCAPE + "_")
    return func.lower(column).like(f"%{escaped}%", escape=_ESCAPE)
