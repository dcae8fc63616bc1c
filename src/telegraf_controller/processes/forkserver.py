"""The fork server: one process that has imported everything, from which the supervisor has its children forked.

`python -m telegraf_controller.processes.forkserver <control> <module>:<function>…`, the control socket as a number.

A fork takes milliseconds instead of seconds and shares the memory of what is imported. The fork server has neither
threads nor an event loop, for a fork would keep a part of them, and it never sees an option: what it holds, all have.

A request is what to run, as one line, with descriptors: the child's standard input, its *report*, and the listening
sockets that it is to serve. Into the report the child writes its process id, and the fork server how the child ended.
Both hold it open, so that its end says that the child is gone even when the fork server is, too.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from telegraf_controller.processes import child

LONGEST_REQUEST_BYTES = 4096
MOST_DESCRIPTORS = 16
"""What a request can hold. The next is sent when this one was answered, so that each is read by itself."""


def main(control: int, entries: Sequence[str]) -> None:
    """Import what children are to do, then fork them until the supervisor is gone."""
    # Ctrl-C is for the supervisor to understand, here and in each child.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # systemd sends it to all at once, and who ends before the supervisor has heard of it seems to have failed.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # A look at what is shared would write to it, and each process would get a copy of its own.
    gc.disable()
    for entry in entries:
        # The child tries again, and says why it cannot.
        with suppress(Exception):
            child.imported(entry)
    child.loop_factory()
    gc.freeze()
    with socket.socket(fileno=control) as requests:
        _ForkServer(requests).run()


class _ForkServer:
    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._reports: dict[int, int] = {}
        """The descriptor of each child's report, by process id."""
        self._woken, self._wake = os.pipe()

    def run(self) -> None:
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)
        # Python writes to the pipe only for signals that have a handler.
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        requests = self._requests.fileno()
        while True:
            ready, _, _ = select.select([requests, self._woken], [], [])
            if self._woken in ready:
                os.read(self._woken, 4096)
                self._report_ends()
            if requests in ready:
                line, descriptors, _, _ = socket.recv_fds(self._requests, LONGEST_REQUEST_BYTES, MOST_DESCRIPTORS)
                if not line:
                    return
                self._fork(line.decode().strip(), descriptors)

    def _fork(self, entry: str, descriptors: Sequence[int]) -> None:
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        stdin, report, *listeners = descriptors
        try:
            pid = os.fork()
        except OSError as error:
            _say(report, str(error.strerror))
            os.close(report)
        else:
            if pid == 0:
                self._be_child(entry, stdin, report, listeners)
            self._reports[pid] = report
        for descriptor in (stdin, *listeners):
            os.close(descriptor)

    def _be_child(self, entry: str, stdin: int, report: int, listeners: Sequence[int]) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            os.setsid()
            _say(report, str(os.getpid()))
            os.dup2(stdin, sys.stdin.fileno())
            for descriptor in (stdin, self._woken, self._wake, *self._reports.values()):
                os.close(descriptor)
            self._requests.close()
            gc.enable()
            code = child.main(entry, listeners)
        except BaseException:
            traceback.print_exc()
        finally:
            child.leave(code)

    def _report_ends(self) -> None:
        while self._reports:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            report = self._reports.pop(pid)
            _say(report, f"ended with {os.waitstatus_to_exitcode(status)}")
            os.close(report)


def _say(report: int, what: str) -> None:
    # Without the supervisor nobody listens, and this process is about to learn of that.
    with suppress(BrokenPipeError):
        os.write(report, what.encode() + b"\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
