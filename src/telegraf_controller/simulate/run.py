"""Keep a fleet's pace for a bounded time."""

from __future__ import annotations

import json
import signal
import sys
import threading
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from selectors import BaseSelector, DefaultSelector
from time import perf_counter, sleep

from telegraf_controller.simulate.answers import Answer, AnswerReader
from telegraf_controller.simulate.connection import Connection
from telegraf_controller.simulate.fleet import Fleet
from telegraf_controller.simulate.histogram import Histogram
from telegraf_controller.simulate.report import Percentiles, Report
from telegraf_controller.simulate.route import Route
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
_WINDOWS_SOCKETS = 512
"""How many its select() takes, as Python is built."""


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
    run = Run(plan)
    run.route.try_out(ANSWER_TIMEOUT_SECONDS)
    with _interrupt_calls(run.end):
        run.start()
        while not run.is_over:
            run.go_on(_PROGRESS_SECONDS)
            if on_progress is not None:
                on_progress(run.report())
        run.finish()
    return run.report()


class Run:
    """The state of a simulation. Pace and answers are driven by one loop over all sockets, without an event loop's
    transport, handle and timer for each: with these, a heartbeat takes half as much processor time again."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.route = Route(plan.target)
        self.selector: BaseSelector = DefaultSelector()
        self.answers = AnswerReader()
        self._fleet = Fleet(
            plan.target,
            agents=plan.agents,
            seed=plan.seed,
            failing_share=plan.failing_share,
            token=plan.token,
            keep_alive=not plan.connection_per_heartbeat,
            configurations=plan.configurations,
        )
        self._at_once = plan.as_fast_as_possible
        self._phases = array("d", [0.0]) if self._at_once else self._fleet.phases(plan.interval_seconds)
        self._connections = [Connection(self, one_shot=plan.connection_per_heartbeat) for _ in range(plan.connections)]
        self._free = deque(self._connections)
        self._resting: deque[tuple[float, Connection]] = deque()
        """Connections that failed, with when they are free again."""
        self._turn = self._place = 0
        """Which heartbeat is the next: how often this agent reported before, and its number."""
        self._next_due = self._next_tick = 0.0
        self._began = self._ends = self._last_answer = 0.0
        self._latency = Histogram()
        self._response = Histogram()
        self._acknowledged = 0
        self._refused: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._unsent = 0
        self._first_refusal: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return perf_counter() >= self._ends

    def start(self) -> None:
        """Begin the time in which heartbeats are due."""
        self._began = self._last_answer = perf_counter()
        self._ends = self._began + self._plan.duration_seconds
        self._next_due = self._began + self._phases[0]

    def end(self) -> None:
        """Let no more heartbeats be due."""
        self._ends = min(perf_counter(), self._ends)

    def go_on(self, seconds: float) -> None:
        """Send and receive for some time, or until the time is up; then stop waiting where Telegraf would have."""
        until = perf_counter() + seconds
        while perf_counter() < min(until, self._ends):
            self._receive()
            self._send_due()
        self._give_up_old()

    def finish(self) -> None:
        """Send what is overdue, wait for what is under way, count what could not leave, and close."""
        while self._is_behind() and perf_counter() < self._ends + _GRACE_SECONDS:
            self._receive()
            self._send_due()
        while self._is_waiting():
            self._receive()
            self._give_up_old()
        now = perf_counter()
        while self._is_behind():
            self._latency.record(now - self._next_due)
            self._unsent += 1
            self._step()
        for connection in self._connections:
            connection.close()
        self.selector.close()

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

    def answered(self, connection: Connection, answer: Answer) -> None:
        """Count an answer and use the connection again."""
        if 200 <= answer.status < 300:
            now = perf_counter()
            self._latency.record(now - connection.due)
            self._response.record(now - connection.sent)
            self._acknowledged += 1
            self._last_answer = now
        else:
            self._refused[str(answer.status)] += 1
            self._first_refusal = self._first_refusal or f"{answer.status}: {_message_of(answer.body)}"
        self._free.append(connection)

    def failed(self, connection: Connection, reason: str) -> None:
        """Count a heartbeat without an answer and let the place rest."""
        self._failed[reason] += 1
        self._resting.append((perf_counter() + _REST_SECONDS, connection))

    def _receive(self) -> None:
        """Handle the sockets that are ready, or become ready within a millisecond."""
        if not self.selector.get_map():
            sleep(_TICK_SECONDS)  # Windows refuses to wait for nothing
            return
        for key, _ in self.selector.select(_TICK_SECONDS):
            key.data()

    def _send_due(self) -> None:
        """Let heartbeats leave that are due, as far as there are connections. As fast as possible, all are.

        Those of a millisecond leave together, which wakes both sides less often; overdue ones as soon as they can.
        """
        now = perf_counter()
        while self._resting and self._resting[0][0] <= now:
            self._free.append(self._resting.popleft()[1])
        if now < self._next_tick:
            return
        at_once, free, fleet = self._at_once, self._free, self._fleet
        while free and (due := now if at_once else self._next_due) <= now and due < self._ends:
            request = fleet.request(self._place, self._turn)
            self._step()
            free.popleft().send(request, due=due, now=now)
            now = perf_counter()
        self._next_tick = now + _TICK_SECONDS if free else now

    def _step(self) -> None:
        self._place += 1
        if self._place == self._plan.agents:
            self._place = 0
            self._turn += 1
        if not self._at_once:
            self._next_due = self._began + self._turn * self._plan.interval_seconds + self._phases[self._place]

    def _is_behind(self) -> bool:
        """Tell whether heartbeats are due that have not left. As fast as possible, none is before its turn."""
        return not self._at_once and self._next_due < self._ends

    def _is_waiting(self) -> bool:
        return len(self._free) + len(self._resting) < len(self._connections)

    def _give_up_old(self) -> None:
        now = perf_counter()
        for connection in self._connections:
            if connection.busy and connection.sent < now - ANSWER_TIMEOUT_SECONDS:
                self._latency.record(now - connection.due)
                connection.give_up(f"no answer within {ANSWER_TIMEOUT_SECONDS:g} s")


def _message_of(body: bytes) -> str:
    """Return what an error answer says, from its envelope when it has one."""
    try:
        return str(json.loads(body)["message"])[:200]
    except (ValueError, KeyError, TypeError):
        return body[:100].decode(errors="replace").strip() or "no explanation"


def _allow_open_files(wanted: int) -> None:
    if sys.platform == "win32":
        if wanted > _WINDOWS_SOCKETS:
            raise SimulationError(f"Windows allows {_WINDOWS_SOCKETS - _SPARE_FILES} connections at most.")
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise SimulationError(f"This system allows {hard - _SPARE_FILES} connections at most (ulimit -Hn).")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def _interrupt_calls(end: Callable[[], None]) -> Iterator[None]:
    """Let the first Ctrl-C call `end`, and another one interrupt as usual."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, usual)
        end()

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
