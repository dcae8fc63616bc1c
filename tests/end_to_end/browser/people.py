"""People of the cast at real browsers."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from telegraf_controller import clock
from telegraf_controller.access.browsers import COOKIE
from telegraf_controller.audit.record import Visitor
from telegraf_controller.db.engine import Database
from telegraf_controller.db.url import DatabaseTarget
from telegraf_controller.users.sessions import end_sessions_of, start_session
from tests.cast import Person, cast_users

T = TypeVar("T")


def store_cast(database_url: str) -> None:
    """Put the users and tokens of `tests.cast` into a database with nothing in it."""

    async def store() -> None:
        database = Database(DatabaseTarget.parse(database_url))
        await cast_users(database)
        await database.close()

    run(store())


def session_cookie(database_url: str, origin: str, person: Person) -> Any:
    """Sign somebody in without typing; return the cookie that their browser has from now on, as Playwright takes it."""

    async def sign_in() -> str:
        database = Database(DatabaseTarget.parse(database_url))
        async with database.write() as session:
            started = await start_session(session, person.id, Visitor("127.0.0.1", "test browser"), clock.now())
        await database.close()
        return started.secret.value

    return {"name": COOKIE, "value": run(sign_in()), "url": origin, "httpOnly": True, "sameSite": "Lax"}


def end_sessions(database_url: str, person: Person) -> None:
    """End all sessions of somebody, as time does, or an administrator."""

    async def end() -> None:
        database = Database(DatabaseTarget.parse(database_url))
        async with database.write() as session:
            await end_sessions_of(session, person.id)
        await database.close()

    run(end())


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end. Playwright's own event loop is in this thread, so it has another one."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()
