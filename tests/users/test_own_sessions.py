"""Where one is signed in, and signing out there (U8, U11)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from telegraf_controller import clock
from telegraf_controller.users.sessions import ABSOLUTE_SECONDS, IDLE_SECONDS
from telegraf_controller.users.tables import UserSession
from tests.cast import MONA, OLIVIA
from tests.support.api import Api, running_api
from tests.support.people import Headers, audit_trail, browser_of, cookie_from, refusal, sign_in

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


async def _own(api: Api, browser: Headers, **query: int) -> list[dict[str, object]]:
    answer = await api.http.get("/api/account/sessions", headers=browser, params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, object]] = answer.json()["items"]
    return items


async def _is_signed_in(api: Api, browser: Headers) -> bool:
    return (await api.http.get("/api/auth/me", headers=browser)).status_code == 200


async def test_one_sees_where_one_is_signed_in_and_nobody_elses_sessions(api: Api) -> None:
    """U8"""
    here = cookie_from(await sign_in(api, "mona", MONA.password, **{"User-Agent": FIREFOX}))
    await browser_of(api, MONA)
    await browser_of(api, OLIVIA)
    mine = await _own(api, here)
    assert len(mine) == 2
    (this,) = [session for session in mine if session["current"]]
    assert set(this) == {"id", "current", "address", "userAgent", "createdAt", "lastSeenAt", "expiresAt"}
    assert (this["address"], this["userAgent"]) == ("127.0.0.1", FIREFOX)
    assert len(await _own(api, here, limit=1, page=2)) == 1
    async with api.database.read() as session:
        digests = (await session.scalars(select(UserSession.digest))).all()
    shown = str(mine)
    # Neither the cookie nor what is stored of it can be told from an id.
    assert not any(part in shown for digest in digests for part in (digest.hex()[:16], here["Cookie"][-20:]))


async def test_a_session_that_has_ended_by_itself_is_not_shown_and_each_says_when_it_will(api: Api) -> None:
    """U8, U11"""
    here, idle = await browser_of(api, MONA), await browser_of(api, MONA)
    now = clock.now()
    (one, other) = await _own(api, here)
    assert {one["expiresAt"], other["expiresAt"]} == {
        clock.to_wire(seen + timedelta(seconds=IDLE_SECONDS)) for seen in await _last_seen(api)
    }
    async with api.database.write() as session:
        long_ago = now - timedelta(seconds=IDLE_SECONDS)
        digest = (await session.scalars(select(UserSession.digest).order_by(UserSession.created_at.desc()))).first()
        await session.execute(update(UserSession).where(UserSession.digest == digest).values(last_seen_at=long_ago))
    assert not await _is_signed_in(api, idle)
    assert [session["current"] for session in await _own(api, here)] == [True]
    # Close to its absolute end, being used does not prolong it.
    end = now + timedelta(minutes=5)
    async with api.database.write() as session:
        await session.execute(update(UserSession).where(UserSession.digest != digest).values(expires_at=end))
    assert (await _own(api, here))[0]["expiresAt"] == clock.to_wire(end)
    assert ABSOLUTE_SECONDS > IDLE_SECONDS


async def _last_seen(api: Api) -> list[datetime]:
    async with api.database.read() as session:
        return list(await session.scalars(select(UserSession.last_seen_at)))


async def test_one_of_ones_sessions_is_ended_at_once_and_only_ones_own(api: Api) -> None:
    """U8"""
    here, lost = await browser_of(api, MONA), await browser_of(api, MONA)
    olivia = await browser_of(api, OLIVIA)
    (other,) = [session for session in await _own(api, here) if not session["current"]]
    path = f"/api/account/sessions/{other['id']}"
    assert refusal(await api.http.delete(path, headers=olivia)) == (404, "not_found")
    assert await _is_signed_in(api, lost)
    assert (await api.http.delete(path, headers=here)).status_code == 204
    assert refusal(await api.http.get("/api/auth/me", headers=lost)) == (401, "session_ended")
    assert refusal(await api.http.delete(path, headers=here)) == (404, "not_found")
    assert await _is_signed_in(api, here)
    assert [entry.action for entry in await audit_trail(api.database)] == ["session.end"]


async def test_all_other_sessions_end_together_and_this_one_stays(api: Api) -> None:
    """U8"""
    here, others = await browser_of(api, MONA), [await browser_of(api, MONA) for _ in range(3)]
    olivia = await browser_of(api, OLIVIA)
    assert (await api.http.delete("/api/account/sessions", headers=here)).status_code == 204
    assert [await _is_signed_in(api, other) for other in others] == [False] * 3
    assert [await _is_signed_in(api, one) for one in (here, olivia)] == [True, True]
    (entry,) = await audit_trail(api.database)
    assert (entry.action, entry.actor_name) == ("session.end", "Mona")


async def test_ending_the_session_that_asks_signs_it_out(api: Api) -> None:
    """U8"""
    here = await browser_of(api, MONA)
    (this,) = await _own(api, here)
    assert (await api.http.delete(f"/api/account/sessions/{this['id']}", headers=here)).status_code == 204
    assert not await _is_signed_in(api, here)
