"""From text to tree."""

from __future__ import annotations

import re

from telegraf_controller.configs.dialect.builder import Clash, build, refusal
from telegraf_controller.configs.dialect.comments import EndlessString, Stripped, without_comments
from telegraf_controller.configs.dialect.errors import DialectError, Positions
from telegraf_controller.configs.dialect.grammar import Reader
from telegraf_controller.configs.dialect.tree import Table

_SURROGATE = re.compile(r"[\ud800-\udfff]")


def parse(text: str) -> Table:
    """Read a document as Telegraf does and give its root table (Q1). Time is linear in the length of the text.

    Raises DialectError where Telegraf refuses the text, never comes back from it, or where arrays, inline tables or
    headers go deeper than 100 levels.
    """
    has_mark = text.startswith("\ufeff")
    text = text[1:] if has_mark else text
    surrogate = _SURROGATE.search(text)
    if surrogate is not None:
        raise _error(text, has_mark, surrogate.start(), "Half a surrogate pair stands here, which is no character.")
    try:
        stripped = without_comments(text)
    except EndlessString as endless:
        message = "This string is never closed; the quote at the end of the text sends Telegraf into an endless loop."
        raise _error(text, has_mark, endless.offset, message) from None
    positions = Positions(stripped, has_mark=has_mark)
    return _built(Reader(stripped, positions), positions)


def _built(reader: Reader, positions: Positions) -> Table:
    """Read and build; of a bad escape and a clash Telegraf tells the one that comes first in the text."""
    statements = reader.read()
    first: Clash | None = None
    if reader.bad_escape is not None:
        end, start, escape = reader.bad_escape
        first = Clash(f"Telegraf cannot decode the escape {escape} in this string.", start, end)
    try:
        root = build(statements, positions)
    except Clash as clash:
        first = clash if first is None or clash.offset < first.offset else first
        raise refusal(first, reader.text, positions) from None
    if first is not None:
        raise refusal(first, reader.text, positions)
    return root


def _error(text: str, has_mark: bool, offset: int, message: str) -> DialectError:
    return DialectError(message, *Positions(Stripped(text), has_mark=has_mark).at(offset), None)
