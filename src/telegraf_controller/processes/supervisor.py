"""Starts the processes, restarts one that dies, stops them all (O4)."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from telegraf_controller.options import Options, without_options
from telegraf_controller.processes.child import Brief

log = structlog.get_logger(__name__)

STOP_SECONDS = 10.0
"""How long processes may take to stop before they are killed."""

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 15.0
"""How long a process that died waits for its restart: doubled each time, unless it was stable in between."""

STABLE_SECONDS = 3.0
"""A process that lived this long has started well."""


SPARE_AFTER_SECONDS = 2.0
"""A spare is made when those that serve had this long for their own start."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process to keep running: its name, `module:function` of what it does, the listening sockets it inherits.

    With `spare`, a process that has imported everything and waits stands ready to take over from the first one that
    dies of those with the same entry. It costs some 50 MB; without it a restart takes as long as the imports, which on
    a machine that is busy with heartbeats is longer than anybody should wait.
    """

    name: str
    entry: str
    sockets: tuple[socket.socket, ...] = ()
    spare: bool = False


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
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._spares: dict[str, asyncio.subprocess.Process] = {}

    async def run(self) -> int:
        self._listen_to_signals()
        keepers = {asyncio.create_task(self._keep_running(process)) for process in self._processes}
        keepers |= {
            asyncio.create_task(self._keep_spare(entry)) for entry in {p.entry for p in self._processes if p.spare}
        }
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

    async def _keep_running(self, process: Process) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            started = time.monotonic()
            ended = await self._run_once(process)
            if self._stopping.is_set():
                return
            if time.monotonic() - started >= STABLE_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            log.error("process ended", name=process.name, how=ended, restart_after_seconds=pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _run_once(self, process: Process) -> str:
        """Start a process, wait for its end, and say how it ended."""
        child = self._spares.pop(process.entry, None)
        if child is None or child.returncode is not None:
            try:
                child = await self._spawn(process.entry)
            except OSError as error:
                return f"could not be started: {error.strerror}"
        self._children[process.name] = child
        log.info("process started", name=process.name, pid=child.pid)
        descriptors = tuple(listener.fileno() for listener in process.sockets)
        await _tell(child, Brief(process.name, self._options, descriptors))
        if self._stopping.is_set():
            child.terminate()
        code = await child.wait()
        del self._children[process.name]
        return _how_it_ended(code)

    async def _keep_spare(self, entry: str) -> None:
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), SPARE_AFTER_SECONDS)
                return
            spare = self._spares.get(entry)
            if spare is None or spare.returncode is not None:
                with suppress(OSError):
                    self._spares[entry] = await self._spawn(entry)
                    log.debug("spare started", entry=entry, pid=self._spares[entry].pid)

    async def _spawn(self, entry: str) -> asyncio.subprocess.Process:
        """Start a child that waits for its brief. It inherits the sockets of all processes with this entry."""
        descriptors = [s.fileno() for process in self._processes if process.entry == entry for s in process.sockets]
        return await asyncio.create_subprocess_exec(
            # -P: a file in the working directory must not stand in for a module of ours.
            *(sys.executable, "-P", "-m", "telegraf_controller.processes.child", entry, *map(str, descriptors)),
            stdin=PIPE,
            pass_fds=descriptors,
            env=without_options(os.environ),
            # Away from the terminal's process group: Ctrl-C comes to the supervisor alone.
            start_new_session=True,
        )

    async def _stop(self, keepers: set[asyncio.Task[None]]) -> None:
        # Once the processes have closed theirs, too, newcomers are refused instead of waiting for nobody.
        for process in self._processes:
            for listener in process.sockets:
                listener.close()
        for child in (*self._children.values(), *self._spares.values()):
            with suppress(ProcessLookupError):
                child.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(_all_or(keepers, self._hurrying), STOP_SECONDS)
        for name, child in self._children.items():
            log.warning("process killed", name=name, pid=child.pid)
            with suppress(ProcessLookupError):
                child.kill()
        await asyncio.wait(keepers)


async def _tell(child: asyncio.subprocess.Process, brief: Brief) -> None:
    assert child.stdin is not None
    with suppress(ConnectionError):
        child.stdin.write(brief.to_line())
        await child.stdin.drain()


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


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
