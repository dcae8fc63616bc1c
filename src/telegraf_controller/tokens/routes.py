"""`/api/tokens`: tokens over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from telegraf_controller import clock
from telegraf_controller.access.require import SIGNED_IN, Caller, InServices, ReadSession, WriteSession, requires
from telegraf_controller.errors import ControllerError
from telegraf_controller.permissions import PRESET_NAMES, PRESETS, RESOURCES, ROLE_GRANTS, in_table_order
from telegraf_controller.tokens import actions, queries
from telegraf_controller.tokens.schemas import (
    Capabilities,
    PermissionTable,
    Preset,
    ResourceActions,
    TokenBulk,
    TokenBulkReassign,
    TokenCreate,
    TokenCreated,
    TokenQuery,
    TokenReassign,
    TokenRecord,
    TokenRotate,
)
from telegraf_controller.web.routing import Router
from telegraf_controller.web.schemas import BulkAnswer, BulkResult, Page

router = Router(prefix="/api/tokens", tags=["tokens"])


@router.get("", **requires("tokens:read"))
async def list_tokens(wanted: Annotated[TokenQuery, Query()], by: Caller, session: ReadSession) -> Page[TokenRecord]:
    """List the tokens that the caller may see: its own, or all of them (T16)."""
    now = clock.now()
    tokens, total = await queries.list_tokens(
        session,
        by,
        wanted.wanted(),
        now=now,
        sort_by=wanted.sort_by,
        descending=wanted.sort_order == "desc",
        offset=wanted.offset,
        limit=wanted.limit,
    )
    items = [TokenRecord.of(owned, now) for owned in tokens]
    return Page[TokenRecord](items=items, total=total, page=wanted.page, limit=wanted.limit)


@router.post("", status_code=201, **requires("tokens:write"))
async def create_token(
    body: TokenCreate, by: Caller, session: WriteSession, services: InServices, response: Response
) -> TokenCreated:
    """Create a token; its value is in this answer and nowhere else (T1)."""
    now = clock.now()
    created = await actions.create_token(
        session, by, body.wanted(), now=now, presharing_allowed=services.presharing_allowed
    )
    response.headers["Location"] = f"/api/tokens/{created.owned.token.id}"
    return TokenCreated.of_created(created, now)


@router.get("/permissions", **requires(SIGNED_IN))
async def permission_table(by: Caller) -> PermissionTable:
    """Show what the caller's role may do, resource by resource, and the presets for new tokens (P1)."""
    granted = ROLE_GRANTS[by.role]
    rows = [
        ResourceActions(
            resource=resource, actions=list(known), granted=[a for a in known if f"{resource}:{a}" in granted]
        )
        for resource, known in RESOURCES.items()
    ]
    presets = [
        Preset(id=key, name=PRESET_NAMES[key], permissions=in_table_order(granted & frozenset(wanted)))
        for key, wanted in PRESETS.items()
    ]
    presets.append(Preset(id="custom", name="Custom", permissions=[]))
    return PermissionTable(role=by.role, resources=rows, permissions=in_table_order(granted), presets=presets)


@router.get("/capabilities", **requires(SIGNED_IN))
async def capabilities(services: InServices) -> Capabilities:
    """Tell whether token values may be supplied (T13)."""
    return Capabilities(pre_shared_tokens_enabled=services.presharing_allowed)


# The bulk paths stand before `/{token_id}/…`, which would take `bulk` for an id.
@router.post("/bulk/revoke", **requires("tokens:write"))
async def bulk_revoke(body: TokenBulk, by: Caller, session: WriteSession) -> BulkAnswer:
    """Revoke many tokens; the answer says for each what happened (T9)."""
    now = clock.now()
    await actions.hold_tokens(session, by, body.ids)
    return await _for_each(body.ids, lambda token_id: actions.revoke_token(session, by, token_id, now=now))


@router.post("/bulk/delete", **requires("tokens:delete"))
async def bulk_delete(body: TokenBulk, by: Caller, session: WriteSession) -> BulkAnswer:
    """Delete many tokens; the answer says for each what happened (T9)."""
    await actions.hold_tokens(session, by, body.ids)
    return await _for_each(body.ids, lambda token_id: actions.delete_token(session, by, token_id))


@router.post("/bulk/reassign", **requires("tokens:write"))
async def bulk_reassign(body: TokenBulkReassign, by: Caller, session: WriteSession) -> BulkAnswer:
    """Reassign many tokens; the answer says for each what happened (T10)."""
    await actions.hold_tokens(session, by, body.ids, user_id=body.user_id)
    return await _for_each(body.ids, lambda token_id: actions.reassign_token(session, by, token_id, body.user_id))


@router.get("/{token_id}", **requires("tokens:read"))
async def read_token(token_id: UUID, by: Caller, session: ReadSession) -> TokenRecord:
    """Show one token."""
    return TokenRecord.of(await queries.get_token(session, by, token_id), clock.now())


@router.delete("/{token_id}", status_code=204, **requires("tokens:delete"))
async def delete_token(token_id: UUID, by: Caller, session: WriteSession) -> None:
    """Remove a token; its value is refused everywhere from now on (T9)."""
    await actions.delete_token(session, by, token_id)


@router.post("/{token_id}/revoke", **requires("tokens:write"))
async def revoke_token(token_id: UUID, by: Caller, session: WriteSession) -> TokenRecord:
    """Refuse a token's value everywhere from now on, and keep the record (T9)."""
    now = clock.now()
    return TokenRecord.of(await actions.revoke_token(session, by, token_id, now=now), now)


@router.post("/{token_id}/rotate", **requires("tokens:write"))
async def rotate_token(
    token_id: UUID, by: Caller, session: WriteSession, body: TokenRotate | None = None
) -> TokenCreated:
    """Issue a new value; the old one works on for the overlap (T12)."""
    now = clock.now()
    overlap = (body or TokenRotate()).overlap_seconds
    return TokenCreated.of_created(
        await actions.rotate_token(session, by, token_id, overlap_seconds=overlap, now=now), now
    )


@router.post("/{token_id}/reassign", **requires("tokens:write"))
async def reassign_token(token_id: UUID, body: TokenReassign, by: Caller, session: WriteSession) -> TokenRecord:
    """Make another user the token's user (T10)."""
    return TokenRecord.of(await actions.reassign_token(session, by, token_id, body.user_id), clock.now())


async def _for_each(ids: list[UUID], change: Callable[[UUID], Awaitable[object]]) -> BulkAnswer:
    results: list[BulkResult] = []
    for token_id in dict.fromkeys(ids):
        try:
            await change(token_id)
            results.append(BulkResult(id=str(token_id), ok=True))
        except ControllerError as error:
            if error.status >= 500:
                raise
            results.append(BulkResult(id=str(token_id), ok=False, error=error.code))
    return BulkAnswer.of(results)
