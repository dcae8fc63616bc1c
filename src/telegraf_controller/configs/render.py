"""Fills the slots of a template: where parameters and constants become configuration text (C3, C4, C5).

What a value can never do is change the document around it: the rendered text has the same tables, keys and other values
as the author's text, whatever the values. Filling is one pass; a filled-in value is never searched for placeholders.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import NoReturn

from telegraf_controller.configs.placeholders import Template
from telegraf_controller.configs.scan import Hole, Place, stays_in_place
from telegraf_controller.errors import ControllerError

_NO_CONSTANTS: Mapping[str, str] = {}


def render(template: Template, parameters: Mapping[str, str], constants: Mapping[str, str] = _NO_CONSTANTS) -> bytes:
    """Fill a template and give the document as UTF-8; text outside placeholders comes back byte for byte (C1).

    A value of `parameters` (an empty one too) goes before the default; names that the template does not use are
    ignored. How a value is written depends on where its placeholder stands (C4):

    - in `"…"` and `\"\"\"…\"\"\"`: any value, escaped so that Telegraf reads exactly that value;
    - in `'…'` and `\'\'\'…\'\'\'`: as it is; a value with `'` or a control character is refused;
    - outside strings: the word that the placeholder is part of must become one scalar that Telegraf reads
      (an integer of 64 bits, a finite float, a boolean, a date or time);
    - in a key, a table header or text that is not TOML: no value, only the default can be used there.

    Defaults and constants are inserted as written; a constant that breaks out of its place (a `'` in a literal string)
    makes every value after it refused. `${…}`, `$NAME` and `@{…}` in a value are not special here: the agent resolves
    them like those of the text, from its own environment and secret stores.

    Raises ControllerError, the first of these that applies: `missing_parameters` with all of them in `parameters`;
    `undefined_constants` with all of them in `constants`; `invalid_parameter_value` with the first one of the text in
    `parameter`. No sentence repeats a value, which may be a secret.
    """
    return b"".join(fill(template, parameters, constants))


def fill(
    template: Template, parameters: Mapping[str, str], constants: Mapping[str, str] = _NO_CONSTANTS
) -> list[bytes]:
    """The same, with the document still in parts: who asks only whether it can be served does not pay for its size."""
    _require_all(template, parameters, constants)
    parts = list(template.parts)
    words: dict[int, str] = {}
    unchecked: list[tuple[Hole, str]] = []
    for slot in template.slots:
        hole = slot.hole
        if hole.is_constant:
            constant = constants[hole.name]
            parts[slot.part] = constant.encode()
            unchecked.append((hole, constant))
        elif (value := parameters.get(hole.name)) is not None:
            if unchecked:
                _check_constants(unchecked, hole.name)
                unchecked.clear()
            parts[slot.part] = _WRITERS[hole.place](hole, value)
            if hole.word >= 0:
                words.setdefault(hole.word, hole.name)
    for word, name in words.items():
        if not is_scalar(b"".join(parts[template.words[word]]).decode()):
            _refuse(name, "outside strings only a number, a boolean or a date can be put")
    return parts


def with_constants(template: Template, constants: Mapping[str, str]) -> Template:
    """Put the constants into a template that many will fill; to render the result needs none and gives the same.

    A template with a constant that is not defined, or that breaks out of its place, comes back as it is: what is wrong
    with it shows when it is filled.
    """
    if any(name not in constants for name in template.constants):
        return template
    parts = list(template.parts)
    for slot in template.slots:
        if slot.hole.is_constant:
            constant = constants[slot.hole.name]
            if not stays_in_place(slot.hole, constant):
                return template
            parts[slot.part] = constant.encode()
    slots = tuple(slot for slot in template.slots if not slot.hole.is_constant)
    return replace(template, parts=tuple(parts), slots=slots, constants=())


class ValueClass(Enum):
    """What of a value decides whether it is refused, wherever a placeholder is not just a part of a bare word."""

    EMPTY = "empty"
    SCALAR = "one number, boolean, date or time"
    PLAIN = "text that every string can hold"
    UNQUOTABLE = "text that no literal string can hold"


def class_of(value: str) -> ValueClass:
    """Return the class of a value: two of the same are both refused or both not, in every place but a word's part."""
    if not value:
        return ValueClass.EMPTY
    if "'" in value or _CONTROL.search(value):
        return ValueClass.UNQUOTABLE
    return ValueClass.SCALAR if is_scalar(value) else ValueClass.PLAIN


def parameters_of_mixed_words(template: Template) -> frozenset[str]:
    """Return the parameters whose values are only a part of a bare word, where the whole value decides."""
    mixed = {number for number, word in enumerate(template.words) if word.stop - word.start > 1}
    holes = (slot.hole for slot in template.slots)
    return frozenset(hole.name for hole in holes if hole.word in mixed and not hole.is_constant)


