"""What happens to every request before and after its handler: its id, size, errors, and headers.

Plain ASGI, outside of the framework's own middleware, so that nothing can answer around it.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from telegraf_controller.errors import RETRY_AFTER_SECONDS, ControllerError

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 2 * 1024 * 1024

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,100}")

API_HEADERS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


def error_headers(error: ControllerError) -> dict[str, str]:
    """Return the headers that belong to an error: how to authenticate (T4), when to come back."""
    headers: dict[str, str] = {}
    if error.status in (401, 403):
        headers["WWW-Authenticate"] = "Bearer"
    retry = error.details.get("retryAfter", RETRY_AFTER_SECONDS.get(error.code))
    if retry is not None:
        headers["Retry-After"] = str(retry)
    return headers


def error_body(error: ControllerError) -> bytes:
    """Return the JSON envelope; `required` also stands beside `error`, where scripts look for it (T4)."""
    envelope = error.envelope()
    if "required" in error.details:
        envelope["required"] = error.details["required"]
    return json.dumps(envelope, ensure_ascii=False).encode()


class Envelope:
    """Gives each request an id, bounds its body, adds headers, and turns what nobody caught into a bare 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = _with_defaults(
                    message.get("headers", ()), ((b"x-request-id", request_id), *API_HEADERS)
                )
            await send(message)

        try:
            await self._app(scope, _bounded(scope, receive), send_with_headers)
        except ControllerError as error:
            await _answer(send_with_headers, error, started)
        except Exception:
            log.exception("request failed", request_id=request_id.decode(), method=scope["method"], path=scope["path"])
            failure = ControllerError(
                "internal_error", "Something went wrong here; the log has more.", requestId=request_id.decode()
            )
            await _answer(send_with_headers, failure, started)


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return bytes(value)
    return secrets.token_hex(8).encode()


def _with_defaults(
    headers: Iterable[tuple[bytes, bytes]], defaults: Iterable[tuple[bytes, bytes]]
) -> list[tuple[bytes, bytes]]:
    present = list(headers)
    names = {name.lower() for name, _ in present}
    return present + [(name, value) for name, value in defaults if name not in names]


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """Refuse a body over the limit by what it declares, or as soon as it has sent more."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > MAX_BODY_BYTES:
            raise _too_large()
    received = 0

    async def bounded_receive() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            raise _too_large()
        return message

    return bounded_receive


def _too_large() -> ControllerError:
    return ControllerError("body_too_large", f"A request body may have at most {MAX_BODY_BYTES} bytes.")


async def _answer(send: Send, error: ControllerError, started: bool) -> None:
    if started:
        raise error  # half an answer is out already; only closing the connection can tell
    headers = [(b"content-type", b"application/json")]
    headers += [(name.lower().encode(), value.encode()) for name, value in error_headers(error).items()]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": error_body(error)})
