"""Says in a person's words why a text cannot be read, and where to look."""

from __future__ import annotations

import re

from telegraf_controller.configs.dialect.syntax import Blame

_WORD = re.compile(r"""[^\s,\[\]{}#"'=]+""")
_BLANKS = re.compile(r"[ \t]*")
_OTHER_BASE = re.compile(r"[-+]?0[xob][0-9A-Fa-f_]+")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+(?:\.[0-9]*)?")
_LINES = re.compile(r'[^"\\\x00-\x09\x0b\x0c\x0e-\x1f]*+(?:\\[\s\S][^"\\\x00-\x09\x0b\x0c\x0e-\x1f]*+)*+')
"""The body of a multi-line basic string up to where it is wrong, bad escapes apart."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REFERENCES = {
    "${": "An environment variable can stand only inside a string: put quotes around it.",
    "$": "An environment variable can stand only inside a string: put quotes around it.",
    "@{": "A secret can stand only inside a string: put quotes around it.",
    "&{": "A parameter that has no value stands here.",
    "::{": "A constant that has no value stands here.",
}


def explain(text: str, blame: Blame, value: tuple[int, int], doubled: int | None) -> tuple[str, int]:
    """Give a sentence, and the offset where the trouble begins.

    `value` is the span of the value that was read last, `doubled` the offset of a character that Telegraf put in.
    """
    if doubled is not None and blame.offset > doubled and text[-2:] in ('""', "''"):
        return "The text ends in an empty string, which Telegraf misreads there: add a line end.", doubled + 1
    value_start, value_end = value
    if "string" in blame.reading:
        return _string(text, blame.offset, blame.start, blame.reading)
    if blame.start == value_end > value_start and blame.reading in ("equals", "key", "line end"):
        joined = _joined_to_value(text, value_start, value_end)
        if joined is not None:
            return joined
    match blame.reading:
        case "value":
            return _value(text, blame.offset), blame.offset
        case "equals":
            return _equals(text, blame, value)
        case "header":
            return _header(text, blame)
        case "array":
            if blame.offset >= len(text):
                return "This array is never closed; a ] is missing.", blame.start
            return "A comma or a ] is missing here in the array.", blame.offset
        case "inline table":
            if text[blame.offset : blame.offset + 1] in ("", "\r", "\n"):
                return "An inline table {…} must be closed on its own line.", blame.start
            return "A comma or a } is missing here in the inline table.", blame.offset
    return _statement(text, blame.offset, value)


def _string(text: str, offset: int, start: int, reading: str) -> tuple[str, int]:
    """Why the string that begins at `start` cannot be read beyond `offset`."""
    quotes = ("'" if "literal" in reading else '"') * (3 if "multi-line" in reading else 1)
    here = text[offset : offset + 1]
    if here == "" or (len(quotes) == 1 and here in "\r\n"):
        where = "is never closed" if len(quotes) == 3 else "is not closed on its line"
        return f"This string {where}; a {quotes} is missing.", start
    if here == "\\":
        return "This is no escape of TOML; a backslash is written as \\\\ in this string.", offset
    if here == '"':
        return 'A quote inside """…""" must be written as \\" for Telegraf.', offset
    if here == "\t":
        return "A tab must be written as \\t in this string for Telegraf.", offset
    return "A control character stands in this string.", offset


def _joined_to_value(text: str, start: int, end: int) -> tuple[str, int] | None:
    """Why what follows a value directly, without a blank, does not belong to it."""
    if text.startswith('"""', start) and end == start + 2:
        stop = _LINES.match(text, start + 3)
        return _string(text, stop.end() if stop else end, start, "multi-line basic string")
    if text.startswith("'''", start) and end == start + 2:
        return _string(text, len(text), start, "multi-line literal string")
    word = _WORD.match(text, start)
    if word is None or word.end() <= end:
        return None
    if _OTHER_BASE.fullmatch(word.group()):
        return "Telegraf reads integers in decimal only, not in hexadecimal, octal or binary.", start
    if _LEADING_ZERO.fullmatch(word.group()):
        return "A number cannot begin with a zero that another digit follows.", start
    return f"{_shown(word.group())} is no value that Telegraf reads; text must stand in quotes.", start


