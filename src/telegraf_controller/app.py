"""The composition root of the API process: services, rooms, middleware. It imports anything; nothing imports it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from telegraf_controller import __version__
from telegraf_controller.access import routes as access
from telegraf_controller.access.services import Services, make_services
from telegraf_controller.access.shield import SignInShield
from telegraf_controller.agents import routes as agents
from telegraf_controller.agents.fleet import Fleet
from telegraf_controller.aliases import routes as aliases
from telegraf_controller.configs import routes as configs
from telegraf_controller.configs.serving import ServingApp
from telegraf_controller.constants import routes as constants
from telegraf_controller.db.engine import Database
from telegraf_controller.groups import routes as groups
from telegraf_controller.heartbeats import routes as heartbeats
from telegraf_controller.labels import routes as labels
from telegraf_controller.options import Options
from telegraf_controller.reporting import routes as reporting
from telegraf_controller.settings import routes as settings
from telegraf_controller.tokens import routes as tokens
from telegraf_controller.users import routes as users
from telegraf_controller.versions import routes as versions
from telegraf_controller.web import health, home
from telegraf_controller.web.declared import install_openapi
from telegraf_controller.web.errors import install_error_handlers
from telegraf_controller.web.middleware import Envelope
from telegraf_controller.web.schemas import ErrorAnswer
from telegraf_controller.web.ui import UserInterface

ROUTERS: tuple[APIRouter, ...] = (
    access.router,
    users.router,
    tokens.router,
    labels.router,
    versions.router,
    configs.router,
    constants.router,
    groups.router,
    aliases.router,
    agents.router,
    reporting.router,
    reporting.agents_router,
    heartbeats.router,
    settings.router,
    health.router,
    home.router,
)

_ABOUT = """Everything that the web interface and the command line do.

Present a token as `Authorization: Bearer tc-apiv1_…`; a browser that is signed in needs none. Times are UTC, keys are
camelCase, and every error is `{"error": "snake_case_code", "message": "One sentence.", "details": {…}}`.

[Web interface](/) · [This page without scripts](/api/docs/plain)
"""

_ERRORS = {
    400: "The request is wrong; `details` says where.",
    401: "No valid credentials.",
    403: "Not allowed.",
    503: "The database cannot be reached.",
}


def build_api(options: Options, database: Database) -> ASGIApp:
    """Return the ASGI application of the API process; its lifespan flushes what is kept in memory."""
    services = make_services(
        database,
        trusted_proxies=options.trusted_proxies,
        presharing_allowed=not options.disable_preshared_tokens,
        locked_open_groups=frozenset(options.disable_auth_endpoints) if options.lock_auth_endpoints else None,
        node_id=options.node_id,
        heartbeat_port=options.heartbeat_port,
    )
    return wrap(services, build_framework_app(services))


def wrap(services: Services, app: FastAPI) -> ASGIApp:
    """Put in front of the framework what answers agents and browsers without it, and what all others go through."""
    return ServingApp(services, UserInterface(Envelope(SignInShield(services, app))))


def build_framework_app(services: Services) -> FastAPI:
    """Return the part that FastAPI handles: every documented route."""
    app = FastAPI(
        title="Telegraf Controller",
        version=__version__,
        description=_ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # A redirect would be an answer without a body or an error code; a wrong address is a 404 like any other.
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.services = services
    app.state.fleet = Fleet(services.database)
    app.router.routes.extend(_routes())
    install_error_handlers(app)
    install_openapi(app)
    return app


@cache
def _routes() -> list[BaseRoute]:
    """The routes of all rooms, which know nothing of an application: the framework takes a tenth of a second for them.

    So that is taken once in a process, and not for each application that tests make in it.
    """
    every = APIRouter(
        responses={status: {"model": ErrorAnswer, "description": text} for status, text in _ERRORS.items()}
    )
    for router in ROUTERS:
        every.include_router(router)
    return every.routes


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    flushing = [asyncio.create_task(kept.run()) for kept in (services.last_use, services.session_use)]
    yield
    await app.state.fleet.close()
    for task in flushing:
        task.cancel()
    for task in flushing:
        with suppress(asyncio.CancelledError):
            await task
