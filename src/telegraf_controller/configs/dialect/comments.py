"""Takes comments away before parsing, exactly as Telegraf does, with its habits at the end of a text."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stripped:
    """A text without comments.

    `doubled`: the offset of the character that Telegraf doubled near the end, if it did. `returns`: for each line end
    that went with a comment, a CR alone in it or right before it, the offset before which it stood.
    """

    text: str
    doubled: int | None = None
    returns: tuple[int, ...] = ()


class EndlessString(Exception):
    """Telegraf never comes back from this text: it ends in a quote of the multi-line string that begins at `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


_PIECE = re.compile(
    r"""
    [^\\'"\#]++
    | (?P<comment> \#[^\n]*+ )
    | \\ (?:.|\Z)
    | '''(?: [^']++ | '(?!'') )*+'''
    | \"""(?: [^"\\]++ | \\. | "(?!"") )*+\"""
    | (?P<open> '''(?=[\s\S]) | \"""(?=[\s\S]) )
    | (?P<end> (?:"{1,2}|'{1,2})\Z )
    | (?!''') '[^'\n]*+(?:['\n]|\Z)
    | (?!\""") "(?: [^"\\\n]++ | \\. )*+(?:["\n]|\\?\Z)
    | '''|\"""
    """,
    re.VERBOSE | re.DOTALL,
)
_RETURN = re.compile(r"\r(?!\n)")


def without_comments(text: str) -> Stripped:
    """Take the comments away; line ends stay. Raises EndlessString.

    A comment is what follows a `#` outside quotes up to the next LF; a CR does not end it. Quotes count even where TOML
    has no use for them. At one or two quotes that begin a string and end the text Telegraf steps back too far and
    doubles the character before them; so it refuses `x = ""` as the last line without a line end.
    """
    if "#" not in text and text[-1:] not in ("'", '"'):
        return Stripped(text)
    doubled: int | None = None
    kept: list[str] = []
    returns: list[int] = []
    start = position = length = 0
    while position < len(text):
        piece = _PIECE.match(text, position)
        if piece is None:
            raise AssertionError("every character begins a piece")
        kind = piece.lastgroup
        if kind == "comment":
            kept.append(text[start:position])
            length += position - start
            start = piece.end()
            # A CR before the comment and the LF after it become one line end too.
            joined = text[position - 1 : position] == "\r" and text[start : start + 1] == "\n"
            returns += [length] * (len(_RETURN.findall(text, position, start + 1)) + joined)
        elif kind == "open":
            _check_end(text, position)
            break
        elif kind == "end":
            kept.append(text[start:position])
            doubled = length + position - start
            kept.append(_doubled(text, position))
            start = len(text)
        position = piece.end()
    kept.append(text[start:])
    return Stripped("".join(kept), doubled, tuple(returns))


def _check_end(text: str, opening: int) -> None:
    """Raise EndlessString when the string that opens there and is never closed ends in a quote that is not escaped."""
    quote = text[opening]
    if not text.endswith(quote):
        return
    escapes = len(text) - 1 - len(text[opening + 3 : -1].rstrip("\\")) - (opening + 3)
    if quote == "'" or escapes % 2 == 0:
        raise EndlessString(opening)


def _doubled(text: str, position: int) -> str:
    """What comes out for the one or two quotes at the end of the text that begin at `position`."""
    if position == 0:
        return ""
    # The step back is one byte; of a longer character it leaves a piece, which is read as U+FFFD.
    before = text[position - 1] if text[position - 1].isascii() else "\ufffd"
    quotes = text[position:]
    return before + (quotes if len(quotes) == 1 else quotes + quotes[0])
