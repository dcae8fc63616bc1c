"""Aliases over HTTP: L1, and C2 where an alias moves."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.agents.tables import Agent, AgentReference
from tests.cast import AGENT_TOKEN, bearer, token_value
from tests.configs.steps import TOML, Configs, error, on_one_database, record, seconds

NOON = 1_790_000_000.25


async def name(configs: Configs, owner: dict[str, Any], alias: str, path: str = "configs") -> None:
    response = await configs.call("POST", f"/api/{path}/{owner['id']}/aliases", {"alias": alias})
    assert response.status_code == 201, response.text


async def group(configs: Configs, *members: dict[str, Any], name: str = "all") -> dict[str, Any]:
    body = {"name": name, "members": [member["id"] for member in members]}
    response = await configs.call("POST", "/api/config-groups", body)
    assert response.status_code == 201, response.text
    return record(response)


async def short(configs: Configs, alias: str, method: str = "GET", token: str = AGENT_TOKEN) -> Any:
    return await configs.api.http.request(method, f"/c/{alias}", headers=bearer(token))


async def test_an_alias_stands_wherever_an_id_does(configs: Configs) -> None:
    """L1, C1"""
    made = await configs.create()
    await name(configs, made, "web-base")
    assert (await short(configs, "web-base")).text == TOML
    assert (await configs.fetch("web-base")).text == TOML
    assert record(await configs.call("GET", "/api/configs/web-base"))["id"] == made["id"]
    changed = await configs.change("web-base", description="by alias")
    assert (changed["id"], changed["description"]) == (made["id"], "by alias")
    assert record(await configs.call("GET", "/api/configs/web-base/versions"))["total"] == 1
    listed = record(await configs.call("GET", "/api/configs/web-base/aliases"))
    assert [(item["alias"], item["configId"], item["agentCount"]) for item in listed["items"]] == [
        ("web-base", made["id"], 0)
    ]


@on_one_database
@pytest.mark.parametrize(
    "alias",
    [
        "", "ab", "a" * 64, "Web", "web_1", "-web", "web-", "w b", "bulk", "duplicate", "many", "w\u00e4b", "web\n",
        "0b0e7e0c-4b1f-4b39-9a35-9b0e3a1d9b11", "0b0e7e0c4b1f4b399a359b0e3a1d9b11",
    ],
)  # fmt: skip
async def test_what_is_no_alias_is_refused(configs: Configs, alias: str) -> None:
    """L1"""
    made = await configs.create()
    response = await configs.call("POST", f"/api/configs/{made['id']}/aliases", {"alias": alias})
    assert error(response) == (400, "validation_failed")


@on_one_database
@pytest.mark.parametrize("alias", ["abc", "0-9", "a" * 63, "web--base", "123"])
async def test_what_is_an_alias_is_taken(configs: Configs, alias: str) -> None:
    """L1"""
    await name(configs, await configs.create(), alias)
    assert (await short(configs, alias)).status_code == 200


async def test_a_taken_alias_is_refused_with_its_owner_and_its_agents(configs: Configs) -> None:
    """L1: one namespace over configurations and groups"""
    made = await configs.create()
    whole = await group(configs, made)
    await name(configs, whole, "base", "config-groups")
    async with configs.api.database.write() as session:
        await _agents_with(session, ["alias/base", "config/base"], ["group/base"], ["alias/other"])
    refused = await configs.call("POST", f"/api/configs/{made['id']}/aliases", {"alias": "base"})
    assert error(refused) == (409, "alias_conflict")
    details = refused.json()["details"]
    assert details["owner"] == {"type": "group", "id": whole["id"], "name": "all"}
    assert details["agentCount"] == 2
    listed = record(await configs.call("GET", f"/api/config-groups/{whole['id']}/aliases"))
    assert listed["items"][0]["agentCount"] == 2


async def _agents_with(session: AsyncSession, *references: list[str]) -> None:
    for number, of_agent in enumerate(references):
        agent = Agent(
            id=uuid4(),
            instance_id=f"agent-{number}",
            telegraf_build="",
            configurations=[],
            name_key="",
            search_text="",
            first_seen=clock.now(),
        )
        session.add(agent)
        await session.flush()
        session.add_all(AgentReference(agent_id=agent.id, reference=reference) for reference in of_agent)


async def test_a_transfer_moves_forward_whatever_the_targets_own_value(configs: Configs) -> None:
    """C2, L1: from a configuration to an older one, to a group and back, within one second"""
    with clock.replaced(lambda: NOON - 1000):
        old = await configs.create("[[inputs.old]]\n", name="old")
        whole = await group(configs, old)
    with clock.replaced(lambda: NOON):
        new = await configs.create("[[inputs.new]]\n", name="new")
        await name(configs, new, "base")
        seen = [seconds((await short(configs, "base", "HEAD")).headers["last-modified"])]
        for target in ({"configId": old["id"]}, {"groupId": whole["id"]}, {"configId": new["id"]}):
            assert (await configs.call("POST", "/api/aliases/base/transfer", target)).status_code == 200
            seen.append(seconds((await short(configs, "base", "HEAD")).headers["last-modified"]))
        await configs.call("POST", "/api/aliases/base/transfer", {"configId": new["id"]})
        await configs.change(new["id"], toml="[[inputs.newer]]\n")
        seen.append(seconds((await configs.fetch("base", method="HEAD")).headers["last-modified"]))
    assert seen == [int(NOON) + number for number in range(5)]
    assert seconds(await configs.last_modified(old["id"])) == int(NOON) - 1000


async def test_a_name_taken_anew_gives_no_old_value_out_again(configs: Configs) -> None:
    """C2, L1: given up, or gone with its owner, and taken again within one second"""
    with clock.replaced(lambda: NOON):
        one, other = await configs.create(name="one"), await configs.create("[[inputs.mem]]\n", name="other")
        await name(configs, one, "base")
        first = (await short(configs, "base")).headers["last-modified"]
        assert (await configs.call("DELETE", "/api/aliases/base")).status_code == 204
        gone = await short(configs, "base")
        assert error(gone) == (404, "not_found")
        assert "last-modified" not in gone.headers
        assert error(await configs.call("DELETE", "/api/aliases/base")) == (404, "not_found")
        assert error(await configs.call("GET", "/api/configs/base")) == (404, "not_found")
        await name(configs, one, "base")
        second = (await short(configs, "base")).headers["last-modified"]
        await configs.call("DELETE", f"/api/configs/{one['id']}")
        assert error(await short(configs, "base")) == (404, "not_found")
        await name(configs, other, "base")
        third = (await short(configs, "base")).headers["last-modified"]
    assert seconds(first) < seconds(second) < seconds(third)


@on_one_database
async def test_an_alias_of_a_group_needs_the_permission_for_groups(configs: Configs) -> None:
    """C1: at the short URL the permission is that of what the alias leads to"""
    made = await configs.create()
    await name(configs, await group(configs, made), "whole", "config-groups")
    await name(configs, made, "part")
    for permission, allowed in (("configs:read", "part"), ("config-groups:read", "whole")):
        value = token_value(permission)
        body = {"name": permission, "permissions": [permission], "rawToken": value}
        assert (await configs.call("POST", "/api/tokens", body)).status_code == 201
        for alias in ("part", "whole"):
            response = await short(configs, alias, token=value)
            assert response.status_code == (200 if alias == allowed else 403)
            assert ("last-modified" in response.headers) == (alias == allowed)


@on_one_database
async def test_only_who_may_change_groups_moves_an_alias_from_or_to_one(configs: Configs) -> None:
    """L1, P1"""
    made = await configs.create()
    whole = await group(configs, made)
    await name(configs, whole, "whole", "config-groups")
    await name(configs, made, "part")
    writer = token_value("writer")
    body = {"name": "w", "permissions": ["configs:read", "configs:write", "config-groups:read"], "rawToken": writer}
    await configs.call("POST", "/api/tokens", body)
    for method, url, change in (
        ("POST", "/api/aliases/whole/transfer", {"configId": made["id"]}),
        ("POST", "/api/aliases/part/transfer", {"groupId": whole["id"]}),
        ("DELETE", "/api/aliases/whole", None),
    ):
        assert error(await configs.call(method, url, change, who=writer)) == (403, "insufficient_permissions")
    assert (await configs.call("DELETE", "/api/aliases/part", who=writer)).status_code == 204


@on_one_database
async def test_a_token_can_be_held_to_aliases(configs: Configs) -> None:
    """T11: it reads what the alias leads to, under each of its names"""
    mine, other = await configs.create(name="mine"), await configs.create(name="other")
    whole = await group(configs, other)
    await name(configs, mine, "mine")
    body = {
        "name": "held",
        "permissions": ["configs:read", "configs:write", "config-groups:read"],
        "rawToken": (held := token_value("held")),
        "configs": ["mine"],
    }
    assert (await configs.call("POST", "/api/tokens", body)).status_code == 201
    for key in ("mine", mine["id"]):
        assert (await configs.fetch(key, token=held)).status_code == 200
        assert (await configs.call("GET", f"/api/configs/{key}", who=held)).status_code == 200
    listed = record(await configs.call("GET", "/api/configs", who=held))
    assert [item["id"] for item in listed["items"]] == [mine["id"]]
    assert record(await configs.call("GET", "/api/config-groups", who=held))["total"] == 0
    for response in (
        await configs.fetch(other["id"], token=held),
        await configs.call("GET", f"/api/config-groups/{whole['id']}", who=held),
        await configs.call("POST", "/api/aliases/mine/transfer", {"configId": other["id"]}, who=held),
    ):
        assert error(response) == (403, "token_not_allowed_here")
    await configs.call("POST", "/api/aliases/mine/transfer", {"configId": other["id"]})
    assert (await configs.fetch(mine["id"], token=held)).status_code == 403
    assert (await configs.fetch(other["id"], token=held)).status_code == 200


@on_one_database
@pytest.mark.parametrize("body", [{}, {"configId": None}, {"configId": "x"}, {"alias": "x"}])
async def test_a_transfer_needs_one_target(configs: Configs, body: dict[str, Any]) -> None:
    """L1"""
    await name(configs, await configs.create(), "base")
    assert error(await configs.call("POST", "/api/aliases/base/transfer", body)) == (400, "validation_failed")
