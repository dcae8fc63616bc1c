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
        await _Exchange(scope, receive, send).run(self._app)


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._request_id = _request_id(scope)
        self._received = 0
        self._refused = False
        self._started = False
        self._complete = False

    async def run(self, app: ASGIApp) -> None:
        try:
            if _declared_length(self._scope) > MAX_BODY_BYTES:
                await self._refuse(_too_large())
            else:
                await app(self._scope, self.receive, self.send)
        except ControllerError as error:
            await self._refuse(error)
        except Exception:
            request_id = self._request_id.decode()
            log.exception("request failed", request_id=request_id, method=self._scope["method"])
            await self._refuse(internal_error(request_id))

    async def receive(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > MAX_BODY_BYTES:
            # The framework would answer an error of its own to a failed read, so the answer is given here.
            await self._refuse(_too_large())
            raise _too_large()
        return message

    async def send(self, message: Message) -> None:
        if self._refused:
            return
        await self._pass_on(message)

    async def _pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            defaults = ((b"x-request-id", self._request_id), *API_HEADERS)
            message["headers"] = _with_defaults(message.get("headers", ()), defaults)
        else:
            self._complete = not message.get("more_body", False)
        await self._send(message)

    async def _refuse(self, error: ControllerError) -> None:
        """Answer an error, unless an answer is out already; of an unfinished one only closing the connection tells."""
        if self._complete:
            return
        if self._started:
            raise error
        self._refused = True
        headers = [(b"content-type", b"application/json")]
        headers += [(name.lower().encode(), value.encode()) for name, value in error_headers(error).items()]
        await self._pass_on({"type": "http.response.start", "status": error.status, "headers": headers})
        await self._pass_on({"type": "http.response.body", "body": error_body(error)})


def internal_error(request_id: str) -> ControllerError:
    """Return the 500 that shows nothing but the request id under which the log has more."""
    return ControllerError("internal_error", "Something went wrong here; the log has more.", requestId=request_id)


def _declared_length(scope: Scope) -> int:
    return next((int(value) for name, value in scope["headers"] if name == b"content-length" and value.isdigit()), 0)


def _request_id(scope: Scope) -> bytes:
    given = (bytes(value) for name, value in scope["headers"] if name == b"x-request-id")
    request_id = next((value for value in given if _REQUEST_ID.fullmatch(value)), secrets.token_hex(8).encode())
    scope["request_id"] = request_id.decode()
    return request_id


def _with_defaults(
    headers: Iterable[tuple[bytes, bytes]], defaults: Iterable[tuple[bytes, bytes]]
) -> list[tuple[bytes, bytes]]:
    present = list(headers)
    names = {name.lower() for name, _ in present}
    return present + [(name, value) for name, value in defaults if name not in names]


def _too_large() -> ControllerError:
    return ControllerError("body_too_large", f"A request body may have at most {MAX_BODY_BYTES} bytes.")
