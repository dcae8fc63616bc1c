"""Configurations over the API: V1, V2, V4, V5, T11."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from telegraf_controller import clock
from tests.cast import MONA
from tests.configs.steps import TOML, Configs, error, on_one_database, record
from tests.support.people import audit_trail

NOON = 1_790_000_000.25


async def restricted(configs: Configs, /, **restrictions: object) -> dict[str, str]:
    """Make a token of a manager's that is held to something, and return the headers that present it."""
    body = {"name": "held", "permissions": ["configs:read", "configs:write", "configs:delete"], **restrictions}
    response = await configs.call("POST", "/api/tokens", body)
    assert response.status_code == 201, response.text
    return {"Authorization": f"Bearer {response.json()['token']}"}


async def test_a_record_has_every_field(configs: Configs) -> None:
    """V1"""
    with clock.replaced(lambda: NOON):
        made = await configs.create(name=" Web servers ", description="all of them")
    expected: dict[str, Any] = {
        "id": made["id"],
        "name": "Web servers",
        "description": "all of them",
        "toml": TOML,
        "editorMode": "code",
        "labels": [],
        "aliases": [],
        "groups": [],
        "agentCount": 0,
        "currentVersion": 1,
        "createdAt": "2026-09-21T14:13:20.250Z",
        "createdBy": "Mona",
        "updatedAt": "2026-09-21T14:13:20.250Z",
        "updatedBy": "Mona",
    }
    assert made == {**expected, "problems": []}
    assert record(await configs.call("GET", f"/api/configs/{made['id']}", who="viewer")) == expected
    assert record(await configs.call("GET", f"/api/configs/{made['id'].upper()}")) == expected


@on_one_database
async def test_creating_answers_where_the_record_is(configs: Configs) -> None:
    response = await configs.call("POST", "/api/configs", {"name": "web", "toml": TOML})
    assert response.headers["location"] == f"/api/configs/{response.json()['id']}"


@on_one_database
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"description": "x" * 1001}, "description"),
        ({"description": "a\0b"}, "description"),
        ({"note": "x" * 1001}, "note"),
        ({"toml": "a = 1\0"}, "toml"),
        ({"toml": "# " + "x" * 1024 * 1024}, "toml"),
        ({"toml": "# " + "\u00e4" * 512 * 1024}, "toml"),
        ({"toml": 1}, "toml"),
        ({"editorMode": "visual"}, "editorMode"),
        ({"descripton": "a typo"}, "descripton"),
    ],
    ids=lambda value: f"{value}"[:40],
)
async def test_a_field_out_of_bounds_is_refused_by_name(configs: Configs, fields: dict[str, Any], field: str) -> None:
    """V1"""
    response = await configs.call("POST", "/api/configs", {"name": "web", "toml": TOML, **fields})
    assert error(response) == (400, "validation_failed")
    assert [problem["field"] for problem in response.json()["details"]["fields"]] == [field]
    made = await configs.create()
    response = await configs.call("PATCH", f"/api/configs/{made['id']}", fields)
    assert error(response) == (400, "validation_failed")


async def test_a_text_of_a_whole_mebibyte_is_stored(configs: Configs) -> None:
    """V1"""
    toml = TOML + "#" + "\u00e4" * (512 * 1024 - len(TOML)) + "x" * (len(TOML) - 1)
    assert len(toml.encode()) == 1024 * 1024
    made = await configs.create(toml)
    assert (await configs.fetch(made["id"])).content == toml.encode()


@pytest.mark.parametrize("surrogate", ["name", "toml", "description", "note"])
async def test_half_a_surrogate_pair_is_refused(configs: Configs, surrogate: str) -> None:
    """V1: it is no UTF-8"""
    fields = {"name": "web", "toml": TOML, surrogate: "# \ud800"}
    body = "{" + ", ".join(f'"{key}": "{value}"' for key, value in fields.items()).replace("\ud800", "\\ud800") + "}"
    headers = {**configs.api.cast.bearer("manager"), "Content-Type": "application/json"}
    body = body.replace("\n", "\\n")
    response = await configs.api.http.post("/api/configs", content=body.encode(), headers=headers)
    assert error(response) == (400, "validation_failed")


