"""What is wrong with a text: found on every save, before anything is stored (V5, Q1).

Telegraf gets a text with its placeholders filled in, so that is what is read here: defaults stand in for their
parameters, and a plain value for what has no default. Lines and columns are those of the author's text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from telegraf_controller.configs.dialect import DialectError, parse
from telegraf_controller.configs.scan import Hole, Place, Scan, scan
from telegraf_controller.errors import ControllerError

MAX_TOML_BYTES = 1024 * 1024

_LINE_END = re.compile(r"\r\n?|\n")
_REST_OF_EMPTY_LINE = re.compile(r"[ \t]*(?:#|[\r\n]|\Z)")

_ANY_SCALAR = "1"
"""Stands in for a bare word that a value makes complete: whatever the value, the word has to become one scalar (C4)."""

_ANY_NAME = "x"
"""Stands in for a constant in a key or header."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a person should know about a text; lines and columns count from 1, columns in characters."""

    severity: Literal["error", "warning", "info"]
    code: str
    message: str
    line: int | None = None
    column: int | None = None
    plugin: str | None = None


def check_toml(text: str, constants: Collection[str] = ()) -> list[Problem]:
    """Return what is worth knowing about a text that may be saved (Q1). Time is linear in its length.

    `constants` are the names of those that are defined.

    Raises ControllerError `invalid_toml` with `line` and `column` when Telegraf would refuse it (V5).
    """
    found = scan(text)
    stand_in = _StandIn(text, found)
    try:
        parse(stand_in.text)
    except DialectError as error:
        line, column = stand_in.place_in_text(error.line, error.column)
        raise ControllerError(
            "invalid_toml", f"Line {line}, column {column}: {error.message}", line=line, column=column
        ) from None
    return _unfillable(text, found, constants)


def filled_for_reading(text: str) -> str:
    """Return a text with something in the place of what keeps Telegraf's reader from reading it: see above."""
    return _StandIn(text, scan(text)).text


def problems_of(text: str, constants: Collection[str] = ()) -> list[Problem]:
    """Return the same for a text that is not to be saved: what makes it unreadable is one more problem."""
    try:
        return check_toml(text, constants)
    except ControllerError as error:
        return [Problem("error", error.code, error.message, error.details["line"], error.details["column"])]


def _unfillable(text: str, found: Scan, constants: Collection[str]) -> list[Problem]:
    """Report placeholders that keep the text from being served, whatever parameters a URL carries."""
    starts = _line_starts(text)
    problems: list[Problem] = []
    for hole in found.holes:
        if hole.is_constant and hole.name not in constants:
            code, sentence = "undefined_constant", f"The constant {hole.name!r} is not defined."
        elif hole.place is Place.FIXED and hole.default is None and not hole.is_constant:
            code = "unfillable_parameter"
            sentence = f"The parameter {hole.name!r} needs a default: a key or a table header takes no other value."
        else:
            continue
        line = bisect_right(starts, hole.start)
        problems.append(Problem("error", code, sentence, line, hole.start - starts[line - 1] + 1))
    return problems


class _StandIn:
    """A text with something in the place of every placeholder, and the way back from it to the author's text.

    No placeholder spans lines, so lines are the same in both; only columns move.
    """

    def __init__(self, text: str, found: Scan) -> None:
        self._original = text
        self._outer: list[int] = [0]
        """Where each piece begins in `text`, and in `_inner` where it comes from in the author's."""
        self._inner: list[int] = [0]
        pieces: list[str] = []
        length = position = 0
        for start, end, instead in _replacements(text, found):
            pieces += (text[position:start], instead)
            length += start - position
            self._outer += (length, length + len(instead))
            self._inner += (start, end)
            length += len(instead)
            position = end
        pieces.append(text[position:])
        self.text = "".join(pieces)

    def place_in_text(self, line: int, column: int) -> tuple[int, int]:
        """Return the line and column in the author's text."""
        if len(self._outer) == 1:
            return line, column
        offset = _line_starts(self.text)[line - 1] + column - 1
        piece = bisect_right(self._outer, offset) - 1
        original = self._inner[piece]
        if piece % 2 == 0:
            # Even pieces are the author's own; inside a replaced one the placeholder's beginning is shown.
            original += offset - self._outer[piece]
        return line, original - _line_starts(self._original)[line - 1] + 1


def _replacements(text: str, found: Scan) -> list[tuple[int, int, str]]:
    """Return `(start, end, instead)` for what stands where nothing is known yet, in the order of the text."""
    replaced: list[tuple[int, int, str]] = []
    required_words = {hole.word for hole in found.holes if hole.word >= 0 and hole.default is None}
    done_words: set[int] = set()
    for hole in found.holes:
        if hole.word in required_words:
            if hole.word not in done_words:
                done_words.add(hole.word)
                replaced.append((*found.words[hole.word], _ANY_SCALAR))
        elif hole.default is not None:
            replaced.append((hole.start, hole.end, hole.default))
        elif hole.is_constant and hole.place is Place.FIXED:
            replaced.append((hole.start, hole.end, _for_constant(text, hole)))
        # What is left stands in a string, where its own characters are as good as any, or where nothing can be filled
        # in: then the text is to be refused there.
    return replaced


def _for_constant(text: str, hole: Hole) -> str:
    """A constant alone on its line may hold whole assignments: then nothing stands in for it."""
    before = hole.start
    while before > 0 and text[before - 1] in " \t":
        before -= 1
    begins_line = before == 0 or text[before - 1] in "\r\n"
    return "" if begins_line and _REST_OF_EMPTY_LINE.match(text, hole.end) else _ANY_NAME


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in _LINE_END.finditer(text))]
