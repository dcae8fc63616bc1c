"""Serving from memory while the database is away: C6."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from telegraf_controller.configs.serving import ServingApp
from telegraf_controller.db import migrate
from telegraf_controller.db.probe import GenerationProbe
from telegraf_controller.web.plain import Receive, Scope, Send
from tests.cast import AGENT_TOKEN, READ_TOKEN, REVOKED_TOKEN, UNKNOWN_TOKEN
from tests.configs.steps import TOML, Configs, error
from tests.support.api import Api, running_api
from tests.support.postgres import PostgresServer

STALE = '110 - "Response is stale"'


class Hours:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def nothing_else(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("only configurations are fetched here")


@asynccontextmanager
async def node(server: PostgresServer, hours: Hours) -> AsyncIterator[tuple[Configs, Configs]]:
    """Run a node whose clock is in our hands; give its API and what its agents speak to."""
    url = server.url(server.create_database())
    await asyncio.to_thread(migrate.upgrade, url)
    async with running_api(url) as api:
        app = ServingApp(api.services, nothing_else, monotonic=hours)
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://controller.test") as http:
            yield Configs(api), Configs(Api(http, api.services, api.cast, api.app))


async def test_what_was_served_before_an_outage_is_served_during_it(own_postgres_server: PostgresServer) -> None:
    """C6"""
    hours = Hours()
    async with node(own_postgres_server, hours) as (people, agents):
        seen, unseen = await people.create('a = "&{a:1}"\n', name="seen"), await people.create(name="unseen")
        before = await agents.fetch(seen["id"])
        assert "warning" not in before.headers
        assert (await agents.fetch(seen["id"], token=READ_TOKEN)).status_code == 200
        own_postgres_server.kill()

        during = await agents.fetch(seen["id"])
        assert (during.status_code, during.content, during.headers["warning"]) == (200, before.content, STALE)
        watched = await agents.fetch(seen["id"], method="HEAD")
        for response in (during, watched):
            assert response.headers["last-modified"] == before.headers["last-modified"]
            assert response.headers["etag"] == before.headers["etag"]
        assert (await agents.fetch(seen["id"], a="2")).text == 'a = "2"\n'
        current = await agents.fetch(seen["id"], headers={"If-None-Match": before.headers["etag"]})
        assert (current.status_code, current.headers["warning"]) == (304, STALE)

        for response in (await agents.fetch(unseen["id"]), await agents.fetch("no-such-alias")):
            assert error(response) == (503, "storage_unavailable")
            assert response.headers["retry-after"] == "5"
            assert "last-modified" not in response.headers

        own_postgres_server.start()
        after = await agents.fetch(seen["id"])
        assert (after.status_code, after.content) == (200, before.content)
        assert "warning" not in after.headers
        assert (await agents.fetch(unseen["id"])).text == TOML


async def test_tokens_are_checked_during_an_outage_as_they_were_known(own_postgres_server: PostgresServer) -> None:
    """C6, T4"""
    async with node(own_postgres_server, Hours()) as (people, agents):
        made = await people.create()
        await agents.fetch(made["id"])
        own_postgres_server.kill()
        assert (await agents.fetch(made["id"], token=READ_TOKEN)).status_code == 200
        assert error(await agents.fetch(made["id"], token=None)) == (401, "missing_credentials")
        # Whether such a token was made in the meantime cannot be known.
        for token in (UNKNOWN_TOKEN, REVOKED_TOKEN):
            assert error(await agents.fetch(made["id"], token=token)) == (503, "storage_unavailable")
        assert (await agents.fetch(made["id"], token=AGENT_TOKEN, method="HEAD")).status_code == 200


async def test_after_an_hour_memory_is_not_trusted_any_more(own_postgres_server: PostgresServer) -> None:
    """C6"""
    hours = Hours()
    async with node(own_postgres_server, hours) as (people, agents):
        made = await people.create()
        await agents.fetch(made["id"])
        own_postgres_server.kill()
        hours.now = 3599.0
        assert (await agents.fetch(made["id"])).status_code == 200
        hours.now = 3601.0
        assert error(await agents.fetch(made["id"])) == (503, "storage_unavailable")
        own_postgres_server.start()
        assert (await agents.fetch(made["id"])).status_code == 200


async def test_what_was_deleted_is_not_served_in_an_outage(own_postgres_server: PostgresServer) -> None:
    """C6"""
    async with node(own_postgres_server, Hours()) as (people, agents):
        kept, gone = await people.create(name="kept"), await people.create(name="gone")
        for made in (kept, gone):
            await agents.fetch(made["id"])
        await people.call("DELETE", f"/api/configs/{gone['id']}")
        await agents.fetch(kept["id"])
        own_postgres_server.kill()
        assert (await agents.fetch(kept["id"])).status_code == 200
        assert error(await agents.fetch(gone["id"])) == (503, "storage_unavailable")


async def test_nothing_is_known_when_the_database_was_never_there(own_postgres_server: PostgresServer) -> None:
    """C6"""
    async with node(own_postgres_server, Hours()) as (people, agents):
        made = await people.create()
        own_postgres_server.kill()
        assert error(await agents.fetch(made["id"])) == (503, "storage_unavailable")


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_an_error_of_ours_is_no_outage(configs: Configs, monkeypatch: pytest.MonkeyPatch) -> None:
    """C6"""
    made = await configs.create()
    await configs.fetch(made["id"])

    async def broken(probe: GenerationProbe) -> dict[str, int]:
        raise KeyError("a defect")

    monkeypatch.setattr(GenerationProbe, "current", broken)
    response = await configs.fetch(made["id"])
    assert error(response) == (500, "internal_error")
    assert "last-modified" not in response.headers
