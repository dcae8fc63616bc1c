"""The API application in this process, on a real database, spoken to over HTTP without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network

import httpx
from fastapi import FastAPI

from telegraf_controller.access.services import Services, make_services
from telegraf_controller.app import build_framework_app, wrap
from telegraf_controller.db.engine import Database
from telegraf_controller.db.url import DatabaseTarget
from tests.cast import Cast, cast_users


@dataclass(frozen=True)
class Api:
    """One node: its HTTP client, its services, and who is who."""

    http: httpx.AsyncClient
    services: Services
    cast: Cast
    app: FastAPI

    @property
    def database(self) -> Database:
        """The node's database."""
        return self.services.database


@asynccontextmanager
async def running_api(
    database_url: str,
    *,
    cast: Cast | None = None,
    presharing_allowed: bool = True,
    locked_open_groups: frozenset[str] | None = None,
    trusted_proxies: Sequence[str] = (),
    peer: str = "127.0.0.1",
    heartbeat_port: int = 8000,
) -> AsyncIterator[Api]:
    """Run a node on a migrated database. Without a `cast`, the users and tokens of `tests.cast` are put into it.

    `peer` is the address that its requests come from.
    """
    database = Database(DatabaseTarget.parse(database_url))
    services = make_services(
        database,
        presharing_allowed=presharing_allowed,
        locked_open_groups=locked_open_groups,
        trusted_proxies=[ip_network(proxy) for proxy in trusted_proxies],
        node_id="test-node",
        heartbeat_port=heartbeat_port,
    )
    framework_app = build_framework_app(services)
    transport = httpx.ASGITransport(wrap(services, framework_app), client=(peer, 50_000))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://controller.test") as http:
            yield Api(http, services, cast or await cast_users(database), framework_app)
    finally:
        await database.close()
