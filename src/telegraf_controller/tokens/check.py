"""Where a token is checked, for both ports: from the `Authorization` header to what its bearer may do (T3, T4, T11).

The whole table of tokens is kept in memory by digest, never by value, and is built anew when the access generation
moves; a check is then one SHA-256 and one look-up, whatever the number of tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.access.grants import TokenGrant as TokenGrant
from telegraf_controller.access.grants import lacks_permission
from telegraf_controller.addresses import Network
from telegraf_controller.db.generations import read_generations
from telegraf_controller.errors import Forbidden, Unauthenticated
from telegraf_controller.permissions import ROLE_GRANTS, Role
from telegraf_controller.settings.queries import read_open_groups
from telegraf_controller.tokens.mint import digest_of, is_token_shape
from telegraf_controller.tokens.tables import Token
from telegraf_controller.users.tables import User


@dataclass(frozen=True, slots=True)
class AccessState:
    """Who may do what, as of one access generation."""

    generation: int
    grants: Mapping[bytes, TokenGrant]
    open_groups: frozenset[str] = frozenset()
    """Endpoint groups that need no credentials (E1)."""

    def grant_of(self, digest: bytes, now_ms: int) -> TokenGrant:
        """Return the grant of a digest. Raises Unauthenticated: `invalid_token` or `token_expired` (T4)."""
        grant = self.grants.get(digest)
        if grant is None:
            raise Unauthenticated("invalid_token", "Invalid token")
        if grant.expires_at_ms is not None and now_ms >= grant.expires_at_ms:
            raise Unauthenticated("token_expired", "Token expired")
        return grant


def bearer_value(authorization: Iterable[str]) -> str:
    """Return the token value that the `Authorization` header lines present (T3).

    `authorization` holds every such header of the request: none or two are errors. Raises Unauthenticated:
    `missing_credentials` or `invalid_token_format`.
    """
    lines = list(authorization)
    scheme, _, value = lines[0].strip().partition(" ") if len(lines) == 1 else ("", "", "")
    if scheme.lower() not in ("bearer", "token"):
        raise Unauthenticated("missing_credentials", "Missing or invalid Authorization header")
    value = value.strip()
    if not is_token_shape(value):
        raise Unauthenticated("invalid_token_format", "Invalid token format")
    return value


def bearer_digest(authorization: Iterable[str]) -> bytes:
    """The same, as the digest by which tokens are looked up: comparison cannot leak timing about the value."""
    return digest_of(bearer_value(authorization))


def require_permission(grant: TokenGrant, permission: str) -> None:
    """Raise Forbidden `insufficient_permissions`, naming the permission, unless the token has it (T4)."""
    if permission not in grant.permissions:
        raise lacks_permission(permission)


def require_network(grant: TokenGrant, address: str) -> None:
    """Raise Forbidden `token_not_allowed_here` unless the peer address is allowed (T11)."""
    if not grant.allows_network(address):
        raise _not_allowed("allowedNetworks", "The token may not be used from this network address")


def require_agent(grant: TokenGrant, instance_id: str) -> None:
    """Raise Forbidden `token_not_allowed_here` unless the token may act for this agent (T11)."""
    if not grant.allows_agent(instance_id):
        raise _not_allowed("agentIds", "The token may not be used for this agent")


def require_config(grant: TokenGrant, names: Iterable[str]) -> None:
    """Raise Forbidden `token_not_allowed_here` unless the token may read the configuration or group (T11)."""
    if not grant.allows_config(names):
        raise _not_allowed("configs", "The token may not be used for this configuration")


def _not_allowed(rule: str, sentence: str) -> Forbidden:
    return Forbidden("token_not_allowed_here", sentence, rule=rule)


async def load_access(session: AsyncSession, *, locked_open_groups: frozenset[str] | None = None) -> AccessState:
    """Build the state from the database, in the caller's transaction.

    The generation is read first: what follows is then at least as new, so a state never claims to be newer than it is.
    `locked_open_groups` is what start-up locked the open endpoint groups to; None leaves them to the settings (E3).
    """
    generation = (await read_generations(session))["access"]
    rows = await session.execute(
        select(Token, User)
        .join(User, User.id == Token.user_id)
        .where(Token.status == "active", User.status == "active")
    )
    grants: dict[bytes, TokenGrant] = {}
    for token, user in rows:
        grants[token.digest] = _grant(token, user, _epoch_ms(token.expires_at))
        if token.previous_digest is not None and token.previous_value_expires_at is not None:
            ends = clock.to_epoch_ms(token.previous_value_expires_at)
            expires = _epoch_ms(token.expires_at)
            grants[token.previous_digest] = _grant(token, user, ends if expires is None else min(ends, expires))
    opened = await read_open_groups(session) if locked_open_groups is None else locked_open_groups
    return AccessState(generation=generation, grants=grants, open_groups=opened)


def _epoch_ms(instant: datetime | None) -> int | None:
    return None if instant is None else clock.to_epoch_ms(instant)


def _grant(token: Token, user: User, expires_at_ms: int | None) -> TokenGrant:
    role = Role(user.role)
    return TokenGrant(
        token_id=token.id,
        token_name=token.name,
        user_id=user.id,
        username=user.username,
        role=role,
        permissions=frozenset(token.permissions) & ROLE_GRANTS[role],
        expires_at_ms=expires_at_ms,
        allowed_networks=_networks(token.allowed_networks),
        agent_ids=None if token.agent_ids is None else tuple(token.agent_ids),
        configs=None if token.configs is None else tuple(name.lower() for name in token.configs),
    )


def _networks(written: list[str] | None) -> tuple[Network, ...] | None:
    return None if written is None else tuple(ip_network(text, strict=False) for text in written)
