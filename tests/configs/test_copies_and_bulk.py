"""Duplicating configurations, and deleting many: V4."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

from telegraf_controller.agents.identity import agent_id_of
from telegraf_controller.reporting.sweep import sweep
from tests.agents.support import given
from tests.cast import bearer
from tests.configs.steps import TOML, Configs, error, record
from tests.heartbeats.support import NOON, beat
from tests.support.people import audit_trail


async def duplicate(configs: Configs, config_id: str) -> dict[str, object]:
    response = await configs.call("POST", f"/api/configs/{config_id}/duplicate")
    assert response.status_code == 201, response.text
    made = record(response)
    assert response.headers["location"] == f"/api/configs/{made['id']}"
    return made


async def test_a_copy_is_a_configuration_of_its_own(configs: Configs) -> None:
    """V4"""
    label = record(await configs.call("POST", "/api/labels", {"name": "web"}))
    made = await configs.create(name="web", description="all", editorMode="builder", labelIds=[label["id"]])
    await configs.change(made["id"], toml=TOML + "# 2\n")
    await configs.call("POST", f"/api/configs/{made['id']}/aliases", {"alias": "the-web"})
    copy = await duplicate(configs, "the-web")
    assert copy["id"] != made["id"]
    assert [copy[key] for key in ("name", "description", "editorMode", "toml", "currentVersion", "aliases")] == [
        "web (copy)",
        "all",
        "builder",
        TOML + "# 2\n",
        1,
        [],
    ]
    assert copy["labels"] == [{"id": label["id"], "name": "web", "color": label["color"]}]
    version = record(await configs.call("GET", f"/api/configs/{copy['id']}/versions/1"))
    assert version["note"] == "Copy of web, version 2"
    await configs.change(str(copy["id"]), toml=TOML)
    assert (await configs.fetch(made["id"])).text == TOML + "# 2\n"


async def test_copies_are_numbered_also_when_made_at_once(configs: Configs) -> None:
    """V4"""
    made = await configs.create(name="web")
    copies = await asyncio.gather(*(duplicate(configs, made["id"]) for _ in range(3)))
    assert sorted(str(copy["name"]) for copy in copies) == ["web (copy 2)", "web (copy 3)", "web (copy)"]
    assert (await duplicate(configs, str(copies[0]["id"])))["name"] == f"{copies[0]['name']} (copy)"


async def test_the_name_of_a_copy_is_cut_to_fit(configs: Configs) -> None:
    """V4, V1"""
    made = await configs.create(name="x" * 100)
    assert (await duplicate(configs, made["id"]))["name"] == "x" * 93 + " (copy)"
    assert (await duplicate(configs, made["id"]))["name"] == "x" * 91 + " (copy 2)"


async def test_a_token_held_to_one_configuration_makes_no_copy(configs: Configs) -> None:
    """T11"""
    made = await configs.create()
    body = {"name": "held", "permissions": ["configs:read", "configs:write"], "configs": [made["id"]]}
    held = bearer((await configs.call("POST", "/api/tokens", body)).json()["token"])
    response = await configs.api.http.post(f"/api/configs/{made['id']}/duplicate", headers=held)
    assert error(response) == (403, "token_not_allowed_here")


async def test_a_configuration_that_reporting_agents_use_stays(configs: Configs) -> None:
    """V4"""
    by_id, by_alias, free = [(await configs.create(name=name))["id"] for name in ("by id", "by alias", "free")]
    await configs.call("POST", f"/api/configs/{by_alias}/aliases", {"alias": "the-web"})
    await given(
        configs.api,
        beat("web-1", configurations=[f"http://c/api/configs/{by_id}/toml"]),
        beat("web-2", configurations=[f"http://c/api/configs/{by_id}/toml"]),
        beat("web-3", configurations=["http://c/c/the-web"]),
    )
    response = await configs.call("DELETE", f"/api/configs/{by_id}")
    assert error(response) == (409, "config_in_use")
    assert response.json()["details"] == {"agentCount": 2}
    missing = str(uuid4())
    body = {"ids": [by_id, by_alias, free, missing, free]}
    answer = record(await configs.call("POST", "/api/configs/bulk/delete", body))
    assert {result["id"]: result["error"] for result in answer["results"]} == {
        by_id: "config_in_use",
        by_alias: "config_in_use",
        free: None,
        missing: "not_found",
    }
    assert (answer["succeeded"], answer["failed"]) == (1, 3)
    assert error(await configs.fetch(free)) == (404, "not_found")
    assert (await configs.fetch(by_id)).status_code == 200
    deleted = [entry.target_name for entry in await audit_trail(configs.api.database) if "delete" in entry.action]
    assert deleted == ["free"]
    assert (await configs.call("DELETE", f"/api/agents/{agent_id_of('web-3')}")).status_code == 204
    assert (await configs.call("DELETE", f"/api/configs/{by_alias}")).status_code == 204


async def test_agents_that_fell_silent_hold_nothing_back(configs: Configs) -> None:
    """V4"""
    made = await configs.create()
    agent = beat("web-1", status="OK", configurations=[f"http://c/api/configs/{made['id']}/toml"])
    await given(configs.api, agent)
    assert record(await configs.call("GET", f"/api/configs/{made['id']}"))["agentCount"] == 1
    assert error(await configs.call("DELETE", f"/api/configs/{made['id']}")) == (409, "config_in_use")
    await sweep(configs.api.database, NOON + timedelta(days=1))
    assert (await configs.call("DELETE", f"/api/configs/{made['id']}")).status_code == 204