@on_one_database
@pytest.mark.parametrize("field", ["name", "toml", "description", "editorMode", "note", "baseVersion"])
async def test_null_does_not_pass_for_left_out(configs: Configs, field: str) -> None:
    made = await configs.create()
    response = await configs.call("PATCH", f"/api/configs/{made['id']}", {field: None})
    assert error(response) == (400, "validation_failed")


async def test_a_name_is_taken_once(configs: Configs) -> None:
    """V1"""
    await configs.create(name="web")
    other = await configs.create(name="db")
    response = await configs.call("POST", "/api/configs", {"name": "web", "toml": TOML})
    assert error(response) == (409, "config_name_conflict")
    response = await configs.call("PATCH", f"/api/configs/{other['id']}", {"name": "web"})
    assert error(response) == (409, "config_name_conflict")
    assert (await configs.change(other["id"], name="db"))["name"] == "db"


async def test_of_two_who_take_a_name_at_once_one_hears_that_it_is_taken(configs: Configs) -> None:
    """V1"""
    answers = await asyncio.gather(
        *(configs.call("POST", "/api/configs", {"name": "web", "toml": TOML}) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


@on_one_database
@pytest.mark.parametrize(
    ("toml", "line", "column"),
    [
        ("[agent]\n  interval = \n", 2, 14),
        ("[[inputs.cpu]]\nport = &{port} nonsense\n", 2, 16),
        ("a = 1\r\n\r\n\u00e4\u00e4 = 2\r\n", 3, 1),
        ('x = ["&{a:b}", &{c}, zz]\n', 1, 22),
    ],
)
async def test_what_telegraf_would_refuse_is_not_stored(configs: Configs, toml: str, line: int, column: int) -> None:
    """V5"""
    response = await configs.call("POST", "/api/configs", {"name": "web", "toml": toml})
    assert error(response) == (400, "invalid_toml")
    assert response.json()["details"] == {"line": line, "column": column}
    made = await configs.create()
    response = await configs.call("PATCH", f"/api/configs/{made['id']}", {"toml": toml})
    assert error(response) == (400, "invalid_toml")
    assert record(await configs.call("GET", f"/api/configs/{made['id']}"))["toml"] == TOML
    checked = await configs.call("POST", "/api/configs/validate", {"toml": toml})
    assert [(p["code"], p["line"], p["column"]) for p in checked.json()["problems"]] == [("invalid_toml", line, column)]


@on_one_database
@pytest.mark.parametrize(
    "toml",
    [
        "",
        "port = &{port}\n",
        "d = 2020-01-&{day}\n",
        "[[inputs.&{plugin:cpu}]]\n",
        "\ufeff[agent]\r\n",
        "a = [&{a}, &{b:2}]",
    ],
)
async def test_placeholders_are_no_reason_to_refuse_a_text(configs: Configs, toml: str) -> None:
    """V5, C4"""
    assert (await configs.create(toml))["problems"] == []


@on_one_database
async def test_a_text_that_no_url_can_be_served_is_stored_with_a_problem(configs: Configs) -> None:
    """Q1"""
    made = await configs.create('"&{key}" = 1\nx = ::{site}\n')
    assert [(p["severity"], p["code"], p["line"], p["column"], p["plugin"]) for p in made["problems"]] == [
        ("error", "unfillable_parameter", 1, 2, None),
        ("error", "undefined_constant", 2, 5, None),
    ]


async def test_lists_are_searched_sorted_and_paged_without_texts(configs: Configs) -> None:
    """V1"""
    for number, name in enumerate(["beta", "Alpha", "gamma_1", "gamma%2"]):
        with clock.replaced(lambda number=number: NOON + number):  # type: ignore[misc]
            await configs.create(name=name, description="in the cellar" if name == "beta" else "")

    async def names(query: str) -> list[str]:
        answer = record(await configs.call("GET", f"/api/configs?{query}", who="viewer"))
        assert all("toml" not in item for item in answer["items"])
        return [item["name"] for item in answer["items"]]

    assert await names("") == ["Alpha", "beta", "gamma%2", "gamma_1"]
    assert await names("sortBy=createdAt&sortOrder=desc") == ["gamma%2", "gamma_1", "Alpha", "beta"]
    assert await names("sortBy=updatedAt&limit=1&page=2") == ["Alpha"]
    assert await names("search=GAMMA") == ["gamma%2", "gamma_1"]
    assert await names("search=a_1") == ["gamma_1"]
    assert await names("search=cellar") == ["beta"]
    assert record(await configs.call("GET", "/api/configs?limit=1"))["total"] == 4
    assert error(await configs.call("GET", "/api/configs?sortBy=size")) == (400, "validation_failed")


async def test_what_is_not_there_is_not_found(configs: Configs) -> None:
    unknown = str(uuid4())
    for key in (unknown, "no-such-alias", "{" + unknown + "}", unknown.replace("-", ""), "%00", "%F0%9F%90%8E"):
        for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/versions"), ("GET", "/versions/1")):
            body = {"description": "x"} if method == "PATCH" else None
            response = await configs.call(method, f"/api/configs/{key}{path}", body)
            assert error(response) == (404, "not_found"), (method, key, path)


async def test_a_deleted_configuration_is_gone_with_its_versions(configs: Configs) -> None:
    """V4"""
    made = await configs.create()
    await configs.change(made["id"], toml=TOML + "# 2\n")
    response = await configs.call("DELETE", f"/api/configs/{made['id']}")
    assert (response.status_code, response.content) == (204, b"")
    assert error(await configs.call("GET", f"/api/configs/{made['id']}/versions")) == (404, "not_found")
    assert error(await configs.fetch(made["id"])) == (404, "not_found")
    assert (await configs.create())["currentVersion"] == 1


@on_one_database
@pytest.mark.parametrize(
    ("method", "path"), [("POST", ""), ("PATCH", "/{}"), ("DELETE", "/{}")], ids=["create", "change", "delete"]
)
async def test_a_viewer_changes_nothing(configs: Configs, method: str, path: str) -> None:
    """P1"""
    made = await configs.create()
    body = None if method == "DELETE" else {"name": "mine", "toml": TOML}
    response = await configs.call(method, "/api/configs" + path.format(made["id"]), body, who="viewer")
    assert error(response) == (403, "insufficient_permissions")


async def test_a_token_held_to_one_configuration_sees_no_other(configs: Configs) -> None:
    """T11"""
    mine, other = await configs.create(name="mine"), await configs.create(name="other")
    headers = await restricted(configs, configs=[mine["id"].upper()])
    http = configs.api.http
    assert (await http.get(f"/api/configs/{mine['id']}", headers=headers)).status_code == 200
    listed = (await http.get("/api/configs", headers=headers)).json()
    assert ([item["name"] for item in listed["items"]], listed["total"]) == (["mine"], 1)
    for config_id in (other["id"], str(uuid4())):
        for path in ("", "/versions", "/versions/1", "/toml"):
            response = await http.get(f"/api/configs/{config_id}{path}", headers=headers)
            assert error(response) == (403, "token_not_allowed_here")
        response = await http.patch(f"/api/configs/{config_id}", json={"name": "x"}, headers=headers)
        assert error(response) == (403, "token_not_allowed_here")
        assert error(await http.delete(f"/api/configs/{config_id}", headers=headers)) == (403, "token_not_allowed_here")
    response = await http.post("/api/configs", json={"name": "new", "toml": TOML}, headers=headers)
    assert error(response) == (403, "token_not_allowed_here")


async def test_every_change_is_recorded_with_who_made_it(configs: Configs) -> None:
    made = await configs.create()
    await configs.change(made["id"], name="db", toml=TOML + "# 2\n")
    await configs.change(made["id"], name="db")
    await configs.call("DELETE", f"/api/configs/{made['id']}")
    trail = await audit_trail(configs.api.database)
    assert [(entry.action, entry.target_name, entry.changes) for entry in trail] == [
        ("config.create", "web", {"version": [None, 1]}),
        ("config.update", "db", {"name": ["web", "db"], "version": [1, 2]}),
        ("config.delete", "db", {"version": [2, None]}),
    ]
    assert {(entry.actor_id, entry.target_type, entry.target_id) for entry in trail} == {
        (MONA.id, "config", made["id"])
    }
