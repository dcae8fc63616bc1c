"""Groups over HTTP: G1, and C2 where they move."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from telegraf_controller import clock
from telegraf_controller.configs.dialect import parse
from tests.cast import AGENT_TOKEN, MONA, bearer, token_value
from tests.configs.steps import TOML, Configs, error, on_one_database, record, seconds
from tests.configs.test_outage import Hours, node
from tests.support.people import browser_of
from tests.support.postgres import PostgresServer

NOON = 1_790_000_000.25


async def group(configs: Configs, *members: dict[str, Any], name: str = "all") -> dict[str, Any]:
    body = {"name": name, "members": [member["id"] for member in members]}
    response = await configs.call("POST", "/api/config-groups", body)
    assert response.status_code == 201, response.text
    return record(response)


async def fetch(configs: Configs, key: str, method: str = "GET", **more: Any) -> httpx.Response:
    headers = {**bearer(more.pop("token", AGENT_TOKEN)), **more.pop("headers", {})}
    return await configs.api.http.request(method, f"/api/config-groups/{key}/toml", headers=headers, params=more)


async def test_members_are_served_in_order_under_their_names(configs: Configs) -> None:
    """G1"""
    one = await configs.create("[[inputs.cpu]]\n", name="one")
    other = await configs.create("[[inputs.mem]]\n", name="other")
    made = await group(configs, other, one)
    response = await fetch(configs, made["id"])
    assert response.text == "# Configuration: other\n[[inputs.mem]]\n# Configuration: one\n[[inputs.cpu]]\n"
    assert response.headers["content-type"] == "text/x-toml; charset=utf-8"
    changed = await configs.call("PATCH", f"/api/config-groups/{made['id']}", {"members": [one["id"], other["id"]]})
    assert record(changed)["members"] == [one["id"], other["id"]]
    again = await fetch(configs, made["id"])
    assert again.text == "# Configuration: one\n[[inputs.cpu]]\n# Configuration: other\n[[inputs.mem]]\n"
    assert seconds(again.headers["last-modified"]) > seconds(response.headers["last-modified"])
    assert again.headers["etag"] != response.headers["etag"]
    download = await fetch(configs, made["id"], headers={"Accept": "application/octet-stream"})
    assert download.headers["content-disposition"] == 'attachment; filename="all.toml"'
    assert (await fetch(configs, made["id"], headers={"If-None-Match": again.headers["etag"]})).status_code == 304


@on_one_database
async def test_what_all_members_ask_for_is_listed(configs: Configs) -> None:
    """Q3: a parameter that one of them requires is required."""
    await configs.call("POST", "/api/constants", {"name": "SITE", "value": "${REGION}-1"})
    one = await configs.create('[[inputs.cpu]]\n  alias = "&{name:x}"\n[tags]\n  site = "::{SITE}"\n', name="one")
    other = await configs.create('[[inputs.mem]]\n  alias = "&{name}"\n  k = "@{vault:key}"\n', name="other")
    made = await group(configs, one, other)
    assert record(await configs.call("GET", f"/api/config-groups/{made['id']}/variables", who="viewer")) == {
        "parameters": [{"name": "name", "required": True, "default": None}],
        "environmentVariables": [{"name": "REGION", "required": True, "default": None}],
        "secrets": [{"store": "vault", "key": "key"}],
        "constants": [{"name": "SITE", "defined": True}],
    }
    assert error(await configs.call("GET", f"/api/config-groups/{uuid4()}/variables")) == (404, "not_found")


@on_one_database
async def test_no_member_runs_on_into_the_next(configs: Configs) -> None:
    """G1: neither without a line end, nor in a comment, nor by a byte-order mark"""
    members = [
        await configs.create(text, name=f"{number} # [[inputs.x]]")
        for number, text in enumerate(
            ["[[inputs.a]]", "[[inputs.b]] # end", "\ufeff[[inputs.c]]\r\n", "", "[[inputs.d]]"]
        )
    ]
    served = (await fetch(configs, (await group(configs, *members))["id"])).text
    assert list(parse(served).fields["inputs"].fields) == ["a", "b", "c", "d"]  # type: ignore[union-attr]
    assert served.count("# Configuration: ") == 5


@on_one_database
async def test_an_empty_group_is_an_empty_document(configs: Configs) -> None:
    """G1"""
    response = await fetch(configs, (await group(configs))["id"])
    assert (response.status_code, response.text) == (200, "")
    assert "last-modified" in response.headers


@on_one_database
async def test_parameters_and_what_is_missing_are_those_of_all_members(configs: Configs) -> None:
    """G1, C3"""
    one = await configs.create('a = "&{both:1}"\nb = &{one}\nk = "::{first}"\n', name="one")
    other = await configs.create('[x]\na = "&{both}"\nb = "&{other:2}"\nk = "::{second}"\n', name="other")
    made = await group(configs, one, other)
    response = await fetch(configs, made["id"], other="2")
    assert error(response) == (400, "missing_parameters")
    assert response.json()["details"] == {"parameters": ["both", "one"]}
    response = await fetch(configs, made["id"], both="b", one="7")
    assert error(response) == (400, "undefined_constants")
    assert response.json()["details"] == {"constants": ["first", "second"]}
    assert "last-modified" not in response.headers
    for constant in ("first", "second"):
        await configs.call("POST", "/api/constants", {"name": constant, "value": constant})
    response = await fetch(configs, made["id"], both="b", one="7")
    assert response.text == (
        '# Configuration: one\na = "b"\nb = 7\nk = "first"\n'
        '# Configuration: other\n[x]\na = "b"\nb = "2"\nk = "second"\n'
    )
    refused = await fetch(configs, made["id"], both="b", one="seven")
    assert error(refused) == (400, "invalid_parameter_value")


async def test_a_rename_is_shown_with_the_next_change(configs: Configs) -> None:
    """C2, G1: a rename must not make a fleet reload"""
    made = await configs.create(name="before")
    whole = await group(configs, made)
    first = await fetch(configs, whole["id"])
    await configs.change(made["id"], name="after")
    renamed = await fetch(configs, whole["id"])
    assert (renamed.text, renamed.headers["last-modified"]) == (first.text, first.headers["last-modified"])
    assert record(await configs.call("GET", f"/api/config-groups/{whole['id']}"))["configs"][0]["name"] == "after"
    await configs.change(made["id"], toml=TOML + "# 2\n")
    changed = await fetch(configs, whole["id"])
    assert changed.text == f"# Configuration: after\n{TOML}# 2\n"
    assert seconds(changed.headers["last-modified"]) > seconds(first.headers["last-modified"])


async def test_a_deleted_member_leaves_its_groups(configs: Configs) -> None:
    """V4, C2"""
    with clock.replaced(lambda: NOON):
        one, other = await configs.create(name="one"), await configs.create(name="other")
        whole, apart = await group(configs, one, other), await group(configs, one, name="apart")
        await configs.call("POST", f"/api/config-groups/{whole['id']}/aliases", {"alias": "whole"})
        assert (await configs.call("DELETE", f"/api/configs/{other['id']}")).status_code == 204
        response = await configs.api.http.get("/c/whole", headers=bearer(AGENT_TOKEN))
        assert response.text == f"# Configuration: one\n{TOML}"
        assert seconds(response.headers["last-modified"]) == int(NOON) + 1
        assert seconds((await fetch(configs, whole["id"])).headers["last-modified"]) == int(NOON) + 1
        assert seconds((await fetch(configs, apart["id"])).headers["last-modified"]) == int(NOON)
    shown = record(await configs.call("GET", "/api/config-groups/whole"))
    assert (shown["members"], shown["aliases"]) == ([one["id"]], ["whole"])


async def test_the_whole_text_is_checked(configs: Configs) -> None:
    """G1, Q1: with the member and the line in it"""
    one = await configs.create('[agent]\n  interval = "10s"\n', name="one")
    other = await configs.create('# x\n[agent]\n  interval = "20s"\n', name="other")
    stray = await configs.create("stray = 1\n", name="stray")
    made = await group(configs, one, other)
    problem = made["problems"][0]
    assert (problem["severity"], problem["code"], problem["line"]) == ("error", "invalid_toml", 6)
    assert (problem["configId"], problem["configLine"]) == (other["id"], 2)
    preview = record(await configs.call("GET", f"/api/config-groups/{made['id']}/preview"))
    assert preview["problems"] == made["problems"]
    assert preview["toml"].splitlines()[5] == "[agent]"
    changed = record(
        await configs.call("PATCH", f"/api/config-groups/{made['id']}", {"members": [one["id"], stray["id"]]})
    )
    found = [(found["code"], found["configId"], found["configLine"]) for found in changed["problems"]]
    assert found == [("key_in_foreign_table", stray["id"], 1)]
    changed = record(await configs.call("PATCH", f"/api/config-groups/{made['id']}", {"members": [one["id"]]}))
    assert changed["problems"] == []


async def test_groups_are_listed_changed_and_deleted(configs: Configs) -> None:
    """G1"""
    one = await configs.create()
    made = await group(configs, one, name="Linux base")
    await group(configs, name="other")
    listed = record(await configs.call("GET", "/api/config-groups?search=BASE"))
    assert [item["name"] for item in listed["items"]] == ["Linux base"]
    url = f"/api/config-groups/{made['id']}"
    taken = await configs.call("PATCH", url, {"name": "other"})
    assert error(taken) == (409, "config_group_name_conflict")
    assert error(await configs.call("POST", "/api/config-groups", {"name": "other"})) == (
        409,
        "config_group_name_conflict",
    )
    changed = record(await configs.call("PATCH", url, {"name": "new", "description": "d"}))
    assert (changed["name"], changed["description"], changed["members"]) == ("new", "d", [one["id"]])
    assert (await configs.call("DELETE", url)).status_code == 204
    assert error(await configs.call("GET", url)) == (404, "not_found")
    assert error(await fetch(configs, made["id"])) == (404, "not_found")
    assert (await configs.fetch(one["id"])).status_code == 200


@on_one_database
async def test_members_are_configurations_each_once(configs: Configs) -> None:
    """G1: no nesting"""
    one = await configs.create()
    made = await group(configs, one)
    for members in ([one["id"], one["id"]], [str(uuid4())], [made["id"]], ["web"], None):
        response = await configs.call("PATCH", f"/api/config-groups/{made['id']}", {"members": members})
        assert error(response) == (400, "validation_failed"), members


@on_one_database
async def test_a_held_token_brings_no_other_configuration_into_its_group(configs: Configs) -> None:
    """T11"""
    mine, other = await configs.create(name="mine"), await configs.create(name="other")
    made = await group(configs, mine)
    held = token_value("held")
    permissions = ["config-groups:read", "config-groups:write"]
    body = {"name": "held", "permissions": permissions, "rawToken": held, "configs": [made["id"]]}
    assert (await configs.call("POST", "/api/tokens", body)).status_code == 201
    url = f"/api/config-groups/{made['id']}"
    assert (await fetch(configs, made["id"], token=held)).status_code == 200
    assert (
        await configs.call("PATCH", url, {"description": "x", "members": [mine["id"]]}, who=held)
    ).status_code == 200
    refused = await configs.call("PATCH", url, {"members": [mine["id"], other["id"]]}, who=held)
    assert error(refused) == (400, "validation_failed")
    refused = await configs.call("POST", "/api/config-groups", {"name": "new"}, who=held)
    assert error(refused) == (403, "token_not_allowed_here")


@on_one_database
async def test_a_browser_is_served_the_same(configs: Configs) -> None:
    """C1"""
    made = await group(configs, await configs.create())
    url = f"/api/config-groups/{made['id']}/toml"
    by_token = await configs.api.http.get(url, headers=bearer(AGENT_TOKEN))
    by_session = await configs.api.http.get(url, headers=await browser_of(configs.api, MONA))
    assert (by_session.status_code, by_session.content) == (200, by_token.content)
    assert by_session.headers["last-modified"] == by_token.headers["last-modified"]


async def test_groups_and_constants_are_served_through_an_outage(own_postgres_server: PostgresServer) -> None:
    """C6"""
    async with node(own_postgres_server, Hours()) as (people, agents):
        await people.call("POST", "/api/constants", {"name": "site", "value": "Berlin"})
        made = await group(people, await people.create('a = "::{site}"\nb = "&{b:1}"\n'))
        await people.call("POST", f"/api/config-groups/{made['id']}/aliases", {"alias": "whole"})
        url = "/c/whole?b=2"
        before = await agents.api.http.get(url, headers=bearer(AGENT_TOKEN))
        assert before.text == '# Configuration: web\na = "Berlin"\nb = "2"\n'
        own_postgres_server.kill()
        during = await agents.api.http.get(url, headers=bearer(AGENT_TOKEN))
        assert (during.status_code, during.content) == (200, before.content)
        assert during.headers["last-modified"] == before.headers["last-modified"]
        assert during.headers["etag"] == before.headers["etag"]
        assert during.headers["warning"].startswith("110")
