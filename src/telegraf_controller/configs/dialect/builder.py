"""Makes the tree from the statements, with Telegraf's rules for what may extend what."""

from __future__ import annotations

from collections.abc import Sequence

from telegraf_controller.configs.dialect.errors import DialectError, Positions
from telegraf_controller.configs.dialect.syntax import Header, InlineTable, Pair, ReadValue, Statement, TableList
from telegraf_controller.configs.dialect.tree import KeyValue, Node, Origin, Table, TableArray, Value


class Clash(Exception):
    """Two statements cannot both hold; Telegraf notices at `offset`, a person should look at `start`."""

    def __init__(self, message: str, start: int, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.offset = offset


def build(statements: Sequence[Statement], positions: Positions) -> Table:
    """Make the tree. Raises Clash at the first statement that does not fit those before it."""
    root = Table("", Origin.ROOT, 1, 1)
    table = root
    for statement in statements:
        if isinstance(statement, Header):
            table = _open(root, statement, positions)
        else:
            _add(table, statement, positions, in_array=False)
    return root


def _open(root: Table, header: Header, positions: Positions) -> Table:
    """Add the table of a header and give it."""
    line, column = positions.at(header.start)
    table = root
    for name in header.names[:-1]:
        child = table.fields.get(name)
        if child is None:
            child = table.fields[name] = Table(name, Origin.IMPLICIT, line, column)
        if isinstance(child, KeyValue):
            raise Clash(f"{name!r} is a value since line {child.line} and cannot be a table.", header.start, header.end)
        table = child.tables[-1] if isinstance(child, TableArray) else child
    new = Table(header.names[-1], Origin.HEADER, line, column)
    if header.is_array:
        _put_in_array(table, new, header.start, header.end)
    else:
        _put(table, new, header.start, header.end)
    return new


def _put(parent: Table, new: Table, start: int, offset: int) -> None:
    """Add a table; one that no header has opened yet is taken over with all it holds."""
    old = parent.fields.get(new.name)
    if isinstance(old, Table) and old.origin is not Origin.HEADER:
        new.fields = old.fields
    elif old is not None:
        raise Clash(f"{new.name!r} is already {_what(old)} since line {old.line}.", start, offset)
    parent.fields[new.name] = new


def _put_in_array(parent: Table, new: Table, start: int, offset: int) -> None:
    """Add a table to the array of its name."""
    old = parent.fields.get(new.name)
    if old is None:
        parent.fields[new.name] = TableArray([new])
    elif isinstance(old, TableArray):
        old.tables.append(new)
    else:
        raise Clash(f"{new.name!r} is already {_what(old)} since line {old.line}, not an array.", start, offset)


def _add(table: Table, pair: Pair, positions: Positions, *, in_array: bool) -> None:
    """Add a pair to a table; `in_array` when an array is open around it, perhaps some tables further out."""
    if not isinstance(pair.value, Value):
        _add_tables(table, pair, pair.value, positions, in_array=in_array)
        return
    old = table.fields.get(pair.key)
    if old is not None:
        raise Clash(f"{pair.key!r} is already {_what(old)} since line {old.line}.", pair.start, pair.end)
    table.fields[pair.key] = KeyValue(pair.key, pair.value, *positions.at(pair.start))


def _add_tables(table: Table, pair: Pair, value: ReadValue, positions: Positions, *, in_array: bool) -> None:
    """Add the inline tables of a value; anywhere inside an array even a single one becomes an array of tables."""
    if isinstance(value, TableList):
        for item in value.items:
            _add_tables(table, pair, item, positions, in_array=True)
    elif isinstance(value, InlineTable):
        new = Table(pair.key, Origin.INLINE, *positions.at(value.start))
        put = _put_in_array if in_array else _put
        put(table, new, pair.start, value.start)
        for inner in value.pairs:
            _add(new, inner, positions, in_array=in_array)


def _what(node: Node) -> str:
    if isinstance(node, KeyValue):
        return "a value"
    return "an array of tables" if isinstance(node, TableArray) else "a table"


def refusal(clash: Clash, text: str, positions: Positions) -> DialectError:
    """The error for a clash. Telegraf counts each CR and each LF up to where it notices one as a line."""
    line, column = positions.at(clash.start)
    return DialectError(clash.message, line, column, _telegraf_line(text, clash.offset))


def _telegraf_line(text: str, offset: int) -> int:
    return 1 + text.count("\n", 0, offset) + text.count("\r", 0, offset)
