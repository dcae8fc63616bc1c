"""The controller's API as typed calls. Every one of them raises ClientError and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from telegraf_controller import clock
from telegraf_controller.client.content import Aliases, Configs, Constants, Groups, Labels
from telegraf_controller.client.records import Agent, AgentSummary, NewToken, Page, ServerVersion, Token, User
from telegraf_controller.client.transport import Transport, given, part

DEFAULT_TIMEOUT_SECONDS = 30.0


class ControllerClient:
    """A controller at `base_url`, spoken to with `token`. Not for several threads at once.

    `each(…)` goes through a whole list, page after page; ids may be aliases where the API takes aliases.
    """

    def __init__(
        self, base_url: str, token: str | None = None, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> None:
        self._transport = Transport(base_url, token, timeout_seconds)
        self.tokens = Tokens(self._transport)
        self.configs = Configs(self._transport)
        self.groups = Groups(self._transport)
        self.constants = Constants(self._transport)
        self.labels = Labels(self._transport)
        self.aliases = Aliases(self._transport)
        self.agents = Agents(self._transport)
        self.users = Users(self._transport)

    @property
    def base_url(self) -> str:
        """The address, without a slash at its end."""
        return self._transport.base_url

    def version(self) -> ServerVersion:
        """Return the server's version; needs no token."""
        return self._transport.get("/api/version", ServerVersion)

    def is_live(self) -> bool:
        """Tell whether the API process answers."""
        return self._transport.attempt("GET", "/health/live").status_code == 200

    def is_ready(self) -> bool:
        """Tell whether the API can do its work, its database included."""
        return self._transport.attempt("GET", "/health/ready").status_code == 200

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Tokens:
    """`/api/tokens`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        name: str,
        permissions: Sequence[str],
        *,
        expires_at: datetime | None = None,
        user_id: str | None = None,
        raw_token: str | None = None,
        allowed_networks: Sequence[str] | None = None,
        agent_ids: Sequence[str] | None = None,
        configs: Sequence[str] | None = None,
    ) -> NewToken:
        """Create a token; its value is in this answer only (T1)."""
        body = {
            "name": name,
            "permissions": list(permissions),
            "expiresAt": None if expires_at is None else clock.to_wire(expires_at),
            "userId": user_id,
            "rawToken": raw_token,
            "allowedNetworks": allowed_networks,
            "agentIds": agent_ids,
            "configs": configs,
        }
        return self._transport.send("POST", "/api/tokens", NewToken, given(body))

    def each(
        self, *, status: str | None = None, search: str | None = None, expiring_within_days: int | None = None
    ) -> Iterator[Token]:
        """Go through the tokens that the caller may see (T16), by name."""
        query = {"status": status, "search": search, "expiringWithinDays": expiring_within_days}
        return self._transport.each("/api/tokens", Token, query)

    def find(self, name: str) -> Token | None:
        """Return the token of that name."""
        return next((token for token in self.each(search=name) if token.name == name), None)

    def read(self, token_id: str) -> Token:
        """Return one token."""
        return self._transport.get(f"/api/tokens/{part(token_id)}", Token)

    def revoke(self, token_id: str) -> Token:
        """Make a token's value useless from now on and keep its record (T9)."""
        return self._transport.send("POST", f"/api/tokens/{part(token_id)}/revoke", Token)

    def rotate(self, token_id: str, *, overlap_seconds: int | None = None) -> NewToken:
        """Issue a new value; the old one works on for the overlap (T12)."""
        body = given({"overlapSeconds": overlap_seconds})
        return self._transport.send("POST", f"/api/tokens/{part(token_id)}/rotate", NewToken, body)

    def delete(self, token_id: str) -> None:
        """Remove a token and its record (T9)."""
        self._transport.exchange("DELETE", f"/api/tokens/{part(token_id)}")


class Agents:
    """`/api/agents`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def each(
        self,
        *,
        status: str | None = None,
        search: str | None = None,
        sort_by: str | None = None,
        sort_order: str | None = None,
    ) -> Iterator[Agent]:
        """Go through the agents (A4)."""
        query = {"status": status, "search": search, "sortBy": sort_by, "sortOrder": sort_order}
        return self._transport.each("/api/agents", Agent, query)

    def page(
        self, number: int = 1, *, limit: int = 25, status: str | None = None, search: str | None = None
    ) -> Page[Agent]:
        """Return one page of the agents and how many there are."""
        query = {"page": number, "limit": limit, "status": status, "search": search}
        return self._transport.page("/api/agents", Agent, query)

    def read(self, agent_id: str) -> Agent:
        """Return one agent."""
        return self._transport.get(f"/api/agents/{part(agent_id)}", Agent)

    def delete(self, agent_id: str) -> None:
        """Forget an agent; its next heartbeat creates it anew (A6)."""
        self._transport.exchange("DELETE", f"/api/agents/{part(agent_id)}")

    def summary(self, *, status: str | None = None, search: str | None = None) -> AgentSummary:
        """Return counts over the agents (A5)."""
        return self._transport.get("/api/agents/summary", AgentSummary, {"status": status, "search": search})


class Users:
    """`/api/users`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def each(self, *, search: str | None = None) -> Iterator[User]:
        """Go through the users, by name."""
        return self._transport.each("/api/users", User, {"search": search})

    def find(self, username: str) -> User | None:
        """Return the user of that name, in any case (U4)."""
        wanted = username.lower()
        return next((user for user in self.each(search=username) if user.username.lower() == wanted), None)
