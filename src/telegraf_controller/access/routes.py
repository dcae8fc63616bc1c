"""`/api/auth` and `/api/account`: signing in and out, and what everybody changes about themself."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import __version__, clock
from telegraf_controller.access.browsers import (
    clear_session_cookie,
    is_on_this_machine,
    refuse_other_sites,
    session_digest,
    set_session_cookie,
    visitor_of,
)
from telegraf_controller.access.identity import Identity
from telegraf_controller.access.require import (
    PUBLIC,
    SESSION,
    SIGNED_IN,
    Caller,
    GlanceSession,
    InServices,
    WriteSession,
    requires,
)
from telegraf_controller.access.schemas import (
    AuthStatus,
    Me,
    Provider,
    SessionInUse,
    SessionRecord,
    SignedInUser,
    TokenInUse,
)
from telegraf_controller.audit.record import Target, record
from telegraf_controller.permissions import in_table_order
from telegraf_controller.settings.queries import read_settings
from telegraf_controller.users import account, sign_in
from telegraf_controller.users.queries import find_owner, get_user
from telegraf_controller.users.schemas import AccountChange, Credentials, PasswordChange, Setup, UserRecord
from telegraf_controller.users.sessions import end_session
from telegraf_controller.users.setup import NewOwner, set_up
from telegraf_controller.users.tables import UserSession
from telegraf_controller.web.declared import also
from telegraf_controller.web.routing import Router
from telegraf_controller.web.schemas import Page, PageQuery

router = Router(tags=["people"])


@router.get("/api/auth/status", **requires(PUBLIC))
async def status(request: Request, session: GlanceSession) -> AuthStatus:
    """Tell whether there is an owner yet, how people sign in, and how strong a new password has to be."""
    missing = await find_owner(session) is None
    settings = await read_settings(session)
    return AuthStatus(
        setup_required=missing,
        setup_code_required=missing and not is_on_this_machine(request),
        providers=[Provider(id="local", display_name="Username and password")],
        password_complexity=settings.login_security.password_complexity,
        version=__version__,
    )


@router.post("/api/auth/setup", status_code=201, responses=also(409, 429), **requires(PUBLIC))
async def setup(body: Setup, services: InServices, request: Request, response: Response) -> UserRecord:
    """Make the owner while there is none, and sign them in (U1)."""
    refuse_other_sites(request)
    done = await set_up(
        services.database,
        services.guard,
        NewOwner(body.username, body.email, body.password),
        visitor_of(request),
        code=body.setup_code or "",
        trusted=is_on_this_machine(request),
    )
    set_session_cookie(request, response, done.session)
    response.headers["Location"] = f"/api/users/{done.user.id}"
    return UserRecord.of(done.user, clock.now())


@router.post("/api/auth/login/local", responses=also(423, 429), **requires(PUBLIC))
async def login(body: Credentials, services: InServices, request: Request, response: Response) -> SignedInUser:
    """Sign in with a username or e-mail address and a password; the session is a cookie (U10, U11)."""
    refuse_other_sites(request)
    done = await sign_in.sign_in(
        services.database,
        services.guard,
        sign_in.Credentials(body.username, body.password),
        visitor_of(request),
        replaces=session_digest(request),
    )
    set_session_cookie(request, response, done.session)
    return SignedInUser(user=UserRecord.of(done.user, clock.now()))


@router.post("/api/auth/logout", status_code=204, **requires(SESSION))
async def logout(by: Caller, session: WriteSession, request: Request, response: Response) -> None:
    """Sign out: the session ends everywhere at once (U11)."""
    assert by.session_id is not None
    await end_session(session, by.session_id)
    await record(session, by, "session.sign_out", target=Target("user", by.user_id, by.username))
    clear_session_cookie(request, response)


@router.get("/api/auth/me", **requires(SIGNED_IN))
async def me(by: Caller, session: GlanceSession) -> Me:
    """Tell who is asking, how they proved it, and what they may do."""
    assert by.user_id is not None
    user = await get_user(session, by.user_id)
    return Me(
        user=UserRecord.of(user, clock.now()),
        role=by.role,
        permissions=in_table_order(by.permissions),
        via=by.via,
        token=_token_in_use(by),
        session=await _session_in_use(session, by),
    )


@router.patch("/api/account", **requires(SESSION))
async def change_account(body: AccountChange, by: Caller, session: WriteSession) -> UserRecord:
    """Change one's own username or e-mail address (U8)."""
    now = clock.now()
    user = await account.change_account(session, by, username=body.username, email=body.email, now=now)
    return UserRecord.of(user, now)


@router.post("/api/account/password", responses=also(423, 429), **requires(SESSION))
async def change_password(body: PasswordChange, by: Caller, services: InServices) -> UserRecord:
    """Change one's own password; one's other sessions end (U8)."""
    user = await account.change_password(
        services.database, services.guard, by, current=body.current_password, new=body.new_password
    )
    return UserRecord.of(user, clock.now())


@router.get("/api/account/sessions", **requires(SESSION))
async def list_sessions(
    wanted: Annotated[PageQuery, Query()], by: Caller, session: GlanceSession
) -> Page[SessionRecord]:
    """List where one is signed in, the session that was used last first (U8)."""
    rows = await account.own_sessions(session, by, clock.now())
    items = [SessionRecord.of(row, by) for row in rows[wanted.offset : wanted.offset + wanted.limit]]
    return Page[SessionRecord](items=items, total=len(rows), page=wanted.page, limit=wanted.limit)


@router.delete("/api/account/sessions", status_code=204, **requires(SESSION))
async def end_other_sessions(by: Caller, session: WriteSession) -> None:
    """Sign out everywhere but here: all of one's other sessions end at once (U8)."""
    await account.end_other_sessions(session, by, clock.now())


@router.delete("/api/account/sessions/{session_id}", status_code=204, **requires(SESSION))
async def end_one_session(session_id: UUID, by: Caller, session: WriteSession) -> None:
    """End one of one's own sessions at once (U8)."""
    await account.end_own_session(session, by, session_id, clock.now())


def _token_in_use(by: Identity) -> TokenInUse | None:
    if by.grant is None:
        return None
    expires = by.grant.expires_at_ms
    return TokenInUse(
        id=by.grant.token_id,
        name=by.grant.token_name,
        expires_at=None if expires is None else clock.from_epoch_ms(expires),
    )


async def _session_in_use(session: AsyncSession, by: Identity) -> SessionInUse | None:
    row = None if by.session_id is None else await session.get(UserSession, by.session_id)
    return None if row is None else SessionInUse(expires_at=row.expires_at)
