"""In whatever order things are done, `Last-Modified` moves exactly when served bytes can differ, and only forward (C2).

A model knows which text each URL must serve. After every operation all URLs are fetched, by GET and by HEAD, and
compared with the model and with what they answered before. On PostgreSQL two nodes take turns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from telegraf_controller import clock
from telegraf_controller.app import ROUTERS
from tests.cast import AGENT_TOKEN, Cast, bearer
from tests.configs.steps import seconds
from tests.support.api import Api, running_api

OPERATIONS = (
    "create", "save", "bring_back", "roll_back", "rename", "describe", "delete", "define", "undefine", "group",
    "regroup", "rename_group", "ungroup", "alias", "transfer", "give_up", "same_again",
)  # fmt: skip
CLOCK_STEPS = (0.0, 0.0, 0.3, 1.0, 7.0, -100.0)
NOON = 1_790_000_000.25

Step = tuple[str, int, int, int, float]
STEPS = st.lists(
    st.tuples(st.sampled_from(OPERATIONS), *[st.integers(0, 11)] * 3, st.sampled_from(CLOCK_STEPS)),
    min_size=10,
    max_size=25,
)
ROLLS_BACK = any("rollback" in getattr(route, "path", "") for router in ROUTERS for route in router.routes)
unique = count(1)


@dataclass
class Config:
    """A configuration: each version's text, by number from 1, made of lines and the constants that they use."""

    id: str
    name: str
    texts: list[str]


@dataclass
class Group:
    """A group, its members and the names above their texts."""

    id: str
    members: list[Config]
    headings: list[str]


@dataclass
class Seen:
    """What a URL answered last, and the highest value of its header so far."""

    text: str | None
    header: str | None
    tag: str | None
    highest: int


