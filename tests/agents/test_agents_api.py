"""Agents over the API: A1 to A6."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from telegraf_controller import clock
from telegraf_controller.agents.identity import agent_id_of
from telegraf_controller.reporting.sweep import sweep
from tests.agents.support import given, listed, read
from tests.cast import AGENT_TOKEN, READ_TOKEN, bearer
from tests.heartbeats.support import NOON, NOON_MS, beat
from tests.support.api import Api, running_api


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


async def test_a_record_shows_what_the_latest_heartbeat_said(api: Api) -> None:
    """A1"""
    first = beat("web-1", at_ms=NOON_MS)
    latest = beat(
        "web-1",
        at_ms=NOON_MS + 60_000,
        address="2001:db8::1",
        status="WARN",
        statistics={"errors": 1, "warnings": 2, "metrics": 3},
        configurations=["/etc/telegraf/telegraf.conf"],
    )
    await given(api, first)
    await given(api, latest)
    record = await read(api, "web-1")
    assert record["reportingRule"].pop("id")
    assert record == {
        "id": str(agent_id_of("web-1")),
        "instanceId": "web-1",
        "hostname": "web-1.example.com",
        "ipAddress": "2001:db8::1",
        "telegrafVersion": "1.40.0",
        "telegrafBuild": "Telegraf 1.40.0 (git: HEAD@b2726314)",
        "status": "warn",
        "reportedStatus": "warn",
        "firstSeen": "2026-11-23T12:00:00.000Z",
        "lastSeen": "2026-11-23T12:01:00.000Z",
        "reportingRule": {"description": "Default"},
        "labels": [],
        "configs": [
            {
                "managed": False,
                "source": "/etc/telegraf/telegraf.conf",
                "id": None,
                "name": None,
                "alias": None,
                "groupId": None,
                "group": None,
                "parameters": {},
            }
        ],
        "statistics": {"errors": 1, "warnings": 2, "metrics": 3},
    }


async def test_an_agent_that_says_little_has_nulls(api: Api) -> None:
    """A1"""
    await given(api, beat("web-1", hostname="", version="unknown"))
    record = await read(api, "web-1")
    assert [record[key] for key in ("hostname", "telegrafVersion", "reportedStatus", "statistics")] == [None] * 4
    assert record["status"] == "ok"


async def test_configurations_that_are_stored_here_are_managed(api: Api) -> None:
    """A3: whatever the host in the URL is."""
    body = {"name": "web servers", "toml": "[agent]\n"}
    config = (await api.http.post("/api/configs", json=body, headers=api.cast.bearer("manager"))).json()
    url = f"https://elsewhere.example:8443/prefix/api/configs/{config['id'].upper()}/toml?site=a&role=b%20c"
    unknown = f"http://controller:8888/api/configs/{uuid4()}/toml"
    await given(api, beat("web-1", configurations=[url, unknown]), beat("web-2", configurations=[unknown]))
    managed, external = (await read(api, "web-1"))["configs"]
    assert (managed["managed"], managed["id"], managed["name"]) == (True, config["id"], "web servers")
    assert managed["parameters"] == {"site": "a", "role": "b c"}
    assert (external["managed"], external["source"], external["id"]) == (False, unknown, None)
    assert await listed(api, config=config["id"]) == ["web-1"]


async def test_filters_narrow_the_list(api: Api) -> None:
    """A4"""
    await given(
        api,
        beat("web-1", status="OK", address="10.0.0.1"),
        beat("web-2", status="FAIL", address="10.0.0.2", version="Telegraf 1.39.1"),
        beat("Köln_100%", hostname="STRASSE", status="FAIL", address="2001:db8::7"),
    )
    assert await listed(api) == ["Köln_100%", "web-1", "web-2"]
    assert await listed(api, status="fail") == await listed(api, status="2") == ["Köln_100%", "web-2"]
    assert await listed(api, status="not_reporting") == []
    assert await listed(api, version="1.39.1") == ["web-2"]
    assert await listed(api, search="WEB-") == ["web-1", "web-2"]
    assert await listed(api, search="example.com") == ["web-1", "web-2"]
    assert await listed(api, search="0.0.2") == ["web-2"]
    assert await listed(api, search="2001:DB8") == ["Köln_100%"]
    assert await listed(api, search="straße") == await listed(api, search="KÖLN") == ["Köln_100%"]
    assert await listed(api, search="web-1", status="fail") == []


@pytest.mark.parametrize("wildcard", ["%", "_", "\\", "k_ln", "%100", "/", "'"])
async def test_a_search_takes_every_character_for_itself(api: Api, wildcard: str) -> None:
    """A4"""
    await given(api, beat("web-1"), beat("web-2"))
    assert await listed(api, search=wildcard) == []


async def test_wildcards_find_themselves(api: Api) -> None:
    await given(api, beat("a%b"), beat("a_b"), beat("a\\b"), beat("a/b"), beat("axb"))
    for character in "%_\\/":
        assert await listed(api, search=f"a{character}b") == [f"a{character}b"]


async def test_the_rule_filters_the_list(api: Api) -> None:
    """A4"""
    await given(api, beat("web-1"))
    rule = (await read(api, "web-1"))["reportingRule"]["id"]
    assert await listed(api, reportingRule=rule) == ["web-1"]
    assert await listed(api, reportingRule=str(uuid4())) == []


async def test_lists_are_sorted_and_ties_stand_by_id(api: Api) -> None:
    """A4"""
    await given(
        api,
        beat("a", hostname="Zebra", at_ms=NOON_MS + 3, version="Telegraf 1.10.0", status="FAIL"),
        beat("b", hostname="apple", at_ms=NOON_MS + 1, version="Telegraf 1.9.9"),
        beat("c", hostname="", at_ms=NOON_MS + 2, version="unknown", status="WARN"),
    )
    assert await listed(api, sortBy="name") == ["b", "c", "a"]
    assert await listed(api, sortBy="name", sortOrder="desc") == ["a", "c", "b"]
    assert await listed(api, sortBy="lastSeen") == ["b", "c", "a"]
    assert await listed(api, sortBy="version") == ["b", "a", "c"]
    assert await listed(api, sortBy="version", sortOrder="desc") == ["a", "b", "c"]
    assert await listed(api, sortBy="status") == ["b", "c", "a"]
    many = [f"tie-{number}" for number in range(20)]
    await given(api, *(beat(name, hostname="same") for name in many))
    by_id = sorted(many, key=lambda name: agent_id_of(name).bytes)
    assert await listed(api, search="same", sortBy="name") == by_id
    assert await listed(api, search="same", sortBy="status") == by_id


async def test_pages_cover_the_list(api: Api) -> None:
    await given(api, *(beat(f"agent-{number:02}") for number in range(12)))
    pages = [await listed(api, page=page, limit=5) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [5, 5, 2, 0]
    assert [name for page in pages for name in page] == [f"agent-{number:02}" for number in range(12)]
    answer = await api.http.get("/api/agents?limit=5", headers=bearer(READ_TOKEN))
    assert (answer.json()["total"], answer.json()["page"], answer.json()["limit"]) == (12, 1, 5)


@pytest.mark.parametrize(
    "query",
    ["status=broken", "status=5", "sortBy=color", "limit=501", "page=0", "search=%00", "stauts=ok", "version=%00"],
)
async def test_what_cannot_be_asked_is_said(api: Api, query: str) -> None:
    answer = await api.http.get(f"/api/agents?{query}", headers=bearer(READ_TOKEN))
    assert (answer.status_code, answer.json()["error"]) == (400, "validation_failed")


async def test_a_deleted_agent_is_forgotten_with_all_that_belongs_to_it(api: Api) -> None:
    """A6"""
    logs = [{"time": "t", "level": "ERROR", "source": "s", "message": "m"}]
    await given(api, beat("web-1", logs=logs, configurations=["http://c/c/web"]), beat("web-2"))
    path = f"/api/agents/{agent_id_of('web-1')}"
    assert (await api.http.delete(path, headers=api.cast.bearer("manager"))).status_code == 204
    assert (await api.http.get(path, headers=bearer(READ_TOKEN))).status_code == 404
    assert (await api.http.delete(path, headers=api.cast.bearer("manager"))).json()["error"] == "not_found"
    assert await listed(api) == ["web-2"]
    async with api.database.read() as session:
        for table in ("agent_liveness", "agent_references", "agent_logs"):
            left = await session.scalar(text(f"SELECT count(*) FROM {table}"))
            assert left == (1 if table == "agent_liveness" else 0), table
        entry = (await session.execute(text("SELECT actor_name, target_name FROM audit_entries"))).one()
    assert tuple(entry) == ("Mona", "web-1")


async def test_a_bulk_delete_says_for_each_what_happened(api: Api) -> None:
    """A6"""
    await given(api, beat("web-1"), beat("web-2"), beat("web-3"))
    missing = str(uuid4())
    ids = [str(agent_id_of("web-1")), missing, str(agent_id_of("web-3")), str(agent_id_of("web-1"))]
    answer = await api.http.post("/api/agents/bulk/delete", json={"ids": ids}, headers=api.cast.bearer("manager"))
    assert (answer.status_code, answer.json()["succeeded"], answer.json()["failed"]) == (200, 2, 1)
    assert {"id": missing, "ok": False, "error": "not_found"} in answer.json()["results"]
    assert await listed(api) == ["web-2"]


async def test_reading_needs_agents_read_and_deleting_agents_delete(api: Api) -> None:
    """P2"""
    await given(api, beat("web-1"))
    path = f"/api/agents/{agent_id_of('web-1')}"
    assert (await api.http.get(path, headers=bearer(AGENT_TOKEN))).json()["required"] == "agents:read"
    assert (await api.http.delete(path, headers=bearer(READ_TOKEN))).json()["required"] == "agents:delete"


async def test_the_summary_counts_by_status_version_and_silence(api: Api) -> None:
    """A5: each band counts only its own window."""
    minutes = (0, 4, 5, 29, 59, 60, 719, 1439, 1440, 100_000)
    await given(
        api,
        *(
            beat(f"agent-{number}", at_ms=NOON_MS - minute * 60_000, status="FAIL" if number == 0 else "OK")
            for number, minute in enumerate(minutes)
        ),
    )
    await given(api, beat("other", at_ms=NOON_MS - 60_000, version="unknown"))
    with clock.replaced(NOON.timestamp):
        answer = (await api.http.get("/api/agents/summary", headers=bearer(READ_TOKEN))).json()
        failing = (await api.http.get("/api/agents/summary?status=fail", headers=bearer(READ_TOKEN))).json()
    assert answer == {
        "total": 11,
        "status": {"0": 10, "1": 0, "2": 1, "3": 0, "4": 0},
        "telegrafVersion": [{"version": "1.40.0", "count": 10}, {"version": None, "count": 1}],
        "lastReported": {"lt5m": 3, "lt30m": 2, "lt1h": 1, "lt12h": 2, "lt24h": 1, "older": 2},
        "asOf": None,
    }
    assert (failing["total"], failing["status"]["2"]) == (1, 1)


async def test_an_agent_that_fell_silent_shows_both_statuses(api: Api) -> None:
    """A2"""
    await given(api, beat("web-1", status="WARN"))
    await sweep(api.database, datetime(2026, 11, 23, 12, tzinfo=UTC) + timedelta(minutes=10))
    record = await read(api, "web-1")
    assert (record["status"], record["reportedStatus"]) == ("not_reporting", "warn")
    assert await listed(api, status="not_reporting") == ["web-1"]
