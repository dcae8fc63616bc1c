"""How commands speak: tables on a terminal, tab-separated text in a pipe, JSON on request; complaints on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Generic, TypeVar

import msgspec
import typer

from telegraf_controller import clock

R = TypeVar("R")


class CommandFailed(Exception):
    """A command cannot do what was asked; the message is one sentence, and the program ends with 1."""


@dataclass(frozen=True)
class Column(Generic[R]):
    """A column of a list: its title, and what it shows of a record."""

    title: str
    value: Callable[[R], object]


def show_list(records: Iterable[R], columns: Sequence[Column[R]], *, as_json: bool) -> None:
    """Print records in whatever form fits where the output goes. In a pipe each leaves as soon as it is there."""
    if as_json:
        _write_json_array(records)
    elif sys.stdout.isatty():
        _print_table(records, columns)
    else:
        _write_tabbed(records, columns)


def show_json(record: object) -> None:
    """Print one record as JSON."""
    typer.echo(to_json(record, indent=2))


def say(text: str) -> None:
    """Print a line of result."""
    typer.echo(printable(text))


def show_text(text: str) -> None:
    """Print text of several lines, each with its end; control characters, tabs apart, are escaped."""
    lines = text.split("\n")
    typer.echo("\n".join("\t".join(map(printable, line.split("\t"))) for line in lines), nl=False)


def complain(text: str) -> None:
    """Print a line about something wrong on stderr."""
    typer.echo(printable(text), err=True)


def to_json(record: object, *, indent: int | None = None) -> str:
    """Write a record as the API would: camelCase keys, times to the millisecond."""
    plain = msgspec.to_builtins(record, builtin_types=(datetime,))
    return json.dumps(plain, default=clock.to_wire, ensure_ascii=False, indent=indent)


def cell(value: object) -> str:
    """Show a value in a list; what is not there is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return clock.to_wire(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ",".join(cell(part) for part in value)
    return printable(str(value))


def printable(text: str) -> str:
    """Escape control characters: names come from agents, and must not be able to steer a terminal or split a line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _print_table(records: Iterable[R], columns: Sequence[Column[R]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column.title, overflow="fold")
    for record in records:
        # As Text, for a hostname may look like rich's own markup.
        table.add_row(*(Text(cell(column.value(record))) for column in columns))
    Console().print(table)
    if not table.row_count:
        complain("Nothing found.")


def _write_tabbed(records: Iterable[R], columns: Sequence[Column[R]]) -> None:
    rest = iter(records)
    # When the first cannot be had there is an error to show, and no list.
    first = list(islice(rest, 1))
    typer.echo("\t".join(column.title for column in columns))
    for record in chain(first, rest):
        typer.echo("\t".join(cell(column.value(record)) for column in columns))


def _write_json_array(records: Iterable[object]) -> None:
    separator = "["
    for record in records:
        typer.echo(f"{separator}\n  {to_json(record)}", nl=False)
        separator = ","
    typer.echo("[]" if separator == "[" else "\n]")
