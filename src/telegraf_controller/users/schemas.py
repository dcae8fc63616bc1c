"""Users, invites and password resets on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from telegraf_controller.permissions import Role
from telegraf_controller.users import invites, resets
from telegraf_controller.users.names import normal_email, username_problem
from telegraf_controller.users.passwords import MAX_LENGTH as MAX_PASSWORD_LENGTH
from telegraf_controller.users.queries import SortKey, UserFilter
from telegraf_controller.users.secrets import MAX_LENGTH as MAX_SECRET_LENGTH
from telegraf_controller.users.tables import Invite, User
from telegraf_controller.web.schemas import Answer, Body, PageQuery, WireTime


def _username(value: str) -> str:
    problem = username_problem(value)
    if problem:
        raise ValueError(problem)
    return value


def _storable(value: str) -> str:
    # PostgreSQL stores no NUL, and half a surrogate pair is no text at all.
    if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError("contains a character that is no text")
    return value


Username = Annotated[str, Field(max_length=50), AfterValidator(_username)]
Email = Annotated[str, Field(max_length=320), AfterValidator(_storable), AfterValidator(normal_email)]
Text = Annotated[str, AfterValidator(_storable)]
Password = Annotated[str, Field(max_length=MAX_PASSWORD_LENGTH, repr=False), AfterValidator(_storable)]
"""A password as it is typed; how strong a new one has to be is a setting (U9)."""

Secret = Annotated[str, Field(max_length=MAX_SECRET_LENGTH, repr=False), AfterValidator(_storable)]
GivenRole = Literal[Role.ADMINISTRATOR, Role.MANAGER, Role.VIEWER]
"""Roles that are given; ownership is transferred."""

Hours = Annotated[int, Field(ge=1, le=invites.MAX_HOURS)]


class UserRecord(Answer):
    """A user as people and programs see one (U4)."""

    id: UUID
    username: str
    email: str
    role: str
    status: str
    locked_until: WireTime | None
    """Until when too many failed sign-ins lock the account; null when it is not locked."""
    auth_provider: str
    external_id: str | None
    last_sign_in_at: WireTime | None
    created_at: WireTime
    updated_at: WireTime

    @classmethod
    def of(cls, user: User, now: datetime) -> UserRecord:
        """Show a user as of `now`."""
        shown = cls.model_validate(user)
        if shown.locked_until is not None and shown.locked_until <= now:
            shown.locked_until = None
        return shown


class UserQuery(PageQuery):
    """Which users to list."""

    role: Role | None = None
    status: Literal["active", "disabled"] | None = None
    search: Annotated[str, Field(max_length=320), AfterValidator(_storable)] = ""
    sort_by: SortKey = "username"
    sort_order: Literal["asc", "desc"] = "asc"

    def wanted(self) -> UserFilter:
        """As the query takes it."""
        return UserFilter(self.role, self.status, self.search.strip())


class UserChange(Body):
    """What is to change about a user; what is left out stays."""

    role: GivenRole | None = None
    status: Literal["active", "disabled"] | None = None


class OwnershipTransfer(Body):
    """Proof that the transfer is meant: the heir's username, and the owner's own password (U3)."""

    username: Text
    password: Password


class InviteCreate(Body):
    """Whom to ask, as what (U5)."""

    username: Username
    email: Email
    role: GivenRole
    expires_in_hours: Hours = invites.DEFAULT_HOURS
    provider: Literal["local"] = "local"

    def wanted(self) -> invites.NewInvite:
        """As the action takes it."""
        return invites.NewInvite(self.username, self.email, self.role, self.expires_in_hours, self.provider)


class InviteRecord(Answer):
    """An invite that nobody has used; never its secret."""

    id: UUID
    username: str
    email: str
    role: str
    provider: str
    expired: bool
    expires_at: WireTime
    created_at: WireTime
    created_by: str

    @classmethod
    def of(cls, invite: Invite, now: datetime) -> InviteRecord:
        """Show an invite as of `now`."""
        return cls.model_validate({**_invite_fields(invite), "expired": invite.expires_at <= now})


class InviteCreated(InviteRecord):
    """A new invite with its link and secret, shown this once."""

    link: Annotated[str, Field(repr=False)]
    secret: Annotated[str, Field(repr=False)]


class InviteShown(Answer):
    """What somebody sees who opens an invite's link."""

    username: str
    email: str
    role: str
    provider: str
    expires_at: WireTime
    password_complexity: str


class InviteAccept(Body):
    """The secret of the link, and the password of the new account."""

    secret: Secret
    password: Password


class PasswordResetCreate(Body):
    """How long the link is to work."""

    expires_in_hours: Hours = resets.DEFAULT_HOURS


class PasswordResetCreated(Answer):
    """A link with which the user sets a new password, shown this once (U6)."""

    link: Annotated[str, Field(repr=False)]
    secret: Annotated[str, Field(repr=False)]
    expires_at: WireTime


class PasswordResetComplete(Body):
    """The secret of the link, and the new password."""

    secret: Secret
    password: Password


class PasswordResetDone(Answer):
    """Whose password was set; nobody is signed in."""

    username: str


class Credentials(Body):
    """What somebody types to sign in; `username` may be the e-mail address."""

    username: Annotated[str, Field(max_length=320), AfterValidator(_storable)]
    password: Password


class Setup(Body):
    """The first owner, made in a browser (U1)."""

    username: Username
    email: Email
    password: Password
    setup_code: Annotated[str | None, Field(max_length=100, repr=False)] = None


class AccountChange(Body):
    """What is to change about oneself; what is left out stays (U8)."""

    username: Username | None = None
    email: Email | None = None


class PasswordChange(Body):
    """The current password, and the new one (U8)."""

    current_password: Password
    new_password: Password


def _invite_fields(invite: Invite) -> dict[str, object]:
    names = ("id", "username", "email", "role", "provider", "expires_at", "created_at", "created_by")
    return {name: getattr(invite, name) for name in names}
