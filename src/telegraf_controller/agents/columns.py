"""What lists, searches and counts of a large fleet ask of its agents, in memory, one array per column.

An agent is a row, and rows stand in the order of the agents' ids; so whatever keeps the order of rows keeps ties by id
(A4). Columns never change once they are made: `columns_load` makes new ones, which share what has not changed.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from telegraf_controller.agents.queries import SortKey

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

ID = np.dtype([("high", ">u8"), ("low", ">u8")])
"""An agent's id as its sixteen bytes."""

_ROW_BITS = np.uint64(24)
MAX_ROWS = 1 << 24
"""How many agents fit: a row's number shares 64 bits with what it is sorted by."""

_TEXTS_OF_A_THREAD = 50_000
"""How many texts are worth a thread of their own to be searched by."""

_searching = ThreadPoolExecutor(min(8, os.cpu_count() or 1), thread_name_prefix="searching")


@dataclass(frozen=True, slots=True)
class Texts:
    """What searches look into, as UTF-8: most in one array, the few that are longer apart."""

    short: NDArray[np.bytes_]
    long: Mapping[int, bytes]
    """By row, whose place in `short` is empty."""

    def containing(self, wanted: bytes) -> Mask:
        """Tell of each row whether its text contains some bytes."""

        def containing(texts: NDArray[np.bytes_]) -> Mask:
            mask: Mask = np.strings.find(texts, wanted) >= 0
            return mask

        parts = np.array_split(self.short, 1 + len(self.short) // _TEXTS_OF_A_THREAD)
        # While it searches, numpy leaves the interpreter to others.
        found = containing(self.short) if len(parts) == 1 else np.concatenate(list(_searching.map(containing, parts)))
        for row, text in self.long.items():
            found[row] = wanted in text
        return found

    def nbytes(self) -> int:
        """Return how much memory this takes, roughly."""
        return self.short.nbytes + sum(len(text) + 100 for text in self.long.values())


@dataclass(frozen=True, slots=True)
class Identities:
    """Who agents are: what is loaded anew only for those that change it."""

    texts: Texts
    versions: NDArray[np.int32]
    """Places in `version_names`."""
    version_names: Sequence[str | None]
    version_ranks: NDArray[np.int64]
    """How the names are sorted; an unknown version has the highest."""
    name_ranks: NDArray[np.int64]
    """What sorting by name goes by; agents of the same name have the same."""
    references: Sequence[str]
    """What agents refer to, see `agents.references`."""
    referring: NDArray[np.int64]
    """Sorted pairs of a place in `references` (upper bits) and a row (`_ROW_BITS`)."""

    def referring_to(self, references: Collection[str]) -> Mask:
        """Tell of each row whether its agent has one of these references."""
        mask = np.zeros(len(self.versions), np.bool_)
        for place in (place for place, name in enumerate(self.references) if name in references):
            start, end = np.searchsorted(self.referring, (place << 24, (place + 1) << 24))
            mask[self.referring[start:end] & (MAX_ROWS - 1)] = True
        return mask


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions as columns take them; None does not matter."""

    status: int | None = None
    search: bytes = b""
    runs: Sequence[Collection[str]] = ()
    rules: Collection[int] | None = None
    labels: Sequence[str] = ()
    """Each has to be in `Columns.labels`."""
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows a selection has, by status, by version, and by age."""

    total: int
    by_status: dict[int, int]
    by_version: dict[str | None, int]
    by_age: list[int]


@dataclass(frozen=True, slots=True)
class Columns:
    """The fleet as it was at one moment."""

    as_of: datetime
    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    """The halves of ids; no two rows have the same upper half."""
    last_seen: NDArray[np.int64]
    identity: NDArray[np.int64]
    rules: NDArray[np.int32]
    status: NDArray[np.uint8]
    identities: Identities
    labels: dict[str, Mask] = field(default_factory=dict)
    """Which rows have a label, for labels that were asked for lately."""
    orders: dict[tuple[SortKey, bool], Rows] = field(default_factory=dict)
    """Rows in the orders that were asked for."""

    def __len__(self) -> int:
        return len(self.high)

    def nbytes(self) -> int:
        """Return how much memory this takes, roughly."""
        arrays: list[NDArray[Any]] = [self.high, self.low, self.last_seen, self.identity, self.rules, self.status]
        who = self.identities
        arrays += [who.versions, who.name_ranks, who.referring, *self.labels.values(), *self.orders.values()]
        return sum(array.nbytes for array in arrays) + who.texts.nbytes()

    def ids(self, rows: Rows) -> list[UUID]:
        """Return the ids of some rows."""
        halves = zip(self.high[rows].tolist(), self.low[rows].tolist(), strict=True)
        return [UUID(int=high << 64 | low) for high, low in halves]

    def rows_of(self, ids: NDArray[np.void]) -> tuple[Rows, Mask]:
        """Return the row of each id (of dtype `ID`), and whether there is one."""
        return find_rows(self.high, self.low, ids)

    def select(self, wanted: Selection) -> Mask | None:
        """Return which rows are meant; None for all."""
        masks: list[Mask] = []
        if wanted.status is not None:
            masks.append(self.status == wanted.status)
        if wanted.rules is not None:
            masks.append(np.isin(self.rules, np.array(sorted(wanted.rules), np.int32)))
        if wanted.version is not None:
            masks.append(self._of_version(wanted.version))
        masks += [self.identities.referring_to(references) for references in wanted.runs]
        masks += [self.labels[label] for label in wanted.labels]
        if wanted.search:
            masks.append(self.identities.texts.containing(wanted.search))
        return np.logical_and.reduce(masks) if masks else None

    def page(
        self, wanted: Selection, *, sort_by: SortKey, descending: bool, offset: int, limit: int
    ) -> tuple[list[UUID], int]:
        """Return the ids of one page in order, and how many rows the selection has."""
        mask = self.select(wanted)
        order = self._ordered(sort_by, descending)
        if mask is None:
            return self.ids(order[offset : offset + limit]), len(self)
        rows = order[mask[order]]
        return self.ids(rows[offset : offset + limit]), len(rows)

    def count(self, wanted: Selection, ages_since: Sequence[datetime]) -> Counts:
        """Count the rows of a selection; `ages_since` are the instants that bands of age begin at, newest first."""
        mask = self.select(wanted)
        status = self.status if mask is None else self.status[mask]
        versions = self.identities.versions if mask is None else self.identities.versions[mask]
        seen = self.last_seen if mask is None else self.last_seen[mask]
        heard_since = [int(np.count_nonzero(seen > since.timestamp() * 1000)) for since in ages_since]
        edges = [0, *heard_since, len(seen)]
        by_version = np.bincount(versions, minlength=len(self.identities.version_names)).tolist()
        named = zip(self.identities.version_names, by_version, strict=True)
        return Counts(
            total=len(seen),
            by_status=dict(enumerate(np.bincount(status).tolist())),
            by_version={name: count for name, count in named if count},
            by_age=[later - earlier for earlier, later in pairwise(edges)],
        )

    def count_referring(self, references: Collection[str]) -> int:
        """Return how many rows have one of these references."""
        return int(np.count_nonzero(self.identities.referring_to(references)))

    def order_as(self, other: Columns) -> None:
        """Make the orders that others were asked for."""
        for sort_by, descending in list(other.orders):
            self._ordered(sort_by, descending)

    def _of_version(self, version: str) -> Mask:
        names = self.identities.version_names
        if version not in names:
            return np.zeros(len(self), np.bool_)
        mask: Mask = self.identities.versions == names.index(version)
        return mask

    def _ordered(self, sort_by: SortKey, descending: bool) -> Rows:
        key = sort_by, descending
        if key not in self.orders:
            # Two requests may both do this; the result is the same.
            self.orders[key] = self._sorted(sort_by, descending)
        return self.orders[key]

    def _sorted(self, sort_by: SortKey, descending: bool) -> Rows:
        who = self.identities
        if sort_by == "version":
            ranks = who.version_ranks
            unknown = len(ranks)
            # An unknown version comes last in both directions.
            turned = np.where(ranks == unknown, unknown, unknown - 1 - ranks) if descending else ranks
            return ordered(turned[who.versions])
        if sort_by == "status":
            return ordered(self.status.astype(np.int64), descending=descending)
        return ordered(who.name_ranks if sort_by == "name" else self.last_seen, descending=descending)


def ordered(values: NDArray[np.int64], *, descending: bool = False) -> Rows:
    """Return row numbers by value, ties by row. Raises OverflowError when values are too far apart."""
    if not len(values):
        return np.zeros(0, np.int64)
    lowest, highest = int(values.min()), int(values.max())
    if highest - lowest >= 1 << 39 or len(values) >= MAX_ROWS:
        return np.argsort(-values if descending else values, kind="stable")
    # One number holds both: a plain sort of those is several times as fast as any that moves row numbers along.
    distance = (highest - values if descending else values - lowest).astype(np.uint64)
    distance <<= _ROW_BITS
    distance |= np.arange(len(values), dtype=np.uint64)
    distance.sort()
    distance &= np.uint64(MAX_ROWS - 1)
    return distance.view(np.int64)


def find_rows(high: NDArray[np.uint64], low: NDArray[np.uint64], ids: NDArray[np.void]) -> tuple[Rows, Mask]:
    """Return where each id (of dtype `ID`) stands among sorted ones, and whether it does; else the place is any."""
    wanted_high, wanted_low = ids["high"].astype(np.uint64), ids["low"].astype(np.uint64)
    if not len(high):
        return np.zeros(len(ids), np.int64), np.zeros(len(ids), np.bool_)
    # In order: a million that are looked for at random places take three times as long as sorting them.
    order = np.argsort(wanted_high)
    rows = np.empty(len(ids), np.int64)
    rows[order] = np.minimum(np.searchsorted(high, wanted_high[order]), len(high) - 1)
    there: Mask = (high[rows] == wanted_high) & (low[rows] == wanted_low)
    return rows, there