def _value(text: str, offset: int) -> str:
    here = text[offset : offset + 1]
    if here in ("", "\r", "\n"):
        return "A value is missing here."
    word = _WORD.match(text, offset)
    reference = next((sentence for mark, sentence in _REFERENCES.items() if text.startswith(mark, offset)), None)
    if reference is not None:
        return reference
    if word is None:
        return f"A value must stand here, not {_shown(here)}."
    if word.group().lower().lstrip("+-") in ("inf", "nan", "infinity"):
        return "Telegraf reads no infinite numbers and no nan."
    if word.group().lower() in ("true", "false"):
        return "true and false are written in small letters."
    if word.group().startswith("."):
        return "A number needs a digit before its point."
    return f"{_shown(word.group())} is no value that Telegraf reads; text must stand in quotes."


def _equals(text: str, blame: Blame, value: tuple[int, int]) -> tuple[str, int]:
    """Why no equals sign follows the key that begins at `blame.start`."""
    start, end = value
    follows = _on_the_line_of(text, end, blame.start) and end > start
    if follows and _DATE.fullmatch(text, start, end) and text.startswith(":", blame.offset):
        return "A date and a time must be joined by a T for Telegraf, not by a space.", start
    if follows:
        return "After the value something stands that does not belong there.", blame.start
    if text.startswith(".", blame.offset):
        return "Telegraf reads no keys with dots; open the table with a header such as [a.b].", blame.start
    key = text[blame.start : blame.offset].strip()
    if text[blame.offset : blame.offset + 1] in ("", "\r", "\n", "=", "#"):
        return f"After the key {_shown(key)} an equals sign and a value are missing.", blame.start
    if _WORD.match(text, blame.offset) and not text[blame.offset - 1].isspace():
        return (
            "A key without quotes has only the letters A to Z, digits, - and _; others need double quotes.",
            blame.offset,
        )
    return f"After the key {_shown(key)} an equals sign is missing.", blame.offset


def _header(text: str, blame: Blame) -> tuple[str, int]:
    here = text[blame.offset : blame.offset + 1]
    if here in ("", "\r", "\n"):
        return "This table header is not closed on its line.", blame.start
    if here == "'":
        return "A name in single quotes is not known to Telegraf; use double quotes.", blame.offset
    if here == "]":
        return "A name is missing, or one of the brackets, in this table header.", blame.start
    if here in "$@&:":
        return "A table header must be written out: nothing is filled in there.", blame.offset
    return f"{_shown(here)} cannot stand in a table header without quotes.", blame.offset


def _statement(text: str, offset: int, value: tuple[int, int]) -> tuple[str, int]:
    """Why neither a key nor a table header begins at `offset`."""
    here = text[offset : offset + 1]
    if value[1] > value[0] and _on_the_line_of(text, value[1], offset):
        return "After the value something stands that does not belong there.", offset
    if here == "'":
        return "A key in single quotes is not known to Telegraf; use double quotes.", offset
    if here == "=":
        return "A key is missing before the equals sign.", offset
    if here in "[]{},":
        return f"{_shown(here)} has no meaning here.", offset
    return f"A key or a table header must stand here; {_shown(here)} begins neither.", offset


def _on_the_line_of(text: str, end: int, offset: int) -> bool:
    """Whether only blanks stand between the end of a value and `offset`."""
    blanks = _BLANKS.match(text, end)
    return offset >= end and blanks is not None and blanks.end() >= offset


def _shown(piece: str) -> str:
    """A piece of the text for a sentence; control characters are named, long pieces cut."""
    if len(piece) > 40:
        piece = piece[:39] + "…"
    return f"'{piece}'" if piece.isprintable() else ", ".join(f"U+{ord(character):04X}" for character in piece)
