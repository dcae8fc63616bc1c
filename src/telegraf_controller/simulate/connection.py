"""One connection to the controller: carries one heartbeat at a time and says what became of it."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import ssl
from time import perf_counter
from typing import Protocol, cast

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection:[ \t]*close", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] \d\d\d[ \r]")
_MAX_ANSWER_BYTES = 1 << 20


class Recorder(Protocol):
    """Who makes connections and hears what became of heartbeats."""

    def connect(self, connection: Connection) -> asyncio.Task[None]:
        """Begin to connect; the task never raises."""

    def answered(self, connection: Connection, status: int, body: bytes) -> None:
        """Hear that the controller answered."""

    def failed(self, connection: Connection, reason: str) -> None:
        """Hear that no answer came."""


class Connection(asyncio.Protocol):
    """From the first heartbeat to the end of the connection; once `closed`, it is of no more use.

    With `one_shot` it ends after one heartbeat.
    """

    __slots__ = ("_buffer", "_connecting", "_one_shot", "_recorder", "_request", "_transport", "closed", "due", "sent")

    def __init__(self, recorder: Recorder, *, one_shot: bool) -> None:
        self._recorder = recorder
        self._one_shot = one_shot
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._request: bytes | None = None
        self._buffer = b""
        self.closed = False
        self.due = 0.0
        """When the heartbeat under way should have left (`perf_counter`, seconds)."""
        self.sent = 0.0
        """When it was taken."""

    @property
    def busy(self) -> bool:
        """Whether a heartbeat is under way."""
        return self._request is not None

    def send(self, request: bytes, due: float) -> None:
        """Send a heartbeat, connecting first when this is the first. The connection is neither busy nor closed."""
        self.due = due
        self.sent = perf_counter()
        self._request = request
        if self._transport is not None:
            self._transport.write(request)
        else:
            self._connecting = self._recorder.connect(self)

    def give_up(self, reason: str) -> None:
        """Stop waiting for the answer and close."""
        was_busy = self.busy
        self.close()
        if was_busy:
            self._recorder.failed(self, reason)

    def close(self) -> None:
        """Close at once; a heartbeat that is under way is forgotten."""
        self.closed = True
        self._request = None
        self._buffer = b""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the heartbeat that the connection was made for."""
        self._connecting = None
        self._transport = cast(asyncio.Transport, transport)
        if self._request is None:
            self._transport.abort()
        else:
            self._transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        """Hear that the connection is gone."""
        if not self.closed:
            self.give_up("connection closed" if error is None else reason_of(error))

    def data_received(self, data: bytes) -> None:
        """Read an answer; there is at most one under way."""
        if self._buffer:
            data = self._buffer + data
        end = data.find(b"\r\n\r\n")
        if self._request is None or (end >= 0 and not _STATUS_LINE.match(data)):
            self.give_up("answer that is not HTTP")
            return
        status = int(data[9:12]) if end >= 0 else 0
        body = b"" if status == 204 else _body_of(data, end)
        if body is None:
            self._wait_for_more(data)
            return
        self._buffer = b""
        self._request = None
        if self._one_shot or (b"lose" in data and _CLOSE.search(data, 0, end + 2)):
            self.closed = True
            assert self._transport is not None
            self._transport.close()
        self._recorder.answered(self, status, body)

    def _wait_for_more(self, data: bytes) -> None:
        if len(data) > _MAX_ANSWER_BYTES:
            self.give_up("answer that is too large")
        else:
            self._buffer = data


def _body_of(data: bytes, end: int) -> bytes | None:
    """Return the body of an answer whose head ends at `end`, None while something is missing."""
    if end < 0:
        return None
    body = data[end + 4 :]
    length = _LENGTH.search(data, 0, end + 2)
    if length is not None:
        return body if len(body) >= int(length[1]) else None
    if _CHUNKED.search(data, 0, end + 2):
        return body if body.endswith(b"0\r\n\r\n") else None
    return body


def reason_of(error: Exception) -> str:
    """Name a connection's failure in a few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate not trusted"
    if isinstance(error, ssl.SSLError):
        return "TLS failed"
    if isinstance(error, OSError) and error.errno:
        return "no more open files" if error.errno == errno.EMFILE else os.strerror(error.errno).lower()
    return type(error).__name__
