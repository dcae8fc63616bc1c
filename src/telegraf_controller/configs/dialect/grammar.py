"""Reads a text without comments into statements, as the grammar of Telegraf's parser does.

That grammar is an ordered one: the first reading that fits is taken, and what follows does not undo it. While it reads,
the reader notes how far Telegraf's parser gets, even in vain (`farthest`): the line there is the one in its message.
"""

from __future__ import annotations

import re

from telegraf_controller.configs.dialect.comments import Stripped
from telegraf_controller.configs.dialect.errors import DialectError, Positions
from telegraf_controller.configs.dialect.explain import explain
from telegraf_controller.configs.dialect.strings import BadEscape, decode, decode_lines
from telegraf_controller.configs.dialect.syntax import Blame, Header, InlineTable, Pair, ReadValue, Statement, TableList
from telegraf_controller.configs.dialect.tree import Kind, Value

MAX_DEPTH = 100
"""How deep arrays and inline tables nest at most, and how many parts a header has; Telegraf's limit is its memory."""

_ESCAPE = r'\\(?:[btnfr"/\\]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})'
_BASIC = rf'[^"\\\x00-\x1f]*+(?:{_ESCAPE}[^"\\\x00-\x1f]*+)*+'
_LINES = r'[^"\\\x00-\x09\x0b\x0c\x0e-\x1f]*+'
_BASIC_LINES = rf"{_LINES}(?:(?:{_ESCAPE}|\\[\r\n][ \t\r\n]*+){_LINES})*+"
_LITERAL = r"[^'\x00-\x08\x0a-\x1f]*+"
_LITERAL_LINES = r"(?:[^'\x00-\x08\x0b\x0c\x0e-\x1f]++|'(?!''))*+"
_DIGITS = r"[0-9](?:_?[0-9])*+"
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"

_WS = re.compile(r"[ \t]*+")
_WSNL = re.compile(r"[ \t\r\n]*+")
_NEWLINES = re.compile(r"[\r\n]++")
_COMMA = re.compile(r"[ \t\r\n]*+,[ \t\r\n]*+(?!#)")
_COMMENT = re.compile(r"#[\t\x20-\U0010ffff]*+")
_KEY = re.compile(rf'([0-9A-Za-z_-]++)|"({_BASIC})"')
_PAIR = re.compile(rf'(?:([0-9A-Za-z_-]++)|"({_BASIC})")([ \t]*+)=[ \t]*+')
_BASIC_STRING = re.compile(rf'"({_BASIC})"')
_BASIC_LINES_STRING = re.compile(rf'"""({_BASIC_LINES})"""')
_LITERAL_STRING = re.compile(rf"'({_LITERAL})'")
_LITERAL_LINES_STRING = re.compile(rf"'''({_LITERAL_LINES})'''")
_DATE = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T{_CLOCK}(?:Z|[-+][0-9]{{2}}:[0-9]{{2}})?)?|{_CLOCK}"
_NUMBER = re.compile(
    rf"(?P<date>{_DATE})"
    rf"|[-+]?(?:[1-9](?:_?[0-9])++|[0-9])(?P<float>\.{_DIGITS}(?:[eE][-+]?{_DIGITS})?|[eE][-+]?{_DIGITS})?"
)
_NUMBER_KINDS = {"date": Kind.DATETIME, "float": Kind.FLOAT, None: Kind.INTEGER}
_BOOLEAN = re.compile("true|false")

# How far Telegraf's parser gets in something it then gives up.
_IN_BASIC = re.compile(_BASIC)
_IN_BASIC_LINES = re.compile(_BASIC_LINES)
_IN_LITERAL = re.compile(_LITERAL)
_IN_LITERAL_LINES = re.compile(_LITERAL_LINES)
_IN_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{1,3}|U[0-9A-Fa-f]{1,7})?")
_D = "[0-9]"
_IN_CLOCK = rf"{_D}(?:{_D}(?::{_D}(?:{_D}(?::{_D}(?:{_D}(?:\.{_D}+)?)?)?)?)?)?"
_IN_ZONE = rf"(?:[-+]{_D}(?:{_D}(?::{_D}{_D}?)?)?)?"
_IN_TIME = re.compile(_IN_CLOCK)
_IN_DATE = re.compile(
    rf"{_D}(?:{_D}(?:{_D}(?:{_D}(?:-{_D}(?:{_D}(?:-{_D}(?:{_D}(?:T(?:{_CLOCK}{_IN_ZONE}|{_IN_CLOCK}))?)?)?)?)?)?)?)?"
)


