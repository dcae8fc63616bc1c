"""A fleet of any size in a database, as if its agents had reported: rows as the heartbeat writer makes them.

All but a hundredth are the agents that `simulate --seed 1` speaks for, with `CONFIGURATIONS`; so heartbeats of a known
fleet can follow. The others have their own names, sites, versions and configurations. Some agents carry labels, some
follow another rule, some are failing or silent.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from random import Random
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import msgspec

from telegraf_controller import clock
from telegraf_controller.db.url import DatabaseTarget
from telegraf_controller.heartbeats.batch import identity_rows, liveness_rows, reference_rows
from telegraf_controller.heartbeats.parse import Heartbeat, parse_heartbeat
from telegraf_controller.simulate.fleet import Fleet
from telegraf_controller.simulate.target import parse_target

Row = tuple[Any, ...]

_SPACE = UUID("6f2d7c0e-5d7e-4a57-9d8a-3f0f6b0c2a11")
_SITES = ("fra", "ams", "nyc", "sin", "gru", "syd")

LABELS = tuple((uuid5(_SPACE, f"label {name}"), name) for name in ("production", "canary"))
CONFIGS = tuple((uuid5(_SPACE, f"config {number}"), f"bench {number}", f"bench-{number}") for number in range(20))
GROUP = (uuid5(_SPACE, "group"), "bench group", "bench-group")
RULE = uuid5(_SPACE, "rule")

_HOST = "http://controller.example:8888"
CONFIGURATIONS = (f"{_HOST}/api/configs/{CONFIGS[0][0]}/toml?site=fra", f"{_HOST}/c/{GROUP[2]}")
OTHERS = 100
"""One agent of so many is none of `simulate`'s."""

_STEP = 20_000
_SILENT_AFTER_SECONDS = 3600
_SILENT_AFTER_MS = _SILENT_AFTER_SECONDS * 1000
_PATIENT = f"UPDATE reporting_rules SET not_reporting_after_seconds = {_SILENT_AFTER_SECONDS}"
"""Longer than a measurement takes: agents that fall silent by themselves would be measured with all the rest."""

_AGENT_COLUMNS = [
    "id",
    "instance_id",
    "hostname",
    "ip_address",
    "telegraf_version",
    "version_key",
    "telegraf_build",
    "configurations",
    "name_key",
    "search_text",
    "first_seen",
]
_LIVENESS_COLUMNS = [
    "agent_id",
    "last_seen",
    "identity",
    "errors",
    "warnings",
    "metrics",
    "status",
    "reported_status",
    "rule",
]
_REFERENCE_COLUMNS = ["agent_id", "reference", "shape"]


def simulated(agents: int) -> int:
    """Return how many of a fleet `simulate` can speak for."""
    return agents - agents // OTHERS


def seed_fleet(database: str, agents: int) -> None:
    """Put a fleet into a migrated database without agents, with what it refers to."""
    target = DatabaseTarget.parse(database)
    if target.path is not None:
        _seed_sqlite(str(target.path), agents)
    else:
        asyncio.run(_seed_postgresql(target, agents))


def _tables(agents: int) -> Iterator[tuple[str, Sequence[str], list[Row]]]:
    """Yield rows with their table and its columns, in an order that foreign keys allow; ids are bytes."""
    now_ms = clock.now_ms()
    yield from _referred_to(now_ms)
    draw = Random(1)
    fleet = Fleet(
        parse_target("http://127.0.0.1:1"),
        agents=agents,
        seed=1,
        failing_share=0.0,
        token=None,
        keep_alive=True,
        configurations=CONFIGURATIONS,
    )
    for start in range(0, agents, _STEP):
        beats = [_beat(fleet, number, agents, draw, now_ms) for number in range(start, min(start + _STEP, agents))]
        yield "agents", _AGENT_COLUMNS, identity_rows(beats, now_ms - 86_400_000)
        yield "agent_liveness", _LIVENESS_COLUMNS, [_judged(row, now_ms, draw) for row in liveness_rows(beats)]
        references = list(reference_rows(beats))
        yield "agent_references", _REFERENCE_COLUMNS[: len(references[0])], references
        labels = [
            (beat.agent_key, label_id.bytes)
            for beat in beats
            for (label_id, _), share in zip(LABELS, (0.6, 0.02), strict=True)
            if draw.random() < share
        ]
        yield "agent_labels", ("agent_id", "label_id"), labels


