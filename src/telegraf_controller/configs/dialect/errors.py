"""What a text that Telegraf refuses is answered with, and where in the text that is."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from telegraf_controller.configs.dialect.comments import Stripped


class DialectError(ValueError):
    """Telegraf refuses the text: `message` says why, `line` and `column` (from 1) where a person should look.

    `telegraf_line` is the line in Telegraf's own message about the same error, which is often the next one and counts
    a CR LF twice when tables or keys are in conflict; None where Telegraf names none.
    """

    def __init__(self, message: str, line: int, column: int, telegraf_line: int | None) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.message = message
        self.line = line
        self.column = column
        self.telegraf_line = telegraf_line


class Positions:
    """Turns offsets of a text into lines and columns from 1: lines end in LF, CR LF or CR, columns are code points."""

    def __init__(self, stripped: Stripped, *, has_mark: bool = False) -> None:
        """`has_mark`: a byte-order mark, which counts as a column, was cut from the front of the text."""
        text, doubled = stripped.text, stripped.doubled
        self._doubled = len(text) if doubled is None else doubled
        self._returns = stripped.returns
        written = text if doubled is None else text[:doubled] + text[doubled + 1 :]
        self._starts = [0, *(match.end() for match in re.finditer(r"\r\n?|\n", written))]
        self._mark = int(has_mark)

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column of the character at `offset`, which may be the end of the text."""
        if offset > self._doubled:
            offset -= 1
        line = bisect_right(self._starts, offset)
        column = offset - self._starts[line - 1] + 1
        column += self._mark if line == 1 else 0
        return line + bisect_left(self._returns, offset), column
