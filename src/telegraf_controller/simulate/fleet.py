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

_FINE = b'"status":"OK"'
_FAILING = (
    b'"status":"WARN","logs":[{"time":"%s","level":"WARN","source":"inputs.disk",'
    b'"message":"Collection took longer than expected; not complete after interval of 10s"}]',
    b'"status":"FAIL","logs":[{"time":"%s","level":"ERROR","source":"outputs.influxdb_v2",'
    b'"message":"When writing to [http://influxdb.example:8086]: connection refused",'
    b'"attributes":{"alias":"main"}}]',
)


class Fleet:
    """At most ten million agents, `sim-<seed>-0000000` and so on.

    Requests are made when they are needed, so that size costs no memory.
    """

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
        self._failing_below = int(failing_share * 2**32)
        head = _request_head(target, token, keep_alive=keep_alive)
        listed = json.dumps(list(configurations)).encode()
        self._fine = [_template(head, seed, version, listed, _FINE) for version in VERSIONS]
        self._failing = [
            _template(head, seed, version, listed, trouble) for trouble in _FAILING for version in VERSIONS
        ]

    def request(self, agent: int, turn: int) -> bytes:
        """Return the request with which agent number `agent` reports for the `turn`-th time."""
        metrics = 400 + (agent * 37 + turn * 11) % 600
        if (agent * _SPREAD) & 0xFFFFFFFF < self._failing_below:
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()).encode()
            return self._failing[agent % 6] % (agent, agent, metrics, now)
        return self._fine[agent % 3] % (agent, agent, metrics)

    def phases(self, interval_seconds: float) -> array[float]:
        """Return when in the interval each agent reports, in order: at random, for agents start at any time."""
        draw = Random(self.seed).random  # noqa: S311 - a schedule, not a secret
        return array("d", sorted(draw() * interval_seconds for _ in range(self.agents)))


def _template(head: bytes, seed: int, version: bytes, configurations: bytes, status: bytes) -> bytes:
    """Return a request with places for the agent's number, twice, its metrics, and the time if `status` has one.

    What is put there always has the same length, so that one formatting makes a request with its length.
    """
    failing = status != _FINE
    body = (
        b'{"id":"sim-%d-%%07d","version":"Telegraf %s","schema":1,"hostname":"host-%%07d.sim.example",'
        b'"configurations":%s,"statistics":{"errors":%d,"warnings":%d,"metrics":%%03d},%s}'
    ) % (seed, version, configurations.replace(b"%", b"%%"), failing, failing, status)
    filled = body % ((0, 0, 0, b"0000-00-00T00:00:00Z") if failing else (0, 0, 0))
    return b"%s%d\r\n\r\n%s" % (head.replace(b"%", b"%%"), len(filled), body)


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
