"""A child of the supervisor, forked by the fork server when everything is imported.

It waits for its brief on standard input, which holds the secrets: arguments and environment can be read by others on
the machine, and the fork server's memory is every child's. Standard input stays open for as long as the supervisor
lives; its end means that the supervisor is gone.
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
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn, Self

import structlog

from telegraf_controller.options import Options
from telegraf_controller.processes import logs

log = structlog.get_logger(__name__)

LONGEST_STOP_SECONDS = 9.5
"""After this a stopping process ends in the middle of whatever holds it; the supervisor kills it at ten (O4)."""

TITLE = "tc-"
"""What the names of these processes begin with in the list of processes; Linux shows 15 characters."""

Run = Callable[[Options, Sequence[socket.socket], asyncio.Event], Awaitable[None]]
"""What a process does: serve on these listening sockets until the event is set, then finish and return."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What the supervisor tells a child: its name and the options."""

    name: str
    options: Options

    def to_line(self) -> bytes:
        """Write it as one line, secrets included."""
        return json.dumps({"name": self.name, "options": self.options.to_json().decode()}).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Read what `to_line` wrote."""
        head = json.loads(line)
        return cls(head["name"], Options.from_json(head["options"]))


def main(entry: str, listeners: Sequence[int]) -> int:
    """Do what standard input says on these sockets until told to stop. Returns 0 when told to stop, 1 on a failure."""
    line = sys.stdin.buffer.readline()
    if not line:
        return 0
    brief = Brief.from_line(line)
    options = brief.options
    _show_name(brief.name)
    logs.configure(
        form=options.log_format, level=options.log_level, process=brief.name, secrets=options.secret_values()
    )
    try:
        # Before anything listens to SIGTERM: until then it simply ends this process, however long an import takes.
        run = imported(entry)
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return runner.run(_until_stopped(run, options, listeners))
    except Exception:
        log.exception("process failed")
        return 1


def imported(entry: str) -> Run:
    """Return the function that `module:function` names."""
    module, _, function = entry.partition(":")
    run: Run = getattr(importlib.import_module(module), function)
    return run


def _show_name(name: str) -> None:
    """Make `ps -o comm`, `top` and `htop` tell which child this is; the command line is the fork server's."""
    # Elsewhere than on Linux, and where /proc may not be written to, it stays as it is.
    with suppress(OSError), open("/proc/self/comm", "w") as title:
        title.write(f"{TITLE}{name}")


async def _until_stopped(run: Run, options: Options, listeners: Sequence[int]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def begin_stop() -> None:
        if not stop.is_set():
            stop.set()
            _leave_after(LONGEST_STOP_SECONDS)

    loop.add_signal_handler(signal.SIGTERM, begin_stop)
    threading.Thread(target=_await_supervisor_end, args=(loop, begin_stop), daemon=True).start()
    sockets = [socket.socket(fileno=descriptor) for descriptor in listeners]
    await run(options, sockets, stop)
    if not stop.is_set():
        log.error("process ended by itself")
    return 0 if stop.is_set() else 1


def _await_supervisor_end(loop: asyncio.AbstractEventLoop, begin_stop: Callable[[], None]) -> None:
    sys.stdin.buffer.read()
    # Also when the event loop hangs and will never hear of it.
    _leave_after(LONGEST_STOP_SECONDS)
    loop.call_soon_threadsafe(begin_stop)


def _leave_after(seconds: float) -> None:
    timer = threading.Timer(seconds, leave, (1,))
    timer.daemon = True
    timer.start()


def leave(code: int) -> NoReturn:
    """End this process, whatever still runs in it."""
    # Threads of the application server or of a database driver may; nothing waits for them here.
    try:
        logging.shutdown()
    finally:
        os._exit(code)


def loop_factory() -> Any:
    """Import what makes event loops and return it."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop
