"""People at their browsers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from sqlalchemy import select

from telegraf_controller import clock
from telegraf_controller.access.browsers import COOKIE
from telegraf_controller.audit.record import Visitor
from telegraf_controller.audit.tables import AuditEntry
from telegraf_controller.db.engine import Database
from telegraf_controller.users.sessions import start_session
from telegraf_controller.users.tables import User
from tests.cast import Person
from tests.support.api import Api

ORIGIN = "http://controller.test"

Headers = dict[str, str]


async def browser_of(api: Api, person: Person) -> Headers:
    """Sign somebody in without typing, and return the headers that their browser sends from now on."""
    async with api.database.write() as session:
        started = await start_session(session, person.id, Visitor("127.0.0.1", "test browser"), clock.now())
    return cookie(started.secret.value)


def cookie(value: str) -> Headers:
    """Return what a browser with this session sends."""
    return {"Cookie": f"{COOKIE}={value}", "Origin": ORIGIN}


async def sign_in(api: Api, name: str, password: str, **headers: str) -> httpx.Response:
    """Type a name and a password."""
    typed = {"username": name, "password": password}
    response = await api.http.post("/api/auth/login/local", json=typed, headers=headers)
    # Tests say themselves which cookie a request carries.
    api.http.cookies.clear()
    return response


def cookie_from(response: httpx.Response) -> Headers:
    """Return what a browser sends after this answer."""
    value = response.headers["set-cookie"].partition(";")[0].partition("=")[2]
    return cookie(value)


async def user_row(database: Database, person: Person | str) -> User | None:
    """Return somebody's row, None when they are gone."""
    name = person if isinstance(person, str) else person.username
    async with database.read() as session:
        return await session.scalar(select(User).where(User.username_key == name.lower()))


async def audit_trail(database: Database) -> list[AuditEntry]:
    """Return everything that was recorded, in order."""
    async with database.read() as session:
        return list(await session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Return an error's status and code."""
    body: Mapping[str, Any] = response.json()
    return response.status_code, str(body["error"])
