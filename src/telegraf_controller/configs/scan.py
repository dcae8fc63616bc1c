"""Finds placeholders in TOML text and says in which place of the text each one stands (C4, C5).

The text is walked once, as Telegraf's dialect lexes it, so every hole gets the place that Telegraf's reader will see
there. Where TOML and a placeholder compete, TOML wins: a placeholder inside a string ends before the string does, and
one outside strings brings no half-open string or bracket along. What only looks like a placeholder (`&{`, `&{}`,
`&{1 x}`, a default with a line break) stays literal text, and so does everything in a comment.

Grammar: `&{name}` and `&{name:default}`, the name `[A-Za-z_][A-Za-z0-9_.-]{0,127}`; `::{name}`, the name
`[A-Za-z_][A-Za-z0-9_]{0,127}`. A default is everything up to the closing `}` on the same line and may be empty;
`${…}` and `@{…}` in it are taken whole, another placeholder cannot stand in it. There is no escape for `}`: in a basic
string TOML's own `\\u007D` writes one, outside strings a quoted string may hold it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Place(Enum):
    """Where a placeholder stands, which decides what may be put there."""

    BASIC = 'a "…" string'
    MULTI_LINE_BASIC = 'a """…""" string'
    LITERAL = "a '…' string"
    MULTI_LINE_LITERAL = "a '''…''' string"
    BARE = "a value outside strings"
    FIXED = "a key, a table header or text that is not TOML"


@dataclass(frozen=True, slots=True)
class Hole:
    """One placeholder of the text: `text[start:end]`.

    `default` is None without one, and for constants. `never_empty`: an empty text here would join quotes into another
    token. `touches`: a quote or another hole stands right beside it. `word`: the number of the bare word that it is
    part of, or -1.
    """

    start: int
    end: int
    name: str
    default: str | None
    is_constant: bool
    place: Place
    never_empty: bool = False
    touches: bool = False
    word: int = -1


@dataclass(frozen=True, slots=True)
class Scan:
    """All holes of a text in order, and for each bare word with holes its `(start, end)`."""

    holes: tuple[Hole, ...]
    words: tuple[tuple[int, int], ...]


PARAMETER_NAME = r"[A-Za-z_][A-Za-z0-9_.-]{0,127}"

# Every repetition is possessive (`*+`): text that almost matches costs no second look.
_REFERENCE = r"""[$@]\{[^{}"'\\\x00-\x1f]*+\}"""
_NO_HOLE = r"&(?!\{)|:(?!:\{)"
_CONSTANT = r"::\{(?P<constant>[A-Za-z_][A-Za-z0-9_]{0,127})\}"
_ESCAPE = r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[^uU}\x00-\x1f])"

_BASIC = r"""[^"\\\x00-\x1f]*+(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*+)*+"""
_LITERAL = r"[^'\x00-\x08\x0a-\x1f]*+"
_BASIC_RUN = r"""[^"\\\x00-\x09\x0b\x0c\x0e-\x1f]*+"""
_MULTI_LINE_BASIC = rf"{_BASIC_RUN}(?:\\(?:[\r\n][ \t\r\n]*+|[^\x00-\x1f]){_BASIC_RUN})*+"
_LITERAL_RUN = r"[^'\x00-\x08\x0b\x0c\x0e-\x1f]*+"
_MULTI_LINE_LITERAL = rf"{_LITERAL_RUN}(?:'{{1,2}}+(?!'){_LITERAL_RUN})*+"
_STRING_APART = rf"""(?:"{_BASIC}"|'{_LITERAL}')(?!["'])"""


def _holes(character: str) -> str:
    """The pattern of a placeholder whose default is made of `character`s, references and nothing that opens another."""
    default = rf"(?>{_REFERENCE}|{character}|{_NO_HOLE})*+"
    return rf"&\{{(?P<parameter>{PARAMETER_NAME})(?::(?P<default>{default}))?\}}|{_CONSTANT}"


