"""`/api/users`, `/api/invites`, `/api/password-resets`: people over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access import roles
from telegraf_controller.access.browsers import base_url_of, refuse_other_sites, set_session_cookie, visitor_of
from telegraf_controller.access.confirm import confirm_caller
from telegraf_controller.access.require import (
    OWNER,
    PUBLIC,
    Caller,
    GlanceSession,
    InServices,
    WriteSession,
    requires,
)
from telegraf_controller.settings.queries import read_login_security, read_settings
from telegraf_controller.users import invites, queries, resets
from telegraf_controller.users.schemas import (
    InviteAccept,
    InviteCreate,
    InviteCreated,
    InviteRecord,
    InviteShown,
    OwnershipTransfer,
    PasswordResetComplete,
    PasswordResetCreate,
    PasswordResetCreated,
    PasswordResetDone,
    UserChange,
    UserQuery,
    UserRecord,
)
from telegraf_controller.web.declared import also
from telegraf_controller.web.routing import Router
from telegraf_controller.web.schemas import Page, PageQuery

router = Router(tags=["users"])


@router.get("/api/users", **requires("users:read"))
async def list_users(wanted: Annotated[UserQuery, Query()], session: GlanceSession) -> Page[UserRecord]:
    """List users."""
    users, total = await queries.list_users(
        session,
        wanted.wanted(),
        sort_by=wanted.sort_by,
        descending=wanted.sort_order == "desc",
        offset=wanted.offset,
        limit=wanted.limit,
    )
    now = clock.now()
    items = [UserRecord.of(user, now) for user in users]
    return Page[UserRecord](items=items, total=total, page=wanted.page, limit=wanted.limit)


@router.get("/api/users/{user_id}", **requires("users:read"))
async def read_user(user_id: UUID, session: GlanceSession) -> UserRecord:
    """Show one user."""
    return UserRecord.of(await queries.get_user(session, user_id), clock.now())


@router.patch("/api/users/{user_id}", **requires("users:write"))
async def change_user(user_id: UUID, body: UserChange, by: Caller, session: WriteSession) -> UserRecord:
    """Change a user's role or status; sessions end and tokens are narrowed with it (U7, T8)."""
    now = clock.now()
    user = await roles.change_user(session, by, user_id, role=body.role, status=body.status, now=now)
    return UserRecord.of(user, now)


@router.delete("/api/users/{user_id}", status_code=204, **requires("users:delete"))
async def delete_user(user_id: UUID, by: Caller, session: WriteSession) -> None:
    """Remove an account with its tokens and sessions (U7)."""
    await roles.remove_user(session, by, user_id)


@router.post("/api/users/{user_id}/make-owner", responses=also(423, 429), **requires(OWNER))
async def make_owner(user_id: UUID, body: OwnershipTransfer, by: Caller, services: InServices) -> UserRecord:
    """Transfer ownership to an active administrator; the owner becomes one. Both are signed out (U3)."""
    await confirm_caller(services, by, body.password, action="user.make-owner")
    now = clock.now()
    async with services.database.write() as session:
        user = await roles.make_owner(session, by, user_id, username=body.username, now=now)
    return UserRecord.of(user, now)


@router.get("/api/invites", **requires("invites:read"))
async def list_invites(wanted: Annotated[PageQuery, Query()], session: GlanceSession) -> Page[InviteRecord]:
    """List the invites that nobody has used yet, newest first (U5)."""
    found, total = await invites.list_invites(session, offset=wanted.offset, limit=wanted.limit)
    now = clock.now()
    items = [InviteRecord.of(invite, now) for invite in found]
    return Page[InviteRecord](items=items, total=total, page=wanted.page, limit=wanted.limit)


@router.post("/api/invites", status_code=201, **requires("invites:write"))
async def create_invite(
    body: InviteCreate, by: Caller, session: WriteSession, request: Request, response: Response
) -> InviteCreated:
    """Ask somebody to join; the link is in this answer and nowhere else (U5)."""
    now = clock.now()
    created = await invites.create_invite(session, by, body.wanted(), now)
    link = f"{await _ui_url(session, request)}/invite/{created.secret}"
    response.headers["Location"] = f"/api/invites/{created.invite.id}"
    shown = InviteRecord.of(created.invite, now).model_dump(by_alias=False)
    return InviteCreated(**shown, link=link, secret=created.secret)


@router.delete("/api/invites/{invite_id}", status_code=204, **requires("invites:delete"))
async def delete_invite(invite_id: UUID, by: Caller, session: WriteSession) -> None:
    """Take an invite back (U5)."""
    await invites.delete_invite(session, by, invite_id)


@router.get("/api/invites/accept/{secret}", **requires(PUBLIC))
async def show_invite(secret: str, session: GlanceSession) -> InviteShown:
    """Show whoever has the link what they are asked to join as."""
    invite = await invites.find_invite(session, secret, clock.now())
    security = await read_login_security(session)
    return InviteShown(
        username=invite.username,
        email=invite.email,
        role=invite.role,
        provider=invite.provider,
        expires_at=invite.expires_at,
        password_complexity=security.password_complexity,
    )


@router.post("/api/invites/accept", status_code=201, responses=also(404, 409, 429), **requires(PUBLIC))
async def accept_invite(body: InviteAccept, services: InServices, request: Request, response: Response) -> UserRecord:
    """Make the account that an invite is for, and sign in (U5)."""
    refuse_other_sites(request)
    accepted = await invites.accept_invite(
        services.database, services.guard, body.secret, body.password, visitor_of(request)
    )
    set_session_cookie(request, response, accepted.session)
    response.headers["Location"] = f"/api/users/{accepted.user.id}"
    return UserRecord.of(accepted.user, clock.now())


@router.post("/api/users/{user_id}/password-reset", status_code=201, **requires("password-resets:write"))
async def create_reset(
    user_id: UUID, by: Caller, session: WriteSession, request: Request, body: PasswordResetCreate | None = None
) -> PasswordResetCreated:
    """Make a link with which a user sets a new password once; it is in this answer and nowhere else (U6)."""
    hours = (body or PasswordResetCreate()).expires_in_hours
    created = await resets.create_reset(session, by, user_id, expires_in_hours=hours, now=clock.now())
    link = f"{await _ui_url(session, request)}/password-reset/{created.secret}"
    return PasswordResetCreated(link=link, secret=created.secret, expires_at=created.expires_at)


@router.post("/api/password-resets/complete", responses=also(404, 429), **requires(PUBLIC))
async def complete_reset(body: PasswordResetComplete, services: InServices, request: Request) -> PasswordResetDone:
    """Set a new password with a link: the account is unlocked, its sessions end, nobody is signed in (U6)."""
    user = await resets.complete_reset(
        services.database, services.guard, body.secret, body.password, visitor_of(request)
    )
    return PasswordResetDone(username=user.username)


async def _ui_url(session: AsyncSession, request: Request) -> str:
    """Return what links begin with: the UI's public URL, else how the caller addressed us."""
    return (await read_settings(session)).public_endpoints.ui_url or base_url_of(request)
