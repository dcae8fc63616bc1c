"""What heartbeats left behind, over the API and over real sockets: D1, D2."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given as any_of
from hypothesis import settings
from hypothesis import strategies as st

from telegraf_controller.app import build_framework_app, wrap
from telegraf_controller.heartbeats.log_entries import (
    MAX_ATTRIBUTES_BYTES,
    MAX_BYTES,
    MAX_ENTRIES,
    MAX_MESSAGE_BYTES,
    ReportedEntry,
    keep_worst,
    read_entries,
)
from telegraf_controller.heartbeats.schemas import LogEntry
from telegraf_controller.processes.granian_server import serve
from tests.agents.support import given
from tests.cast import AGENT_TOKEN, READ_TOKEN, bearer
from tests.configs.steps import on_one_database
from tests.heartbeats.support import NOON_MS, beat, raw_exchange
from tests.support.api import Api, running_api

SEVERITY = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"]


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


async def ask(api: Api, instance_id: str, what: str, **query: int) -> Any:
    """Return what is known of an agent's heartbeats."""
    path = f"/api/heartbeat/agent/{quote(instance_id, safe='')}/{what}"
    answer = await api.http.get(path, params=query, headers=bearer(READ_TOKEN))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_latest_heartbeat_is_shown_with_its_log_entries(api: Api) -> None:
    """D2: of 250 entries the 200 worst, then newest."""
    logs = [
        {"time": f"t{number}", "level": "error" if number == 7 else "info", "source": "s", "message": str(number)}
        for number in range(250)
    ]
    logs[7]["attributes"] = {"plugin": "cpu", "tries": 3}  # type: ignore[assignment]
    statistics = {"errors": 1, "warnings": 0, "metrics": 2**63}
    await given(api, beat("web-1", logs=logs, statistics=statistics))
    latest = await ask(api, "web-1", "latest-heartbeat")
    entries = latest.pop("logs")
    assert latest == {
        "receivedAt": "2026-11-23T12:00:00.000Z",
        "statistics": {"errors": 1, "warnings": 0, "metrics": 2**63 - 1},
        "reportedLogs": 250,
        "storedLogs": 200,
    }
    assert entries[0] == {
        "time": "t7",
        "level": "ERROR",
        "source": "s",
        "message": "7",
        "attributes": {"plugin": "cpu", "tries": 3},
        "truncated": False,
    }
    assert [entry["message"] for entry in entries[1:]] == [str(number) for number in range(249, 50, -1)]


async def test_a_heartbeat_that_says_nothing_has_no_entries_of_the_one_before(api: Api) -> None:
    """D2"""
    entry = {"time": "t", "level": "WARN", "source": "s", "message": "m"}
    await given(api, beat("web-1", logs=[entry], metrics=1))
    await given(api, beat("web-1", at_ms=NOON_MS + 1))
    assert await ask(api, "web-1", "latest-heartbeat") == {
        "receivedAt": "2026-11-23T12:00:00.001Z",
        "statistics": None,
        "reportedLogs": 0,
        "storedLogs": 0,
        "logs": [],
    }
    assert await ask(api, "nobody", "latest-heartbeat") is None
    assert await ask(api, "nobody", "logs") == {"items": [], "complete": True}


async def test_a_series_is_the_newest_that_was_asked_for_oldest_first(api: Api) -> None:
    """D2"""
    for minute in range(210):
        status = "WARN" if minute % 2 else "OK"
        await given(api, beat("web-1", at_ms=NOON_MS + minute * 60_000, metrics=minute, status=status))
    series = await ask(api, "web-1", "logs")
    assert [point["metrics"] for point in series["items"]] == list(range(10, 210))
    assert series["complete"] is False
    assert series["items"][-1] == {
        "receivedAt": "2026-11-23T15:29:00.000Z",
        "status": "warn",
        "errors": 0,
        "warnings": 0,
        "metrics": 209,
    }
    third = {"from": NOON_MS + 60_000, "to": NOON_MS + 180_000}
    between = await ask(api, "web-1", "logs", **third)
    assert ([point["metrics"] for point in between["items"]], between["complete"]) == ([1, 2, 3], True)
    newest = await ask(api, "web-1", "logs", **third, limit=2)
    assert ([point["metrics"] for point in newest["items"]], newest["complete"]) == ([2, 3], False)
    assert (await ask(api, "web-1", "logs", limit=5000))["complete"] is True


@on_one_database
@pytest.mark.parametrize(
    "query", ["limit=0", "limit=5001", "from=x", "from=-1", "to=253402300800000", "form=1", "from=1e3"]
)
async def test_what_cannot_be_asked_is_said(api: Api, query: str) -> None:
    answer = await api.http.get(f"/api/heartbeat/agent/web-1/logs?{query}", headers=bearer(READ_TOKEN))
    assert (answer.status_code, answer.json()["error"]) == (400, "validation_failed")


@on_one_database
async def test_reading_needs_heartbeat_read(api: Api) -> None:
    """P2: to write heartbeats is not enough."""
    for what in ("latest-heartbeat", "logs"):
        answer = await api.http.get(f"/api/heartbeat/agent/web-1/{what}", headers=bearer(AGENT_TOKEN))
        assert (answer.status_code, answer.json()["required"]) == (403, "heartbeat:read")


