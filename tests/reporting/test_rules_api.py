"""Reporting rules over the API, and which agents follow them: R1, R2."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from telegraf_controller import clock
from telegraf_controller.agents.identity import agent_id_of
from telegraf_controller.reporting.sweep import sweep
from tests.agents.support import given, listed, read
from tests.cast import AGENT_TOKEN, READ_TOKEN, bearer
from tests.configs.steps import on_one_database
from tests.heartbeats.support import NOON, NOON_MS, beat
from tests.support.api import Api, running_api
from tests.support.people import audit_trail

RULES = "/api/reporting-rules"
FAST = {"description": "fast", "notReportingAfter": 30}


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


async def call(api: Api, method: str, path: str, body: object = None) -> httpx.Response:
    """Send a request as a manager."""
    return await api.http.request(method, path, json=body, headers=api.cast.bearer("manager"))


async def make(api: Api, **fields: Any) -> dict[str, Any]:
    """Make a rule and return its record."""
    answer = await call(api, "POST", RULES, {**FAST, **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{RULES}/{made['id']}"
    return made


async def rules(api: Api, query: str = "") -> list[dict[str, Any]]:
    """Return every rule, by description."""
    answer = await api.http.get(f"{RULES}?{query}", headers=bearer(READ_TOKEN))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def default(api: Api) -> dict[str, Any]:
    """Return the one rule that is the default."""
    (found,) = [rule for rule in await rules(api) if rule["isDefault"]]
    return found


async def rule_of(api: Api, instance_id: str) -> str:
    """Return the description of the rule that an agent follows."""
    description: str = (await read(api, instance_id))["reportingRule"]["description"]
    return description


async def test_there_is_a_default_rule_from_the_start(api: Api) -> None:
    """R1"""
    (rule,) = await rules(api)
    assert rule.items() >= {
        "description": "Default",
        "notReportingAfter": 180,
        "autoDelete": False,
        "autoDeleteAfter": None,
        "isDefault": True,
        "agents": 0,
    }.items()  # fmt: skip
    answer = await api.http.get(f"{RULES}/{rule['id']}", headers=bearer(READ_TOKEN))
    assert answer.json() == rule


async def test_a_rule_has_every_field(api: Api) -> None:
    """R1"""
    with clock.replaced(NOON.timestamp):
        made = await make(api, description=" edge ", notReportingAfter=2592000, autoDelete=True, autoDeleteAfter=60)
    assert made.pop("id")
    assert made == {
        "description": "edge",
        "notReportingAfter": 2592000,
        "autoDelete": True,
        "autoDeleteAfter": 60,
        "isDefault": False,
        "agents": 0,
        "createdAt": "2026-11-23T12:00:00.000Z",
        "updatedAt": "2026-11-23T12:00:00.000Z",
    }
    (entry,) = await audit_trail(api.database)
    assert (entry.action, entry.actor_name, entry.target_name) == ("reporting_rule.create", "Mona", "edge")


@on_one_database
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"description": " "}, "description"),
        ({"description": "x" * 201}, "description"),
        ({"description": "a\0b"}, "description"),
        ({"notReportingAfter": 9}, "notReportingAfter"),
        ({"notReportingAfter": 2592001}, "notReportingAfter"),
        ({"notReportingAfter": 10.5}, "notReportingAfter"),
        ({"notReportingAfter": None}, "notReportingAfter"),
        ({"autoDeleteAfter": 59}, "autoDeleteAfter"),
        ({"autoDeleteAfter": 365 * 86400 + 1}, "autoDeleteAfter"),
        ({"autoDelete": True}, "autoDeleteAfter"),
        ({"autoDelete": None}, "autoDelete"),
        ({"number": 7}, "number"),
    ],
    ids=str,
)
async def test_a_field_out_of_bounds_is_refused_by_name(api: Api, fields: dict[str, Any], field: str) -> None:
    """R1"""
    existing = await make(api)
    for method, path, body in (("POST", RULES, {**FAST, **fields}), ("PATCH", f"{RULES}/{existing['id']}", fields)):
        answer = await call(api, method, path, body)
        assert (answer.status_code, answer.json()["error"]) == (400, "validation_failed"), answer.text
        assert [problem["field"] for problem in answer.json()["details"]["fields"]] == [field]
    assert [rule["description"] for rule in await rules(api)] == ["Default", "fast"]


async def test_a_change_leaves_alone_what_it_does_not_name(api: Api) -> None:
    """R1"""
    made = await make(api, autoDelete=True, autoDeleteAfter=3600)
    path = f"{RULES}/{made['id']}"
    changed = (await call(api, "PATCH", path, {"notReportingAfter": 40})).json()
    assert {key for key in made if changed[key] != made[key]} <= {"notReportingAfter", "updatedAt"}
    refused = await call(api, "PATCH", path, {"autoDeleteAfter": None})
    assert refused.json()["details"]["fields"][0]["field"] == "autoDeleteAfter"
    off = await call(api, "PATCH", path, {"autoDelete": False, "autoDeleteAfter": None})
    assert (off.json()["autoDelete"], off.json()["autoDeleteAfter"]) == (False, None)
    changes = [entry.changes for entry in await audit_trail(api.database) if entry.action == "reporting_rule.update"]
    assert changes[0] == {"notReportingAfter": [30, 40]}


async def test_lists_are_searched_sorted_and_paged(api: Api) -> None:
    await make(api, description="Edge 100%", notReportingAfter=10)
    await make(api, description="alpha", notReportingAfter=999)
    assert [rule["description"] for rule in await rules(api)] == ["alpha", "Default", "Edge 100%"]
    assert [rule["description"] for rule in await rules(api, "search=EDGE")] == ["Edge 100%"]
    assert [rule["description"] for rule in await rules(api, "search=%25")] == ["Edge 100%"]
    slowest = await rules(api, "sortBy=notReportingAfter&sortOrder=desc&limit=1")
    assert [rule["description"] for rule in slowest] == ["alpha"]


async def test_agents_follow_the_rule_that_they_are_given(api: Api) -> None:
    """R2"""
    await given(api, beat("web-1"), beat("web-2"), beat("web-3"))
    fast = await make(api)
    body = {"ruleId": fast["id"]}
    one = await call(api, "PUT", f"/api/agents/{agent_id_of('web-1')}/reporting-rule", body)
    assert one.json()["reportingRule"] == {"id": fast["id"], "description": "fast"}
    missing = str(uuid4())
    ids = [str(agent_id_of("web-2")), missing, str(agent_id_of("web-2"))]
    many = (await call(api, "PUT", "/api/agents/bulk/reporting-rule", {"ids": ids, **body})).json()
    assert (many["succeeded"], many["failed"]) == (1, 1)
    assert {"id": missing, "ok": False, "error": "not_found"} in many["results"]
    assert await listed(api, reportingRule=fast["id"]) == ["web-1", "web-2"]
    assert {rule["description"]: rule["agents"] for rule in await rules(api)} == {"Default": 1, "fast": 2}
    trail = [(e.target_name, e.changes) for e in await audit_trail(api.database) if e.action == "agent.rule"]
    assert trail == [(name, {"rule": ["Default", "fast"]}) for name in ("web-1", "web-2")]


async def test_a_rule_or_agent_that_is_not_there_is_said(api: Api) -> None:
    await given(api, beat("web-1"))
    nobody, body = str(uuid4()), {"ruleId": str(uuid4())}
    mine = str((await default(api))["id"])
    agent = f"/api/agents/{agent_id_of('web-1')}/reporting-rule"
    for method, path, sent in (
        ("GET", f"{RULES}/{nobody}", None),
        ("PATCH", f"{RULES}/{nobody}", {"notReportingAfter": 20}),
        ("DELETE", f"{RULES}/{nobody}", None),
        ("POST", f"{RULES}/{nobody}/make-default", None),
        ("PUT", agent, body),
        ("PUT", "/api/agents/bulk/reporting-rule", {"ids": [str(agent_id_of("web-1"))], **body}),
        ("PUT", f"/api/agents/{nobody}/reporting-rule", {"ruleId": mine}),
    ):
        answer = await call(api, method, path, sent)
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found"), (method, path)
    assert await rule_of(api, "web-1") == "Default"


async def test_a_new_default_is_for_new_agents_only(api: Api) -> None:
    """R2"""
    await given(api, beat("old"))
    fast = await make(api)
    answer = await call(api, "POST", f"{RULES}/{fast['id']}/make-default")
    assert (answer.status_code, answer.json()["isDefault"]) == (200, True)
    await given(api, beat("old", at_ms=NOON_MS + 1), beat("new", at_ms=NOON_MS + 1))
    assert [await rule_of(api, name) for name in ("old", "new")] == ["Default", "fast"]
    assert (await default(api))["id"] == fast["id"]


@pytest.mark.parametrize("way", ["create", "change", "make-default"])
async def test_there_is_always_exactly_one_default(api: Api, way: str) -> None:
    """R1: whichever way it is made, and also when it is made again."""
    if way == "create":
        await make(api, isDefault=True)
    else:
        made = await make(api)
        for _ in range(2):
            path = f"{RULES}/{made['id']}"
            asked = ("PATCH", path, {"isDefault": True}) if way == "change" else ("POST", f"{path}/make-default", None)
            assert (await call(api, *asked)).json()["isDefault"] is True
    assert (await default(api))["description"] == "fast"
    assert [e.action for e in await audit_trail(api.database)].count("reporting_rule.make_default") == 1


async def test_many_defaults_made_at_once_leave_one(api: Api, migrated_database_url: str) -> None:
    """R1: on two nodes."""
    made = [await make(api, description=f"rule {number}") for number in range(6)]
    async with running_api(migrated_database_url, cast=api.cast) as other:
        answers = await asyncio.gather(
            *(
                call(node, "POST", f"{RULES}/{rule['id']}/make-default")
                for node in (api, other)
                for rule in made
            ),
            *(call(node, "POST", RULES, {**FAST, "isDefault": True}) for node in (api, other)),
        )  # fmt: skip
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert await default(api)


async def test_the_default_cannot_be_deleted_nor_be_none(api: Api) -> None:
    """R2"""
    path = f"{RULES}/{(await default(api))['id']}"
    for refused in (await call(api, "DELETE", path), await call(api, "PATCH", path, {"isDefault": False})):
        assert (refused.status_code, refused.json()["error"]) == (409, "default_rule")
    other = await make(api)
    kept = await call(api, "PATCH", f"{RULES}/{other['id']}", {"isDefault": False})
    assert kept.json()["isDefault"] is False


async def test_agents_of_a_deleted_rule_follow_the_default(api: Api) -> None:
    """R2: also when the rule that was the default then is deleted later."""
    await given(api, beat("web-1"), beat("web-2"))
    first, second, third = [await make(api, description=name, notReportingAfter=30) for name in ("a", "b", "c")]
    for name, rule in (("web-1", first), ("web-2", second)):
        await call(api, "PUT", f"/api/agents/{agent_id_of(name)}/reporting-rule", {"ruleId": rule["id"]})
    await call(api, "POST", f"{RULES}/{second['id']}/make-default")
    assert (await call(api, "DELETE", f"{RULES}/{first['id']}")).status_code == 204
    assert await rule_of(api, "web-1") == "b"
    await call(api, "POST", f"{RULES}/{third['id']}/make-default")
    assert (await call(api, "DELETE", f"{RULES}/{second['id']}")).status_code == 204
    assert [await rule_of(api, name) for name in ("web-1", "web-2")] == ["c", "c"]
    assert (await call(api, "GET", f"{RULES}/{first['id']}")).status_code == 404
    assert {rule["description"]: rule["agents"] for rule in await rules(api)} == {"Default": 0, "c": 2}
    assert await listed(api, reportingRule=third["id"]) == ["web-1", "web-2"]
    assert await sweep(api.database, NOON + timedelta(seconds=31)) == 2
    answer = await call(api, "PUT", f"/api/agents/{agent_id_of('web-1')}/reporting-rule", {"ruleId": first["id"]})
    assert answer.status_code == 404


async def test_deleting_a_rule_writes_no_agent(api: Api) -> None:
    """R2: a million agents are not rewritten while heartbeats wait."""
    await given(api, *(beat(f"web-{number}") for number in range(20)))
    fast = await make(api)
    ids = [str(agent_id_of(f"web-{number}")) for number in range(20)]
    await call(api, "PUT", "/api/agents/bulk/reporting-rule", {"ids": ids, "ruleId": fast["id"]})
    async with api.database.read() as session:
        before = (await session.execute(text("SELECT agent_id, rule FROM agent_liveness ORDER BY agent_id"))).all()
    await call(api, "DELETE", f"{RULES}/{fast['id']}")
    async with api.database.read() as session:
        after = (await session.execute(text("SELECT agent_id, rule FROM agent_liveness ORDER BY agent_id"))).all()
    assert after == before


async def test_rules_that_come_and_go_disturb_no_heartbeat(api: Api) -> None:
    """R2, H3: each new agent follows a rule that there is, whatever happens to the default meanwhile."""
    first = await make(api, description="first")

    async def change_rules() -> None:
        last = first
        for turn in range(15):
            rule = await make(api, description=f"rule {turn}", isDefault=True)
            assert (await call(api, "DELETE", f"{RULES}/{last['id']}")).status_code == 204
            last = rule

    async def report() -> None:
        for turn in range(60):
            await given(api, *(beat(f"agent-{turn}-{number}", at_ms=NOON_MS + turn) for number in range(20)))

    await asyncio.gather(change_rules(), report())
    assert sum(rule["agents"] for rule in await rules(api)) == 1200
    assert len(await listed(api, limit=500, page=3)) == 200


async def test_permissions_are_those_of_rules_and_of_agents(api: Api) -> None:
    """P2, E1"""
    await given(api, beat("web-1"))
    rule = await default(api)
    for token in (AGENT_TOKEN,):
        refused = await api.http.get(RULES, headers=bearer(token))
        assert refused.json()["required"] == "reporting-rules:read"
    path = f"/api/agents/{agent_id_of('web-1')}/reporting-rule"
    refused = await api.http.put(path, json={"ruleId": rule["id"]}, headers=bearer(READ_TOKEN))
    assert refused.json()["required"] == "agents:write"
