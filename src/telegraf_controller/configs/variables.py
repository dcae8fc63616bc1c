"""What a text wants to know from whoever runs it: parameters, environment variables, secrets, constants (Q3).

What stands in comments is nobody's business. Environment variables and secrets are looked for where Telegraf looks for
them: in strings, once placeholders are filled; so one in a parameter's default counts as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from telegraf_controller.configs.checks import filled_for_reading
from telegraf_controller.configs.dialect import DialectError, Kind, Node, Table, TableArray, Value, parse
from telegraf_controller.configs.dialect.comments import EndlessString, without_comments
from telegraf_controller.configs.placeholders import Parameter, compile_template


@dataclass(frozen=True, slots=True)
class EnvironmentVariable:
    """A variable of the agent's environment: `required` if it stands anywhere without a default."""

    name: str
    required: bool
    default: str | None
    """The first default; None also when that is made of other variables."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A key in one of the agent's secret stores."""

    store: str
    key: str


@dataclass(frozen=True, slots=True)
class Variables:
    """Each name once, in order of first appearance."""

    parameters: tuple[Parameter, ...]
    environment: tuple[EnvironmentVariable, ...]
    secrets: tuple[Secret, ...]
    constants: tuple[str, ...]


# A default with another reference in it stays unread: that one is found for itself.
_VARIABLE = re.compile(
    r"\$(?:\$|(?P<plain>[_a-zA-Z][_a-zA-Z0-9]*+)"
    r"|\{(?P<braced>[_a-zA-Z][_a-zA-Z0-9]*+)(?::?(?P<operator>[-?+])(?:(?P<word>[^{}$]*+)\})?|\}))"
)
_SECRET = re.compile(r"@\{(?P<store>[A-Za-z0-9_]++):(?P<key>[A-Za-z0-9_]++)\}")


def variables_of(text: str, constants: Mapping[str, str]) -> Variables:
    """Return what a text uses, in time linear in its length. `constants` are the values of those that it uses."""
    template = compile_template(text)
    strings = [*_strings_of(text), *(constants[name] for name in template.constants if name in constants)]
    secrets = (Secret(found["store"], found["key"]) for string in strings for found in _SECRET.finditer(string))
    return Variables(
        parameters=template.parameters,
        environment=tuple(_environment(strings)),
        secrets=tuple(dict.fromkeys(secrets)),
        constants=template.constants,
    )


def _environment(strings: Iterable[str]) -> Iterator[EnvironmentVariable]:
    defaults: dict[str, list[str | None]] = {}
    required: set[str] = set()
    for string in strings:
        for found in _VARIABLE.finditer(string):
            name = found["plain"] or found["braced"]
            if name is None:
                continue
            defaults.setdefault(name, [])
            if found["operator"] == "-":
                defaults[name].append(found["word"])
            elif found["operator"] != "+":
                required.add(name)
    for name, written in defaults.items():
        default = None if name in required or not written else written[0]
        yield EnvironmentVariable(name, name in required, default)


def _strings_of(text: str) -> list[str]:
    """Return the string values of a text, decoded; of one that Telegraf refuses the whole text without comments."""
    filled = filled_for_reading(text)
    try:
        return list(_strings_in(parse(filled)))
    except DialectError:
        pass
    try:
        return [without_comments(filled).text]
    except EndlessString:
        return []


def _strings_in(root: Table) -> Iterator[str]:
    waiting: list[Node | Value] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Table):
            waiting += reversed(node.fields.values())
        elif isinstance(node, TableArray):
            waiting += reversed(node.tables)
        elif not isinstance(node, Value):
            waiting.append(node.value)
        elif node.kind is Kind.ARRAY:
            waiting += reversed(node.items)
        elif node.kind is Kind.STRING:
            yield node.text
