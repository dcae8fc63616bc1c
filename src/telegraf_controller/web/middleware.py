"""What happens to every request before and after its handler: its id, size, errors, and headers.

Plain ASGI, outside of the framework's own middleware, so that nothing can answer around it.
"""

from __future__ import annotations

import json
import random
import re
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
        self._request_id = request_id_of(scope)
        self._received = 0
        self._refused = False
        self._started = False
        self._complete = False

    async def run(self, app: ASGIApp) -> None:
        try:
            if declared_length(self._scope) > MAX_BODY_BYTES:
                await self._refuse(too_large())
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
            await self._refuse(too_large())
            raise too_large()
        return message

    async def send(self, message: Message) -> None:
        if self._refused:
            return
        await self._pass_on(message)

    async def _pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            message["headers"] = with_defaults(message.get("headers", ()), self._request_id)
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


def declared_length(scope: Scope) -> int:
    """Return how long a request says that its body is; 0 when it does not say."""
    return next((int(value) for name, value in scope["headers"] if name == b"content-length" and value.isdigit()), 0)


def request_id_of(scope: Scope) -> bytes:
    """Return the id of a request, the caller's own if it gives a fit one, and leave it in the scope."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            request_id = bytes(value)
            break
    else:
        # Nobody has to be unable to guess it, and a system call for each of a fleet's requests is not free.
        request_id = b"%016x" % random.getrandbits(64)
    scope["request_id"] = request_id.decode()
    return request_id


def with_defaults(headers: Iterable[tuple[bytes, bytes]], request_id: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer with those that every answer has, unless it says otherwise itself.

    Names are in lower case, as ASGI wants them.
    """
    present = list(headers)
    names = {name for name, _ in present}
    present.append((b"x-request-id", request_id))
    present += [default for default in API_HEADERS if default[0] not in names]
    return present


def too_large() -> ControllerError:
    """Return the error of a body that is too large."""
    return ControllerError("body_too_large", f"A request body may have at most {MAX_BODY_BYTES} bytes.")