class Reader:
    """One reading of a text. After `read`, `bad_escape` holds the first escape that Telegraf decodes to an error."""

    def __init__(self, stripped: Stripped, positions: Positions) -> None:
        self.text = stripped.text
        self.doubled = stripped.doubled
        self.positions = positions
        self.bad_escape: tuple[int, int, str] | None = None
        """`(end of the string, where it begins, the escape)`."""
        self.farthest = 0
        self.blame = Blame(-1, "", 0)
        self.end = 0
        """Where the key or value that was read last ends."""
        self.value_span = (0, 0)
        self.depth = 0

    def read(self) -> list[Statement]:
        """Read the whole text. Raises DialectError at the farthest failure."""
        statements: list[Statement] = []
        position = self.expression(0, statements)
        while position < len(self.text):
            newlines = _NEWLINES.match(self.text, position)
            if newlines is None:
                self.reach(position)
                self.fail(position, "line end", position)
                raise self.refusal()
            position = self.expression(newlines.end(), statements)
        return statements

    def refusal(self) -> DialectError:
        """The error for a text that cannot be read."""
        message, offset = explain(self.text, self.blame, self.value_span, self.doubled)
        line, column = self.positions.at(offset)
        return DialectError(message, line, column, 1 + self.text.count("\n", 0, self.farthest + 1))

    def reach(self, position: int) -> None:
        """Note that Telegraf's parser gets this far."""
        if position > self.farthest:
            self.farthest = position

    def fail(self, offset: int, reading: str, start: int, *, instead: bool = False) -> None:
        """Note a failure; the farthest one is told, of several there the first or one that comes `instead`."""
        if offset > self.blame.offset or (instead and offset == self.blame.offset):
            self.blame = Blame(offset, reading, start)

    def expression(self, start: int, statements: list[Statement]) -> int:
        """Read a header and the pairs after it, or one pair, or nothing; give where that ends."""
        self.depth = 0
        position = self.skip(_WS, start)
        if self.text.startswith("[", position):
            header = self.header(position)
            if header is None:
                return position
            statements.append(header)
            position = self.skip_comment(self.skip(_WS, header.end))
            while (pair := self.pair(self.skip(_WSNL, position))) is not None:
                statements.append(pair)
                position = self.skip_comment(self.skip(_WS, pair.end))
            return position
        pair = self.pair(position)
        if pair is None:
            return self.skip_comment(position)
        statements.append(pair)
        return self.skip_comment(self.skip(_WS, pair.end))

    def skip(self, blanks: re.Pattern[str], position: int) -> int:
        """Step over blanks that may be none."""
        match = blanks.match(self.text, position)
        end = match.end() if match else position
        if end > position:
            self.reach(end)
        return end

    def skip_comment(self, position: int) -> int:
        """Step over a comment, which is left only where the quotes around it mislead Telegraf's removal of comments."""
        match = _COMMENT.match(self.text, position)
        if match is None:
            return position
        self.reach(match.end())
        return match.end()

    def header(self, start: int) -> Header | None:
        """Read a table header."""
        is_array = self.text.startswith("[[", start)
        closing = "]]" if is_array else "]"
        names: list[str] = []
        position = self.skip(_WS, start + len(closing))
        while (key := self.key(position)) is not None:
            names.append(key)
            self.reach(self.end)
            position = self.skip(_WS, self.end)
            if self.text.startswith(closing, position):
                if len(names) > MAX_DEPTH:
                    raise self.too_deep(start, f"A table name can have at most {MAX_DEPTH} parts here.")
                return Header(names, is_array, start, position + len(closing))
            if not self.text.startswith(".", position):
                break
            self.reach(position + 1)
            position = self.skip(_WS, position + 1)
        self.fail(position, "header", start)
        return None

    def key(self, start: int) -> str | None:
        """Read a bare or quoted key and set `end`."""
        match = _KEY.match(self.text, start)
        if match is None:
            if self.text.startswith('"', start):
                self.unclosed_basic(_IN_BASIC, start, 1)
            return None
        self.end = match.end()
        return match[1] if match[1] is not None else self.decoded(match[2], start, match.end())

    def pair(self, start: int) -> Pair | None:
        """Read `key = value`."""
        match = _PAIR.match(self.text, start)
        if match is None:
            self.no_pair(start)
            return None
        key = match[1] if match[1] is not None else self.decoded(match[2], start, match.start(3))
        value = self.value(match.end())
        if value is None:
            # Blanks after the equals sign count as progress, the sign alone does not.
            self.reach(match.end(3) if match.end() == match.end(3) + 1 else match.end())
            return None
        return Pair(key, value, start, self.end)

    def no_pair(self, start: int) -> None:
        """Note how far a pair without a key or an equals sign was read."""
        match = _KEY.match(self.text, start)
        if match is not None:
            self.reach(match.end())
            self.fail(self.skip(_WS, match.end()), "equals", start)
        elif self.text.startswith('"', start):
            self.unclosed_basic(_IN_BASIC, start, 1)
        else:
            self.fail(start, "key", start)

    def value(self, start: int) -> ReadValue | None:
        """Read a value and set `end`; give None where there is none."""
        first = self.text[start : start + 1]
        if first in ('"', "'"):
            read: ReadValue | None = self.string(start, first)
        elif first == "[":
            read = self.array(start)
        elif first == "{":
            read = self.inline_table(start)
        elif first in "tf":
            read = self.scalar(_BOOLEAN.match(self.text, start), Kind.BOOLEAN)
        else:
            read = self.number(start)
        if read is None:
            self.fail(start, "value", start)
            return None
        self.value_span = (start, self.end)
        self.reach(self.end)
        return read

    def scalar(self, match: re.Match[str] | None, kind: Kind) -> Value | None:
        if match is None:
            return None
        self.end = match.end()
        text = match.group()
        return Value(kind, text.replace("_", "") if "_" in text else text, *self.positions.at(match.start()))

    def number(self, start: int) -> Value | None:
        """Read a date, a time, a float or an integer, the first of these that fits."""
        match = _NUMBER.match(self.text, start)
        if match is None or self.text[match.end() : match.end() + 1] in "0123456789-+:T":
            # Perhaps more of a date was read than the value that came of it.
            self.reach_in_date(start)
        return self.scalar(match, _NUMBER_KINDS[match.lastgroup] if match else Kind.INTEGER)

    def reach_in_date(self, start: int) -> None:
        for pattern in (_IN_DATE, _IN_TIME):
            match = pattern.match(self.text, start)
            if match is not None:
                self.reach(match.end())

    def string(self, start: int, quote: str) -> Value | None:
        """Read a string. A multi-line one that cannot be read leaves the empty string of its first two quotes."""
        if self.text.startswith(quote * 3, start):
            value = self.string_of_lines(start, quote)
            if value is not None:
                return value
        match = (_BASIC_STRING if quote == '"' else _LITERAL_STRING).match(self.text, start)
        if match is None:
            if quote == '"':
                self.unclosed_basic(_IN_BASIC, start, 1)
            else:
                self.unclosed(_IN_LITERAL, start, 1, "literal string")
            return None
        self.end = match.end()
        text = match[1] if quote == "'" else self.decoded(match[1], start, match.end())
        return Value(Kind.STRING, text, *self.positions.at(start))

    def string_of_lines(self, start: int, quote: str) -> Value | None:
        if quote == '"':
            match = _BASIC_LINES_STRING.match(self.text, start)
            if match is None:
                self.unclosed_basic(_IN_BASIC_LINES, start, 3)
                return None
            text = self.decoded(match[1], start, match.end(), of_lines=True)
        else:
            match = _LITERAL_LINES_STRING.match(self.text, start)
            if match is None:
                self.unclosed(_IN_LITERAL_LINES, start, 3, "multi-line literal string")
                return None
            text = match[1].lstrip("\r\n")
        self.end = match.end()
        return Value(Kind.STRING, text, *self.positions.at(start))

    def decoded(self, body: str, start: int, end: int, *, of_lines: bool = False) -> str:
        """Decode the body of the string from `start` to `end`; an escape that cannot be decoded is kept for later."""
        try:
            return decode_lines(body) if of_lines else decode(body)
        except BadEscape as error:
            if self.bad_escape is None:
                self.bad_escape = (end, start, error.escape)
            return ""

    def unclosed(self, body: re.Pattern[str], start: int, quotes: int, reading: str) -> int:
        """Note how far a string without its end was read; give where that is."""
        match = body.match(self.text, start + quotes)
        end = match.end() if match else start + quotes
        if end > start + quotes:
            self.reach(end)
        self.fail(end, reading, start)
        return end

    def unclosed_basic(self, body: re.Pattern[str], start: int, quotes: int) -> None:
        """Note how far a basic string without its end was read, part of an escape included."""
        end = self.unclosed(body, start, quotes, "basic string" if quotes == 1 else "multi-line basic string")
        escape = _IN_ESCAPE.match(self.text, end)
        if escape is not None:
            self.reach(escape.end())

    def array(self, start: int) -> Value | TableList | None:
        """Read `[…]`, in which line ends count as blanks and one comma may follow the last value."""
        self.enter(start)
        items: list[ReadValue] = []
        position = self.skip(_WSNL, start + 1)
        value = self.value(position)
        if value is not None:
            while value is not None:
                items.append(value)
                position = self.end
                value = self.next_in_array(position)
            position = self.skip(_WSNL, position)
            if self.text.startswith(",", position):
                position = self.skip(_WSNL, position + 1)
            position = self.skip(_WSNL, self.skip_comment(position))
        if not self.text.startswith("]", position):
            at_end = position == len(self.text)
            self.fail(position, "array", start, instead=at_end)
            return None
        self.end = position + 1
        self.depth -= 1
        values = tuple(item for item in items if isinstance(item, Value))
        if len(values) < len(items):
            return TableList(items)
        return Value(Kind.ARRAY, "", *self.positions.at(start), values)

    def next_in_array(self, position: int) -> ReadValue | None:
        """Read a comma and the value after it."""
        comma = _COMMA.match(self.text, position)
        if comma is not None:
            self.reach(comma.end())
            return self.value(comma.end())
        position = self.skip(_WSNL, self.skip_comment(self.skip(_WSNL, position)))
        if not self.text.startswith(",", position):
            return None
        self.reach(position + 1)
        return self.value(self.skip(_WSNL, self.skip_comment(self.skip(_WSNL, position + 1))))

    def inline_table(self, start: int) -> InlineTable | None:
        """Read `{…}` on one line; a comma may be missing between pairs with nothing between, or follow the last one."""
        self.enter(start)
        pairs: list[Pair] = []
        position = self.skip(_WS, start + 1)
        while (pair := self.pair(position)) is not None:
            pairs.append(pair)
            position = pair.end
            comma = self.skip(_WS, position)
            if self.text.startswith(",", comma):
                self.reach(comma + 1)
                position = self.skip(_WS, comma + 1)
        position = self.skip(_WS, position)
        if not self.text.startswith("}", position):
            at_line_end = self.text[position : position + 1] in ("", "\r", "\n")
            self.fail(position, "inline table", start, instead=at_line_end)
            return None
        self.end = position + 1
        self.depth -= 1
        return InlineTable(pairs, start)

    def enter(self, start: int) -> None:
        """Go one level deeper. A level that cannot be read is never left, for nothing is read after it."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.too_deep(start, f"Arrays and inline tables can be nested at most {MAX_DEPTH} deep here.")

    def too_deep(self, start: int, message: str) -> DialectError:
        line, column = self.positions.at(start)
        return DialectError(message, line, column, None)
