"""One place for a connection to the controller: carries one heartbeat at a time and says what became of it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector
from typing import Protocol

from telegraf_controller.simulate.answers import Answer, AnswerReader, AnswerRefused
from telegraf_controller.simulate.route import Route, reason_of, say_goodbye

_RECEIVE_BYTES = 16 * 1024
"""As much as TLS unpacks at once: of the rest, no socket would tell."""


class Recorder(Protocol):
    """Who hears what became of heartbeats, and what connections have in common."""

    route: Route
    selector: BaseSelector
    """Its keys' data is what to call when a socket is ready."""
    answers: AnswerReader

    def answered(self, connection: Connection, answer: Answer) -> None:
        """Hear that the controller answered."""

    def failed(self, connection: Connection, reason: str) -> None:
        """Hear that no answer came."""


class Connection:
    """Is connected from its first heartbeat on, and with the next one again after it was closed, by whom ever.

    With `one_shot` it closes after each heartbeat.
    """

    __slots__ = ("_arrived", "_one_shot", "_recorder", "_socket", "_unsent", "busy", "due", "sent")

    def __init__(self, recorder: Recorder, *, one_shot: bool) -> None:
        self._recorder = recorder
        self._one_shot = one_shot
        self._socket: socket.socket | None = None
        self._unsent = b""
        """What of a heartbeat still has to leave."""
        self._arrived = b""
        """What has arrived of an answer that is not all there."""
        self.busy = False
        """Whether a heartbeat is under way."""
        self.due = 0.0
        """When it should have left (`perf_counter`, seconds)."""
        self.sent = 0.0
        """When it was taken."""

    def send(self, request: bytes, *, due: float, now: float) -> None:
        """Send a heartbeat, connecting first if need be. The connection is not busy."""
        self.due = due
        self.sent = now
        self.busy = True
        if self._socket is None:
            self._unsent = request
            self._connect()
        else:
            self._write(self._socket, request)

    def give_up(self, reason: str) -> None:
        """Stop waiting for the answer and close."""
        was_busy = self.busy
        self.close()
        if was_busy:
            self._recorder.failed(self, reason)

    def close(self) -> None:
        """Close at once; a heartbeat that is under way is forgotten."""
        self.busy = False
        self._unsent = self._arrived = b""
        if self._socket is not None:
            self._recorder.selector.unregister(self._socket)
            self._socket.close()
            self._socket = None

    def _connect(self) -> None:
        try:
            dialed = self._recorder.route.dial()
            self._recorder.selector.register(dialed, EVENT_WRITE, self._connected)
        except OSError as error:
            self.give_up(reason_of(error))
            return
        self._socket = dialed

    def _connected(self) -> None:
        assert self._socket is not None
        try:
            self._socket = self._recorder.route.secured(self._socket)
        except OSError as error:
            self.give_up(reason_of(error))
            return
        self._go_on()

    def _go_on(self) -> None:
        """Send what has not left yet."""
        unsent, self._unsent = self._unsent, b""
        assert self._socket is not None
        self._write(self._socket, unsent)
        if self.busy and not self._unsent:
            self._watch(EVENT_READ, self._readable)

    def _go_on_or_hear(self) -> None:
        """Send what has not left yet; a refusal may come before all has."""
        self._go_on()
        if self._unsent:
            self._readable()

    def _write(self, connected: socket.socket, data: bytes) -> None:
        """Send as much as there is room for, and watch for room for the rest."""
        try:
            count = connected.send(data)
        except ssl.SSLWantReadError:
            # Shaking hands. To read here, too, could end that with nothing left to wait for.
            self._unsent = data
            self._watch(EVENT_READ, self._go_on)
            return
        except (BlockingIOError, ssl.SSLWantWriteError):
            count = 0
        except OSError as error:
            self.give_up(reason_of(error))
            return
        if count < len(data):
            self._unsent = data[count:]
            self._watch(EVENT_READ | EVENT_WRITE, self._go_on_or_hear)

    def _watch(self, events: int, then: Callable[[], None]) -> None:
        assert self._socket is not None
        self._recorder.selector.modify(self._socket, events, then)

    def _readable(self) -> None:
        """Read an answer; there is at most one under way."""
        assert self._socket is not None
        try:
            data = self._socket.recv(_RECEIVE_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError as error:
            self.give_up(reason_of(error))
            return
        if not data or not self.busy:
            self.give_up("connection closed")
            return
        if self._arrived:
            data = self._arrived + data
        try:
            answer = self._recorder.answers.read(data)
        except AnswerRefused as refusal:
            self.give_up(str(refusal))
            return
        if answer is None:
            self._arrived = data
        else:
            self._take(answer)

    def _take(self, answer: Answer) -> None:
        self._arrived = b""
        self.busy = False
        if self._one_shot or answer.closes or self._unsent:
            assert self._socket is not None
            say_goodbye(self._socket)
            self.close()
        self._recorder.answered(self, answer)
