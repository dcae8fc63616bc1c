"""A small fleet with awkward URLs, and what every change of what is served does to it: for the tests of V7."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import text, update

from telegraf_controller.agents.identity import agent_id_of
from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.agents.tables import AgentLiveness
from tests.cast import AGENT_TOKEN, bearer
from tests.heartbeats.support import beat, open_store
from tests.support.api import Api

LINES = (
    'k = "&{a}"', "k = '&{a}'", "k = &{a}", "k = &{a:7}", 'k = "&{b:x}"', "k = '&{b:x}'", "k = 1&{a}",
    "k = &{a:1}&{b:2}", '"k&{a:k}" = 1', 'k = """&{a:}"""', 'k = "::{c}"', "k = '::{c}&{b:x}'", 'k = "::{d}&{a:x}"',
    "k = ::{d}", "k = ::{d}&{a:1}", "k = -&{b:5}", "k = 1", "# &{z} ::{z}",
)  # fmt: skip
"""Every kind of place, with and without a default, alone and beside others; `k` is made a key of its own."""

CONSTANTS = ("v", "1", "", "it's", "\\", "x", "# y")
VALUES = ("1", "x", "", "it%27s", "%FF", "a%0Ab", "8080", "1.5", "-3", "z&a=2", "%C3%A4")
PATHS = ("/c/{}", "/api/configs/{}/toml", "/api/config-groups/{}/toml")
OPERATIONS = ("save", "save", "roll_back", "define", "define", "regroup", "transfer", "give_up", "ungroup")

TEXTS = st.lists(st.sampled_from(LINES), min_size=0, max_size=3).map(
    lambda lines: "[[inputs.x]]\n" + "".join(f"{line.replace('k', f'k{n}', 1)}\n" for n, line in enumerate(lines))
)
QUERIES = st.lists(st.tuples(st.sampled_from("aabz"), st.sampled_from(VALUES)), max_size=3).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)
AGENTS = st.lists(
    st.tuples(st.lists(st.tuples(st.integers(0, 11), QUERIES), min_size=1, max_size=2), st.booleans()),
    min_size=4,
    max_size=8,
)
STEPS = st.lists(
    st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 11), TEXTS, st.sampled_from(CONSTANTS)),
    min_size=3,
    max_size=6,
)
unique = count(1)


@dataclass
class FleetAgent:
    """An agent: where it fetches from, and whether it has fallen silent."""

    name: str
    urls: list[str]
    silent: bool


@dataclass
class World:
    """Two configurations, two constants, a group, two aliases, and agents that come to all of them."""

    api: Api
    prefix: str = field(default_factory=lambda: f"i{next(unique)}")
    configs: list[str] = field(default_factory=list)
    group: str | None = None
    aliases: list[str] = field(default_factory=list)
    agents: list[FleetAgent] = field(default_factory=list)

    async def call(self, method: str, url: str, body: object = None, *, who: str = "manager") -> tuple[int, Any]:
        """Send a request as somebody; return the status and what the answer says."""
        response = await self.api.http.request(method, url, json=body, headers=self.api.cast.bearer(who))
        return response.status_code, response.json() if response.content else None

    async def make(self, method: str, url: str, body: object) -> Any:
        """Do what has to succeed."""
        status, answer = await self.call(method, url, body)
        assert status in (200, 201), answer
        return answer

    async def begin(self, texts: Sequence[str], agents: Sequence[tuple[Sequence[tuple[int, str]], bool]]) -> None:
        """Make everything."""
        for name in "cd":
            await self.make("POST", "/api/constants", {"name": self.prefix + name, "value": "1"})
        for number, toml in enumerate(texts):
            body = {"name": f"{self.prefix} {number}", "toml": self.own(toml)}
            self.configs.append((await self.make("POST", "/api/configs", body))["id"])
        members = {"name": self.prefix, "members": self.configs}
        self.group = (await self.make("POST", "/api/config-groups", members))["id"]
        for alias, owner in (
            (f"{self.prefix}-a", f"configs/{self.configs[0]}"),
            (f"{self.prefix}-b", f"config-groups/{self.group}"),
        ):
            await self.make("POST", f"/api/{owner}/aliases", {"alias": alias})
            self.aliases.append(alias)
        places = [
            *(f"/api/configs/{config_id}/toml" for config_id in self.configs),
            f"/api/config-groups/{self.group}/toml",
            *(path.format(alias) for alias in self.aliases for path in PATHS),
            f"/c/{self.prefix}-nobody",
        ]
        for number, (urls, silent) in enumerate(agents):
            listed = [f"{places[place % len(places)]}?{query}" for place, query in urls]
            self.agents.append(FleetAgent(f"{self.prefix}-{number}", listed, silent))
        await report(self.api, self.agents)

    def own(self, toml: str) -> str:
        """A text with the constants of this world."""
        return toml.replace("::{c}", f"::{{{self.prefix}c}}").replace("::{d}", f"::{{{self.prefix}d}}")

    async def fetched(self) -> dict[str, tuple[bool, str | None]]:
        """What every URL answers: whether it is served, and its `Last-Modified`."""
        answers: dict[str, tuple[bool, str | None]] = {}
        for url in {url for agent in self.agents for url in agent.urls}:
            answer = await self.api.http.get(url, headers=bearer(AGENT_TOKEN))
            answers[url] = answer.status_code == 200, answer.headers.get("last-modified")
        return answers

    async def take(self, operation: str, number: int, toml: str, value: str) -> None:
        """Ask what a change means, make it, and compare with what really happened to every agent."""
        asked = self.request(operation, number, toml, value)
        if asked is None:
            return
        question, body, method, url = asked
        before = await self.fetched()
        status, impact = await self.call("POST", question, body)
        if status == 404 and "/aliases/" in question:
            # It went away together with the group that it led to.
            return
        assert status == 200, impact
        sent = None if method == "DELETE" else {key: value for key, value in body.items() if key != "version"}
        status, refused = await self.call(method, url, sent)
        if status == 409 and refused["error"] == "version_is_current":
            return
        assert (status == 409) == (impact["wouldFail"] > 0), (impact, refused)
        if status == 409:
            assert refused["error"] == "agents_would_fail"
            assert refused["details"] == {key: found for key, found in impact.items() if key != "wouldReload"}
            assert await self.fetched() == before
            accepting = f"{url}?acceptImpact=true" if method == "DELETE" else url
            status, _ = await self.call(method, accepting, None if sent is None else {**sent, "acceptImpact": True})
        assert status in (200, 204)
        self.compare(impact, before, await self.fetched())

    def compare(self, impact: Any, before: dict[str, Any], after: dict[str, Any]) -> None:
        """The agents that the impact names are exactly those whose GET turned from 200 to an error."""
        failed = {
            agent.name: not agent.silent
            for agent in self.agents
            if any(before[url][0] and not after[url][0] for url in agent.urls)
        }
        moved = [
            agent.name
            for agent in self.agents
            if not agent.silent and any(after[url][0] and after[url] != before[url] for url in agent.urls)
        ]
        assert {example["instanceId"]: example["reporting"] for example in impact["examples"]} == failed
        counts = list(failed.values())
        assert (impact["wouldFail"], impact["wouldFailNotReporting"]) == (counts.count(True), counts.count(False))
        assert impact["wouldReload"] == len(moved)

    def request(self, operation: str, number: int, toml: str, value: str) -> tuple[str, Any, str, str] | None:
        """`(where to ask, body, method, URL)` of a change; None where there is nothing to change any more."""
        config = f"/api/configs/{self.configs[number % 2]}"
        group, alias = (
            f"/api/config-groups/{self.group}",
            self.aliases[number % len(self.aliases)] if self.aliases else "",
        )
        match operation:
            case "save":
                return f"{config}/impact", {"toml": self.own(toml)}, "PATCH", config
            case "roll_back":
                return f"{config}/impact", {"version": 1}, "POST", f"{config}/versions/1/rollback"
            case "define":
                constant = f"/api/constants/{self.prefix}{'cd'[number % 2]}"
                return f"{constant}/impact", {"value": value}, "PATCH", constant
            case "regroup" if self.group is not None:
                members = [self.configs, self.configs[:1], self.configs[1:], [], self.configs[::-1]][number % 5]
                return f"{group}/impact", {"members": members}, "PATCH", group
            case "transfer" if alias:
                owners = [{"configId": config_id} for config_id in self.configs]
                owners += [] if self.group is None else [{"groupId": self.group}]
                target = f"/api/aliases/{alias}"
                return f"{target}/impact", owners[number % len(owners)], "POST", f"{target}/transfer"
            case "give_up" if alias and number % 3 == 0:
                self.aliases.remove(alias)
                return f"/api/aliases/{alias}/impact", {}, "DELETE", f"/api/aliases/{alias}"
            case "ungroup" if self.group is not None and number % 3 == 0:
                self.group = None
                return f"{group}/impact", {"members": None}, "DELETE", group
        return None


async def report(api: Api, agents: Sequence[FleetAgent]) -> None:
    """Store a heartbeat of each agent, and let some fall silent."""
    store = open_store(api.database)
    async with api.database.read() as session:
        generation = await session.scalar(text("SELECT value FROM generations WHERE name = 'access'"))
    beats = [beat(agent.name, configurations=[f"http://c{url}" for url in agent.urls]) for agent in agents]
    await store.write(beats, generation)
    await store.close()
    silent = [agent_id_of(agent.name) for agent in agents if agent.silent]
    async with api.database.write() as session:
        fallen = update(AgentLiveness).where(AgentLiveness.agent_id.in_(silent))
        await session.execute(fallen.values(status=AgentStatus.NOT_REPORTING.value))
