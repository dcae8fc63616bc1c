"""A few agents that never pause, and remember what was acknowledged."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import httpx

from tests.support.plain_http import NO_TLS


@dataclass
class Fleet:
    """Agents that send one heartbeat after the other, each with a higher `metrics` than the one before."""

    urls: list[str]
    """Where heartbeats go; agent number n uses the n-th, round and round."""
    token: str
    agents: int = 24
    acknowledged: dict[str, int] = field(default_factory=dict)
    """For each agent the highest `metrics` that was answered with 204."""
    accepted_at: list[float] = field(default_factory=list)
    """When each acknowledged heartbeat was *sent*, by the monotonic clock."""
    other_answers: dict[int, int] = field(default_factory=dict)
    """How often each other status was heard."""

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`. Whoever cannot be reached is tried again."""
        limits = httpx.Limits(max_connections=self.agents)
        async with httpx.AsyncClient(limits=limits, timeout=10, verify=NO_TLS) as client:
            await asyncio.gather(*(self._report(client, number, stop) for number in range(self.agents)))

    async def _report(self, client: httpx.AsyncClient, number: int, stop: asyncio.Event) -> None:
        agent = f"agent-{number}"
        headers = {"Authorization": f"Bearer {self.token}"}
        url = self.urls[number % len(self.urls)]
        sent = 0
        while not stop.is_set():
            sent += 1
            message = {"id": agent, "version": "Telegraf 1.40.0", "statistics": {"metrics": sent}}
            sent_at = time.monotonic()
            try:
                response = await client.post(url, json=message, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if response.status_code == 204:
                self.acknowledged[agent] = sent
                self.accepted_at.append(sent_at)
            else:
                self.other_answers[response.status_code] = self.other_answers.get(response.status_code, 0) + 1
                await asyncio.sleep(0.01)