@dataclass
class World:
    """One run: what the model knows, and the nodes that must agree with it."""

    nodes: list[Api]
    prefix: str = field(default_factory=lambda: f"w{next(unique)}")
    now: float = NOON
    configs: list[Config] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    aliases: dict[str, Config | Group] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    turn: int = 0

    def node(self) -> Api:
        """The next node: what one is told, the other is asked."""
        self.turn += 1
        return self.nodes[self.turn % len(self.nodes)]

    async def call(self, method: str, url: str, body: object = None, *, expect: int) -> Any:
        """Change something as a manager does."""
        node = self.node()
        with clock.replaced(lambda: self.now):
            response = await node.http.request(method, url, json=body, headers=node.cast.bearer("manager"))
        assert response.status_code == expect, response.text
        return response.json() if response.content else None

    def constant(self, number: int) -> str:
        return f"{self.prefix}_c{number % 3}"

    def new_text(self, number: int) -> str:
        end = ("\n", "", " # no end", "\r\n")[number % 4]
        uses = f'\na = "::{{{self.constant(number)}}}"' if number % 3 else ""
        return f"{chr(0xFEFF) if number % 5 == 4 else ''}[[inputs.n{next(unique)}]]{uses}{end}"

    def text_of(self, config: Config) -> str | None:
        """What a configuration serves: None when a constant is not defined."""
        text = config.texts[-1]
        for name, value in self.constants.items():
            text = text.replace(f"::{{{name}}}", value)
        return None if "::{" in text else text

    def text_at(self, owner: Config | Group) -> str | None:
        if isinstance(owner, Config):
            return self.text_of(owner)
        texts = [self.text_of(member) for member in owner.members]
        whole = ""
        for heading, text in zip(owner.headings, texts, strict=True):
            if text is None:
                return None
            text = text.removeprefix(chr(0xFEFF))
            whole += f"# Configuration: {heading}\n{text}" + ("" if text.endswith("\n") else "\n")
        return whole

    def moved(self, *configs: Config) -> None:
        """The headings of groups whose text changed become today's names."""
        for group in self.groups:
            if any(config in group.members for config in configs):
                group.headings = [member.name for member in group.members]

    def urls(self) -> dict[str, str | None]:
        """Every URL there is or was, with the text that it must serve."""
        urls: dict[str, str | None] = dict.fromkeys(self.seen)
        urls |= {f"/api/configs/{config.id}/toml": self.text_of(config) for config in self.configs}
        urls |= {f"/api/config-groups/{group.id}/toml": self.text_at(group) for group in self.groups}
        for alias, owner in self.aliases.items():
            for url in (f"/c/{alias}", f"/api/configs/{alias}/toml", f"/api/config-groups/{alias}/toml"):
                urls[url] = self.text_at(owner)
        return urls

    async def check(self) -> None:
        """Hold every URL to the model, and to what it answered before."""
        for url, text in self.urls().items():
            node = self.node()
            got = await node.http.get(url, headers=bearer(AGENT_TOKEN))
            head = await node.http.head(url, headers=bearer(AGENT_TOKEN))
            assert head.status_code == got.status_code
            assert _comparable(head) == _comparable(got)
            header, tag = got.headers.get("last-modified"), got.headers.get("etag")
            before = self.seen.get(url, Seen(None, None, None, 0))
            if text is None:
                assert got.status_code in (400, 404), url
                assert header is tag is None
                self.seen[url] = Seen(None, None, None, before.highest)
                continue
            assert (got.status_code, got.text) == (200, text), url
            if before.text == text:
                assert (header, tag) == (before.header, before.tag), f"{url} moved, though its text did not"
            else:
                assert seconds(header) > before.highest, f"{url} did not move forward"
                assert tag != before.tag
            self.seen[url] = Seen(text, header, tag, seconds(header))

    # Each operation takes three numbers, which choose among what there is.

    async def create(self, a: int, b: int, c: int) -> None:
        if len(self.configs) >= 4:
            return
        name, text = f"{self.prefix} {next(unique)}", self.new_text(a)
        made = await self.call("POST", "/api/configs", {"name": name, "toml": text}, expect=201)
        self.configs.append(Config(made["id"], name, [text]))

    async def save(self, a: int, b: int, c: int, text: str | None = None) -> None:
        config = self.configs[a % len(self.configs)]
        text = self.new_text(b) if text is None else text
        await self.call("PATCH", f"/api/configs/{config.id}", {"toml": text}, expect=200)
        if text != config.texts[-1]:
            config.texts.append(text)
            self.moved(config)

    async def bring_back(self, a: int, b: int, c: int) -> None:
        texts = self.configs[a % len(self.configs)].texts
        await self.save(a, b, c, texts[b % len(texts)])

    async def roll_back(self, a: int, b: int, c: int) -> None:
        config = self.configs[a % len(self.configs)]
        if ROLLS_BACK and config.texts[0] != config.texts[-1]:
            await self.call("POST", f"/api/configs/{config.id}/versions/1/rollback", {}, expect=200)
            config.texts.append(config.texts[0])
            self.moved(config)

    async def same_again(self, a: int, b: int, c: int) -> None:
        await self.save(a, b, c, self.configs[a % len(self.configs)].texts[-1])
        if self.constants:
            name = sorted(self.constants)[b % len(self.constants)]
            await self.call("PATCH", f"/api/constants/{name}", {"value": self.constants[name]}, expect=200)
        if self.groups:
            group = self.groups[c % len(self.groups)]
            ids = [member.id for member in group.members]
            await self.call("PATCH", f"/api/config-groups/{group.id}", {"members": ids}, expect=200)

    async def rename(self, a: int, b: int, c: int) -> None:
        config = self.configs[a % len(self.configs)]
        config.name = f"{self.prefix} {next(unique)}"
        await self.call("PATCH", f"/api/configs/{config.id}", {"name": config.name}, expect=200)

    async def describe(self, a: int, b: int, c: int) -> None:
        config = self.configs[a % len(self.configs)]
        await self.call("PATCH", f"/api/configs/{config.id}", {"description": str(next(unique))}, expect=200)

    async def delete(self, a: int, b: int, c: int) -> None:
        config = self.configs.pop(a % len(self.configs))
        await self.call("DELETE", f"/api/configs/{config.id}", expect=204)
        concerned = [group for group in self.groups if config in group.members]
        for group in concerned:
            group.members.remove(config)
            group.headings = [member.name for member in group.members]
        self.aliases = {alias: owner for alias, owner in self.aliases.items() if owner is not config}

    async def define(self, a: int, b: int, c: int) -> None:
        name, value = self.constant(a), f"v{next(unique)}"
        if name in self.constants:
            await self.call("PATCH", f"/api/constants/{name}", {"value": value}, expect=200)
        else:
            await self.call("POST", "/api/constants", {"name": name, "value": value}, expect=201)
        self.constants[name] = value
        self.moved(*self.users_of(name))

    async def undefine(self, a: int, b: int, c: int) -> None:
        name = self.constant(a)
        if name in self.constants:
            used = self.users_of(name)
            await self.call("DELETE", f"/api/constants/{name}", expect=409 if used else 204)
            if not used:
                del self.constants[name]

    def users_of(self, name: str) -> list[Config]:
        return [config for config in self.configs if f"::{{{name}}}" in config.texts[-1]]

    def chosen(self, a: int, b: int) -> list[Config]:
        wanted = [config for number, config in enumerate(self.configs) if a & (1 << number)]
        return wanted[::-1] if b % 2 else wanted

    async def group(self, a: int, b: int, c: int) -> None:
        if len(self.groups) < 2:
            members = self.chosen(a, b)
            body = {"name": f"{self.prefix} {next(unique)}", "members": [member.id for member in members]}
            made = await self.call("POST", "/api/config-groups", body, expect=201)
            self.groups.append(Group(made["id"], members, [member.name for member in members]))

    async def regroup(self, a: int, b: int, c: int) -> None:
        if self.groups:
            group, members = self.groups[c % len(self.groups)], self.chosen(a, b)
            body = {"members": [member.id for member in members]}
            await self.call("PATCH", f"/api/config-groups/{group.id}", body, expect=200)
            if members != group.members:
                group.members, group.headings = members, [member.name for member in members]

    async def rename_group(self, a: int, b: int, c: int) -> None:
        if self.groups:
            body = {"name": f"{self.prefix} {next(unique)}", "description": "new"}
            await self.call("PATCH", f"/api/config-groups/{self.groups[a % len(self.groups)].id}", body, expect=200)

    async def ungroup(self, a: int, b: int, c: int) -> None:
        if self.groups:
            group = self.groups.pop(a % len(self.groups))
            await self.call("DELETE", f"/api/config-groups/{group.id}", expect=204)
            self.aliases = {alias: owner for alias, owner in self.aliases.items() if owner is not group}

    def owner(self, number: int) -> Config | Group:
        owners: list[Config | Group] = [*self.configs, *self.groups]
        return owners[number % len(owners)]

    async def alias(self, a: int, b: int, c: int) -> None:
        alias, owner = f"{self.prefix}-{a % 3}", self.owner(b)
        path = "configs" if isinstance(owner, Config) else "config-groups"
        taken = alias in self.aliases
        await self.call("POST", f"/api/{path}/{owner.id}/aliases", {"alias": alias}, expect=409 if taken else 201)
        self.aliases.setdefault(alias, owner)

    async def transfer(self, a: int, b: int, c: int) -> None:
        if self.aliases:
            alias, owner = sorted(self.aliases)[a % len(self.aliases)], self.owner(b)
            body = {"configId" if isinstance(owner, Config) else "groupId": owner.id}
            await self.call("POST", f"/api/aliases/{alias}/transfer", body, expect=200)
            self.aliases[alias] = owner

    async def give_up(self, a: int, b: int, c: int) -> None:
        if self.aliases:
            alias = sorted(self.aliases)[a % len(self.aliases)]
            await self.call("DELETE", f"/api/aliases/{alias}", expect=204)
            del self.aliases[alias]


