"""What agents do with a token: fetch a configuration, send a heartbeat."""

from __future__ import annotations

import httpx

from tests.cast import bearer
from tests.end_to_end.controller import Controller
from tests.processes.running import PATIENCE_SECONDS
from tests.support.plain_http import NO_TLS


def fetch(controller: Controller, config: str, token: str | None = None, agent: str = "web-1") -> httpx.Response:
    """Fetch a configuration by its id, or by a path such as `/c/linux`; the agent names itself in the address."""
    path = config if config.startswith("/") else f"/api/configs/{config}/toml"
    headers = bearer(token) if token else {}
    url = f"{controller.url}{path}"
    return httpx.get(url, params={"agent_id": agent}, headers=headers, timeout=PATIENCE_SECONDS, verify=NO_TLS)


def report(controller: Controller, agent: str, token: str | None = None) -> httpx.Response:
    """Send a heartbeat."""
    message = {"id": agent, "version": "Telegraf 1.40.0"}
    headers = bearer(token) if token else {}
    return httpx.post(controller.heartbeat_url, json=message, headers=headers, timeout=PATIENCE_SECONDS, verify=NO_TLS)


def heard(controller: Controller, config: str, agent: str, token: str | None = None) -> tuple[int, int]:
    """Return the statuses that an agent hears when it fetches, and when it reports."""
    return fetch(controller, config, token, agent).status_code, report(controller, agent, token).status_code
