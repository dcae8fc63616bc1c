"""Tokens on the wire."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_network
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field

from telegraf_controller.permissions import PERMISSIONS
from telegraf_controller.tokens.actions import (
    DEFAULT_OVERLAP_SECONDS,
    MAX_OVERLAP_SECONDS,
    CreatedToken,
    NewToken,
)
from telegraf_controller.tokens.queries import OwnedToken, SortKey, TokenFilter
from telegraf_controller.tokens.restrictions import Restrictions
from telegraf_controller.web.schemas import Answer, Body, PageQuery, WireTime


def _split(value: Any) -> Any:
    """Let `"a:b,c:d"` stand for a list."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _known_permission(value: str) -> str:
    if value not in PERMISSIONS:
        raise ValueError(f"there is no permission {value[:60]!r}")
    return value


def _network(value: str) -> str:
    try:
        return str(ip_network(value.strip(), strict=False))
    except ValueError:
        raise ValueError(f"{value[:60]!r} is no network in CIDR notation, such as 10.0.0.0/8") from None


def _printable(value: str) -> str:
    value = value.strip()
    if not value:
        raise ValueError("must not be empty")
    if not value.isprintable():
        raise ValueError("must not contain control characters")
    return value


Permission = Annotated[str, AfterValidator(_known_permission)]
TokenName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
Networks = Annotated[list[Annotated[str, AfterValidator(_network)]], Field(min_length=1, max_length=100)]
AgentPatterns = Annotated[
    list[Annotated[str, Field(max_length=255), AfterValidator(_printable)]], Field(min_length=1, max_length=100)
]
ConfigNames = Annotated[
    list[Annotated[str, Field(max_length=63), AfterValidator(_printable)]], Field(min_length=1, max_length=500)
]


class TokenCreate(Body):
    """What a new token is to be."""

    name: TokenName
    permissions: Annotated[list[Permission], BeforeValidator(_split), Field(max_length=len(PERMISSIONS))]
    expires_at: WireTime | None = None
    user_id: UUID | None = None
    raw_token: Annotated[str | None, Field(max_length=200, repr=False)] = None
    allowed_networks: Networks | None = None
    agent_ids: AgentPatterns | None = None
    configs: ConfigNames | None = None

    def wanted(self) -> NewToken:
        """As the action takes it."""
        return NewToken(
            name=self.name,
            permissions=self.permissions,
            expires_at=self.expires_at,
            user_id=self.user_id,
            raw_token=self.raw_token,
            restrictions=Restrictions(self.allowed_networks, self.agent_ids, self.configs),
        )


class TokenQuery(PageQuery):
    """Which tokens to list."""

    status: Literal["active", "revoked", "expired"] | None = None
    user_id: UUID | None = None
    search: Annotated[str, Field(max_length=100)] = ""
    expiring_within_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    sort_by: SortKey = "name"
    sort_order: Literal["asc", "desc"] = "asc"

    def wanted(self) -> TokenFilter:
        """As the query takes it."""
        return TokenFilter(self.status, self.user_id, self.search.strip(), self.expiring_within_days)


class TokenRotate(Body):
    """How long the old value works on."""

    overlap_seconds: Annotated[int, Field(ge=0, le=MAX_OVERLAP_SECONDS)] = DEFAULT_OVERLAP_SECONDS


class TokenReassign(Body):
    """Who the token acts for from now on."""

    user_id: UUID


TokenIds = Annotated[list[UUID], Field(min_length=1, max_length=1000)]


class TokenBulk(Body):
    """Which tokens a bulk call means."""

    ids: TokenIds


class TokenBulkReassign(TokenBulk):
    """Which tokens, and who they act for from now on."""

    user_id: UUID


class TokenRecord(Answer):
    """A token as people and programs see it (T5): never its value."""

    id: UUID
    name: str
    user_id: UUID
    username: str
    permissions: list[str]
    status: str
    expired: bool
    expires_at: WireTime | None
    created_at: WireTime
    created_by: str | None
    revoked_at: WireTime | None
    revoked_by: str | None
    last_used_at: WireTime | None
    last_used_ip: str | None
    hint: str
    source: str
    previous_value_expires_at: WireTime | None
    allowed_networks: list[str] | None
    agent_ids: list[str] | None
    configs: list[str] | None

    @classmethod
    def of(cls, owned: OwnedToken, now: datetime) -> TokenRecord:
        """Show a token as of `now`."""
        return cls.model_validate(_fields(owned, now))


class TokenCreated(TokenRecord):
    """A token with its value, shown this once (T1)."""

    token: Annotated[str, Field(repr=False)]
    dropped_permissions: list[str]

    @classmethod
    def of_created(cls, created: CreatedToken, now: datetime) -> TokenCreated:
        """Show a new or rotated token."""
        more = {"token": created.value, "dropped_permissions": created.dropped_permissions}
        return cls.model_validate({**_fields(created.owned, now), **more})


def _fields(owned: OwnedToken, now: datetime) -> dict[str, Any]:
    token = owned.token
    plain = (
        "id", "name", "user_id", "permissions", "status", "expires_at", "created_at", "created_by", "revoked_at",
        "revoked_by", "last_used_at", "last_used_ip", "hint", "source", "allowed_networks", "agent_ids", "configs",
    )  # fmt: skip
    overlap = token.previous_value_expires_at
    return {
        **{name: getattr(token, name) for name in plain},
        "username": owned.user.username,
        "expired": token.expires_at is not None and token.expires_at <= now,
        "previous_value_expires_at": overlap if overlap is not None and overlap > now else None,
    }


class Preset(Answer):
    """A ready-made choice of permissions."""

    id: str
    name: str
    permissions: list[str]


class ResourceActions(Answer):
    """One row of the permission table: what the caller's role grants on a resource."""

    resource: str
    actions: list[str]
    granted: list[str]


class PermissionTable(Answer):
    """The permission table for the caller's role, with the presets (P1)."""

    role: str
    resources: list[ResourceActions]
    permissions: list[str]
    presets: list[Preset]


class Capabilities(Answer):
    """What this instance allows with tokens (T13)."""

    pre_shared_tokens_enabled: bool
