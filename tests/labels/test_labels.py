"""Labels, on configurations and agents: B1."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from telegraf_controller import clock
from telegraf_controller.agents.identity import agent_id_of
from tests.agents.support import given
from tests.cast import bearer
from tests.configs.steps import TOML, Configs, error, on_one_database, record
from tests.heartbeats.support import beat
from tests.support.people import audit_trail

NOON = 1_790_000_000.25


async def make(configs: Configs, name: str, **more: object) -> str:
    """Create a label and return its id."""
    response = await configs.call("POST", "/api/labels", {"name": name, **more})
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def names_of(configs: Configs, path: str) -> list[str]:
    """Return the names of the labels that a record shows."""
    return [label["name"] for label in record(await configs.call("GET", path))["labels"]]


async def listed(configs: Configs, path: str, key: str = "name") -> list[str]:
    answer = await configs.call("GET", path)
    assert answer.status_code == 200, answer.text
    return [item[key] for item in answer.json()["items"]]


async def test_a_label_has_every_field(configs: Configs) -> None:
    """B1"""
    with clock.replaced(lambda: NOON):
        response = await configs.call("POST", "/api/labels", {"name": " Production ", "color": "#2F9E44"})
    made = record(response)
    assert response.headers["location"] == f"/api/labels/{made['id']}"
    assert made == {
        "id": made["id"],
        "name": "Production",
        "description": "",
        "color": "#2f9e44",
        "configCount": 0,
        "groupCount": 0,
        "agentCount": 0,
        "createdAt": "2026-09-21T14:13:20.250Z",
        "createdBy": "Mona",
        "updatedAt": "2026-09-21T14:13:20.250Z",
        "updatedBy": "Mona",
    }
    assert record(await configs.call("GET", f"/api/labels/{made['id']}", who="viewer")) == made
    assert record(await configs.call("POST", "/api/labels", {"name": "plain"}))["color"] == "#64748b"


@on_one_database
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 51}, "name"),
        ({"name": "a\tb"}, "name"),
        ({"color": "red"}, "color"),
        ({"color": "#12345"}, "color"),
        ({"color": "#123456\n"}, "color"),
        ({"description": "\0"}, "description"),
        ({"colour": "#123456"}, "colour"),
    ],
    ids=str,
)
async def test_a_field_out_of_bounds_is_refused_by_name(configs: Configs, fields: dict[str, Any], field: str) -> None:
    """B1"""
    response = await configs.call("POST", "/api/labels", {"name": "web", **fields})
    assert error(response) == (400, "validation_failed")
    assert [problem["field"] for problem in response.json()["details"]["fields"]] == [field]
    response = await configs.call("PATCH", f"/api/labels/{await make(configs, 'web')}", fields)
    assert error(response) == (400, "validation_failed")


async def test_a_name_is_taken_once_also_by_two_at_once(configs: Configs) -> None:
    """B1"""
    answers = await asyncio.gather(*(configs.call("POST", "/api/labels", {"name": "web"}) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    response = await configs.call("PATCH", f"/api/labels/{await make(configs, 'db')}", {"name": "web"})
    assert error(response) == (409, "label_name_conflict")


async def test_a_changed_label_is_changed_wherever_it_is(configs: Configs) -> None:
    """B1"""
    label = await make(configs, "web")
    made = await configs.create(labelIds=[label])
    await configs.call("PATCH", f"/api/labels/{label}", {"name": "www", "color": "#000000"})
    tag = {"id": label, "name": "www", "color": "#000000"}
    assert record(await configs.call("GET", f"/api/configs/{made['id']}"))["labels"] == [tag]
    assert await listed(configs, "/api/labels?search=WW") == ["www"]


async def test_labels_go_on_and_off_a_configuration_and_no_agent_reloads(configs: Configs) -> None:
    """B1, V1, C2"""
    one, other = await make(configs, "one"), await make(configs, "Other")
    made = await configs.create(labelIds=[other])
    path = f"/api/configs/{made['id']}"
    before = await configs.last_modified(made["id"])
    for _ in range(2):
        response = await configs.call("POST", f"{path}/assign/{one}")
        assert (response.status_code, record(response)["toml"]) == (200, TOML)
    assert await names_of(configs, path) == ["one", "Other"]
    for _ in range(2):
        assert (await configs.call("DELETE", f"{path}/labels/{one}")).status_code == 204
    assert await names_of(configs, path) == ["Other"]
    assert [label["name"] for label in (await configs.change(made["id"], labelIds=[one]))["labels"]] == ["one"]
    assert (await configs.change(made["id"], labelIds=[]))["labels"] == []
    assert record(await configs.call("GET", path))["updatedAt"] == made["updatedAt"]
    assert await configs.last_modified(made["id"]) == before
    trail = [entry.changes for entry in await audit_trail(configs.api.database) if entry.action == "config.labels"]
    assert trail == [
        {"added": ["Other"], "removed": []},
        {"added": ["one"], "removed": []},
        {"added": [], "removed": ["one"]},
        {"added": ["one"], "removed": ["Other"]},
        {"added": [], "removed": ["one"]},
    ]


async def test_what_is_not_there_gets_no_label(configs: Configs) -> None:
    """B1"""
    label, unknown = await make(configs, "web"), str(uuid4())
    made = await configs.create()
    for method, path in (
        ("POST", f"/api/configs/{made['id']}/assign/{unknown}"),
        ("POST", f"/api/configs/{unknown}/assign/{label}"),
        ("DELETE", f"/api/configs/{unknown}/labels/{label}"),
        ("PUT", f"/api/agents/{unknown}/labels/{label}"),
        ("DELETE", f"/api/agents/{unknown}/labels/{label}"),
    ):
        assert error(await configs.call(method, path)) == (404, "not_found"), path
    response = await configs.call("POST", "/api/configs", {"name": "new", "toml": TOML, "labelIds": [unknown]})
    assert error(response) == (404, "not_found")
    assert await listed(configs, "/api/configs") == ["web"]


async def test_many_get_labels_at_once_and_each_is_answered_for(configs: Configs) -> None:
    """B1"""
    one, two, unknown = await make(configs, "one"), await make(configs, "two"), str(uuid4())
    ids = [(await configs.create(name=name))["id"] for name in ("a", "b")]
    body = {"ids": [*ids, unknown, ids[0]], "labelIds": [one, two]}
    answer = record(await configs.call("PUT", "/api/configs/bulk/labels/assign", body))
    assert (answer["succeeded"], answer["failed"]) == (2, 1)
    assert {"id": unknown, "ok": False, "error": "not_found"} in answer["results"]
    assert await names_of(configs, f"/api/configs/{ids[1]}") == ["one", "two"]
    answer = record(await configs.call("PUT", "/api/configs/bulk/labels/remove", {"ids": ids, "labelIds": [one]}))
    assert answer["succeeded"] == 2
    assert await names_of(configs, f"/api/configs/{ids[0]}") == ["two"]
    body = {"ids": ids, "labelIds": [one, unknown]}
    assert error(await configs.call("PUT", "/api/configs/bulk/labels/assign", body)) == (404, "not_found")
    assert await names_of(configs, f"/api/configs/{ids[0]}") == ["two"]


async def test_a_token_held_to_one_configuration_labels_no_other(configs: Configs) -> None:
    """B1, T11"""
    label, unknown = await make(configs, "web"), str(uuid4())
    mine, other = (await configs.create(name="mine"))["id"], (await configs.create(name="other"))["id"]
    body = {"name": "held", "permissions": ["configs:read", "configs:write"], "configs": [mine]}
    held = bearer((await configs.call("POST", "/api/tokens", body)).json()["token"])
    assignment = {"ids": [mine, other, unknown], "labelIds": [label]}
    answer = await configs.api.http.put("/api/configs/bulk/labels/assign", json=assignment, headers=held)
    assert [(result["id"], result["error"]) for result in answer.json()["results"]] == [
        (mine, None),
        (other, "token_not_allowed_here"),
        (unknown, "token_not_allowed_here"),
    ]
    assert await listed(configs, f"/api/configs?label={label}") == ["mine"]
    response = await configs.api.http.post(f"/api/configs/{other}/assign/{label}", headers=held)
    assert error(response) == (403, "token_not_allowed_here")


async def test_lists_are_narrowed_to_what_has_all_the_labels(configs: Configs) -> None:
    """B1"""
    one, two = await make(configs, "one"), await make(configs, "two & 100%")
    for name, labels in (("a", [one]), ("b", [one, two]), ("c", [])):
        await configs.create(name=name, labelIds=labels)
    assert await listed(configs, f"/api/configs?label={one}") == ["a", "b"]
    assert await listed(configs, "/api/configs?label=two%20%26%20100%25") == ["b"]
    assert await listed(configs, f"/api/configs?label=one&label={two}") == ["b"]
    assert await listed(configs, f"/api/configs?label={uuid4()}") == []
    assert record(await configs.call("GET", f"/api/configs?label={one}&limit=1"))["total"] == 2


async def test_agents_carry_labels_and_are_found_by_them(configs: Configs) -> None:
    """B1, A4"""
    await given(configs.api, beat("web-1"), beat("web-2"), beat("web-3"))
    one, two = await make(configs, "one"), await make(configs, "two")
    ids = [str(agent_id_of(f"web-{number}")) for number in (1, 2, 3)]
    answer = await configs.call("PUT", f"/api/agents/{ids[0]}/labels/{one}")
    assert [label["name"] for label in record(answer)["labels"]] == ["one"]
    body = {"ids": [ids[0], ids[1], str(uuid4())], "labelIds": [two]}
    assert record(await configs.call("PUT", "/api/agents/bulk/labels/assign", body))["succeeded"] == 2
    assert await listed(configs, "/api/agents?label=two", "instanceId") == ["web-1", "web-2"]
    assert await listed(configs, "/api/agents?label=two&label=one", "instanceId") == ["web-1"]
    assert record(await configs.call("GET", "/api/agents/summary?label=two"))["total"] == 2
    assert await names_of(configs, f"/api/agents/{ids[0]}") == ["one", "two"]
    assert (await configs.call("DELETE", f"/api/agents/{ids[0]}/labels/{two}")).status_code == 204
    await configs.call("PUT", "/api/agents/bulk/labels/remove", {"ids": ids, "labelIds": [one]})
    assert await listed(configs, "/api/agents?label=one", "instanceId") == []
    assert (await configs.call("DELETE", f"/api/agents/{ids[1]}")).status_code == 204
    trail = [entry for entry in await audit_trail(configs.api.database) if entry.action == "agent.labels"]
    assert {entry.target_name for entry in trail} == {"web-1", "web-2"}


async def test_groups_carry_labels_and_are_found_by_them(configs: Configs) -> None:
    """B1, G1, C2"""
    label = await make(configs, "web")
    made = record(await configs.call("POST", "/api/config-groups", {"name": "all", "members": []}))
    await configs.call("POST", "/api/config-groups", {"name": "none", "members": []})
    path, unknown = f"/api/config-groups/{made['id']}", str(uuid4())
    before = (await configs.call("HEAD", f"{path}/toml")).headers["last-modified"]
    answer = await configs.call("POST", f"{path}/assign/{label}")
    assert [tag["name"] for tag in record(answer)["labels"]] == ["web"]
    assert await listed(configs, f"/api/config-groups?label={label}") == ["all"]
    assert (await configs.call("DELETE", f"{path}/labels/{label}")).status_code == 204
    assert await names_of(configs, path) == []
    body = {"ids": [made["id"], unknown], "labelIds": [label]}
    answer = await configs.call("PUT", "/api/config-groups/bulk/labels/assign", body)
    assert [result["error"] for result in record(answer)["results"]] == [None, "not_found"]
    assert await names_of(configs, path) == ["web"]
    await configs.call("PUT", "/api/config-groups/bulk/labels/remove", body)
    assert await listed(configs, "/api/config-groups?label=web") == []
    assert (await configs.call("HEAD", f"{path}/toml")).headers["last-modified"] == before
    trail = [entry.target_name for entry in await audit_trail(configs.api.database) if entry.action == "group.labels"]
    assert trail == ["all"] * 4


async def test_a_label_says_how_much_of_each_kind_carries_it(configs: Configs) -> None:
    """B1"""
    await given(configs.api, beat("web-1"), beat("web-2"), beat("web-3"))
    used, unused = await make(configs, "used"), await make(configs, "unused")
    made = [await configs.create(name=name, labelIds=[used]) for name in ("a", "b")]
    group = record(await configs.call("POST", "/api/config-groups", {"name": "g", "members": [made[0]["id"]]}))
    await configs.call("POST", f"/api/config-groups/{group['id']}/assign/{used}")
    body = {"ids": [str(agent_id_of(name)) for name in ("web-1", "web-2", "web-3")], "labelIds": [used]}
    await configs.call("PUT", "/api/agents/bulk/labels/assign", body)

    def counts(label: dict[str, Any]) -> tuple[int, int, int]:
        return label["configCount"], label["groupCount"], label["agentCount"]

    assert counts(record(await configs.call("GET", f"/api/labels/{used}"))) == (2, 1, 3)
    assert counts(record(await configs.call("PATCH", f"/api/labels/{used}", {"description": "busy"}))) == (2, 1, 3)
    page = record(await configs.call("GET", "/api/labels"))
    assert {label["id"]: counts(label) for label in page["items"]} == {used: (2, 1, 3), unused: (0, 0, 0)}


async def test_a_deleted_label_is_gone_everywhere(configs: Configs) -> None:
    """B1"""
    await given(configs.api, beat("web-1"))
    one, two, three = [await make(configs, name) for name in ("one", "two", "three")]
    made = await configs.create(labelIds=[one, two, three])
    agent = f"/api/agents/{agent_id_of('web-1')}"
    await configs.call("PUT", f"{agent}/labels/{one}")
    assert error(await configs.call("DELETE", f"/api/labels/{one}", who="viewer")) == (403, "insufficient_permissions")
    assert (await configs.call("DELETE", f"/api/labels/{one}")).status_code == 204
    assert error(await configs.call("DELETE", f"/api/labels/{one}")) == (404, "not_found")
    assert await names_of(configs, agent) == []
    answer = record(await configs.call("DELETE", "/api/labels", {"ids": [one, two]}))
    assert [(result["id"], result["error"]) for result in answer["results"]] == [(one, "not_found"), (two, None)]
    assert await names_of(configs, f"/api/configs/{made['id']}") == ["three"]
    assert (await configs.call("DELETE", f"/api/configs/{made['id']}")).status_code == 204
    async with configs.api.database.read() as session:
        for table in ("config_labels", "agent_labels"):
            assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0
    assert await listed(configs, "/api/labels") == ["three"]


async def test_labels_that_are_deleted_while_others_assign_them_leave_nothing_behind(configs: Configs) -> None:
    """B1: whoever is later hears that the label or the configuration is gone; nobody waits in a circle"""
    for attempt in range(3):
        labels = [await make(configs, f"{attempt} {number}") for number in range(3)]
        ids = [(await configs.create(name=f"{attempt} {number}"))["id"] for number in range(4)]
        body = {"ids": ids[::-1], "labelIds": labels[::-1]}
        await configs.call("PUT", "/api/configs/bulk/labels/assign", {**body, "labelIds": labels[:1]})
        answers = await asyncio.gather(
            configs.call("PUT", "/api/configs/bulk/labels/assign", body),
            configs.call("DELETE", "/api/labels", {"ids": labels}),
            configs.call("POST", "/api/configs/bulk/delete", {"ids": ids[1:]}),
            configs.call("PUT", "/api/configs/bulk/labels/remove", body),
            configs.call("POST", f"/api/configs/{ids[0]}/assign/{labels[2]}"),
            *(configs.call("PATCH", f"/api/configs/{config_id}", {"labelIds": labels}) for config_id in ids),
        )
        assert {answer.status_code for answer in answers} <= {200, 404}, [answer.text for answer in answers]
        assert answers[1].json()["succeeded"] == answers[2].json()["succeeded"] == 3
        assert await names_of(configs, f"/api/configs/{ids[0]}") == []
    async with configs.api.database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM config_labels")) == 0
