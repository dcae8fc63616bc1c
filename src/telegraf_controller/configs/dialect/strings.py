"""Decodes the bodies of basic strings and quoted keys."""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\\(?:u(.{4})|U(.{8})|(.))", re.DOTALL)
_CONTINUATION_OR_ESCAPE = re.compile(r"\\[\r\n][ \t\r\n]*|\\.", re.DOTALL)
_SHORT = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


class BadEscape(ValueError):
    """An escape of the grammar that Telegraf cannot decode: `\\/`, half a surrogate pair, a number above 10FFFF."""

    def __init__(self, escape: str) -> None:
        super().__init__(escape)
        self.escape = escape


def decode(body: str) -> str:
    """Decode the body of a `"…"` string whose escapes are well formed. Raises BadEscape."""
    return _ESCAPE.sub(_decoded, body) if "\\" in body else body


def decode_lines(body: str) -> str:
    """Decode the body of a multi-line basic string; all line ends at its front go, not one. Raises BadEscape."""
    if "\\" in body:
        body = _CONTINUATION_OR_ESCAPE.sub(lambda match: "" if match.group()[1] in "\r\n" else match.group(), body)
    return decode(body.lstrip("\r\n"))


def _decoded(match: re.Match[str]) -> str:
    short = match[3]
    if short is not None:
        if short not in _SHORT:
            raise BadEscape(match.group())
        return _SHORT[short]
    code = int(match[1] or match[2], 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise BadEscape(match.group())
    return chr(code)
