"""Searching text alike on both databases."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, or_
from sqlalchemy.orm import InstrumentedAttribute

_ESCAPE = "\\"


def contains(
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None] | ColumnElement[str], wanted: str
) -> ColumnElement[bool]:
    """The condition that a column contains a text, without regard to case; `%` and `_` stand for themselves.

    SQLite knows the case of ASCII letters alone: other letters match there as they are written.
    """
    without_case = func.lower(column).like(_pattern(wanted.lower()), escape=_ESCAPE)
    if wanted.isascii():
        return without_case
    return or_(without_case, column.like(_pattern(wanted), escape=_ESCAPE))


def _pattern(wanted: str) -> str:
    for special in (_ESCAPE, "%", "_"):
        wanted = wanted.replace(special, _ESCAPE + special)
    return f"%{wanted}%"
