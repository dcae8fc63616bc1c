"""Who is asking, on the wire."""

from __future__ import annotations

from uuid import UUID

from telegraf_controller.users.schemas import UserRecord
from telegraf_controller.web.schemas import Answer, WireTime


class Provider(Answer):
    """A way to sign in."""

    id: str
    display_name: str


class AuthStatus(Answer):
    """What a browser needs to know before anybody is signed in."""

    setup_required: bool
    setup_code_required: bool
    """Whether this browser needs the code that start-up printed; those on the machine itself do not (U1)."""
    providers: list[Provider]
    version: str


class SignedInUser(Answer):
    """Who has just signed in."""

    user: UserRecord


class TokenInUse(Answer):
    """The token that a request presented."""

    id: UUID
    name: str
    expires_at: WireTime | None


class SessionInUse(Answer):
    """The session that a request belongs to."""

    expires_at: WireTime


class Me(Answer):
    """Who is asking, how they proved it, and what they may do."""

    user: UserRecord
    role: str
    permissions: list[str]
    via: str
    """`session` or `token`."""
    token: TokenInUse | None
    session: SessionInUse | None
