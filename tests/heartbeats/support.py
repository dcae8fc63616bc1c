"""A heartbeat server in this process, on a real socket and a real database, and what tests ask it."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import select

from telegraf_controller import clock
from telegraf_controller.agents.identity import agent_id_of
from telegraf_controller.agents.tables import Agent, AgentLiveness
from telegraf_controller.db.engine import Database
from telegraf_controller.db.url import DatabaseTarget
from telegraf_controller.heartbeats.log_entries import StoredEntry
from telegraf_controller.heartbeats.parse import Heartbeat, parse_heartbeat
from telegraf_controller.heartbeats.points import Point
from telegraf_controller.heartbeats.queries import read_latest, read_series
from telegraf_controller.heartbeats.server import HeartbeatServer, build
from telegraf_controller.heartbeats.store import HeartbeatStore
from telegraf_controller.heartbeats.store_postgres import PostgresStore
from telegraf_controller.heartbeats.wire.server import serve
from telegraf_controller.options import Options
from telegraf_controller.processes.tls import tls_of
from tests.cast import AGENT_TOKEN, bearer, cast_users
from tests.heartbeats.storage import StorageOfItsOwn, StorageThread
from tests.support.plain_http import NO_TLS

ALL_TIME = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOON_MS = clock.to_epoch_ms(NOON)

BUILD = "Telegraf 1.40.0 (git: HEAD@b2726314)"


def message(instance_id: str = "web-1", **fields: Any) -> dict[str, Any]:
    """A heartbeat as Telegraf sends it, with some fields set."""
    return {"id": instance_id, "version": BUILD, "schema": 1, **fields}


@dataclass
class Port:
    """A running heartbeat port and its database."""

    server: HeartbeatServer
    http: httpx.AsyncClient
    database: Database
    address: tuple[str, int]
    stop: asyncio.Event
    serving: asyncio.Task[None]

    async def beat(
        self, instance_id: str = "web-1", *, headers: Mapping[str, str] | None = None, **fields: Any
    ) -> httpx.Response:
        """Send a heartbeat with the agents' token, or with other headers."""
        return await self.post(message(instance_id, **fields), headers=headers)

    async def post(self, body: Any, *, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Send any body: JSON, or bytes as they are."""
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        headers = bearer(AGENT_TOKEN) if headers is None else headers
        return await self.http.post("/agents/heartbeat", headers=headers, **content)

    async def agent(self, instance_id: str) -> Agent | None:
        """Who the database says an agent is."""
        async with self.database.read() as session:
            return await session.get(Agent, agent_id_of(instance_id))

    async def liveness(self, instance_id: str) -> AgentLiveness | None:
        """How the database says an agent is."""
        async with self.database.read() as session:
            return await session.get(AgentLiveness, agent_id_of(instance_id))

    async def series(self, instance_id: str) -> list[Point]:
        """Every heartbeat of an agent that is stored."""
        async with self.database.read() as session:
            series = await read_series(session, instance_id, start=ALL_TIME[0], end=ALL_TIME[1], limit=100_000)
            return series.points

    async def logs(self, instance_id: str) -> tuple[int, list[StoredEntry]]:
        """The log entries of an agent's latest heartbeat."""
        async with self.database.read() as session:
            latest = await read_latest(session, instance_id)
            return (0, []) if latest is None else (latest.reported_logs, latest.logs)

    async def agents(self) -> set[str]:
        """The instance ids of all agents."""
        async with self.database.read() as session:
            return set((await session.scalars(select(Agent.instance_id))).all())


@asynccontextmanager
async def running_port(
    database_url: str, *, cast: bool = True, wait: bool = True, **options: Any
) -> AsyncIterator[Port]:
    """Run a heartbeat server on a migrated database, and `wait` until it can store heartbeats.

    `cast` puts the users and tokens of `tests.cast` into the database. `options` are the program's own.
    """
    database = Database(DatabaseTarget.parse(database_url))
    if cast:
        await cast_users(database)
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    listener.setblocking(False)
    host, port = listener.getsockname()
    settings = Options(**{"max_connections": 1000, **options})
    tls = tls_of(settings)
    path = database.target.path
    storage = StorageThread(path, keep_points=settings.heartbeat_history > 0) if path else None
    server = build(settings, database, storage.address if storage else None)
    stop = asyncio.Event()
    await server.start()
    serving = asyncio.create_task(
        serve(
            server,
            listener,
            stop=stop,
            body_limit=settings.heartbeat_max_body,
            keep_alive_seconds=settings.keep_alive_timeout,
            max_connections=settings.max_connections,
            tls=tls.context() if tls else None,
            grace_seconds=3,
        )
    )
    limits = httpx.Limits(max_connections=200)
    try:
        origin = f"https://{host}:{port}" if tls else f"http://{host}:{port}"
        verify = ssl.create_default_context(cafile=tls.certificate) if tls else NO_TLS
        async with httpx.AsyncClient(base_url=origin, verify=verify, limits=limits, timeout=20) as http:
            if wait:
                await ready(http)
            yield Port(server, http, database, (host, port), stop, serving)
    finally:
        stop.set()
        await serving
        await server.stop()
        await database.close()
        if storage is not None:
            await asyncio.to_thread(storage.stop)


async def ready(http: httpx.AsyncClient, *, within_seconds: float = 15) -> None:
    """Wait until a port can store heartbeats."""
    await health(http, 200, within_seconds=within_seconds)


async def health(http: httpx.AsyncClient, status: int, *, within_seconds: float = 15) -> None:
    """Wait until a port's health is answered with a status."""
    async with asyncio.timeout(within_seconds):
        while (await http.get("/health")).status_code != status:  # noqa: ASYNC110 - only asking tells
            await asyncio.sleep(0.02)


async def raw_exchange(address: tuple[str, int], request: bytes, *, then: bytes = b"") -> bytes:
    """Send bytes over a connection of their own and return everything that comes back until it is closed."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(request)
    await writer.drain()
    if then:
        await asyncio.sleep(0.05)
        writer.write(then)
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


def open_store(database: Database) -> HeartbeatStore:
    """Return a writer of heartbeats, for tests that need no socket; close it."""
    if database.is_postgresql:
        return PostgresStore(database.target)
    assert database.target.path is not None
    return StorageOfItsOwn(database.target.path)


def beat(
    instance_id: str = "web-1",
    *,
    at_ms: int = NOON_MS,
    address: str = "192.0.2.1",
    metrics: int | None = None,
    **fields: Any,
) -> Heartbeat:
    """Return a heartbeat as the port would have taken it at some time."""
    if metrics is not None:
        fields["statistics"] = {"metrics": metrics}
    body = json.dumps(message(instance_id, **{"hostname": f"{instance_id}.example.com", **fields}))
    return parse_heartbeat(body.encode(), address=address, received_ms=at_ms)


async def write(store: HeartbeatStore, *heartbeats: Heartbeat) -> None:
    """Store heartbeats in one transaction, by the rights of a database that nobody has changed."""
    await store.write(heartbeats, 0)
