"""Starts the processes, restarts one that dies, stops them all (O4)."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog

from telegraf_controller.options import Options
from telegraf_controller.processes.child import Brief
from telegraf_controller.processes.children import Child, ForkServer

log = structlog.get_logger(__name__)

STOP_SECONDS = 10.0
"""How long processes may take to stop before they are killed."""

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 15.0
"""How long a process that died waits for its restart: doubled each time, unless it was stable in between."""

STABLE_SECONDS = 3.0
"""A process that lived this long has started well."""

FORK_SERVER = "fork-server"
"""Its name in the log."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process to keep running: its name, `module:function` of what it does, the listening sockets that it gets."""

    name: str
    entry: str
    sockets: tuple[socket.socket, ...] = ()


async def supervise(processes: Sequence[Process], options: Options) -> int:
    """Keep all of them running until SIGTERM, SIGINT or SIGHUP, then stop them within ten seconds and return 0.

    A second signal kills them at once and returns 1. The sockets are closed at the end.
    """
    return await _Supervisor(processes, options).run()


class _Supervisor:
    def __init__(self, processes: Sequence[Process], options: Options) -> None:
        self._processes = processes
        self._options = options
        self._stopping = asyncio.Event()
        self._hurrying = asyncio.Event()
        self._children: dict[str, Child] = {}
        self._fork_server: ForkServer | None = None
        self._can_fork = asyncio.Event()

    async def run(self) -> int:
        self._listen_to_signals()
        runs: dict[str, Callable[[], Awaitable[str]]] = {FORK_SERVER: self._run_fork_server}
        runs |= {process.name: partial(self._run_child, process) for process in self._processes}
        keepers = {asyncio.create_task(self._keep_running(name, run)) for name, run in runs.items()}
        try:
            await _first_of(keepers, self._stopping)
        finally:
            self._stopping.set()
            await self._stop(keepers)
        for keeper in keepers:
            keeper.result()
        log.info("stopped")
        return 1 if self._hurrying.is_set() else 0

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            # Under nohup, SIGHUP stays ignored.
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._on_signal, number)

    def _on_signal(self, number: signal.Signals) -> None:
        if self._stopping.is_set():
            log.warning("stopping at once", signal=number.name)
            self._hurrying.set()
        else:
            log.info("stopping", signal=number.name)
            self._stopping.set()

    async def _keep_running(self, name: str, run: Callable[[], Awaitable[str]]) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            started = time.monotonic()
            ended = await run()
            if self._stopping.is_set():
                return
            if time.monotonic() - started >= STABLE_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            log.error("process ended", name=name, how=ended, restart_after_seconds=pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _run_fork_server(self) -> str:
        """Start the fork server, wait for its end, and say how it ended."""
        try:
            server = await ForkServer.start(dict.fromkeys(process.entry for process in self._processes))
        except OSError as error:
            return _why_not(error)
        log.info("process started", name=FORK_SERVER, pid=server.pid)
        if self._stopping.is_set():
            server.kill()
        self._fork_server = server
        self._can_fork.set()
        code = await server.wait()
        self._fork_server = None
        self._can_fork.clear()
        return _how_it_ended(code)

    async def _run_child(self, process: Process) -> str:
        """Start a child as soon as there is a fork server, wait for its end, and say how it ended."""
        await self._can_fork.wait()
        if self._fork_server is None:  # it has just ended, or everything stops
            return "could not be started: there is no fork server"
        try:
            child = await self._fork_server.fork(process.entry, process.sockets)
        except OSError as error:
            return _why_not(error)
        self._children[process.name] = child
        log.info("process started", name=process.name, pid=child.pid)
        child.tell(Brief(process.name, self._options))
        if self._stopping.is_set():
            child.send(signal.SIGTERM)
        code = await child.wait()
        del self._children[process.name]
        return _how_it_ended(code)

    async def _stop(self, keepers: set[asyncio.Task[None]]) -> None:
        # Once the processes have closed theirs, too, newcomers are refused instead of waiting for nobody.
        for process in self._processes:
            for listener in process.sockets:
                listener.close()
        # It is needed no more, and nobody has to wait for what it still imports.
        if self._fork_server is not None:
            self._fork_server.kill()
        self._can_fork.set()
        for child in self._children.values():
            child.send(signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(_all_or(keepers, self._hurrying), STOP_SECONDS)
        for name, child in self._children.items():
            log.warning("process killed", name=name, pid=child.pid)
            child.send(signal.SIGKILL)
        await asyncio.wait(keepers)


async def _first_of(tasks: set[asyncio.Task[None]], event: asyncio.Event) -> None:
    """Wait for the event, or for a task to end, which these do only when they fail."""
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait({waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _all_or(tasks: set[asyncio.Task[None]], event: asyncio.Event) -> None:
    """Wait until all tasks have ended or the event is set."""
    waiting = asyncio.create_task(event.wait())
    all_ended = asyncio.create_task(asyncio.wait(tasks))
    try:
        await asyncio.wait({waiting, all_ended}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        all_ended.cancel()


def _why_not(error: OSError) -> str:
    return f"could not be started: {error.strerror or error}"


def _how_it_ended(code: int | None) -> str:
    if code is None:
        return "unknown, for the fork server had ended before"
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