def _require_all(template: Template, parameters: Mapping[str, str], constants: Mapping[str, str]) -> None:
    missing = [name for name in template.required if name not in parameters]
    if missing:
        raise ControllerError(
            "missing_parameters", f"The configuration needs {_listed('parameter', missing)}.", parameters=missing
        )
    undefined = [name for name in template.constants if name not in constants]
    if undefined:
        raise ControllerError(
            "undefined_constants",
            f"The configuration uses {_listed('undefined constant', undefined)}.",
            constants=undefined,
        )


def _listed(noun: str, names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:10])
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"the {noun}{'s' if len(names) > 1 else ''} {shown}{more}"


def _refuse(parameter: str, why: str) -> NoReturn:
    raise ControllerError(
        "invalid_parameter_value", f"The value of parameter {parameter!r} cannot be used: {why}.", parameter=parameter
    )


def _check_constants(constants: Iterable[tuple[Hole, str]], parameter: str) -> None:
    """Refuse a value behind a constant that breaks out of its place: who knows where the value would stand."""
    for hole, constant in constants:
        if not stays_in_place(hole, constant):
            _refuse(parameter, f"the constant {hole.name!r} before it breaks out of its place")


_ESCAPES = {code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F)} | {
    ord("\b"): "\\b",
    ord("\t"): "\\t",
    ord("\n"): "\\n",
    ord("\f"): "\\f",
    ord("\r"): "\\r",
    ord('"'): '\\"',
    ord("\\"): "\\\\",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _encoded(hole: Hole, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        _refuse(hole.name, "it is not Unicode text")


def _into_basic(hole: Hole, value: str) -> bytes:
    if not value and hole.never_empty:
        _refuse(hole.name, "it is empty, and the quotes around it would join what follows")
    if value.isascii() and value.isprintable() and '"' not in value and "\\" not in value:
        # Nearly every value: nothing to escape.
        return value.encode()
    return _encoded(hole, value.translate(_ESCAPES))


def _into_multi_line_basic(hole: Hole, value: str) -> bytes:
    # After a line that ends in a backslash the reader skips blanks, and would skip the value's own.
    if value.startswith(" "):
        return b"\\u0020" + _into_basic(hole, value[1:])
    return _into_basic(hole, value)


def _into_literal(hole: Hole, value: str) -> bytes:
    if not value and hole.never_empty:
        _refuse(hole.name, "it is empty, and the quotes around it would join what follows")
    if "'" in value:
        _refuse(hole.name, f"it stands in {hole.place.value}, which cannot hold a single quote")
    if _CONTROL.search(value):
        _refuse(hole.name, f"it stands in {hole.place.value}, which cannot hold a control character")
    return _encoded(hole, value)


def _into_bare(hole: Hole, value: str) -> bytes:
    return _encoded(hole, value)


def _into_fixed(hole: Hole, value: str) -> bytes:
    _refuse(hole.name, f"it stands in {hole.place.value}, where no value can be put")


_WRITERS: dict[Place, Callable[[Hole, str], bytes]] = {
    Place.BASIC: _into_basic,
    Place.MULTI_LINE_BASIC: _into_multi_line_basic,
    Place.LITERAL: _into_literal,
    Place.MULTI_LINE_LITERAL: _into_literal,
    Place.BARE: _into_bare,
    Place.FIXED: _into_fixed,
}

_DIGITS = r"[0-9](?:_?[0-9])*"
_INTEGER = r"[-+]?(?:[1-9](?:_?[0-9])+|[0-9])"
_EXPONENT = rf"[eE][-+]?{_DIGITS}"
_DATE = r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SCALAR = re.compile(
    rf"true|false|(?P<integer>{_INTEGER})|(?P<float>{_INTEGER}(?:\.{_DIGITS}(?:{_EXPONENT})?|{_EXPONENT}))"
    rf"|{_DATE}(?:T{_CLOCK}:[0-5][0-9](?:\.[0-9]+)?(?:Z|[-+]{_CLOCK})?)?|{_CLOCK}:[0-5][0-9](?:\.[0-9]+)?"
)
_INT64 = range(-(2**63), 2**63)


def is_scalar(text: str) -> bool:
    """Whether the text is one integer, float, boolean, date or time that Telegraf reads and can hold."""
    match = _SCALAR.fullmatch(text)
    if match is None:
        return False
    if match["integer"] is not None:
        return len(text) < 64 and int(text) in _INT64
    if match["float"] is not None:
        return abs(float(text)) != float("inf")
    if match["day"] is not None:
        # The length of February repeats every 400 years; year 0 is one that Python's calendar lacks.
        return int(match["day"]) <= monthrange(int(match["year"]) or 2000, int(match["month"]))[1]
    return True
