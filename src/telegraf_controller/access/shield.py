"""Refusing a flood of sign-ins before it costs anything (U10).

Plain ASGI in front of the framework: it looks at the address and the name of a sign-in, and refuses who has no attempt
left for a twentieth of what a handler costs. Whoever gets past it is counted by the handler.
"""

from __future__ import annotations

import json
from collections import deque

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from telegraf_controller.access.services import Services
from telegraf_controller.addresses import client_address
from telegraf_controller.users.lockout import check_room

PATH = "/api/auth/login/local"

_LARGEST_BODY = 8192
"""What is larger is no sign-in; the handler says what is wrong with it."""


class SignInShield:
    """Raises ControllerError `too_many_attempts` for who has no chance now; passes everything else on."""

    def __init__(self, services: Services, app: ASGIApp) -> None:
        self._services = services
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        messages, body = await _read(receive)
        if body is not None:
            check_room(self._services.guard, self._address(scope), _name_in(body))
        await self._app(scope, _again(messages, receive), send)

    def _address(self, scope: Scope) -> str:
        peer = scope["client"][0] if scope.get("client") else ""
        forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        return client_address(peer, forwarded, self._services.trusted_proxies)


def _name_in(body: bytes) -> str:
    try:
        typed = json.loads(body)
    except ValueError:
        return ""
    name = typed.get("username") if isinstance(typed, dict) else None
    return name if isinstance(name, str) else ""


async def _read(receive: Receive) -> tuple[list[Message], bytes | None]:
    """Return the messages of a body and all of it; None instead when it is too large, or when the client is gone."""
    messages: list[Message] = []
    body = b""
    while True:
        messages.append(await receive())
        body += messages[-1].get("body", b"")
        if messages[-1]["type"] != "http.request" or len(body) > _LARGEST_BODY:
            return messages, None
        if not messages[-1].get("more_body"):
            return messages, body


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Give the messages that were read already once more, then what follows."""
    waiting = deque(messages)

    async def receive_again() -> Message:
        return waiting.popleft() if waiting else await receive()

    return receive_again
