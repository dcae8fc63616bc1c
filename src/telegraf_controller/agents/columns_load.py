"""Reading columns from the database, packed there: a million rows handed over one by one would hold up this process.

It is done in steps, and between those there may be rests: heartbeats are to find a free core meanwhile.

Every agent's liveness is read each time. Who agents are is read only for those that the checksum in their liveness
(`AgentLiveness.identity`) says have changed; the order of names, as the database has it, whenever any has.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.agents.columns import ID, MAX_ROWS, Columns, Identities, Mask, Rows, Texts, find_rows
from telegraf_controller.agents.identity import version_key
from telegraf_controller.db.base import Id
from telegraf_controller.db.engine import Database

_LIVENESS_ROW = np.dtype([("id", ID), ("last_seen", ">i8"), ("identity", ">i8"), ("rule", ">i4"), ("status", ">i2")])
_NAME_ROW = np.dtype([("id", ID), ("same", "u1")])
_END = "\x1e"
"""Between texts: heartbeats' control characters are replaced before they are stored."""

_BEYOND = b"\xff" * 17
"""After all ids."""

_LIVENESS_STEP = 25_000
_IDENTITY_STEP = 10_000
"""How many agents one statement reads: no step holds up the event loop."""

_LIVENESS_PAGES = 512
"""The same on PostgreSQL, where a table is read by its pages; 45 agents or so are in each."""

_LONGEST_SHORT_TEXT = 128
"""In bytes. One long text makes every row as wide, so what is longer yet stands apart."""

# Ids as sixteen bytes; numbers with the most significant byte first, on SQLite as texts.
_SQLITE = {
    "steps": """
        WITH RECURSIVE steps (last) AS (
            SELECT CAST('' AS BLOB)
            UNION ALL
            SELECT (SELECT agent_id FROM agent_liveness WHERE agent_id > last ORDER BY agent_id LIMIT 1 OFFSET :more)
            FROM steps WHERE last IS NOT NULL
        )
        SELECT last FROM steps WHERE last IS NOT NULL""",
    # Neither a LIMIT nor a max() beside: with one of them this takes half as long again. A status is less than 8.
    "liveness": """
        SELECT CAST(group_concat(agent_id, '') AS BLOB), group_concat(last_seen), group_concat(identity),
            group_concat(rule * 8 + status)
        FROM agent_liveness WHERE agent_id > :after AND agent_id <= :last""",
    "names": """
        SELECT (SELECT CAST(group_concat(id, '') AS BLOB) FROM (SELECT id FROM agents ORDER BY name_key, id)),
            (SELECT group_concat(alike) FROM (
                SELECT count(*) AS alike FROM agents GROUP BY name_key ORDER BY name_key
            ))""",
    "identities": """
        SELECT CAST(group_concat(id, '') AS BLOB), group_concat(search_text, char(30)),
            group_concat(coalesce(telegraf_version, ''), char(30))
        FROM (SELECT id, search_text, telegraf_version FROM agents WHERE {which})""",
    "all identities": """
        SELECT CAST(group_concat(id, '') AS BLOB), group_concat(search_text, char(30)),
            group_concat(coalesce(telegraf_version, ''), char(30)), max(place)
        FROM (
            SELECT rowid AS place, id, search_text, telegraf_version FROM agents
            WHERE rowid > :after ORDER BY rowid LIMIT :step
        )""",
    "references": """
        SELECT reference, CAST(group_concat(agent_id, '') AS BLOB)
        FROM agent_references WHERE {which} GROUP BY reference""",
    "labelled": """
        SELECT CAST(group_concat(agent_id, '') AS BLOB) FROM agent_labels
        JOIN labels ON labels.id = label_id WHERE labels.name = :key OR labels.id = :id""",
}
_POSTGRESQL = {
    # Rows of one snapshot stay where they are, whatever is written meanwhile, and none is beyond the pages of its time.
    "pages": """
        SELECT pg_relation_size('agent_liveness') / current_setting('block_size')::integer""",
    "liveness": """
        SELECT string_agg(uuid_send(agent_id) || int8send(last_seen) || int8send(identity) || int4send(rule)
            || int2send(status), ''::bytea)
        FROM agent_liveness
        WHERE ctid >= CAST(CAST(:first AS text) AS tid) AND ctid < CAST(CAST(:beyond AS text) AS tid)""",
    "names": """
        SELECT string_agg(uuid_send(id) || CASE WHEN same THEN '\\x01'::bytea ELSE '\\x00'::bytea END, ''::bytea) FROM (
            SELECT id, name_key = lag(name_key) OVER (ORDER BY name_key, id) AS same FROM agents ORDER BY name_key, id
        ) AS named""",
    "identities": """
        SELECT string_agg(uuid_send(id), ''::bytea), string_agg(search_text, chr(30)),
            string_agg(coalesce(telegraf_version, ''), chr(30))
        FROM (SELECT id, search_text, telegraf_version FROM agents WHERE {which}) AS wanted""",
    "references": """
        SELECT reference, string_agg(uuid_send(agent_id), ''::bytea)
        FROM agent_references WHERE {which} GROUP BY reference""",
    "labelled": """
        SELECT string_agg(uuid_send(agent_id), ''::bytea) FROM agent_labels
        JOIN labels ON labels.id = label_id WHERE labels.name = :key OR labels.id = :id""",
}


