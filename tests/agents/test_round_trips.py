"""How often a request goes to PostgreSQL and back: on a machine whose cores are busy, each time is two waits for one.

What no request can do without is the read of the counters that begins after it has arrived (T9).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from telegraf_controller.agents import fleet
from telegraf_controller.agents.fleet import Fleet
from telegraf_controller.agents.identity import agent_id_of
from telegraf_controller.db import idle
from tests.agents.support import given
from tests.cast import OLIVIA, READ_TOKEN, bearer
from tests.heartbeats.support import beat
from tests.support.api import Api, running_api
from tests.support.people import browser_of
from tests.support.round_trips import Spoken, counted

COUNTERS = "SELECT name, value FROM generations"


@dataclass(frozen=True)
class Counting:
    """A node with three agents, and what it says to its database."""

    api: Api
    spoken: Spoken

    async def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[Any, list[str]]:
        """Return the answer and the statements it took, each of them one round trip."""
        for _ in range(2):  # The first request prepares statements and opens connections.
            self.spoken.clear()
            answer = await self.api.http.get(path, headers=headers or bearer(READ_TOKEN))
            assert answer.status_code == 200, answer.text
        assert self.spoken.round_trips == len(self.spoken.statements), self.spoken
        return answer.json(), self.spoken.statements


@pytest.fixture
def database_kind() -> str:
    """SQLite is asked without leaving the process."""
    return "postgres"


@pytest.fixture
async def counting(migrated_database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Counting]:
    # Neither the time between two requests nor work in between is to count.
    monkeypatch.setattr(idle, "RESTED_SECONDS", 3600.0)
    monkeypatch.setattr(fleet, "LOOK_SECONDS", 3600.0)
    monkeypatch.setattr(fleet, "LEAST_REST_SECONDS", 3600.0)
    monkeypatch.setattr(fleet, "LONGEST_REST_SECONDS", 3600.0)
    async with counted(migrated_database_url) as (url, spoken), running_api(url) as api:
        await _fill(api)
        yield Counting(api, spoken)
        await api.app.state.fleet.close()


async def _fill(api: Api) -> None:
    """Store agents that show all that a record can show: labels, a configuration, a group and aliases."""

    async def made(path: str, body: dict[str, Any]) -> str:
        answer = await api.http.post(path, json=body, headers=api.cast.bearer("manager"))
        assert answer.status_code < 300, answer.text
        found: str = answer.json().get("id", "")
        return found

    config = await made("/api/configs", {"name": "web", "toml": "[agent]\n"})
    group = await made("/api/config-groups", {"name": "all", "members": [config]})
    await made(f"/api/configs/{config}/aliases", {"alias": "web-alias"})
    paths = (f"/api/configs/{config}/toml", f"/api/config-groups/{group}/toml", "/c/web-alias", "/c/nobodys")
    urls = [f"http://c{path}" for path in paths]
    await given(api, *(beat(f"web-{number}", status="OK", configurations=urls) for number in (1, 2, 3)))
    for name in ("red", "blue"):
        label = await made("/api/labels", {"name": name})
        put = await api.http.put(
            f"/api/agents/{agent_id_of('web-1')}/labels/{label}", headers=api.cast.bearer("manager")
        )
        assert put.status_code == 200, put.text


async def make_large(api: Api) -> None:
    """Let the fleet count as large, and wait until its columns are in memory."""
    large: Fleet = api.app.state.fleet
    large._exact_agents = 1
    await large.refresh()


def assert_complete(record: dict[str, Any]) -> None:
    assert [label["name"] for label in record["labels"]] == ["blue", "red"]
    assert [one["name"] or one["group"] for one in record["configs"]] == ["web", "all", "web", None]


@pytest.mark.parametrize("large", [False, True])
async def test_a_list_takes_three_round_trips_whatever_the_size_of_the_fleet(counting: Counting, large: bool) -> None:
    """A4, T9: the counters; the agents with their labels and number; what their URLs lead to."""
    if large:
        await make_large(counting.api)
    page, statements = await counting.get("/api/agents?limit=2")
    assert page["total"] == 3
    assert_complete(page["items"][0])
    assert statements[0] == COUNTERS
    assert len(statements) <= 3, statements


@pytest.mark.parametrize(("large", "most"), [(False, 2), (True, 1)])
async def test_a_summary_takes_the_counters_and_at_most_one_round_trip_more(
    counting: Counting, large: bool, most: int
) -> None:
    """A5, T9: in a large fleet the rest is in memory."""
    if large:
        await make_large(counting.api)
    summary, statements = await counting.get("/api/agents/summary")
    assert (summary["total"], summary["asOf"] is not None) == (3, large)
    assert statements[0] == COUNTERS
    assert len(statements) <= most, statements


async def test_an_agent_takes_three_round_trips(counting: Counting) -> None:
    """A1, T9"""
    record, statements = await counting.get(f"/api/agents/{agent_id_of('web-1')}")
    assert_complete(record)
    assert statements[0] == COUNTERS
    assert len(statements) <= 3, statements


async def test_a_browser_takes_one_round_trip_more(counting: Counting) -> None:
    """U11: each request looks whether its session is still there."""
    browser = await browser_of(counting.api, OLIVIA)
    _, statements = await counting.get("/api/agents", browser)
    assert " sessions.digest" in statements[1]
    assert len(statements) <= 4, statements


async def test_a_token_that_is_revoked_between_two_requests_is_refused(counting: Counting) -> None:
    """T9: saving round trips does not save this one."""
    await counting.get("/api/agents")
    tokens = (await counting.api.http.get("/api/tokens", headers=counting.api.cast.bearer("manager"))).json()["items"]
    read = next(token["id"] for token in tokens if token["name"] == "read")
    revoked = await counting.api.http.post(f"/api/tokens/{read}/revoke", headers=counting.api.cast.bearer("manager"))
    assert revoked.status_code == 200, revoked.text
    assert (await counting.api.http.get("/api/agents", headers=bearer(READ_TOKEN))).status_code == 401
