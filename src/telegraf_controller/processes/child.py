"""A child of the supervisor: `python -m telegraf_controller.processes.child <module>:<function> <descriptor>…`.

It imports what it is to do and then waits for its brief on standard input, which holds the secrets: arguments and
environment can be read by others on the machine. So a child without a brief is a spare, ready to take over at once.
Standard input stays open for as long as the supervisor lives; its end means that the supervisor is gone.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import structlog

from telegraf_controller.options import Options
from telegraf_controller.processes import logs

log = structlog.get_logger(__name__)

LONGEST_STOP_SECONDS = 9.5
"""After this a stopping process ends in the middle of whatever holds it; the supervisor kills it at ten (O4)."""

Run = Callable[[Options, Sequence[socket.socket], asyncio.Event], Awaitable[None]]
"""What a process does: serve on these listening sockets until the event is set, then finish and return."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What the supervisor tells a child: its name, the options, which of the inherited descriptors are its own."""

    name: str
    options: Options
    descriptors: tuple[int, ...] = ()

    def to_line(self) -> bytes:
        """Write it as one line, secrets included."""
        head = {"name": self.name, "descriptors": self.descriptors, "options": self.options.to_json().decode()}
        return json.dumps(head).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Read what `to_line` wrote."""
        head = json.loads(line)
        return cls(head["name"], Options.from_json(head["options"]), tuple(head["descriptors"]))


def main(entry: str, inherited: Sequence[int]) -> int:
    """Do what standard input says until told to stop. Returns 0 when told to stop, 1 when something failed."""
    # Ctrl-C reaches the whole terminal; it is for the supervisor to decide what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    failure: Exception | None = None
    try:
        # Before anything listens to SIGTERM: until then it simply ends this process, however long the import takes.
        run = _imported(entry)
    except Exception as error:
        failure = error
    line = sys.stdin.buffer.readline()
    if not line:
        return 0
    brief = Brief.from_line(line)
    options = brief.options
    logs.configure(
        form=options.log_format, level=options.log_level, process=brief.name, secrets=options.secret_values()
    )
    try:
        if failure is not None:
            raise failure
        for descriptor in set(inherited) - set(brief.descriptors):
            os.close(descriptor)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(_until_stopped(run, brief))
    except Exception:
        log.exception("process failed")
        return 1


def _imported(entry: str) -> Run:
    module, _, function = entry.partition(":")
    run: Run = getattr(importlib.import_module(module), function)
    return run


async def _until_stopped(run: Run, brief: Brief) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def begin_stop() -> None:
        if not stop.is_set():
            stop.set()
            _leave_after(LONGEST_STOP_SECONDS)

    loop.add_signal_handler(signal.SIGTERM, begin_stop)
    threading.Thread(target=_await_supervisor_end, args=(loop, begin_stop), daemon=True).start()
    sockets = [socket.socket(fileno=descriptor) for descriptor in brief.descriptors]
    await run(brief.options, sockets, stop)
    if not stop.is_set():
        log.error("process ended by itself")
    return 0 if stop.is_set() else 1


def _await_supervisor_end(loop: asyncio.AbstractEventLoop, begin_stop: Callable[[], None]) -> None:
    sys.stdin.buffer.read()
    # Also when the event loop hangs and will never hear of it.
    _leave_after(LONGEST_STOP_SECONDS)
    loop.call_soon_threadsafe(begin_stop)


def _leave_after(seconds: float) -> None:
    timer = threading.Timer(seconds, _leave, (1,))
    timer.daemon = True
    timer.start()


def _leave(code: int) -> None:
    # Threads of the application server or of a database driver may still run; nothing waits for them here.
    logging.shutdown()
    os._exit(code)


def _loop_factory() -> Any:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


if __name__ == "__main__":
    _leave(main(sys.argv[1], [int(descriptor) for descriptor in sys.argv[2:]]))
