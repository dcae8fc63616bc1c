"""Keep a fleet's pace for a bounded time."""

from __future__ import annotations

import asyncio
import json
import sys
from array import array
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from telegraf_controller.simulate.connection import Connection, reason_of
from telegraf_controller.simulate.fleet import Fleet
from telegraf_controller.simulate.histogram import Histogram
from telegraf_controller.simulate.report import Percentiles, Report
from telegraf_controller.simulate.target import SimulationError, Target

ANSWER_TIMEOUT_SECONDS = 5.0
"""How long Telegraf waits for the answer to a heartbeat."""

DEFAULT_CONFIGURATIONS = ("/etc/telegraf/telegraf.conf",)

_TICK_SECONDS = 0.001
_REST_SECONDS = 0.2
"""How long a place rests after a connection failed, so that a dead controller is not hammered."""
_GRACE_SECONDS = 1.0
"""How long after the end overdue heartbeats may still leave."""
_PROGRESS_SECONDS = 0.5
_SPARE_FILES = 64


@dataclass(frozen=True, slots=True)
class Plan:
    """A simulation as it was asked for."""

    target: Target
    agents: int
    interval_seconds: float
    duration_seconds: float
    connections: int
    token: str | None = None
    failing_share: float = 0.0
    connection_per_heartbeat: bool = False
    as_fast_as_possible: bool = False
    seed: int = 1
    configurations: Sequence[str] = DEFAULT_CONFIGURATIONS

    @property
    def wanted_per_second(self) -> float | None:
        """The fleet's pace; None: as fast as possible."""
        return None if self.as_fast_as_possible else self.agents / self.interval_seconds


def simulate(plan: Plan, on_progress: Callable[[Report], None] | None = None) -> Report:
    """Run a simulation to its end, or to Ctrl-C. Raises SimulationError when the controller cannot be reached at all.

    `on_progress` hears of the state about twice a second.
    """
    _allow_open_files(plan.connections + _SPARE_FILES)
    return _run_loop(_simulate(plan, on_progress))


async def _simulate(plan: Plan, on_progress: Callable[[Report], None] | None) -> Report:
    run = Run(plan)
    await run.try_connection()
    run.start()
    with suppress(asyncio.CancelledError):
        while not run.is_over:
            await asyncio.sleep(min(_PROGRESS_SECONDS, max(run.seconds_left, _TICK_SECONDS)))
            run.give_up_old()
            if on_progress is not None:
                on_progress(run.report())
    await run.finish()
    return run.report()