class CannotHold(Exception):
    """The fleet does not fit into columns: too many agents, or ids whose upper halves are alike."""


class Pace:
    """How something long is done: when `restful`, it rests after each step as long as the step took."""

    def __init__(self, *, restful: bool) -> None:
        self.restful = restful
        """May be changed on the way, when somebody begins to wait."""
        self._step_began = time.monotonic()

    async def rest(self) -> None:
        """Rest, or not; the next step begins when this returns."""
        if self.restful:
            await asyncio.sleep(time.monotonic() - self._step_began)
        self._step_began = time.monotonic()


async def load_columns(database: Database, now: datetime, before: Columns | None, pace: Pace) -> Columns:
    """Return the fleet as it is now; `before` is what was loaded last. Raises CannotHold, StorageUnavailable."""
    async with database.read() as session:
        if database.is_postgresql:
            # One snapshot for all statements, as SQLite gives by itself.
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        reader = _reader(session)
        liveness = await reader.liveness(pace)
        old_rows, kept = await asyncio.to_thread(_matched, before, liveness)
        identities = await _identities(reader, liveness.ids, old_rows, kept, before)
    return Columns(
        as_of=now,
        high=liveness.ids["high"].astype(np.uint64),
        low=liveness.ids["low"].astype(np.uint64),
        last_seen=liveness.last_seen,
        identity=liveness.identity,
        rules=liveness.rules,
        status=liveness.status,
        identities=identities,
    )


async def load_label(session: AsyncSession, columns: Columns, key: str) -> Mask:
    """Return which rows carry a label, given its id or name. Raises StorageUnavailable."""
    ids = await _reader(session).labelled(key)
    return await asyncio.to_thread(_mask_of, columns, ids)


def _mask_of(columns: Columns, ids: NDArray[np.void]) -> Mask:
    mask = np.zeros(len(columns), np.bool_)
    rows, there = columns.rows_of(ids)
    mask[rows[there]] = True
    return mask


class _Liveness(NamedTuple):
    """How agents are, one array per column."""

    ids: NDArray[np.void]
    last_seen: NDArray[np.int64]
    identity: NDArray[np.int64]
    rules: NDArray[np.int32]
    status: NDArray[np.uint8]


class _Reader(ABC):
    """The statements of one database."""

    _statements: dict[str, str]

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    @abstractmethod
    def liveness_steps(self) -> AsyncIterator[_Liveness]:
        """Yield the liveness of every agent, some at a time."""

    async def liveness(self, pace: Pace) -> _Liveness:
        """Return the liveness of every agent in the order of their ids. Raises CannotHold."""
        parts = [_columns_of(np.zeros(0, _LIVENESS_ROW))]
        async for part in self.liveness_steps():
            parts.append(part)
            await pace.rest()
        return await asyncio.to_thread(lambda: _sorted_by_id(_joined(parts)))

    @abstractmethod
    async def names(self) -> tuple[NDArray[np.void], Rows]:
        """Return every agent in the order of names, and how many other names come before its own."""

    async def labelled(self, key: str) -> NDArray[np.void]:
        """Return the ids of the agents that carry a label, given its id or name."""
        label_id = _as_uuid(key)
        statement = text(self._statements["labelled"]).bindparams(bindparam("id", label_id, type_=Id))
        packed = (await self._session.execute(statement, {"key": key})).scalar()
        return await asyncio.to_thread(_unpacked, packed, ID)

    async def identities(self, ids: NDArray[np.void], versions: _Names) -> _Read:
        """Return who the agents are that there are among `ids`, and who refers to what."""
        read = _Read(versions)
        for which, given in _ranges(ids):
            await self._take_in(read, (await self._execute("identities", "id", which, given)).one())
            read.refer(await self._execute("references", "agent_id", which, given))
        return read

    async def everybody(self, ids: NDArray[np.void], versions: _Names) -> _Read:
        """The same for all agents; `ids` are theirs."""
        return await self.identities(ids, versions)

    async def _take_in(self, read: _Read, row: Sequence[Any]) -> None:
        if row[0] is not None:
            await asyncio.to_thread(read.add, row[0], row[1], row[2])

    async def _execute(self, name: str, column: str, which: str, ids: dict[str, Any]) -> Any:
        statement = text(self._statements[name].format(which=which.format(id=column)))
        binds = [
            bindparam(key, type_=Id, expanding=True) if isinstance(value, list) else bindparam(key, type_=Id)
            for key, value in ids.items()
        ]
        return await self._session.execute(statement.bindparams(*binds), ids)


