"""How the heartbeat port answers: nothing but a status when all is well, else the JSON envelope (T4, H2, H3)."""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

import msgspec

from telegraf_controller.errors import RETRY_AFTER_SECONDS, ControllerError


class Answer(NamedTuple):
    """An answer on the wire. What is the connection's (`Date`, `Connection`) comes between head and body."""

    head: bytes
    """The status line and headers, each with its line end, without the empty line."""
    body: bytes = b""


STORED = Answer(b"HTTP/1.1 204 No Content\r\n")
"""The heartbeat is durable (H2)."""

HEALTHY = Answer(
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncache-control: no-store\r\ncontent-length: 2\r\n",
    b"ok",
)
"""Heartbeats can be stored (H6)."""


def error_answer(error: ControllerError, *more_headers: tuple[str, str]) -> Answer:
    """Say what is wrong. `required` also stands beside `error`, where scripts look for it (T4)."""
    envelope = error.envelope()
    if "required" in error.details:
        envelope["required"] = error.details["required"]
    body = msgspec.json.encode(envelope)
    headers = [("content-type", "application/json"), ("cache-control", "no-store"), *more_headers]
    headers.append(("content-length", str(len(body))))
    if error.status in (401, 403):
        headers.append(("www-authenticate", "Bearer"))
    if error.code in RETRY_AFTER_SECONDS:
        headers.append(("retry-after", str(RETRY_AFTER_SECONDS[error.code])))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return Answer(f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\n{lines}".encode(), body)
