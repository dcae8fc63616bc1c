"""How the heartbeat port answers: nothing but a status when all is well, else the JSON envelope (T4, H2, H3)."""

from __future__ import annotations

from typing import Protocol

import msgspec

from telegraf_controller.errors import RETRY_AFTER_SECONDS, ControllerError

HeaderList = list[tuple[str, str]]

_NONE: HeaderList = []


class Responder(Protocol):
    """What this needs of an RSGI protocol object."""

    def response_empty(self, status: int, headers: HeaderList) -> None:
        """Answer without a body."""

    def response_bytes(self, status: int, headers: HeaderList, body: bytes) -> None:
        """Answer with a body."""


def answer_stored(protocol: Responder) -> None:
    """Say that the heartbeat is durable (H2)."""
    protocol.response_empty(204, _NONE)


def answer_healthy(protocol: Responder) -> None:
    """Say that heartbeats can be stored (H6)."""
    protocol.response_bytes(200, [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")], b"ok")


def answer_error(protocol: Responder, error: ControllerError, *more_headers: tuple[str, str]) -> None:
    """Say what is wrong. `required` also stands beside `error`, where scripts look for it (T4)."""
    headers = [("content-type", "application/json"), ("cache-control", "no-store"), *more_headers]
    if error.status in (401, 403):
        headers.append(("www-authenticate", "Bearer"))
    if error.code in RETRY_AFTER_SECONDS:
        headers.append(("retry-after", str(RETRY_AFTER_SECONDS[error.code])))
    envelope = error.envelope()
    if "required" in error.details:
        envelope["required"] = error.details["required"]
    protocol.response_bytes(error.status, headers, msgspec.json.encode(envelope))
