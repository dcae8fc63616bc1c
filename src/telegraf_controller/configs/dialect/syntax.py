"""What the grammar reads, before it becomes a tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from telegraf_controller.configs.dialect.tree import Value


@dataclass(slots=True)
class InlineTable:
    """`{…}`: its pairs, and where it begins."""

    pairs: list[Pair]
    start: int


@dataclass(slots=True)
class TableList:
    """An array that holds inline tables, directly or in arrays of its own: Telegraf keeps these and drops all else."""

    items: list[ReadValue]


ReadValue: TypeAlias = Value | InlineTable | TableList


@dataclass(slots=True)
class Pair:
    """`key = value`: where the key begins and the value ends."""

    key: str
    value: ReadValue
    start: int
    end: int


@dataclass(slots=True)
class Header:
    """`[a.b]` or, with `is_array`, `[[a.b]]`: where it begins and ends."""

    names: list[str]
    is_array: bool
    start: int
    end: int


Statement: TypeAlias = Header | Pair


@dataclass(frozen=True, slots=True)
class Blame:
    """The farthest place where reading failed, what was being read there, and where that began."""

    offset: int
    reading: str
    start: int
