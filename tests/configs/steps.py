"""What people and agents do with configurations, for tests to speak in."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.cast import AGENT_TOKEN, bearer
from tests.support.api import Api

on_one_database = pytest.mark.parametrize("database_kind", ["sqlite"])
"""For what no database has a say in: once is enough."""

TOML = "[[inputs.cpu]]\n[[outputs.discard]]\n"


@dataclass(frozen=True)
class Configs:
    """The configurations of one node. Mona, a manager, changes them; an agent fetches them."""

    api: Api

    async def call(self, method: str, url: str, body: object = None, who: str = "manager") -> httpx.Response:
        """Send a request as somebody."""
        return await self.api.http.request(method, url, json=body, headers=self.api.cast.bearer(who))

    async def create(self, toml: str = TOML, *, name: str = "web", **more: object) -> dict[str, Any]:
        """Create a configuration that is accepted, and return its record."""
        response = await self.call("POST", "/api/configs", {"name": name, "toml": toml, **more})
        assert response.status_code == 201, response.text
        return record(response)

    async def change(self, config_id: str, **fields: object) -> dict[str, Any]:
        """Change a configuration, and return its record."""
        response = await self.call("PATCH", f"/api/configs/{config_id}", fields)
        assert response.status_code == 200, response.text
        return record(response)

    async def fetch(
        self,
        config_id: str,
        *,
        method: str = "GET",
        token: str | None = AGENT_TOKEN,
        query: str = "",
        headers: dict[str, str] | None = None,
        **parameters: str,
    ) -> httpx.Response:
        """Fetch a configuration's TOML as an agent does."""
        credentials = {} if token is None else bearer(token)
        query = query or urlencode(parameters)
        url = f"/api/configs/{config_id}/toml" + (f"?{query}" if query else "")
        return await self.api.http.request(method, url, headers={**credentials, **(headers or {})})

    async def last_modified(self, config_id: str) -> str:
        """Return what Telegraf's watcher compares."""
        response = await self.fetch(config_id, method="HEAD")
        assert response.status_code == 200
        return response.headers["last-modified"]


def record(response: httpx.Response) -> dict[str, Any]:
    """Return the object that an answer is."""
    answer: dict[str, Any] = response.json()
    return answer


def error(response: httpx.Response) -> tuple[int, str]:
    """Return the status and code of an error."""
    return response.status_code, response.json()["error"]


def seconds(last_modified: str) -> int:
    """Return a `Last-Modified` as seconds since the epoch."""
    return int(parsedate_to_datetime(last_modified).timestamp())
