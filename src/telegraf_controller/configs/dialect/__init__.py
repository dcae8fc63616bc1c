"""Telegraf's dialect of TOML, read exactly as Telegraf reads it (Q1).

`parse(text)` accepts and refuses what Telegraf 1.38 and later does (with strict environment handling, its default) and
builds the same tree, with the position of every table, key and value. Environment references are not resolved: Telegraf
does that later, in string values only.

The way of a text: `comments` takes comments away as Telegraf does before parsing, `grammar` reads the rest into
statements, `builder` makes the tree from them, and `explain` says in a person's words what is wrong.
"""

from telegraf_controller.configs.dialect.errors import DialectError
from telegraf_controller.configs.dialect.parser import parse
from telegraf_controller.configs.dialect.tree import KeyValue, Kind, Node, Origin, Table, TableArray, Value, to_plain

__all__ = [
    "DialectError",
    "KeyValue",
    "Kind",
    "Node",
    "Origin",
    "Table",
    "TableArray",
    "Value",
    "parse",
    "to_plain",
]
