"""May they: the permission of every route, declared where the route is and checked here (P2).

    @router.get("/tokens", **requires("tokens:read"))
    async def list_tokens(by: Caller, session: ReadSession) -> TokenPage: ...

A route that declares nothing fails a test; the default is no.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.identity import Identity, open_identity, token_identity
from telegraf_controller.access.services import Services
from telegraf_controller.addresses import client_address
from telegraf_controller.permissions import PERMISSIONS, endpoint_group_of
from telegraf_controller.tokens.check import AccessState, bearer_digest, require_network

PUBLIC = "public"
"""Anybody, without credentials."""

SIGNED_IN = "signed-in"
"""Anybody with valid credentials, whatever they may do."""

KEY = "x-permission"
"""Where the OpenAPI document shows what a route needs."""


def requires(permission: str) -> dict[str, Any]:
    """Declare what a route needs: a permission, PUBLIC or SIGNED_IN. Spread the result into the route's decorator."""
    if permission not in (PUBLIC, SIGNED_IN, *PERMISSIONS):
        raise ValueError(f"unknown permission {permission!r}")
    declared: dict[str, Any] = {"openapi_extra": {KEY: permission}}
    if permission == PUBLIC:
        declared["openapi_extra"]["security"] = []
        return declared

    async def check(request: Request) -> None:
        request.state.identity = await identify(request, permission)

    return {**declared, "dependencies": [Depends(check)]}


async def identify(request: Request, permission: str) -> Identity:
    """Return who is asking, having checked that they may. Raises Unauthenticated, Forbidden, StorageUnavailable."""
    services: Services = request.app.state.services
    access = await services.access.current()
    address = address_of(request)
    agent = request.headers.get("user-agent", "")[:255]
    group = endpoint_group_of(permission)
    if group is not None and group in access.open_groups:
        # Credentials on an open group are ignored, good or bad: they could only take rights away (E1).
        return open_identity(group, address, agent)
    identity = _by_token(services, access, request.headers.getlist("authorization"), address, agent)
    if permission != SIGNED_IN:
        identity.require(permission)
    return identity


def _by_token(services: Services, access: AccessState, authorization: list[str], address: str, agent: str) -> Identity:
    grant = access.grant_of(bearer_digest(authorization), clock.now_ms())
    require_network(grant, address)
    services.last_use.note(grant.token_id, address)
    return token_identity(grant, address, agent)


def address_of(request: Request) -> str:
    """Return the client's address, behind trusted proxies if any."""
    services: Services = request.app.state.services
    peer = request.client.host if request.client else ""
    return client_address(peer, request.headers.getlist("x-forwarded-for"), services.trusted_proxies)


def _caller(request: Request) -> Identity:
    identity: Identity = request.state.identity
    return identity


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def _read_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with _services(request).database.read() as session:
        yield session


async def _write_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with _services(request).database.write() as session:
        yield session


Caller = Annotated[Identity, Depends(_caller)]
"""Who is asking; the route's `requires` has checked them."""

InServices = Annotated[Services, Depends(_services)]

ReadSession = Annotated[AsyncSession, Depends(_read_session, scope="function")]
"""A session that only reads."""

# With the scope "function" the commit happens before the answer is sent: what was answered is stored.
WriteSession = Annotated[AsyncSession, Depends(_write_session, scope="function")]
"""A session whose transaction commits when the handler returns, and rolls back when it raises."""
