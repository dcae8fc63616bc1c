"""The supervisor's side of its children: the fork server, and what was forked from it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from io import FileIO
from typing import Self

from telegraf_controller.options import without_options
from telegraf_controller.processes.child import Brief


class ForkServer:
    """A running fork server. Its children live on when it ends."""

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self.pid = process.pid
        self._process = process
        self._control = control
        self._ended = asyncio.create_task(process.wait())
        self._turn = asyncio.Lock()

    @classmethod
    async def start(cls, entries: Iterable[str]) -> Self:
        """Start one that imports these entries. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                # -P: a file in the working directory must not stand in for a module of ours.
                *(sys.executable, "-P", "-m", "telegraf_controller.processes.forkserver"),
                *(str(theirs.fileno()), *entries),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                # numpy's linear algebra, of which nothing is used here, starts threads as soon as it is imported.
                env=without_options(os.environ) | {"OPENBLAS_NUM_THREADS": "1"},
                # Away from the terminal's process group: Ctrl-C comes to the supervisor alone.
                start_new_session=True,
            )
        return cls(process, ours)

    async def fork(self, entry: str, listeners: Sequence[socket.socket]) -> Child:
        """Start a child that is to serve these sockets and waits for its brief. Raises OSError."""
        async with self._turn:
            (given, stdin), (report, written) = _pipe(), _pipe()
            # macOS may lose a descriptor that nobody holds while it is under way.
            with given, written:
                reader = await _reader(report)
                answer = asyncio.create_task(reader.readline())
                # When it has ended, or the sockets were closed because everything stops.
                with suppress(OSError):
                    request = [given.fileno(), written.fileno(), *(listener.fileno() for listener in listeners)]
                    socket.send_fds(self._control, [entry.encode() + b"\n"], request)
                    await asyncio.wait({answer, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            said = (await answer).decode().strip()
        if said.isdigit():
            return Child(int(said), await _writer(stdin), reader)
        stdin.close()
        await reader.read()
        raise ChildProcessError(said or "the fork server has ended")

    async def wait(self) -> int:
        """Wait for its end and return the exit status."""
        code = await self._ended
        self._control.close()
        return code

    def kill(self) -> None:
        """End it at once, and with it whatever `fork` waits for."""
        with suppress(ProcessLookupError):
            self._process.kill()


class Child:
    """A running child. Its standard input stays open until its end is known."""

    def __init__(self, pid: int, stdin: asyncio.WriteTransport, report: asyncio.StreamReader) -> None:
        self.pid = pid
        self._stdin = stdin
        self._report = report

    def tell(self, brief: Brief) -> None:
        """Say what it is to do."""
        self._stdin.write(brief.to_line())

    async def wait(self) -> int | None:
        """Wait for its end and return the exit status, or None when the fork server ended first and nobody knows."""
        said = await self._report.read()
        self._stdin.close()
        if said:
            return int(said.split()[-1])
        # The first process of a container adopts orphans, and has to ask after them or they stay as zombies.
        with suppress(ChildProcessError):
            _, status = await asyncio.to_thread(os.waitpid, self.pid, 0)
            return os.waitstatus_to_exitcode(status)
        return None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it still lives."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


def _pipe() -> tuple[FileIO, FileIO]:
    reading, writing = os.pipe()
    return FileIO(reading, "rb"), FileIO(writing, "wb")


async def _reader(pipe: FileIO) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


async def _writer(pipe: FileIO) -> asyncio.WriteTransport:
    transport, _ = await asyncio.get_running_loop().connect_write_pipe(asyncio.BaseProtocol, pipe)
    return transport
