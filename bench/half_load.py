"""Latency at a fleet's pace: half of what the controller can take, and a million agents each minute."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from bench.programs import CannotMeasure, Controller
from bench.seed import CONFIGURATIONS, simulated
from telegraf_controller.client import ClientError, ControllerClient
from telegraf_controller.simulate.report import Report

_AGENTS = 10_000
_DURATION_SECONDS = 30
_IDLE_SECONDS = 10
_API_PAUSE_SECONDS = 0.05

_SHORTEST_INTERVAL_SECONDS = 0.1
"""No fleet is simulated that reports more often: a thousand agents are at most 10,000 heartbeats a second."""

_LOOKING_SECONDS = 15
"""How long somebody has looked at a million agents before these begin: the first look reads all of them."""

_CONNECTIONS = 1_000
_CONNECTIONS_OF_A_MILLION = 5_000
"""Each agent has its own; with few, what waits for answers would set the pace."""

_SEEDED = [f"--configuration={one}" for one in CONFIGURATIONS]


@dataclass(frozen=True)
class Paced:
    """What a fleet of a certain pace felt, and what somebody at the API felt meanwhile."""

    agents: int
    per_second: float
    p50_ms: float
    p99_ms: float
    api_p99_ms: float
    missed: int
    """Heartbeats that were due and not acknowledged."""
    idle_api_p99_ms: float = 0.0
    """What somebody at the API felt while no agent reported; 0 when nobody asked."""


def measure_half_load(server: Controller, per_second: float) -> Paced:
    """Let 10,000 agents report at this pace for half a minute, after each of them has been heard once."""
    _measure(server, _AGENTS, 10, 10, seed=2)
    idle = watch_api(server, _IDLE_SECONDS)
    paced = _measure(server, _AGENTS, _AGENTS / per_second, _DURATION_SECONDS, seed=2)
    return replace(paced, idle_api_p99_ms=idle)


def measure_seeded(
    server: Controller,
    agents: int,
    per_second: float,
    *,
    seconds: int = _DURATION_SECONDS,
    connections: int = _CONNECTIONS,
) -> Paced:
    """Let the agents of a fleet that `bench.seed` made report at this pace for a while."""
    speaking = simulated(agents)
    interval = max(_SHORTEST_INTERVAL_SECONDS, speaking / per_second)
    more = [*_SEEDED, f"--connections={connections}"]
    return _measure(server, speaking, interval, seconds, seed=1, more=more)


def watch_api(server: Controller, seconds: float) -> float:
    """Ask for pages of agents for a while; returns the 99th percentile in milliseconds."""
    with _ApiWatch(server) as watch:
        time.sleep(seconds)
    return watch.p99_ms()


def measure_million(server: Controller) -> Paced:
    """Let a million agents of `bench.seed` report once a minute, for two minutes, while somebody looks at them."""
    watch_api(server, _LOOKING_SECONDS)
    return measure_seeded(server, 1_000_000, 1_000_000 / 60, seconds=120, connections=_CONNECTIONS_OF_A_MILLION)


def measure_pace(server: Controller, *, agents: int, interval: int, duration: int) -> Paced:
    """Let a fleet of this size report every `interval` seconds, for `duration` seconds.

    Raises CannotMeasure when the controller misses any.
    """
    paced = _measure(server, agents, interval, duration, seed=4)
    if paced.missed:
        raise CannotMeasure(
            f"{agents:,} agents each {interval} s are more than this machine takes: {paced.missed:,} missed."
        )
    return paced


def measure_maximum(server: Controller, agents: int, seconds: int) -> Paced:
    """Let the agents of a fleet that `bench.seed` made report as fast as answers come."""
    return _measure(server, simulated(agents), 60, seconds, seed=1, more=["--rate=max", *_SEEDED])


def _measure(
    server: Controller, agents: int, interval: float, duration: int, *, seed: int, more: Sequence[str] = ()
) -> Paced:
    with _ApiWatch(server) as watch:
        report = _simulate(server, agents, interval, duration, seed, more)
    missed = sum(report.refused.values()) + sum(report.failed.values()) + report.unsent
    times = report.latency_ms
    return Paced(agents, report.acknowledged_per_second, times.p50, times.p99, watch.p99_ms(), missed)


def _simulate(
    server: Controller, agents: int, interval: float, duration: int, seed: int, more: Sequence[str]
) -> Report:
    command = [sys.executable, "-m", "telegraf_controller.cli.main", "simulate", server.heartbeat_url, "--json"]
    flags = [f"--agents={agents}", f"--interval={interval}", f"--duration={duration}", f"--seed={seed}"]
    done = subprocess.run(
        [*command, *flags, f"--connections={_CONNECTIONS}", *more],
        env={**os.environ, "TELEGRAF_CONTROLLER_TOKEN": server.agent_token},
        # Its exit code and its complaint say that heartbeats were missed, which the report says as well.
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout:
        raise CannotMeasure(f"simulate ended without a report: {done.stderr.strip()}")
    return msgspec.json.decode(done.stdout, type=Report)


class _ApiWatch:
    """Asks the API for a page of agents again and again, and remembers how long each answer took."""

    def __init__(self, server: Controller) -> None:
        self._server = server
        self._stop = threading.Event()
        self._taken: list[float] = []
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> _ApiWatch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def p99_ms(self) -> float:
        """Return the 99th percentile in milliseconds."""
        if not self._taken:
            raise CannotMeasure("The API did not answer meanwhile.")
        return sorted(self._taken)[int(len(self._taken) * 0.99)] * 1000

    def _watch(self) -> None:
        with ControllerClient(self._server.url, self._server.owner_token) as client:
            while not self._stop.wait(_API_PAUSE_SECONDS):
                began = time.perf_counter()
                try:
                    client.agents.page()
                except ClientError as error:
                    print(f"  the API: {error}", file=sys.stderr)
                    return
                self._taken.append(time.perf_counter() - began)