@pytest.fixture
async def address(api: Api) -> AsyncIterator[tuple[str, int]]:
    """Serve the API on a real socket, as the API process does."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    host, port = listener.getsockname()
    stop = asyncio.Event()
    app = wrap(api.services, build_framework_app(api.services))
    serving = asyncio.create_task(
        serve(app, listener, stop=stop, keep_alive_seconds=5, max_connections=100, grace_seconds=1)
    )
    yield host, port
    stop.set()
    await serving


async def raw_get(address: tuple[str, int], path: str) -> Any:
    """Ask for a path exactly as it is given: clients tidy paths, and this must not."""
    request = f"GET {path} HTTP/1.1\r\nHost: c\r\nAuthorization: Bearer {READ_TOKEN}\r\nConnection: close\r\n\r\n"
    head, _, body = (await raw_exchange(address, request.encode())).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), (path, head, body)
    return json.loads(body)


AWKWARD_IDS = [
    "a/b",
    "/leading",
    "trailing/",
    "//",
    "a b",
    " ",
    "100%",
    "%2F",
    "%252e",
    "..",
    ".",
    "a/../b",
    "../../api/users",
    "what?",
    "a#b",
    "a;b=c&d",
    "a+b",
    "back\\slash",
    "köln",
    "🚀",
    "👩\u200d🚀",
    "logs",
    "x/logs",
    "latest-heartbeat",
    "x/latest-heartbeat/logs",
    "'; DROP TABLE agents; --",
    '"<script>',
    "\u202eevil",
    "x" * 255,
    "🚀" * 255,
]


def encoded(instance_id: str) -> str:
    """Encode an id for a path so that nothing on the way can take it for anything else."""
    return quote(instance_id, safe="").replace(".", "%2E")


@on_one_database
async def test_ids_of_every_kind_are_found_by_their_encoded_form(api: Api, address: tuple[str, int]) -> None:
    """D2: as bytes on the wire, past every client that might tidy a path."""
    await given(api, *(beat(name, metrics=number) for number, name in enumerate(AWKWARD_IDS)))
    for number, name in enumerate(AWKWARD_IDS):
        latest = await raw_get(address, f"/api/heartbeat/agent/{encoded(name)}/latest-heartbeat")
        assert latest["statistics"]["metrics"] == number, name
        series = await raw_get(address, f"/api/heartbeat/agent/{encoded(name)}/logs?limit=1")
        assert [point["metrics"] for point in series["items"]] == [number], name


@on_one_database
async def test_every_id_is_found_by_what_browsers_make_of_it(api: Api, address: tuple[str, int]) -> None:
    """D2: dots stay as they are there; two of them alone are no way up when they are part of a longer id."""
    await given(api, *(beat(name) for name in AWKWARD_IDS))
    for name in AWKWARD_IDS:
        if name not in (".", ".."):
            as_in_a_browser = quote(name, safe="!~*'()")
            assert await raw_get(address, f"/api/heartbeat/agent/{as_in_a_browser}/latest-heartbeat")


texts = st.text(max_size=20) | st.builds(lambda word, times: word * times, st.text(max_size=3), st.integers(1, 9000))
values = st.recursive(st.none() | st.booleans() | st.integers() | texts, st.lists, max_leaves=3)
entries = st.builds(
    lambda **fields: msgspec.convert(
        {**fields, "attributes": msgspec.Raw(json.dumps(fields["attributes"]).encode())}, ReportedEntry
    ),
    time=texts,
    level=st.sampled_from([*SEVERITY, "error", "Warn", "FATAL", ""]),
    source=texts,
    message=texts,
    attributes=st.none() | st.dictionaries(texts, values, max_size=4) | values,
)


def _rank(level: str) -> int:
    return SEVERITY.index(level) if level in SEVERITY else len(SEVERITY)


@settings(deadline=None, max_examples=200)
@any_of(st.lists(entries, max_size=12), st.integers(1, 40))
def test_log_entries_keep_to_their_limits_whatever_is_sent(some: list[ReportedEntry], times: int) -> None:
    """D1: 200 entries, 64 KiB, most severe first, then newest; a message 8 KiB, attributes 2 KiB."""
    sent = some * times
    stored = keep_worst(sent)
    kept = read_entries(stored)
    assert len(stored) <= MAX_BYTES
    assert len(kept) <= min(len(sent), MAX_ENTRIES)
    ranks = [_rank(entry.level) for entry in kept]
    assert ranks == sorted(ranks)
    newest_first = list(reversed(sent))
    newest_first.sort(key=lambda entry: _rank(entry.level.upper()))
    for entry, original in zip(kept, newest_first, strict=False):
        message = original.message.encode()
        assert original.message.startswith(entry.message)
        assert min(len(message), MAX_MESSAGE_BYTES) - 3 <= len(entry.message.encode()) <= MAX_MESSAGE_BYTES
        shown = LogEntry.of(entry).attributes
        whole = json.loads(bytes(original.attributes))
        assert len(bytes(entry.attributes)) <= MAX_ATTRIBUTES_BYTES
        if not entry.truncated:
            assert (entry.message, shown) == (original.message, whole)
        elif shown is not None:
            assert shown.items() <= whole.items()
    if len(kept) < min(len(sent), MAX_ENTRIES):
        assert len(stored) > MAX_BYTES - MAX_MESSAGE_BYTES * 6 - MAX_ATTRIBUTES_BYTES - 3000