class _PostgresReader(_Reader):
    _statements = _POSTGRESQL

    async def liveness_steps(self) -> AsyncIterator[_Liveness]:
        pages: int = (await self._session.execute(text(self._statements["pages"]))).scalar_one()
        for first in range(0, pages, _LIVENESS_PAGES):
            step = {"first": f"({first},0)", "beyond": f"({first + _LIVENESS_PAGES},0)"}
            packed = (await self._session.execute(text(self._statements["liveness"]), step)).scalar()
            yield await asyncio.to_thread(_columns_of, _unpacked(packed, _LIVENESS_ROW))

    async def names(self) -> tuple[NDArray[np.void], Rows]:
        packed = (await self._session.execute(text(self._statements["names"]))).scalar()
        rows = await asyncio.to_thread(_unpacked, packed, _NAME_ROW)
        return rows["id"], np.cumsum(rows["same"] == 0)


class _SqliteReader(_Reader):
    """Reads all in steps, in the order in which it is stored: in any other, each of a million is searched for."""

    _statements = _SQLITE

    async def liveness_steps(self) -> AsyncIterator[_Liveness]:
        given = {"more": _LIVENESS_STEP - 1}
        steps: list[bytes] = list(await self._session.scalars(text(self._statements["steps"]), given))
        for after, last in pairwise((*steps, _BEYOND)):
            step = {"after": after, "last": last}
            joined: Sequence[Any] = (await self._session.execute(text(self._statements["liveness"]), step)).one()
            if joined[0] is not None:
                yield await asyncio.to_thread(_side_by_side, *joined)

    async def names(self) -> tuple[NDArray[np.void], Rows]:
        found: Sequence[Any] = (await self._session.execute(text(self._statements["names"]))).one()
        packed, alike = found
        return await asyncio.to_thread(lambda: (_unpacked(packed, ID), _ranks(_numbers(alike or ""))))

    async def everybody(self, ids: NDArray[np.void], versions: _Names) -> _Read:
        read, after = _Read(versions), 0
        while after is not None:
            given = {"after": after, "step": _IDENTITY_STEP}
            found: Sequence[Any] = (await self._session.execute(text(self._statements["all identities"]), given)).one()
            await self._take_in(read, found)
            after = found[3]
        read.refer(await self._execute("references", "agent_id", "true", {}))
        return read


def _reader(session: AsyncSession) -> _Reader:
    return (_PostgresReader if session.get_bind().dialect.name == "postgresql" else _SqliteReader)(session)


def _columns_of(rows: NDArray[np.void]) -> _Liveness:
    """Return rows of liveness column by column."""
    return _Liveness(
        rows["id"],
        rows["last_seen"].astype(np.int64),
        rows["identity"].astype(np.int64),
        rows["rule"].astype(np.int32),
        rows["status"].astype(np.uint8),
    )


def _side_by_side(ids: bytes, last_seen: str, identity: str, rules_and_status: str) -> _Liveness:
    """Return columns of liveness from ids and, joined by commas, numbers. Raises ValueError when not all have each."""
    both = _numbers(rules_and_status)
    read = _Liveness(
        np.frombuffer(ids, ID),
        _numbers(last_seen),
        _numbers(identity),
        (both >> 3).astype(np.int32),
        (both & 7).astype(np.uint8),
    )
    if len({len(column) for column in read}) > 1:
        raise ValueError("columns of different lengths were read")
    return read


def _joined(parts: Sequence[_Liveness]) -> _Liveness:
    ids = np.frombuffer(b"".join(part.ids.tobytes() for part in parts), ID)
    return _Liveness(
        ids,
        np.concatenate([part.last_seen for part in parts]),
        np.concatenate([part.identity for part in parts]),
        np.concatenate([part.rules for part in parts]),
        np.concatenate([part.status for part in parts]),
    )


def _numbers(joined: str) -> NDArray[np.int64]:
    return np.fromstring(joined, np.int64, sep=",")


