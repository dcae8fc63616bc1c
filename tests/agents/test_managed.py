"""What agents run, as far as it is stored here: A3, A4, and the counts of L1, V1 and G1."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from telegraf_controller.agents.identity import agent_id_of
from telegraf_controller.agents.schemas import AgentRecord
from telegraf_controller.web.schemas import Page
from tests.agents.support import given, listed, read
from tests.cast import READ_TOKEN, bearer
from tests.heartbeats.support import NOON_MS, beat
from tests.support.api import Api, running_api

HOST = "https://elsewhere.example:8443/prefix"


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


@dataclass(frozen=True)
class Stored:
    """A configuration `web` with the alias `web-alias`, and a group `all` of it with the alias `all-alias`."""

    config: str
    group: str


@pytest.fixture
async def stored(api: Api) -> Stored:
    config = (await call(api, "POST", "/api/configs", {"name": "web", "toml": "[agent]\n"}))["id"]
    group = (await call(api, "POST", "/api/config-groups", {"name": "all", "members": [config]}))["id"]
    await call(api, "POST", f"/api/configs/{config}/aliases", {"alias": "web-alias"})
    await call(api, "POST", f"/api/config-groups/{group}/aliases", {"alias": "all-alias"})
    return Stored(config, group)


async def call(api: Api, method: str, path: str, body: object = None) -> Any:
    answer = await api.http.request(method, path, json=body, headers=api.cast.bearer("manager"))
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


async def shown(api: Api, instance_id: str = "web-1", **headers: str) -> list[tuple[Any, ...]]:
    """Return what a record says of each configuration: managed, name, group, alias."""
    return [
        (config["managed"], config["name"], config["group"], config["alias"])
        for config in (await read(api, instance_id, **headers))["configs"]
    ]


async def test_a_url_shows_what_it_leads_to_and_the_alias_it_goes_by(api: Api, stored: Stored) -> None:
    """A3"""
    urls = [
        f"{HOST}/api/configs/{stored.config}/toml?site=a",
        f"{HOST}/api/configs/web-alias/toml",
        f"{HOST}/c/web-alias",
        f"{HOST}/api/config-groups/{stored.group}/toml",
        f"{HOST}/c/all-alias?site=b",
        # An alias leads to what it names under either path (L1).
        f"{HOST}/api/configs/all-alias/toml",
        f"{HOST}/c/{stored.config}",
        f"{HOST}/api/config-groups/{stored.config}/toml",
        f"{HOST}/c/nobodys",
        "/etc/telegraf/telegraf.conf",
    ]
    await given(api, beat("web-1", configurations=urls))
    assert await shown(api) == [
        (True, "web", None, None),
        (True, "web", None, "web-alias"),
        (True, "web", None, "web-alias"),
        (True, None, "all", None),
        (True, None, "all", "all-alias"),
        (True, None, "all", "all-alias"),
        *[(False, None, None, None)] * 4,
    ]
    configs = (await read(api, "web-1"))["configs"]
    assert [config["source"] for config in configs] == urls
    assert (configs[1]["id"], configs[1]["groupId"]) == (stored.config, None)
    assert (configs[4]["id"], configs[4]["groupId"], configs[4]["parameters"]) == (None, stored.group, {"site": "b"})


@pytest.mark.parametrize("large", [False, True])
async def test_a_page_is_written_as_its_model_would_be(api: Api, stored: Stored, large: bool) -> None:
    """A1, A4: pages are written without models; byte for byte they are what the documented ones would give."""
    urls = [
        f"{HOST}/c/all-alias",
        f"{HOST}/api/configs/{stored.config}/toml?a=%00%22&b=\u2028",
        "/etc/t\u00e9legraf.conf",
    ]
    urls += [f"{HOST}/c/web-alias?a=", f"{HOST}/c/nobodys", f"{HOST}/api/config-groups/{stored.group}/toml"]
    counts = {"errors": 0, "warnings": 2, "metrics": 2**53}
    name = '\u00fc "\\\u007f\u0001</script>'
    full = beat("web-1", hostname=name, status="FAIL", configurations=urls, statistics=counts)
    await given(api, full, beat("web-2", hostname="", version="unknown", at_ms=NOON_MS + 7))
    for name in ("red", "Blue", "gr\u00fcn"):
        label = (await call(api, "POST", "/api/labels", {"name": name}))["id"]
        await call(api, "PUT", f"/api/agents/{agent_id_of('web-1')}/labels/{label}")
    if large:
        api.app.state.fleet._exact_agents = 1
        await api.app.state.fleet.refresh()
    answer = await api.http.get("/api/agents?sortBy=lastSeen&limit=7", headers=bearer(READ_TOKEN))
    assert answer.headers["content-type"] == "application/json"
    assert ("as-of" in answer.headers) == large
    page = Page[AgentRecord].model_validate_json(answer.content)
    assert page.model_dump_json(by_alias=True) == answer.text
    assert [len(item.labels) for item in page.items] == [3, 0]
    assert [config.managed for config in page.items[0].configs] == [True, True, False, True, False, True]
    for item in page.items:
        one = await api.http.get(f"/api/agents/{item.id}", headers=bearer(READ_TOKEN))
        assert one.text in answer.text
    await api.app.state.fleet.close()


async def test_an_alias_is_resolved_when_it_is_read(api: Api, stored: Stored) -> None:
    """A3: it may move while agents run."""
    await given(api, beat("web-1", configurations=[f"{HOST}/c/web-alias"]))
    assert await shown(api) == [(True, "web", None, "web-alias")]
    await call(api, "POST", "/api/aliases/web-alias/transfer", {"groupId": stored.group})
    assert await shown(api) == [(True, None, "all", "web-alias")]
    assert await listed(api, config=stored.config) == []
    assert await listed(api, group=stored.group) == await listed(api, alias="web-alias") == ["web-1"]
    await call(api, "DELETE", "/api/aliases/web-alias?acceptImpact=true")
    assert await shown(api) == [(False, None, None, None)]
    assert await listed(api, alias="web-alias") == []


async def test_lists_and_counts_agree(api: Api, stored: Stored) -> None:
    """A3, A4: whatever name an agent comes by, and each agent once."""
    await given(
        api,
        beat("by-id", configurations=[f"{HOST}/api/configs/{stored.config}/toml"]),
        beat("by-alias", configurations=[f"{HOST}/c/web-alias"]),
        beat("by-both", configurations=[f"{HOST}/c/web-alias", f"{HOST}/api/configs/{stored.config}/toml?site=a"]),
        beat("by-group", configurations=[f"{HOST}/api/config-groups/{stored.group}/toml"]),
        beat("by-alias-of-group", configurations=[f"{HOST}/api/config-groups/all-alias/toml"]),
        beat("by-wrong-path", configurations=[f"{HOST}/api/config-groups/{stored.config}/toml"]),
        beat("by-none"),
    )
    of_config = ["by-alias", "by-both", "by-id"]
    of_group = ["by-alias-of-group", "by-group"]
    for key in (stored.config, stored.config.upper(), "web-alias"):
        assert sorted(await listed(api, config=key)) == of_config
    for key in (stored.group, "all-alias"):
        assert sorted(await listed(api, group=key)) == of_group
    assert sorted(await listed(api, alias="web-alias")) == ["by-alias", "by-both"]
    assert await listed(api, alias="all-alias") == ["by-alias-of-group"]
    assert await listed(api, config=stored.config, group=stored.group) == []
    assert await listed(api, group=stored.config) == await listed(api, config="all-alias") == []
    assert await listed(api, config=str(uuid4())) == await listed(api, alias="nobodys") == []
    assert (await call(api, "GET", f"/api/configs/{stored.config}"))["agentCount"] == 3
    assert (await call(api, "GET", f"/api/config-groups/{stored.group}"))["agentCount"] == 2
    for path in (f"configs/{stored.config}", f"config-groups/{stored.group}"):
        (alias,) = (await call(api, "GET", f"/api/{path}/aliases"))["items"]
        assert alias["agentCount"] == len(await listed(api, alias=alias["alias"]))
    summary = await api.http.get(f"/api/agents/summary?config={stored.config}", headers=api.cast.bearer("manager"))
    assert summary.json()["total"] == 3


async def test_a_token_held_to_others_learns_no_names(api: Api, stored: Stored) -> None:
    """T11"""
    other = (await call(api, "POST", "/api/configs", {"name": "other", "toml": "[agent]\n"}))["id"]
    body = {"name": "held", "permissions": ["agents:read", "configs:read"], "configs": [other]}
    headers = bearer((await call(api, "POST", "/api/tokens", body))["token"])
    urls = [f"{HOST}/c/web-alias", f"{HOST}/c/all-alias", f"{HOST}/api/configs/{other}/toml"]
    await given(api, beat("web-1", configurations=urls))
    assert await shown(api, **headers) == [(False, None, None, None)] * 2 + [(True, "other", None, None)]
    assert await listed(api, headers=headers, config=other) == ["web-1"]
    for query in (f"config={stored.config}", "config=web-alias", "group=all-alias", "alias=web-alias", "alias=none"):
        answer = await api.http.get(f"/api/agents?{query}", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (403, "token_not_allowed_here"), query
