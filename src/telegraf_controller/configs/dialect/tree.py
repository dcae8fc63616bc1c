"""The tree of a document: tables of named nodes, each with its position."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias


class Kind(Enum):
    """What a value is."""

    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    ARRAY = "array"


class Origin(Enum):
    """How a table came to be: the document itself, a header, as the parent in a later header, or `{…}`."""

    ROOT = "root"
    HEADER = "header"
    IMPLICIT = "implicit"
    INLINE = "inline"


@dataclass(slots=True)
class Value:
    """A value and where it begins.

    `text` is what Telegraf keeps of it: the decoded string, the number without underscores, `true` or `false`, the date
    as written; empty for an array, whose elements are in `items`. A number may lie outside of what Telegraf can hold
    (64-bit integers, finite floats): it parses, and fails when it is decoded into an option.
    """

    kind: Kind
    text: str
    line: int
    column: int
    items: tuple[Value, ...] = ()


@dataclass(slots=True)
class KeyValue:
    """`key = value`, and where the key begins."""

    key: str
    value: Value
    line: int
    column: int


@dataclass(slots=True)
class Table:
    """A table by its own name (the last part of a header) and where it begins; `fields` in order of appearance.

    An inline table is a table here too, as for Telegraf: a later header can extend it.
    """

    name: str
    origin: Origin
    line: int
    column: int
    fields: dict[str, Node] = field(default_factory=dict)


@dataclass(slots=True)
class TableArray:
    """Tables of one name: every `[[name]]`, or the inline tables of an array; never empty."""

    tables: list[Table]

    @property
    def line(self) -> int:
        """The line of the first table."""
        return self.tables[0].line


Node: TypeAlias = Table | TableArray | KeyValue
Plain: TypeAlias = str | int | float | bool | list["Plain"] | dict[str, "Plain"]

_INT64 = range(-(2**63), 2**63)


def to_plain(node: Node | Value) -> Plain:
    """Give a node as dictionaries, lists and scalars.

    A date becomes `"dt:…"`; a number that Telegraf cannot hold `"int!:…"` or `"float!:…"`.
    """
    if isinstance(node, Table):
        return {name: to_plain(child) for name, child in node.fields.items()}
    if isinstance(node, TableArray):
        return [to_plain(table) for table in node.tables]
    value = node.value if isinstance(node, KeyValue) else node
    match value.kind:
        case Kind.STRING:
            return value.text
        case Kind.INTEGER:
            fits = len(value.text) < 64 and int(value.text) in _INT64
            return int(value.text) if fits else f"int!:{value.text}"
        case Kind.FLOAT:
            number = float(value.text)
            return number if abs(number) != float("inf") else f"float!:{value.text}"
        case Kind.BOOLEAN:
            return value.text == "true"
        case Kind.DATETIME:
            return f"dt:{value.text}"
        case Kind.ARRAY:
            return [to_plain(item) for item in value.items]
