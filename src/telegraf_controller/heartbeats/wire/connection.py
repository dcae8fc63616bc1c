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
from telegraf_controller.heartbeats.answers import STORED, Answer, error_answer
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
"""How long a client that was refused while it sent may take to read the answer, and one that is one too many to ask."""

DRAINED_BYTES: Final = 4 * 1024 * 1024
"""How much of what was refused is still taken, and dropped: who is cut off while sending may hear of a broken
connection instead of the refusal."""

UNWANTED_BYTES: Final = 64 * 1024
"""The largest body that is waited for when it is refused already: its connection can then be kept."""

READ_AHEAD_BYTES: Final = 64 * 1024
"""How much of the next requests is taken while one waits for its answer."""

UNCOUNTED_BYTES: Final = 4096
"""What every connection may hold of a request that is not all there; more counts among what arrives."""

_AT_ONCE: Final = 16
"""How many requests of one connection are handled before others get their turn."""

_EMPTY_LINES: Final = 2
_END_OF_HEAD: Final = b"\r\n\r\n"
_RECEIVE_BYTES: Final = 64 * 1024
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
    """Everything is said; what still comes is dropped."""
    CLOSED = auto()


# Python 3.11 takes 0.15 microseconds for a member of an enumeration, and a heartbeat asks for some ten.
_HANDSHAKE, _REFUSED, _READING, _ANSWERING, _DRAINING, _CLOSED = Phase