def _ranks(alike: NDArray[np.int64]) -> Rows:
    """Return the place among all names of each agent's; `alike` has how many have each of them."""
    return np.repeat(np.arange(len(alike)), alike)


def _ranges(ids: NDArray[np.void]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield conditions on an id that together mean `ids`, and more only where that costs less than naming each."""
    for start in range(0, len(ids), _IDENTITY_STEP):
        step = ids[start : start + _IDENTITY_STEP]
        if len(ids) >= 2 * _IDENTITY_STEP:
            yield "{id} BETWEEN :first AND :last", {"first": _uuid(step[0]), "last": _uuid(step[-1])}
        else:
            yield "{id} IN :ids", {"ids": [_uuid(one) for one in step]}


async def _identities(
    reader: _Reader, ids: NDArray[np.void], old_rows: NDArray[np.int64], kept: Mask, before: Columns | None
) -> Identities:
    old = None if before is None else before.identities
    if old is not None and len(old.versions) == len(ids) and kept.all():
        return old
    versions = _Names([None] if old is None else old.version_names)
    read = await (reader.identities(ids[~kept], versions) if kept.any() else reader.everybody(ids, versions))
    names = await reader.names()
    return await asyncio.to_thread(_merged, ids, old_rows, kept, old, read, names)


class _Names:
    """Names and their places: a new name gets the next place."""

    def __init__(self, names: Sequence[str | None]) -> None:
        self.names = list(names)
        self._places = {name: place for place, name in enumerate(names)}

    def place(self, name: str | None) -> int:
        """Return the place of a name."""
        place = self._places.setdefault(name, len(self.names))
        if place == len(self.names):
            self.names.append(name)
        return place


class _Read:
    """What was read of agents, in the order in which it was read."""

    def __init__(self, versions: _Names) -> None:
        self.names = versions
        self.referring: dict[str, list[NDArray[np.void]]] = {}
        self._ids: list[NDArray[np.void]] = [np.zeros(0, ID)]
        self._versions: list[NDArray[np.int32]] = [np.zeros(0, np.int32)]
        self._short: list[NDArray[np.bytes_]] = [np.zeros(0, "S1")]
        self._long: dict[int, bytes] = {}
        self._count = 0

    def add(self, ids: bytes, texts: str, versions: str) -> None:
        """Take in what one statement gave."""
        parts = texts.encode().split(_END.encode())
        for place, part in enumerate(parts):
            if len(part) > _LONGEST_SHORT_TEXT:
                self._long[self._count + place] = part
                parts[place] = b""
        self._ids.append(_unpacked(ids, ID))
        self._short.append(np.array(parts, "S"))
        places = (self.names.place(name or None) for name in versions.split(_END))
        self._versions.append(np.fromiter(places, np.int32, len(parts)))
        self._count += len(parts)

    def refer(self, rows: Iterable[Sequence[Any]]) -> None:
        """Take in what is referred to, and by whom."""
        for reference, ids in rows:
            self.referring.setdefault(reference, []).append(_unpacked(ids, ID))

    @property
    def ids(self) -> NDArray[np.void]:
        """The ids of the agents."""
        return np.concatenate(self._ids)

    @property
    def versions(self) -> NDArray[np.int32]:
        """The places of their versions."""
        return np.concatenate(self._versions)

    @property
    def texts(self) -> Texts:
        """What searches look into, as wide as it takes."""
        short: NDArray[np.bytes_] = np.concatenate(self._short)
        return Texts(short, self._long)


def _merged(
    ids: NDArray[np.void],
    old_rows: NDArray[np.int64],
    kept: Mask,
    old: Identities | None,
    read: _Read,
    names: tuple[NDArray[np.void], Rows],
) -> Identities:
    """Put what is known of agents that are still the same together with what was read of the others."""
    high, low = ids["high"].astype(np.uint64), ids["low"].astype(np.uint64)
    # A range may hold agents besides those that were asked for; what was read of them is as good.
    rows, there = find_rows(high, low, read.ids)
    versions = np.zeros(len(ids), np.int32)
    if old is not None:
        versions[kept] = old.versions[old_rows[kept]]
    versions[rows[there]] = read.versions[there]
    return Identities(
        texts=_merged_texts(len(ids), old_rows, kept, old, read.texts, rows, there),
        versions=versions,
        version_names=read.names.names,
        version_ranks=_version_ranks(read.names.names),
        name_ranks=_name_ranks(high, low, *names),
        **_merged_references(high, low, old_rows, kept, old, read.referring),
    )


def _merged_texts(
    size: int,
    old_rows: NDArray[np.int64],
    kept: Mask,
    old: Identities | None,
    read: Texts,
    rows: NDArray[np.int64],
    there: Mask,
) -> Texts:
    width = max(read.short.itemsize, 1 if old is None else old.texts.short.itemsize)
    short: NDArray[np.bytes_] = np.zeros(size, f"S{width}")
    long: dict[int, bytes] = {}
    if old is not None:
        short[kept] = old.texts.short[old_rows[kept]]
        if old.texts.long:
            new_row = _row_of_old(len(old.versions), old_rows, kept)
            long = {int(new_row[row]): found for row, found in old.texts.long.items() if new_row[row] >= 0}
    short[rows[there]] = read.short[there]
    for row in [row for row in long if short[row]]:
        del long[row]
    long.update((int(rows[place]), found) for place, found in read.long.items() if there[place])
    return Texts(short, long)


def _version_ranks(names: Sequence[str | None]) -> NDArray[np.int64]:
    keys = sorted({version_key(name) or "" for name in names if name is not None})
    ranks = {key: rank for rank, key in enumerate(keys)}
    return np.array([len(names) if name is None else ranks[version_key(name) or ""] for name in names], np.int64)


def _name_ranks(
    high: NDArray[np.uint64], low: NDArray[np.uint64], ids: NDArray[np.void], ranks: Rows
) -> NDArray[np.int64]:
    of_rows = np.zeros(len(high), np.int64)
    rows, there = find_rows(high, low, ids)
    of_rows[rows[there]] = ranks[there]
    return of_rows


def _merged_references(
    high: NDArray[np.uint64],
    low: NDArray[np.uint64],
    old_rows: NDArray[np.int64],
    kept: Mask,
    old: Identities | None,
    new: dict[str, list[NDArray[np.void]]],
) -> dict[str, Any]:
    names = [] if old is None else list(old.references)
    places = {name: place for place, name in enumerate(names)}
    pairs = [np.zeros(0, np.int64)]
    if old is not None:
        moved = _row_of_old(len(old.versions), old_rows, kept)[old.referring & (MAX_ROWS - 1)]
        pairs.append((old.referring & ~(MAX_ROWS - 1) | moved)[moved >= 0])
    for name, ids in new.items():
        place = places.setdefault(name, len(places))
        if place == len(names):
            names.append(name)
        rows, there = find_rows(high, low, np.concatenate(ids))
        pairs.append(rows[there] | place << 24)
    return {"references": names, "referring": _sorted_once(np.concatenate(pairs))}


def _sorted_once(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return numbers in order, each once. np.unique hashes them, which takes twenty times as long for millions."""
    numbers.sort()
    is_new: Mask = np.ones(len(numbers), np.bool_)
    is_new[1:] = numbers[1:] != numbers[:-1]
    return numbers[is_new]


def _row_of_old(size: int, old_rows: NDArray[np.int64], kept: Mask) -> NDArray[np.int64]:
    """Return for each old row which row it is now, -1 for none."""
    new_row = np.full(size, -1, np.int64)
    new_row[old_rows[kept]] = np.flatnonzero(kept)
    return new_row


def _matched(before: Columns | None, now: _Liveness) -> tuple[NDArray[np.int64], Mask]:
    """Return the old row of each agent, and whether it is there and the agent still who it was."""
    if before is None:
        return np.zeros(len(now.ids), np.int64), np.zeros(len(now.ids), np.bool_)
    if np.array_equal(before.high, now.ids["high"]) and np.array_equal(before.low, now.ids["low"]):
        # Mostly nobody has come or gone; to look for a million takes thirty times as long.
        return np.arange(len(now.ids)), before.identity == now.identity
    rows, there = before.rows_of(now.ids)
    if len(before):
        there &= before.identity[rows] == now.identity
    return rows, there


def _sorted_by_id(liveness: _Liveness) -> _Liveness:
    high = liveness.ids["high"].astype(np.uint64)
    if len(high) > 1 and not (high[1:] > high[:-1]).all():
        order = np.argsort(high)
        ids, last_seen, identity, rules, status = liveness
        liveness = _Liveness(ids[order], last_seen[order], identity[order], rules[order], status[order])
        high = high[order]
        if not (high[1:] > high[:-1]).all():
            raise CannotHold("two agents have ids whose upper halves are alike")
    if len(high) >= MAX_ROWS:
        raise CannotHold(f"{len(high)} agents are too many")
    return liveness


def _unpacked(packed: bytes | None, row: np.dtype[Any]) -> NDArray[np.void]:
    return np.zeros(0, row) if packed is None else np.frombuffer(packed, row)


def _uuid(one: Any) -> UUID:
    return UUID(int=int(one["high"]) << 64 | int(one["low"]))


def _as_uuid(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None