def _comparable(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name != "x-request-id"}


async def live(nodes: list[Api], steps: list[Step]) -> None:
    """Take the steps in a new world, and check it after each."""
    world = World(nodes)
    # Something of each kind: two configurations, a constant that one uses, a group of both, an alias of each kind.
    for number in (1, 3):
        await world.create(number, 0, 0)
    await world.define(1, 0, 0)
    await world.group(3, 0, 0)
    for number in (0, 2):
        await world.alias(number, number, 0)
    await world.check()
    for operation, a, b, c, clock_step in steps:
        world.now += clock_step
        if not world.configs:
            await world.create(a, b, c)
        await getattr(world, operation)(a, b, c)
        await world.check()


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def sqlite_nodes(
    runner: asyncio.Runner, _migrated_sqlite_file: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Api]]:
    path = tmp_path_factory.mktemp("moves") / "controller.db"
    path.write_bytes(_migrated_sqlite_file.read_bytes())
    yield from _nodes(runner, str(path), 1)


@pytest.fixture(scope="module")
def postgres_nodes(
    runner: asyncio.Runner, postgres_server: Any, _migrated_postgres_database: str
) -> Iterator[list[Api]]:
    name = postgres_server.create_database(template=_migrated_postgres_database)
    yield from _nodes(runner, postgres_server.url(name), 2)
    postgres_server.drop_database(name)


def _nodes(runner: asyncio.Runner, url: str, number: int) -> Iterator[list[Api]]:
    stack = AsyncExitStack()

    async def start() -> list[Api]:
        first = await stack.enter_async_context(running_api(url))
        others = [await stack.enter_async_context(running_api(url, cast=Cast())) for _ in range(number - 1)]
        return [first, *others]

    yield runner.run(start())
    runner.run(stack.aclose())


COMMON = settings(
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    database=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(600)
@settings(COMMON, max_examples=7)
@given(steps=STEPS)
def test_it_moves_exactly_when_served_bytes_can_differ(
    runner: asyncio.Runner, sqlite_nodes: list[Api], steps: list[Step]
) -> None:
    """C2, L1, G1, K1"""
    runner.run(live(sqlite_nodes, steps))


@pytest.mark.timeout(600)
@settings(COMMON, max_examples=3)
@given(steps=STEPS)
def test_the_same_on_two_nodes(runner: asyncio.Runner, postgres_nodes: list[Api], steps: list[Step]) -> None:
    """C2, L1, G1, K1"""
    runner.run(live(postgres_nodes, steps))
