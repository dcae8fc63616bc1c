"""Who is asking, on the wire."""

from __future__ import annotations

from uuid import UUID

from telegraf_controller.access.identity import Identity
from telegraf_controller.settings.queries import Complexity
from telegraf_controller.users.schemas import UserRecord
from telegraf_controller.users.sessions import idle_end, session_id_of
from telegraf_controller.users.tables import UserSession
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
    password_complexity: Complexity
    """How strong a new password has to be (U9)."""
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


class SessionRecord(Answer):
    """One of the caller's sessions, as its browser introduced itself (U8): never its secret."""

    id: UUID
    current: bool
    """Whether it is the one that asks."""
    address: str
    user_agent: str
    created_at: WireTime
    last_seen_at: WireTime
    """To the minute."""
    expires_at: WireTime
    """When it ends unless it is used before; seven days after it began it ends in any case."""

    @classmethod
    def of(cls, row: UserSession, by: Identity) -> SessionRecord:
        """Show a session to whom it belongs to."""
        return cls(
            id=session_id_of(row.digest),
            current=row.digest == by.session_id,
            address=row.address,
            user_agent=row.user_agent,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=idle_end(row),
        )


class Me(Answer):
    """Who is asking, how they proved it, and what they may do."""

    user: UserRecord
    role: str
    permissions: list[str]
    via: str
    """`session` or `token`."""
    token: TokenInUse | None
    session: SessionInUse | None