class Connection:
    """One client's. Its requests are handled one after the other, in the order in which they came."""

    __slots__ = (
        "_admitted",
        "_advancing",
        "_at",
        "_awaits_body",
        "_body_is_read",
        "_chunks",
        "_counted",
        "_drained",
        "_ended",
        "_held",
        "_input",
        "_is_broken",
        "_searched",
        "_server",
        "_socket",
        "context",
        "deadline",
        "head",
        "is_fresh",
        "is_watched",
        "known",
        "peer",
        "phase",
    )

    def __init__(self, server: WireServer, connected: socket.socket, peer: str, phase: Phase) -> None:
        self._server = server
        self._socket = connected
        self._input: bytes | bytearray = b""
        """What has arrived."""
        self._at = 0
        """Where in it begins what is not yet part of a request."""
        self._searched = 0
        """How far in it the end of a head was looked for."""
        self._counted = 0
        """How much of it counts among what arrives on all connections."""
        self._admitted = False
        """Whether the application was asked about the head at hand."""
        self._awaits_body = False
        """Whether there is a time for the body at hand."""
        self._body_is_read = False
        self._chunks: ChunkReader | None = None
        """Of the body at hand, when it comes in chunks."""
        self._held: Answer | None = None
        """What is answered as soon as the body, which nobody wants, is there."""
        self._is_broken = False
        """Whether the end of the request at hand is not known, so that no other can follow."""
        self._advancing = False
        self._ended = False
        """Whether the client will send nothing more."""
        self._drained = 0
        self.head: Head | None = None
        """Of the request at hand."""
        self.context: Any = None
        """What the application keeps for the request at hand."""
        self.known: Any = None
        """What the application remembers of the last requests; None: nothing."""
        self.is_fresh = True
        """Whether it has asked for nothing yet."""
        self.peer = peer
        """The client's address, without its port."""
        self.phase = phase
        self.is_watched = False
        self.deadline = monotonic() + server.seconds_for(phase)

    # What the server calls.

    def readable(self) -> None:
        """Take what has arrived, and do what can be done with it."""
        if self.phase is _CLOSED or (self.phase is _HANDSHAKE and not self._shake_hands()):
            return
        data = self._receive()
        if data is None:
            return
        phase = self.phase
        if not data:
            self._end()
        elif phase is _READING:
            if self._input or self.head is not None or not self._take_whole(data):
                self._append(data)
                self.advance()
        elif phase is _ANSWERING:
            self._append(data)
            if len(self._input) - self._at > READ_AHEAD_BYTES or not self._count():
                self._server.unwatch(self)
        elif phase is _REFUSED:
            # Not before the client has begun to ask: Go's client takes an earlier answer for a protocol error.
            self._fail(ControllerError("overloaded", "There are too many connections; try again in a moment."))
        else:
            self._drained += len(data)
            if self._drained > DRAINED_BYTES:
                self.close()

    def advance(self) -> None:
        """Go on with the request at hand as far as what has arrived allows, and with those behind it."""
        if self._advancing:
            return  # this answer came at once; the loop below goes on
        self._advancing = True
        try:
            for _ in range(_AT_ONCE):
                if self.phase is not _READING or not self._step():
                    break
            else:
                self._server.advance_later(self)
                return
        finally:
            self._advancing = False
        if self._ended and self.phase is _READING:
            self.close()

    def is_idle(self) -> bool:
        """Tell whether nobody waits for an answer."""
        return self.head is None and self.phase in (_READING, _HANDSHAKE, _REFUSED)

    def overdue(self) -> None:
        """Act on a deadline that has passed."""
        if self.phase is _READING and self._awaits_body:
            self._fail(unreadable("it did not arrive in time"))
        elif self.phase is not _ANSWERING:
            self.close()

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Hang up."""
        if self.phase is _CLOSED:
            return
        self.phase = _CLOSED
        self._forget_input()
        self._server.forget(self)
        self._say_goodbye()
        self._socket.close()
        self.context = self.known = None

    # What the application calls, once for each request.

    def proceed(self) -> None:
        """Go on with a request that was not admitted at once."""
        if self.phase is _ANSWERING:
            self.phase = _READING
            self._watch()
            self.advance()

    def answer(self, answer: Answer) -> None:
        """Answer the request at hand, then go on with the next. A client that is gone hears nothing."""
        if self.phase is not _ANSWERING:
            return
        head, server = self.head, self._server
        if (
            answer is STORED
            and self._body_is_read
            and head is not None
            and head.keep_alive
            and not (head.is_old or server.is_closing)
        ):
            self.head = self.context = None
            if self._send(server.stored_and_kept):
                self._await_next()
        elif self._is_worth_waiting():
            self._held = answer
            self.proceed()
        else:
            self._reply(answer)

    # Reading.

    def _take_whole(self, data: bytes) -> bool:
        """Handle what has arrived if it is one whole request with a head like those before, as nearly all are.

        Tells whether it was. If not, nothing is done.
        """
        server = self._server
        end = data.find(_END_OF_HEAD) + len(_END_OF_HEAD)
        head = server.heads.remembered(data[:end]) if self.known is not None else None
        if head is None or head.chunked or head.length != len(data) - end or head.length > server.body_limit:
            return False
        if not server.app.admit_again(self, head):
            return False
        self.head, self.phase, self._body_is_read = head, _ANSWERING, True
        try:
            server.app.handle(self, data[end:])
        except ControllerError as error:
            self.answer(error_answer(error))
        except Exception:
            self._mistaken(asked=True)
        return True

    def _step(self) -> bool:
        """Take one request if it is there; tell whether to look for another."""
        asked = False
        try:
            if self.head is None and not self._read_head():
                return False
            if not self._admitted:
                self._admitted = asked = True
                self.phase = _ANSWERING
                if not self._server.app.admit(self):
                    return True
                self.phase = _READING
                asked = False
            body = self._read_body()
            if body is None:
                return False
            asked = True
            self.phase = _ANSWERING
            if self._held is None:
                self._server.app.handle(self, body)
            else:
                self._reply(self._held)
        except ControllerError as error:
            if asked:
                self.answer(error_answer(error))
            else:
                self._fail(error)  # what follows cannot be understood
        except Exception:
            self._mistaken(asked=asked)
        return True

    def _mistaken(self, *, asked: bool) -> None:
        """Answer what a mistake of ours has left, told as the exception at hand; `asked` says whether the application
        had the request."""
        log.exception("heartbeat request failed")
        if asked and self.phase is not _ANSWERING:
            self.close()  # after its answer, which must stay the only one
        else:
            self._fail(ControllerError("internal_error", "This request could not be handled."))

    def _read_head(self) -> bool:
        data, at = self._input, self._at
        if at < len(data) and not 65 <= data[at] <= 90:
            at = self._skip_empty_lines(data, at)
        end = data.find(_END_OF_HEAD, max(at, self._searched)) + 4
        if (len(data) if end < 4 else end) - at > heads.MAX_HEAD_BYTES:
            raise heads.too_large()
        if end < 4:
            self._searched = max(at, len(data) - 3)
            self._wait()
            return False
        self.is_fresh = False
        self.head = self._server.heads.read(bytes(data[at:end]))
        self._at = end
        return True

    def _skip_empty_lines(self, data: bytes | bytearray, at: int) -> int:
        """Return where the head begins. Raises ControllerError `malformed_request` when that is none."""
        while data[at : at + 2] == b"\r\n" and at < self._at + 2 * _EMPTY_LINES:
            at += 2  # some send one behind a body, and are to be forgiven (RFC 9112, 2.2)
        self._at = at
        # No method begins otherwise: this is TLS, or another protocol that would wait for our word.
        if at < len(data) and not 65 <= data[at] <= 90 and data[at:] != b"\r":
            raise heads.malformed("it does not begin with a method")
        return at

    def _read_body(self) -> bytes | None:
        """Return the body when all of it is there."""
        head = self.head
        assert head is not None
        if head.length > self._server.body_limit and self._held is None:
            raise too_large(self._server.body_limit)
        if head.chunked:
            return self._read_chunks()
        at = self._at
        if not self._skip_body(head):
            self._wait_for_body(head)
            return None
        return bytes(self._input[at : self._at])

    def _read_chunks(self) -> bytes | None:
        if self._chunks is None:
            self._chunks = ChunkReader()
        data = self._input
        if self._at or isinstance(data, bytes):
            data = bytearray(data[self._at :])
        self._input, self._at = data, 0
        complete = self._chunks.take(data)
        limit = self._server.body_limit if self._held is None else min(UNWANTED_BYTES, self._server.body_limit)
        if len(self._chunks.body) > limit:
            raise too_large(limit)
        if not complete:
            assert self.head is not None
            self._wait_for_body(self.head)
            return None
        self._body_is_read = True
        return bytes(self._chunks.body)

    def _skip_body(self, head: Head) -> bool:
        """Go behind the body if it is there whole; tell whether one is behind it."""
        if not self._body_is_read and not head.chunked and len(self._input) - self._at >= head.length:
            self._at += head.length
            self._body_is_read = True
        return self._body_is_read

    def _wait_for_body(self, head: Head) -> None:
        self._wait()
        if not self._awaits_body:
            self._awaits_body = True
            self.deadline = monotonic() + READ_SECONDS
            if head.expects_continue and self._at == len(self._input):
                self._send(_CONTINUE)

    def _wait(self) -> None:
        """Keep what there is of a request. Raises ControllerError `overloaded`."""
        if not self._count():
            raise ControllerError("overloaded", "Too many large heartbeats arrive at once; this one was not stored.")

    def _is_worth_waiting(self) -> bool:
        """Tell whether to wait for the rest of a body before its request is refused.

        The connection can be kept then; and an answer before that is what some clients never read.
        """
        head = self.head
        if head is None or self._skip_body(head) or head.length > UNWANTED_BYTES or head.expects_continue:
            return False
        return head.keep_alive and not self._ended and not self._server.is_closing

    def _append(self, data: bytes) -> None:
        if self._at == len(self._input):
            self._input, self._at, self._searched = data, 0, 0
            return
        if isinstance(self._input, bytes):
            self._input = bytearray(self._input)
        if self._at:
            del self._input[: self._at]
            self._searched, self._at = max(0, self._searched - self._at), 0
        self._input += data

    def _count(self) -> bool:
        """Count what is kept among what arrives on all connections; tell whether there is room for it."""
        size = len(self._input) - self._at + (len(self._chunks.body) if self._chunks is not None else 0)
        size = size if size > UNCOUNTED_BYTES else 0
        if size == self._counted:
            return True
        if not self._server.count(size - self._counted):
            return False
        self._counted = size
        return True

    def _forget_input(self) -> None:
        self._input, self._at, self._searched = b"", 0, 0
        self._chunks = None
        if self._counted:
            self._count()

    def _end(self) -> None:
        self._ended = True
        if self.phase is _ANSWERING:
            self._server.unwatch(self)  # it may still listen
        elif self._held is not None:
            self._is_broken = True
            self._reply(self._held)
        else:
            self.close()

    # Answering.

    def _reply(self, answer: Answer) -> None:
        """Send an answer, and go on with the next request, or close."""
        head, self.head, self.context = self.head, None, None
        is_read = (self._body_is_read or (head is not None and self._skip_body(head))) and not self._is_broken
        keep = is_read and head is not None and head.keep_alive and not self._server.is_closing
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
        elif is_read and self._at == len(self._input) and not self._receive():
            self.close()
        else:
            self._drain()

    def _await_next(self) -> None:
        self.phase = _READING
        self._admitted = self._awaits_body = self._body_is_read = False
        self._held = self._chunks = None
        self._searched = 0
        self.deadline = monotonic() + self._server.keep_alive_seconds
        if self._at == len(self._input):
            self._input, self._at = b"", 0
            if self._counted:
                self._count()
        if not self.is_watched:
            self._watch()
        if self._input or self._ended:
            self.advance()

    def _fail(self, error: ControllerError) -> None:
        """Answer with an error, or with what waited for the body, and close."""
        self._is_broken = True
        self._reply(self._held or error_answer(error))

    def _drain(self) -> None:
        """Say that nothing more will come, and read on: closing with unread bytes would reset the connection, and the
        client lose the answer."""
        if self.phase is _CLOSED:
            return
        self.phase = _DRAINING
        self._forget_input()
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

    # The socket.

    def _watch(self) -> None:
        if not self.is_watched and not self._ended:
            self._server.watch(self)

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
        self.phase = self._server.phase_of_new()
        self.deadline = monotonic() + self._server.seconds_for(self.phase)
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