def _beat(fleet: Fleet, number: int, agents: int, draw: Random, now_ms: int) -> Heartbeat:
    silent = draw.random() < 0.05
    received_ms = now_ms - (draw.randrange(_SILENT_AFTER_MS, 86_400_000) if silent else draw.randrange(60_000))
    if number < simulated(agents):
        body = fleet.request(number, 0).partition(b"\r\n\r\n")[2]
        return parse_heartbeat(body, address="127.0.0.1", received_ms=received_ms)
    config_id, _, alias = draw.choice(CONFIGS[1:])
    message = {
        "id": f"edge/{number}",
        "version": f"Telegraf 1.{draw.randrange(28, 38)}.{draw.randrange(4)} (git: HEAD@b2726314)",
        "hostname": f"edge-{number}.{draw.choice(_SITES)}.example.com",
        "configurations": [draw.choice((f"{_HOST}/api/configs/{config_id}/toml?role=edge", f"{_HOST}/c/{alias}"))],
        "status": draw.choice(("OK", "WARN", "FAIL")),
    }
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return parse_heartbeat(msgspec.json.encode(message), address=address, received_ms=received_ms)


def _judged(row: Row, now_ms: int, draw: Random) -> Row:
    agent, seen, identity, errors, warnings, metrics, status, reported = row
    silent = now_ms - seen > _SILENT_AFTER_MS
    return (
        agent,
        seen,
        identity,
        errors,
        warnings,
        metrics,
        4 if silent else status,
        reported,
        draw.choice((1, 1, 1, 2)),
    )


def _referred_to(now_ms: int) -> Iterator[tuple[str, Sequence[str], list[Row]]]:
    seconds = now_ms // 1000
    yield (
        "reporting_rules",
        [
            "id",
            "number",
            "description",
            "not_reporting_after_seconds",
            "auto_delete",
            "is_default",
            "created_at",
            "updated_at",
        ],
        [(RULE.bytes, 2, "as patient as the other", _SILENT_AFTER_SECONDS, False, False, now_ms, now_ms)],
    )
    yield (
        "labels",
        ["id", "name", "description", "color", "created_at", "updated_at"],
        [(label_id.bytes, name, "", "#336699", now_ms, now_ms) for label_id, name in LABELS],
    )
    yield (
        "configs",
        ["id", "name", "description", "editor_mode", "current_version", "last_modified", "created_at", "updated_at"],
        [(one.bytes, name, "", "code", 1, seconds, now_ms, now_ms) for one, name, _ in CONFIGS],
    )
    yield (
        "config_versions",
        ["config_id", "version", "toml", "note", "created_at"],
        [(one.bytes, 1, "[[inputs.cpu]]\n", "", now_ms) for one, _, _ in CONFIGS],
    )
    yield (
        "config_groups",
        ["id", "name", "description", "last_modified", "created_at", "updated_at"],
        [(GROUP[0].bytes, GROUP[1], "", seconds, now_ms, now_ms)],
    )
    aliases = [(alias, one.bytes, None, seconds, now_ms) for one, _, alias in CONFIGS]
    yield (
        "aliases",
        ["alias", "config_id", "group_id", "last_modified", "created_at"],
        [*aliases, (GROUP[2], None, GROUP[0].bytes, seconds, now_ms)],
    )


def _seed_sqlite(path: str, agents: int) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size=-500000")
        connection.execute("BEGIN IMMEDIATE")
        for table, columns, rows in _tables(agents):
            marks = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
            connection.executemany(statement, sorted(rows))
        connection.execute(_PATIENT)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _seed_postgresql(target: DatabaseTarget, agents: int) -> None:
    connection = await asyncpg.connect(**target.asyncpg_arguments())
    try:
        for table, columns, rows in _tables(agents):
            records = [tuple(UUID(bytes=value) if isinstance(value, bytes) else value for value in row) for row in rows]
            await connection.copy_records_to_table(table, records=records, columns=list(columns))
        await connection.execute(_PATIENT)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
