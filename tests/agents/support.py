"""What tests of agents do: store heartbeats, and read over the API."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from telegraf_controller.agents.identity import agent_id_of
from telegraf_controller.heartbeats.parse import Heartbeat
from tests.cast import READ_TOKEN, bearer
from tests.heartbeats.support import open_store
from tests.support.api import Api


async def given(api: Api, *heartbeats: Heartbeat) -> None:
    """Store heartbeats."""
    store = open_store(api.database)
    async with api.database.read() as session:
        generation = await session.scalar(text("SELECT value FROM generations WHERE name = 'access'"))
    await store.write(heartbeats, generation)
    await store.close()


async def listed(api: Api, *, headers: dict[str, str] | None = None, **query: Any) -> list[str]:
    """Return the instance ids of a list."""
    answer = await api.http.get("/api/agents", params=query, headers=headers or bearer(READ_TOKEN))
    assert answer.status_code == 200, answer.text
    return [item["instanceId"] for item in answer.json()["items"]]


async def read(api: Api, instance_id: str, **headers: str) -> dict[str, Any]:
    """Return an agent's record."""
    answer = await api.http.get(f"/api/agents/{agent_id_of(instance_id)}", headers=headers or bearer(READ_TOKEN))
    assert answer.status_code == 200, answer.text
    record: dict[str, Any] = answer.json()
    return record
