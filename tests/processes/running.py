"""The program as a real process, seen from outside: its output, its ports, its children."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from telegraf_controller.options import without_options
from telegraf_controller.processes.supervisor import FORK_SERVER
from tests.support.plain_http import NO_TLS
from tests.support.ports import free_port

REPOSITORY = Path(__file__).parent.parent.parent
PATIENCE_SECONDS = 20.0


@dataclass
class Program:
    """A started program. Ports are free ones unless given."""

    folder: Path
    port: int = field(default_factory=free_port)
    heartbeat_port: int = field(default_factory=free_port)
    python: str = sys.executable
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self, module: str, *flags: str, environment: Mapping[str, str]) -> None:
        """Start it in its own folder."""
        own = ["--host=127.0.0.1", "--heartbeat-host=127.0.0.1", f"--port={self.port}"]
        own += [f"--heartbeat-port={self.heartbeat_port}"]
        with (self.folder / "out").open("wb") as out, (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [self.python, "-m", module, *own, *flags],
                cwd=self.folder,
                env={**without_options(os.environ), "PYTHONPATH": str(REPOSITORY), **environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
            )

    @property
    def out(self) -> str:
        """What it printed."""
        return (self.folder / "out").read_text()

    @property
    def log(self) -> str:
        """What it logged, its processes too."""
        return (self.folder / "log").read_text()

    def children(self) -> dict[str, int]:
        """The process id of each child that was started last, by name."""
        return {name: pid for name, pid in self._started().items() if name != FORK_SERVER}

    def fork_server(self) -> int:
        """The process id of the fork server that was started last."""
        return self._started()[FORK_SERVER]

    def _started(self) -> dict[str, int]:
        return {name: int(pid) for name, pid in re.findall(r"process started name=(\S+) pid=(\d+)", self.log)}

    def get(self, path: str = "/", *, api: bool = False) -> str:
        """Ask the heartbeat port, or the API."""
        port = self.port if api else self.heartbeat_port
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_SECONDS, verify=NO_TLS).text

    def wait_until_serving(self) -> None:
        """Wait until both ports answer."""
        until(lambda: len(self.children()) >= 3)
        # The sockets listen from the first moment on; an answer comes when somebody serves them.
        self.get(api=True)
        self.get()

    def wait(self) -> int:
        """Wait for its end and return the exit code."""
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def end(self) -> None:
        """Leave nothing behind."""
        for pid in (self.process.pid, *self._started().values()):
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def supervised(folder: Path, *flags: str, **environment: str) -> Iterator[Program]:
    """Run the supervisor with stand-ins for the length of a `with` block; no database is involved."""
    with _running("tests.processes.supervised", folder, *flags, **environment) as program:
        yield program


@contextmanager
def whole(folder: Path, *flags: str, **environment: str) -> Iterator[Program]:
    """Run the whole program on SQLite with stand-ins for the length of a `with` block."""
    with _running("tests.processes", folder, "--database=controller.db", *flags, **environment) as program:
        yield program


@contextmanager
def _running(module: str, folder: Path, *flags: str, **environment: str) -> Iterator[Program]:
    program = Program(folder)
    program.start(module, *flags, environment=environment)
    try:
        yield program
    finally:
        program.end()


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, patiently. Raises AssertionError."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and was not yet waited for does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def refuses_connections(port: int) -> bool:
    """Tell whether nobody listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
