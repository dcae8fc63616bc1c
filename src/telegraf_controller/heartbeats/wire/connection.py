"""One connection: takes requests out of what arrives, one at a time, and sends their answers (H2, H3, H7)."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from enum import Enum, auto
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import structlog

from telegraf_controller.errors import ControllerError
from telegraf_controller.heartbeats.answers import Answer, error_answer
from telegraf_controller.heartbeats.body import too_large, unreadable
from telegraf_controller.heartbeats.wire import heads
from telegraf_controller.heartbeats.wire.chunks import ChunkReader
from telegraf_controller.heartbeats.wire.heads import Head

if TYPE_CHECKING:
    from telegraf_controller.heartbeats.wire.server import WireServer

log = structlog.get_logger(__name__)

READ_SECONDS = 10
"""How long a body may take to arrive."""

DRAIN_SECONDS = 2
"""How long a client that was refused while it sent may take to read the answer."""

DRAINED_BYTES: Final = 4 * 1024 * 1024
"""How much of what was refused is still taken, and dropped: who is cut off while sending may hear of a broken
connection instead of the refusal."""

UNWANTED_BYTES: Final = 64 * 1024
"""The largest body that is waited for when it is refused already: its connection can then be kept."""

READ_AHEAD_BYTES: Final = 64 * 1024
"""How much of the next requests is taken while one waits for its answer."""

_RECEIVE_BYTES = 64 * 1024
_CLOSE = b"connection: close\r\n"
_KEEP = b"connection: keep-alive\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Phase(Enum):
    """What a connection does."""

    HANDSHAKE = auto()
    REFUSED = auto()
    """One too many: hears 503 to whatever it asks."""
    READING = auto()
    ANSWERING = auto()
    """The application has a request and owes an answer."""
    DRAINING = auto()
    """It was told that it is closed; what it still sends is dropped."""
    CLOSED = auto()


class Connection:
    """One client's. Its requests are handled one after the other, in the order in which they came."""

    __slots__ = (
        "_admitted",
        "_advancing",
        "_awaits_body",
        "_charged",
        "_chunks",
        "_drained",
        "_ended",
        "_input",
        "_is_broken",
        "_refusal",
        "_searched",
        "_server",
        "_socket",
        "_taken",
        "context",
        "deadline",
        "head",
        "is_watched",
        "peer",
        "phase",
    )

    def __init__(self, server: WireServer, connected: socket.socket, peer: str, phase: Phase) -> None:
        self._server = server
        self._socket = connected
        self._input: bytes | bytearray = b""
        """What has arrived and is not yet part of a request."""
        self._searched = 0
        """How far the end of a head was looked for."""
        self._chunks: ChunkReader | None = None
        self._charged = 0
        self._admitted = False
        """Whether the application was asked about the head at hand."""
        self._awaits_body = False
        self._taken = False
        """Whether the body at hand was taken whole."""
        self._is_broken = False
        """Whether nobody can tell where the next request would begin."""
        self._refusal: Answer | None = None
        """What is answered when the body, which nobody wants, is there."""
        self._advancing = False
        self._ended = False
        """Whether the client will send nothing more."""
        self._drained = 0
        self.head: Head | None = None
        """Of the request at hand."""
        self.context: Any = None
        """What the application keeps for the request at hand."""
        self.peer = peer
        """The client's address, without its port."""
        self.phase = phase
        self.is_watched = False
        self.deadline = monotonic() + server.keep_alive_seconds

    # What the server calls.

    def readable(self) -> None:
        """Take what has arrived, and do what can be done with it."""
        if self.phase is Phase.HANDSHAKE and not self._shake_hands():
            return
        data = self._receive()
        if data is None:
            return
        phase = self.phase
        if not data:
            self._end()
        elif phase is Phase.READING:
            self._keep(data)
            self._advance()
        elif phase is Phase.ANSWERING:
            self._keep(data)
            if len(self._input) > READ_AHEAD_BYTES:
                self._server.ignore(self)
        elif phase is Phase.REFUSED:
            # Not before the client has begun to ask: Go's client takes an earlier answer for a protocol error.
            self._fail(ControllerError("overloaded", "There are too many connections; try again in a moment."))
        else:
            self._drained += len(data)
            if self._drained > DRAINED_BYTES:
                self.close()

    def is_idle(self) -> bool:
        """Tell whether nobody waits for an answer, and nothing of a request has come."""
        busy = self.phase is Phase.ANSWERING or self.phase is Phase.DRAINING
        return not busy and self.head is None and not self._input

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._socket.fileno()

    def overdue(self) -> None:
        """Act on a deadline that has passed."""
        if self.phase is Phase.READING and self._awaits_body:
            self._is_broken = True
            self.answer(self._refusal or error_answer(unreadable("it did not arrive in time")))
        elif self.phase is not Phase.ANSWERING:
            self.close()

    def close(self) -> None:
        """Hang up."""
        if self.phase is Phase.CLOSED:
            return
        self.phase = Phase.CLOSED
        self._charge(0)
        self._server.forget(self)
        self._say_goodbye()
        self._socket.close()
        self._input = b""
        self._chunks = None
        self.context = None

    # What the application calls, once for each request.

    def proceed(self) -> None:
        """Go on with a request that was not admitted at once."""
        if self.phase is Phase.ANSWERING:
            self.phase = Phase.READING
            self._watch()
            self._advance()

    def answer(self, answer: Answer) -> None:
        """Answer the request at hand, then go on with the next. A client that is gone hears nothing."""
        if self.phase is Phase.CLOSED:
            return
        head = self.head
        taken = head is not None and self._is_taken(head)
        if head is not None and not taken and self._may_come(head):
            # The connection is worth waiting for the rest; and an answer before that is what some clients never read.
            self._refusal = answer
            self.proceed()
            return
        keep = taken and head is not None and head.keep_alive and not self._server.is_closing
        parts = [answer.head, self._server.date_line]
        if not keep:
            parts.append(_CLOSE)
        elif head is not None and head.is_old:
            parts.append(_KEEP)
        parts.append(b"\r\n")
        if answer.body and (head is None or head.method != "HEAD"):
            parts.append(answer.body)
        if not self._send(b"".join(parts)):
            return
        if keep:
            self._await_next()
        elif self._taken and not self._input:
            self.close()
        else:
            self._drain()

    def refuse(self, error: ControllerError) -> None:
        """Answer with an error."""
        self.answer(error_answer(error))

    # Inside.

    def _await_next(self) -> None:
        self.phase = Phase.READING
        self.head = self.context = None
        self._admitted = self._awaits_body = self._taken = False
        self._searched = 0
        self._refusal = None
        self._charge(0)
        self._chunks = None
        self.deadline = monotonic() + self._server.keep_alive_seconds
        self._watch()
        if self._input or self._ended:
            self._advance()

    def _watch(self) -> None:
        if not self.is_watched and not self._ended:
            self._server.watch(self)

    def _keep(self, data: bytes) -> None:
        if not self._input:
            self._input = data
            return
        if isinstance(self._input, bytes):
            self._input = bytearray(self._input)
        self._input += data

    def _advance(self) -> None:
        """Go on with the request at hand as far as what has arrived allows, and with those behind it."""
        if self._advancing:
            return  # this answer came at once; the loop below goes on
        self._advancing = True
        try:
            while self.phase is Phase.READING and self._step():
                pass
        finally:
            self._advancing = False
        if self._ended and self.phase is Phase.READING:
            self.close()

    def _step(self) -> bool:
        """Take one request if it is there; tell whether to look for another."""
        try:
            if self.head is None and not self._take_head():
                return False
            if not self._admitted:
                self._admitted = True
                self.phase = Phase.ANSWERING
                if not self._server.app.admit(self):
                    return True
                self.phase = Phase.READING
            body = self._take_body()
            if body is None:
                return False
            self.phase = Phase.ANSWERING
            if self._refusal is None:
                self._server.app.take(self, body)
            else:
                self.answer(self._refusal)
        except ControllerError as error:
            if self.head is None or error.code == "malformed_request":
                self._fail(error)
            else:
                self.refuse(error)
        except Exception:
            log.exception("heartbeat request failed")
            self._fail(ControllerError("internal_error", "This request could not be handled."))
        return True

    def _take_head(self) -> bool:
        while self._input[:2] == b"\r\n":
            # Some send an empty line behind a body, and are to be forgiven (RFC 9112, 2.2).
            self._input = self._input[2:]
        data = self._input
        end = data.find(b"\r\n\r\n", self._searched) + 4
        if end > 3 and end <= heads.MAX_HEAD_BYTES:
            self.head = self._server.heads.read(bytes(data[:end]))
            self._input = data[end:]
            return True
        if len(data) > heads.MAX_HEAD_BYTES:
            raise heads.too_large()
        # No method begins otherwise: this is TLS, or another protocol that would wait for our word.
        if data and data != b"\r" and not 65 <= data[0] <= 90:
            raise heads.malformed("it does not begin with a method")
        self._searched = max(0, len(data) - 3)
        return False

    def _take_body(self) -> bytes | None:
        """Return the body when all of it is there."""
        head = self.head
        assert head is not None
        if head.length > self._server.body_limit:
            raise too_large(self._server.body_limit)
        if head.chunked:
            return self._take_chunks()
        data = self._input
        if len(data) < head.length:
            self._charge(head.length)
            self._wait_for_body(head)
            return None
        self._input = data[head.length :]
        self._taken = True
        self._charge(0)
        return bytes(data[: head.length])

    def _take_chunks(self) -> bytes | None:
        if self._chunks is None:
            self._chunks = ChunkReader()
        data = self._input if isinstance(self._input, bytearray) else bytearray(self._input)
        self._input = data
        complete = self._chunks.take(data)
        body = self._chunks.body
        if len(body) > self._server.body_limit:
            raise too_large(self._server.body_limit)
        if not complete:
            self._charge(len(body))
            assert self.head is not None
            self._wait_for_body(self.head)
            return None
        self._taken = True
        self._charge(0)
        self._chunks = None
        return bytes(body)

    def _wait_for_body(self, head: Head) -> None:
        if self._awaits_body:
            return
        self._awaits_body = True
        self.deadline = monotonic() + READ_SECONDS
        if head.expects_continue and not self._input:
            self._send(_CONTINUE)

    def _is_taken(self, head: Head) -> bool:
        """Tell whether the next request begins where the input does. Skips a body that is there whole."""
        if not self._taken and not self._is_broken and not head.chunked and len(self._input) >= head.length:
            self._input = self._input[head.length :]
            self._taken = True
        return self._taken and not self._is_broken

    def _may_come(self, head: Head) -> bool:
        """Tell whether to wait for the rest of a body before it is refused."""
        if self._refusal is not None or self._is_broken or self._ended or head.expects_continue:
            return False
        return head.keep_alive and head.length <= UNWANTED_BYTES

    def _fail(self, error: ControllerError) -> None:
        """Answer with an error, and close: what follows cannot be understood."""
        self._is_broken = True
        self.refuse(error)

    def _charge(self, size: int) -> None:
        """Count a body that arrives among all those that do. Raises ControllerError `overloaded`."""
        if size != self._charged:
            self._server.charge(size - self._charged)
            self._charged = size

    def _end(self) -> None:
        self._ended = True
        if self.phase is Phase.ANSWERING:
            self._server.ignore(self)  # it may still listen
        else:
            self.close()

    def _drain(self) -> None:
        """Say that nothing more will come, and read on: closing with unread bytes would reset the connection, and the
        client lose the answer."""
        self.phase = Phase.DRAINING
        self._input = b""
        self._charge(0)
        self._chunks = None
        self.deadline = monotonic() + DRAIN_SECONDS
        self._say_goodbye()
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.close()
            return
        if self._ended:
            self.close()
        else:
            self._watch()

    def _say_goodbye(self) -> None:
        if isinstance(self._socket, ssl.SSLSocket):
            # TLS has a word for that nothing was cut off; if there is no room for it, so be it.
            with suppress(OSError, ValueError):
                self._socket.unwrap()

    def _shake_hands(self) -> bool:
        assert isinstance(self._socket, ssl.SSLSocket)
        try:
            self._socket.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            self._drain()  # the client is told by TLS what is wrong
            return False
        except (OSError, ValueError):
            self.close()
            return False
        self.phase = self._server.phase_of_new
        return True

    def _receive(self) -> bytes | None:
        """Return what has arrived: None when nothing has, nothing when the client will send nothing more."""
        connected = self._socket
        try:
            data = connected.recv(_RECEIVE_BYTES)
            if isinstance(connected, ssl.SSLSocket):
                # What TLS has unpacked already, no socket tells of.
                while connected.pending():
                    data += connected.recv(_RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError):
            return None
        except OSError:
            self.close()
            return None
        return data

    def _send(self, data: bytes) -> bool:
        try:
            if self._socket.send(data) == len(data):
                return True
        except OSError:
            pass
        # It has hung up, or asks and asks and never reads.
        self.close()
        return False