# A default never runs across the start of another placeholder, not even in its own strings: the walk stays linear.
_BASIC_DEFAULT = rf'"(?:[^"\\&:\x00-\x1f]|\\[^&:\x00-\x1f]|{_NO_HOLE})*+"'
_LITERAL_DEFAULT = rf"'(?:[^'&:\x00-\x08\x0a-\x1f]|{_NO_HOLE})*+'"
_STRING_DEFAULT = rf"""(?:{_BASIC_DEFAULT}|{_LITERAL_DEFAULT})(?!["'])"""
_HOLE_OUTSIDE = _holes(_STRING_DEFAULT + r"""|[^}&:"'#\\\x00-\x08\x0a-\x1f]""")
_HOLES_OUTSIDE = re.compile(_HOLE_OUTSIDE)
_HOLES_IN_LITERAL = re.compile(_holes(r"[^}&:'\x00-\x08\x0a-\x1f]"))
_HOLES_IN_BASIC = re.compile(
    # An escape is stepped over as a whole, and an incomplete one with the character after it: no value may complete it.
    r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[uU][0-9A-Fa-f]*+[^\\]?|[\s\S])|" + _holes(rf'[^}}&:"\\\x00-\x1f]|{_ESCAPE}')
)
_STRINGS = {
    "mlbasic": (Place.MULTI_LINE_BASIC, _HOLES_IN_BASIC),
    "basic": (Place.BASIC, _HOLES_IN_BASIC),
    "mlliteral": (Place.MULTI_LINE_LITERAL, _HOLES_IN_LITERAL),
    "literal": (Place.LITERAL, _HOLES_IN_LITERAL),
}
_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]++)"
    r"|(?P<comment>\#[^\n]*+)"
    rf"|(?P<hole>{_HOLE_OUTSIDE})"
    rf'|(?P<mlbasic>"""(?P<mlbasic_body>{_MULTI_LINE_BASIC})""")'
    rf'|(?P<basic>"(?!"")(?P<basic_body>{_BASIC})")'
    rf"|(?P<mlliteral>'''(?P<mlliteral_body>{_MULTI_LINE_LITERAL})''')"
    rf"|(?P<literal>'(?!'')(?P<literal_body>{_LITERAL})')"
    r"|(?P<mark>[\[\]{}=,])"
    r"""|(?P<word>[^ \t\r\n\#"'\[\]{}=,&:]++|[&:])"""
)

_WITHIN_BASIC = re.compile(rf'(?:[^"\\\x00-\x1f]|{_ESCAPE}|\\\}})*+')
_WITHIN_LITERAL = re.compile(_LITERAL)
_OUTSIDE = re.compile(rf"""(?:{_STRING_APART}|[^"'#\\\x00-\x08\x0a-\x1f])*+""")
_STRINGS_APART = re.compile(_STRING_APART)


def stays_in_place(hole: Hole, text: str) -> bool:
    """Whether `text`, put into the hole as it is, leaves every later character in the place that the scan gave it."""
    if hole.place in (Place.BASIC, Place.MULTI_LINE_BASIC):
        within = _WITHIN_BASIC.fullmatch(text) is not None
    elif hole.place in (Place.LITERAL, Place.MULTI_LINE_LITERAL):
        within = _WITHIN_LITERAL.fullmatch(text) is not None
    else:
        within = _stays_outside_strings(text, touches=hole.touches)
    return within and not (hole.never_empty and not text)


def _stays_outside_strings(text: str, *, touches: bool) -> bool:
    """Whether bare text has only whole strings and paired brackets, no comment, and joins no neighbouring quotes."""
    if _OUTSIDE.fullmatch(text) is None:
        return False
    if touches and (not text or '"' in text or "'" in text):
        return False
    depth = 0
    for character in _STRINGS_APART.sub("", text):
        if character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
            if depth < 0:
                return False
    return depth == 0


def scan(text: str) -> Scan:
    """Find every placeholder outside comments, in one walk whose time is linear in the length of the text."""
    walk = _Walk(text)
    walk.run()
    return Scan(tuple(walk.holes), tuple(walk.words))


