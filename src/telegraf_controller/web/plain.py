"""Answering without the framework's machinery, for the few paths that a whole fleet polls (C7).

Plain ASGI: a request is what its scope says, an answer is a status, headers and a body.
"""

from __future__ import annotations

from typing import NamedTuple

from starlette.types import ASGIApp as ASGIApp
from starlette.types import Receive as Receive
from starlette.types import Scope as Scope
from starlette.types import Send as Send

from telegraf_controller.errors import ControllerError
from telegraf_controller.web.middleware import error_body, error_headers

Headers = list[tuple[bytes, bytes]]
"""Header lines in order; names are in lower case."""


class PlainRequest:
    """A request without its body, as an ASGI scope of the type "http" tells of it."""

    __slots__ = ("_headers", "method", "peer", "query")

    def __init__(self, scope: Scope) -> None:
        self.method: str = scope["method"]
        self.query: bytes = scope["query_string"]
        """What stands behind the `?`, as it was sent."""
        client = scope.get("client")
        self.peer: str = client[0] if client else ""
        """The address at the other end of the connection."""
        self._headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            if name in self._headers:
                self._headers[name].append(value)
            else:
                self._headers[name] = [value]

    def lines(self, name: bytes) -> list[str]:
        """Return every line of a header, in order; `name` is in lower case."""
        values = self._headers.get(name)
        return [] if values is None else [value.decode("latin-1") for value in values]


class PlainAnswer(NamedTuple):
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
