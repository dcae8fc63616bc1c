"""May they: the permission of every route, declared where the route is and checked here (P2).

    @router.get("/tokens", **requires("tokens:read"))
    async def list_tokens(by: Caller, session: ReadSession) -> TokenPage: ...

A route that declares nothing fails a test; the default is no.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.browsers import require_same_origin, session_digest, visitor_of
from telegraf_controller.access.identity import Identity, open_identity, session_identity, token_identity
from telegraf_controller.access.roles import only_the_owner
from telegraf_controller.access.services import Services
from telegraf_controller.audit.record import Visitor
from telegraf_controller.errors import Forbidden, Unauthenticated
from telegraf_controller.permissions import PERMISSIONS, Role, endpoint_group_of
from telegraf_controller.tokens.check import AccessState, bearer_digest, require_network
from telegraf_controller.users.sessions import find_session

PUBLIC = "public"
"""Anybody, without credentials."""

SIGNED_IN = "signed-in"
"""Anybody with valid credentials, whatever they may do."""

SESSION = "session"
"""Somebody who is signed in with a browser; a token is not enough."""

OWNER = "owner"
"""The owner, signed in with a browser."""

WORDS = (PUBLIC, SIGNED_IN, SESSION, OWNER)
"""What a route may declare instead of a permission."""

KEY = "x-permission"
"""Where the OpenAPI document shows what a route needs."""


def requires(permission: str) -> dict[str, Any]:
    """Declare what a route needs: a permission, or one of the words above. Spread it into the route's decorator."""
    if permission not in (*WORDS, *PERMISSIONS):
        raise ValueError(f"unknown permission {permission!r}")
    declared: dict[str, Any] = {"openapi_extra": {KEY: permission, "security": _security(permission)}}
    if permission == PUBLIC:
        return declared

    async def check(request: Request) -> None:
        request.state.identity = await identify(request, permission)

    return {**declared, "dependencies": [Depends(check)]}


def _security(permission: str) -> list[dict[str, list[str]]]:
    if permission == PUBLIC:
        return []
    session: dict[str, list[str]] = {"session": []}
    return [session] if permission in (SESSION, OWNER) else [{"token": []}, session]


async def identify(request: Request, permission: str) -> Identity:
    """Return who is asking, having checked that they may. Raises Unauthenticated, Forbidden, StorageUnavailable."""
    services: Services = request.app.state.services
    access = await services.access.current()
    visitor = visitor_of(request)
    group = endpoint_group_of(permission)
    if group is not None and group in access.open_groups:
        return await _on_open_group(request, services, group, visitor)
    identity = await _by_credentials(request, services, access, visitor)
    _require(identity, permission)
    return identity


def _require(identity: Identity, permission: str) -> None:
    if permission in (SESSION, OWNER) and identity.via != "session":
        raise Forbidden("session_required", "This needs somebody who is signed in with a browser, not a token.")
    if permission == OWNER and identity.role != Role.OWNER:
        raise only_the_owner()
    if permission in PERMISSIONS:
        identity.require(permission)


async def _by_credentials(request: Request, services: Services, access: AccessState, visitor: Visitor) -> Identity:
    """By the token, if there is one, else by the session: a cookie does not help out a token that is refused."""
    authorization = request.headers.getlist("authorization")
    digest = None if authorization else session_digest(request)
    if digest is not None:
        await require_same_origin(request)
        return await _by_session(services, digest, visitor)
    grant = access.grant_of(bearer_digest(authorization), clock.now_ms())
    require_network(grant, visitor.address)
    services.last_use.note(grant.token_id, visitor.address)
    return token_identity(grant, visitor.address, visitor.user_agent)


async def _on_open_group(request: Request, services: Services, group: str, visitor: Visitor) -> Identity:
    """Anybody, with a manager's rights (E1). Who is signed in keeps their name and what more they may do.

    A token is ignored, good or bad: its restrictions could only take rights away.
    """
    anybody = open_identity(group, visitor.address, visitor.user_agent)
    digest = session_digest(request)
    if digest is None:
        return anybody
    try:
        await require_same_origin(request)
        person = await _by_session(services, digest, visitor)
    except (Unauthenticated, Forbidden):
        return anybody
    return replace(person, permissions=person.permissions | anybody.permissions)


async def _by_session(services: Services, digest: bytes, visitor: Visitor) -> Identity:
    now = clock.now()
    async with services.database.glance() as session:
        found = await find_session(session, digest, now)
    if found is None:
        raise Unauthenticated("session_ended", "The session has ended; sign in again.")
    used, user = found
    services.session_use.note(used, now)
    return session_identity(
        user_id=user.id,
        username=user.username,
        role=Role(user.role),
        session_id=digest,
        address=visitor.address,
        user_agent=visitor.user_agent,
    )


# The framework hands whatever is no coroutine to a thread: on a busy machine that waits twice for a core.
async def _caller(request: Request) -> Identity:
    identity: Identity = request.state.identity
    return identity


async def _in_services(request: Request) -> Services:
    return _services(request)


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def _read_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with _services(request).database.read() as session:
        yield session


async def _glance_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with _services(request).database.glance() as session:
        yield session


async def _write_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with _services(request).database.write() as session:
        yield session


Caller = Annotated[Identity, Depends(_caller)]
"""Who is asking; the route's `requires` has checked them."""

InServices = Annotated[Services, Depends(_in_services)]

ReadSession = Annotated[AsyncSession, Depends(_read_session, scope="function")]
"""A session that only reads."""

GlanceSession = Annotated[AsyncSession, Depends(_glance_session, scope="function")]
"""The same for statements that do not depend on each other: fewer round trips (see `Database.glance`)."""

# With the scope "function" the commit happens before the answer is sent: what was answered is stored.
WriteSession = Annotated[AsyncSession, Depends(_write_session, scope="function")]
"""A session whose transaction commits when the handler returns, and rolls back when it raises."""