class _Walk:
    """One walk over a text. On its stack: `[` for an array, `{` for an inline table, `(` for a table header."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.holes: list[Hole] = []
        self.words: list[tuple[int, int]] = []
        self.brackets: list[str] = []
        self.value_next = False

    def run(self) -> None:
        """Walk to the end, or to the first quote that opens no string."""
        text, position = self.text, 0
        while position < len(text):
            token = _TOKEN.match(text, position)
            if token is None:
                # From such a quote on Telegraf refuses the text, or reads it in a way that no value may depend on.
                found = _HOLES_OUTSIDE.finditer(text, position)
                self.holes += [self._hole(match, Place.FIXED) for match in found]
                return
            kind = token.lastgroup
            if kind == "word" or kind == "hole":
                position = self._word(position)
                continue
            if kind == "mark":
                self._mark(token.group())
            elif kind in _STRINGS:
                self._string(kind, token)
            elif kind == "space" and not self.brackets and token.group().strip(" \t"):
                self.value_next = False
            position = token.end()

    def _mark(self, mark: str) -> None:
        if mark == "=":
            self.value_next = True
        elif mark == ",":
            self.value_next = self.brackets[-1:] == ["["]
        elif mark == "[":
            self.brackets.append("[" if self.value_next else "(")
        elif mark == "{":
            self.brackets.append("{")
            self.value_next = False
        else:
            if self.brackets:
                self.brackets.pop()
            self.value_next = False

    def _string(self, kind: str, token: re.Match[str]) -> None:
        place, pattern = _STRINGS[kind]
        if not self.value_next:
            place = Place.FIXED
        self.value_next = False
        start, end = token.span(kind + "_body")
        if self.text.find("{", start, end) < 0:
            return
        found = [match for match in pattern.finditer(self.text, start, end) if match["parameter"] or match["constant"]]
        if place is Place.MULTI_LINE_LITERAL:
            self._multi_line_literal(found, start)
            return
        never_empty = False
        if place is not Place.MULTI_LINE_BASIC and sum(len(match.group()) for match in found) == end - start:
            # `""` with a third quote opens a multi-line string, and `""` at the end of the text is refused by Telegraf.
            never_empty = self.text[token.end() : token.end() + 1] in {"", '"', "'", "&", ":"}
        self.holes += [self._hole(match, place, never_empty=never_empty) for match in found]

    def _multi_line_literal(self, found: list[re.Match[str]], start: int) -> None:
        """Add the holes of a `'''` string; between two quotes of the text (`'&{a}'`) an empty value could close it."""
        runs: list[list[re.Match[str]]] = []
        for match in found:
            if runs and runs[-1][-1].end() == match.start():
                runs[-1].append(match)
            else:
                runs.append([match])
        for run in runs:
            before, after = run[0].start() - 1, run[-1].end()
            between_quotes = before >= start and self.text[before] == self.text[after] == "'"
            if not (between_quotes and any(match["default"] == "" for match in run)):
                place = Place.MULTI_LINE_LITERAL
                self.holes += [self._hole(match, place, never_empty=between_quotes) for match in run]

    def _word(self, start: int) -> int:
        """Take the run of plain characters and holes that begins at `start`; give where it ends."""
        text, position = self.text, start
        place, number = (Place.BARE, len(self.words)) if self.value_next else (Place.FIXED, -1)
        holes_before = len(self.holes)
        while (token := _TOKEN.match(text, position)) is not None and token.lastgroup in ("word", "hole"):
            position = token.end()
            if token.lastgroup == "hole":
                hole = self._hole(token, place, word=number)
                if hole.default is None or _stays_outside_strings(hole.default, touches=hole.touches):
                    self.holes.append(hole)
                else:
                    position = token.start() + 1
        if self.value_next and len(self.holes) > holes_before:
            self.words.append((start, position))
        self.value_next = False
        return position

    def _hole(self, match: re.Match[str], place: Place, *, never_empty: bool = False, word: int = -1) -> Hole:
        start, end = match.span()
        beside = self.text[max(start - 1, 0) : start] + self.text[end : end + 1]
        return Hole(
            start=start,
            end=end,
            name=match["parameter"] or match["constant"],
            default=match["default"],
            is_constant=match["constant"] is not None,
            place=place,
            never_empty=never_empty,
            touches=any(character in "\"'}&:" for character in beside),
            word=word,
        )
