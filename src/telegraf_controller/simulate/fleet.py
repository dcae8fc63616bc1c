"""What simulated agents say: requests as Telegraf's `outputs.heartbeat` makes them (H1)."""

from __future__ import annotations

import json
import time
from array import array
from collections.abc import Sequence
from random import Random

from telegraf_controller.simulate.target import Target

VERSIONS = (b"1.40.0 (git: HEAD@b2726314)", b"1.39.1 (git: HEAD@5a6b1c2d)", b"1.38.4 (git: HEAD@0f3e9d71)")
"""What the agents run, in turn."""

_SPREAD = 2_654_435_761
"""Knuth's multiplier: spreads neighbouring numbers evenly over 32 bits."""

_FAILING = (
    b'"status":"WARN","logs":[{"time":"%s","level":"WARN","source":"inputs.disk",'
    b'"message":"Collection took longer than expected; not complete after interval of 10s"}]',
    b'"status":"FAIL","logs":[{"time":"%s","level":"ERROR","source":"outputs.influxdb_v2",'
    b'"message":"When writing to [http://influxdb.example:8086]: connection refused",'
    b'"attributes":{"alias":"main"}}]',
)


class Fleet:
    """Agents `sim-<seed>-0000000` and so on. Requests are made when they are needed, so that size costs no memory."""

    def __init__(
        self,
        target: Target,
        *,
        agents: int,
        seed: int,
        failing_share: float,
        token: str | None,
        keep_alive: bool,
        configurations: Sequence[str],
    ) -> None:
        self.agents = agents
        self.seed = seed
        self._head = _request_head(target, token, keep_alive=keep_alive)
        self._prefix = b"sim-%d" % seed
        listed = json.dumps(list(configurations)).encode()
        self._middle = b'","schema":1,"hostname":"host-%07d.sim.example","configurations":' + listed.replace(
            b"%", b"%%"
        )
        self._failing_below = int(failing_share * 2**32)

    def request(self, agent: int, turn: int) -> bytes:
        """Return the request with which agent number `agent` reports for the `turn`-th time."""
        failing = (agent * _SPREAD) & 0xFFFFFFFF < self._failing_below
        body = b'{"id":"%s-%07d","version":"Telegraf %s%s,"statistics":%s,%s}' % (
            self._prefix,
            agent,
            VERSIONS[agent % 3],
            self._middle % agent,
            b'{"errors":%d,"warnings":%d,"metrics":%d}' % (failing, failing, 400 + (agent * 37 + turn * 11) % 800),
            self._trouble(agent) if failing else b'"status":"OK"',
        )
        return b"%s%d\r\n\r\n%s" % (self._head, len(body), body)

    def phases(self, interval_seconds: float) -> array[float]:
        """Return when in the interval each agent reports, in order: at random, for agents start at any time."""
        draw = Random(self.seed).random  # noqa: S311 - a schedule, not a secret
        return array("d", sorted(draw() * interval_seconds for _ in range(self.agents)))

    def _trouble(self, agent: int) -> bytes:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()).encode()
        return _FAILING[agent // 3 % 2] % now


def _request_head(target: Target, token: str | None, *, keep_alive: bool) -> bytes:
    host = f"[{target.host}]" if ":" in target.host else target.host
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"Host: {host}:{target.port}",
        "User-Agent: Telegraf/1.40.0 Go/1.25.3",
        "Content-Type: application/json",
        *([f"Authorization: Bearer {token}"] if token else []),
        *([] if keep_alive else ["Connection: close"]),
        "Content-Length: ",
    ]
    return "\r\n".join(lines).encode()
