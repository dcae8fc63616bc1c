"""Answering without the framework's machinery, for the few paths that a whole fleet polls (C7).

Plain ASGI: a request is what its scope says, an answer is a status, headers and a body.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import ASGIApp as ASGIApp
from starlette.types import Receive as Receive
from starlette.types import Scope as Scope
from starlette.types import Send as Send

from telegraf_controller.errors import ControllerError
from telegraf_controller.web.middleware import error_body, error_headers

Headers = list[tuple[bytes, bytes]]
"""Header lines in order; names are in lower case."""


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """A request without its body."""

    method: str
    query: bytes
    """What stands behind the `?`, as it was sent."""
    headers: Iterable[tuple[bytes, bytes]]
    peer: str
    """The address at the other end of the connection."""

    @classmethod
    def of(cls, scope: Scope) -> PlainRequest:
        """Read an ASGI scope of the type "http"."""
        client = scope.get("client")
        return cls(scope["method"], scope["query_string"], scope["headers"], client[0] if client else "")

    def lines(self, name: bytes) -> list[str]:
        """Return every line of a header, in order."""
        return [value.decode("latin-1") for header, value in self.headers if header == name]


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """A whole answer. On HEAD everything but the body is sent."""

    status: int
    headers: Headers
    body: bytes = b""


def error_answer(error: ControllerError) -> PlainAnswer:
    """Return the envelope of an error with the headers that belong to it."""
    body = error_body(error)
    headers: Headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in error_headers(error).items()]
    return PlainAnswer(error.status, headers, body)


async def send_answer(send: Send, answer: PlainAnswer, *, method: str) -> None:
    """Send an answer, without its body when the method is HEAD."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})