class Run:
    """The state of a simulation. Pace and answers are driven by one event loop's timer and sockets."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._loop = asyncio.get_running_loop()
        self._tls = plan.target.tls_context()
        self._fleet = Fleet(
            plan.target,
            agents=plan.agents,
            seed=plan.seed,
            failing_share=plan.failing_share,
            token=plan.token,
            keep_alive=not plan.connection_per_heartbeat,
            configurations=plan.configurations,
        )
        self._phases = array("d") if plan.as_fast_as_possible else self._fleet.phases(plan.interval_seconds)
        self._free: deque[Connection] = deque(self._new_connection() for _ in range(plan.connections))
        self._busy: set[Connection] = set()
        self._next = 0
        """Heartbeats are numbered in the order in which they are due; all before this one have left."""
        self._began = self._ends = self._last_answer = 0.0
        self._stopped = False
        self._latency = Histogram()
        self._response = Histogram()
        self._acknowledged = 0
        self._refused: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._unsent = 0
        self._first_refusal: str | None = None

    async def try_connection(self) -> None:
        """Connect once and hang up. Raises SimulationError when nobody is there."""
        target = self._plan.target
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                _, writer = await asyncio.open_connection(
                    target.address, target.port, ssl=self._tls, server_hostname=target.host if self._tls else None
                )
        except TimeoutError:
            raise SimulationError(f"{target.url} cannot be reached (no answer).") from None
        except OSError as error:
            raise SimulationError(f"{target.url} cannot be reached ({reason_of(error)}).") from None
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    @property
    def seconds_left(self) -> float:
        """How long heartbeats are still due."""
        return self._ends - perf_counter()

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.seconds_left <= 0

    def start(self) -> None:
        """Begin to send."""
        self._began = self._last_answer = perf_counter()
        self._ends = self._began + self._plan.duration_seconds
        self._tick()

    def give_up_old(self) -> None:
        """Stop waiting where Telegraf would have stopped."""
        now = perf_counter()
        for connection in [busy for busy in self._busy if busy.sent < now - ANSWER_TIMEOUT_SECONDS]:
            self._latency.record(now - connection.due)
            connection.give_up(f"no answer within {ANSWER_TIMEOUT_SECONDS:g} s")

    async def finish(self) -> None:
        """Send what is overdue, wait for what is under way, and count what could not leave. The time is over now."""
        self._ends = min(perf_counter(), self._ends)
        while self._is_behind() and perf_counter() < self._ends + _GRACE_SECONDS:  # noqa: ASYNC110 - once a run
            await asyncio.sleep(_TICK_SECONDS)
        self._stopped = True
        while self._busy:
            await asyncio.sleep(_TICK_SECONDS)
            self.give_up_old()
        now = perf_counter()
        while self._is_behind():
            self._latency.record(now - self._due(self._next, now))
            self._next += 1
            self._unsent += 1
        for connection in self._free:
            connection.close()

    def report(self) -> Report:
        """Tell how it stands."""
        # What was acknowledged after the end lengthens the time, or the rate would be flattered.
        elapsed = max(min(perf_counter(), self._ends), self._last_answer) - self._began
        return Report(
            url=self._plan.target.url,
            agents=self._plan.agents,
            connections=self._plan.connections,
            elapsed_seconds=round(elapsed, 3),
            wanted_per_second=self._plan.wanted_per_second,
            acknowledged=self._acknowledged,
            acknowledged_per_second=round(self._acknowledged / elapsed, 1) if elapsed > 0 else 0.0,
            refused=dict(self._refused),
            failed=dict(self._failed),
            unsent=self._unsent,
            latency_ms=Percentiles.of(self._latency),
            response_ms=Percentiles.of(self._response),
            first_refusal=self._first_refusal,
        )

    def connect(self, connection: Connection) -> asyncio.Task[None]:
        """Begin to connect for a heartbeat."""
        return self._loop.create_task(self._connect(connection))

    def answered(self, connection: Connection, status: int, body: bytes) -> None:
        """Count an answer and use the connection again."""
        self._busy.discard(connection)
        if 200 <= status < 300:
            now = perf_counter()
            self._latency.record(now - connection.due)
            self._response.record(now - connection.sent)
            self._acknowledged += 1
            self._last_answer = now
        else:
            self._refused[str(status)] += 1
            self._first_refusal = self._first_refusal or f"{status}: {_message_of(body)}"
        self._use(self._new_connection() if connection.closed else connection)

    def failed(self, connection: Connection, reason: str) -> None:
        """Count a heartbeat without an answer and let the place rest."""
        self._busy.discard(connection)
        self._failed[reason] += 1
        self._loop.call_later(_REST_SECONDS, self._use, self._new_connection())

    def _tick(self) -> None:
        if self._stopped:
            return
        now = perf_counter()
        while self._free and (due := self._due(self._next, now)) <= now and due < self._ends:
            connection = self._free.popleft()
            # An idle connection may have been closed by the other side since.
            self._send(self._new_connection() if connection.closed else connection, due)
        self._loop.call_later(_TICK_SECONDS, self._tick)

    def _use(self, connection: Connection) -> None:
        """Send what is overdue at once, without waiting for the next tick; else put the connection by."""
        now = perf_counter()
        if not self._stopped and (due := self._due(self._next, now)) <= now and due < self._ends:
            self._send(connection, due)
        else:
            self._free.append(connection)

    def _is_behind(self) -> bool:
        """Tell whether heartbeats are due that have not left. As fast as possible, none is before its turn."""
        return not self._plan.as_fast_as_possible and self._due(self._next, 0) < self._ends

    def _send(self, connection: Connection, due: float) -> None:
        turn, place = divmod(self._next, self._plan.agents)
        self._next += 1
        self._busy.add(connection)
        connection.send(self._fleet.request(place, turn), due)

    def _due(self, number: int, now: float) -> float:
        """Return when a heartbeat is due; as fast as possible, that is now."""
        if self._plan.as_fast_as_possible:
            return now
        turn, place = divmod(number, self._plan.agents)
        return self._began + turn * self._plan.interval_seconds + self._phases[place]

    def _new_connection(self) -> Connection:
        return Connection(self, one_shot=self._plan.connection_per_heartbeat)

    async def _connect(self, connection: Connection) -> None:
        target = self._plan.target
        try:
            await self._loop.create_connection(
                lambda: connection,
                target.address,
                target.port,
                ssl=self._tls,
                server_hostname=target.host if self._tls else None,
            )
        except OSError as error:
            connection.give_up(reason_of(error))


def _message_of(body: bytes) -> str:
    """Return what an error answer says, from its envelope when it has one."""
    try:
        return str(json.loads(body)["message"])[:200]
    except (ValueError, KeyError, TypeError):
        return body[:100].decode(errors="replace").strip() or "no explanation"


def _allow_open_files(wanted: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise SimulationError(f"This system allows {hard - _SPARE_FILES} connections at most (ulimit -Hn).")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _run_loop(main: Coroutine[Any, Any, Report]) -> Report:
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop

    return uvloop.run(main)
