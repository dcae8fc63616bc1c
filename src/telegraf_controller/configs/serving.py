"""Serving configurations to agents: what Telegraf depends on (C1 to C7).

A request costs a token check, a look-up and a join. `HEAD` renders exactly as `GET` does, and fails exactly as `GET`
does.

**An error never carries `Last-Modified`.** Telegraf's watcher ignores the status, compares the header as a string,
reloads when it differs, and exits when the reload fails: a wrong header on an error stops a fleet. An answer without
the header costs less, yet not nothing: the watcher forgets what it compared with, and so overlooks a change that falls
between. Hence what was served before is served on while the database is away (C6).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import structlog

from telegraf_controller import clock
from telegraf_controller.access.grants import lacks_permission
from telegraf_controller.access.identity import Identity
from telegraf_controller.access.services import Services
from telegraf_controller.addresses import client_address
from telegraf_controller.configs.content import ContentState, Document, Kind, load_content
from telegraf_controller.configs.freshness import Freshness
from telegraf_controller.configs.served import document_answer
from telegraf_controller.configs.templates import Compiled, TemplateCache, parameters_of
from telegraf_controller.db.generations import Follower
from telegraf_controller.db.probe import GenerationProbe
from telegraf_controller.errors import ControllerError, Forbidden, NotFound, StorageUnavailable
from telegraf_controller.permissions import endpoint_group_of
from telegraf_controller.tokens.check import (
    AccessState,
    TokenGrant,
    bearer_digest,
    require_agent,
    require_config,
    require_network,
)
from telegraf_controller.web.middleware import (
    MAX_BODY_BYTES,
    declared_length,
    internal_error,
    request_id_of,
    too_large,
    with_defaults,
)
from telegraf_controller.web.plain import ASGIApp, PlainAnswer, PlainRequest, Receive, Scope, Send, error_answer

log = structlog.get_logger(__name__)

PERMISSION = "configs:read"
GROUP_PERMISSION = "config-groups:read"

_PERMISSION_FOR: dict[Kind, str] = {"config": PERMISSION, "group": GROUP_PERMISSION}

STALE_SECONDS = 3600.0
"""How long what was seen is served from memory while the database is unreachable (C6)."""

_ENDPOINT_GROUP = endpoint_group_of(PERMISSION)
_METHODS = ("GET", "HEAD")
_AGENT_ID = {b"agent_id": "agent_id"}
_SERVER = "telegraf_controller.config_server"


class ServingApp:
    """Plain ASGI in front of the framework: it answers `/api/configs/{idOrAlias}/toml`, the same of groups, and
    `/c/{alias}` itself.

    Only who comes with a cookie instead of a token, that is somebody with a browser, goes through the framework, where
    sessions are known; the routes there answer from the same server.
    """

    def __init__(
        self, services: Services, fallback: ASGIApp, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._server = ConfigServer(services, monotonic=monotonic)
        self._fallback = fallback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = target_of(scope["path"]) if scope["type"] == "http" else None
        if target is None:
            await self._fallback(scope, receive, send)
            return
        request = PlainRequest(scope)
        if request.lines(b"cookie") and not request.lines(b"authorization"):
            scope[_SERVER] = self._server
            await self._fallback(scope, receive, send)
            return
        await self._serve(scope, send, request, target)

    async def _serve(self, scope: Scope, send: Send, request: PlainRequest, target: Target) -> None:
        """Answer as `Envelope` does, without its machinery: nothing is read here, and every answer is whole.

        For a polling fleet that machinery costs as much as filling a template.
        """
        request_id = request_id_of(scope)
        try:
            if declared_length(scope) > MAX_BODY_BYTES:
                raise too_large()
            answer = await self._server.answer(request, target)
        except ControllerError as error:
            answer = error_answer(error)
        except Exception:
            log.exception("request failed", request_id=request_id.decode(), method=request.method)
            answer = error_answer(internal_error(request_id.decode()))
        headers = with_defaults(answer.headers, request_id)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else answer.body})


def server_in(scope: Scope) -> ConfigServer:
    """Return the server that handed a request over to the framework."""
    server: ConfigServer = scope[_SERVER]
    return server


class Target(NamedTuple):
    """What a path asks for: the id of a configuration (or of a group) or an alias; with `short` an alias alone."""

    name: str
    short: bool
    kind: Kind = "config"

    def in_state(self, content: ContentState) -> Document | None:
        """Return the document that is meant, None when there is none."""
        return content.by_alias.get(self.name) if self.short else content.find(self.name, self.kind)


def target_of(path: str) -> Target | None:
    """Return what a path asks for, None when it is not for TOML."""
    if path.startswith("/c/"):
        target = Target(path[len("/c/") :], short=True)
    elif not path.endswith("/toml"):
        return None
    elif path.startswith("/api/configs/"):
        target = Target(path[len("/api/configs/") : -len("/toml")], short=False)
    elif path.startswith("/api/config-groups/"):
        target = Target(path[len("/api/config-groups/") : -len("/toml")], short=False, kind="group")
    else:
        return None
    return target if target.name and "/" not in target.name else None


class _Seen(NamedTuple):
    """What was answered last, with the constants that it used: at an outage no others may get in (C6)."""

    document: Document
    constants: Mapping[str, str]


class ConfigServer:
    """Answers requests for configurations, from memory as long as the content generation has not moved."""

    def __init__(self, services: Services, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._freshness = Freshness(GenerationProbe(services.database), monotonic=monotonic)
        self._content = Follower(services.generations, "content", self._load_content)
        self._templates = TemplateCache(services.database)
        self._seen_in: ContentState | None = None
        self._seen: dict[Target, _Seen] = {}

    async def answer(self, request: PlainRequest, target: Target, *, by: Identity | None = None) -> PlainAnswer:
        """Answer GET or HEAD. `by` says who asks, if that has been checked already.

        Raises Unauthenticated, Forbidden, NotFound, StorageUnavailable, and what `render` raises.
        """
        if request.method not in _METHODS:
            return _method_not_allowed(request.method)
        try:
            return await self._from_current(request, target, by)
        except StorageUnavailable:
            return self._from_memory(request, target, by)

    async def _from_current(self, request: PlainRequest, target: Target, by: Identity | None) -> PlainAnswer:
        generations = await self._freshness.current()
        grant = self._admit(await self._services.access.at(generations), request) if by is None else by.grant
        content = await self._content.at(generations)
        document = target.in_state(content)
        _require_readable(by or grant, grant, document, target)
        compiled = None if document is None else await self._templates.get(document)
        if document is not None and compiled is None:
            # Between the two reads a version was replaced and pruned, or a configuration deleted.
            content = await self._content.at(await self._freshness.current())
            document = target.in_state(content)
            _require_readable(by or grant, grant, document, target)
            compiled = None if document is None else await self._templates.get(document)
        if document is None or compiled is None:
            raise _nothing_at(target)
        self._remember(content, target, document, compiled)
        return _filled(request, grant, document, compiled, content.constants)

    def _from_memory(self, request: PlainRequest, target: Target, by: Identity | None) -> PlainAnswer:
        """Answer from memory what was answered before, for up to an hour (C6). Raises StorageUnavailable."""
        unreachable = StorageUnavailable("The database is not reachable, and this configuration is not in memory.")
        seconds, access = self._freshness.seconds_since_success, self._services.access.last_known
        if seconds is None or seconds > STALE_SECONDS or access is None:
            raise unreachable
        grant = self._admit(access, request, stale=True) if by is None else by.grant
        document, constants = self._seen.get(target, (None, {}))
        _require_readable(by or grant, grant, document, target)
        compiled = None if document is None else self._templates.kept(document)
        if document is None or compiled is None:
            raise unreachable
        return _filled(request, grant, document, compiled, constants, stale=True)

    def _admit(self, access: AccessState, request: PlainRequest, *, stale: bool = False) -> TokenGrant | None:
        """Check who is asking (T4); None when configurations need no credentials (E1)."""
        if _ENDPOINT_GROUP in access.open_groups:
            # Credentials on an open group are ignored, good or bad: they could only take rights away.
            return None
        digest = bearer_digest(request.lines(b"authorization"))
        if stale and digest not in access.grants:
            # It may have been made on another node since: that cannot be known now.
            raise StorageUnavailable("The database is not reachable, and this token is not in memory.")
        grant = access.grant_of(digest, clock.now_ms())
        services = self._services
        address = client_address(request.peer, request.lines(b"x-forwarded-for"), services.trusted_proxies)
        require_network(grant, address)
        services.last_use.note(grant.token_id, address)
        return grant

    def _remember(self, content: ContentState, target: Target, document: Document, compiled: Compiled) -> None:
        if content is not self._seen_in:
            # What was deleted is not served in an outage either.
            self._seen = {one: seen for one, seen in self._seen.items() if one.in_state(content) is not None}
            self._seen_in = content
        elif target in self._seen and self._seen[target].document is document:
            return
        known = content.constants
        used = {name: known[name] for name in compiled.template.constants if name in known}
        self._seen[target] = _Seen(document, used)

    async def _load_content(self) -> ContentState:
        async with self._services.database.read() as session:
            return await load_content(session)


def _filled(
    request: PlainRequest,
    grant: TokenGrant | None,
    document: Document,
    compiled: Compiled,
    constants: Mapping[str, str],
    *,
    stale: bool = False,
) -> PlainAnswer:
    """Fill a document with what the URL gives (C3)."""
    if grant is not None and grant.agent_ids is not None:
        _require_agent_parameter(grant, request.query)
    values = parameters_of(request.query, compiled.parameters)
    body, tag = compiled.bound(constants).fill(values)
    return document_answer(request, document, body, tag, stale=stale)


def _require_readable(
    who: Identity | TokenGrant | None, grant: TokenGrant | None, document: Document | None, target: Target
) -> None:
    """Check the permission, which depends on what an alias leads to (C1), and what a token is held to (T11)."""
    if who is not None:
        permission = _PERMISSION_FOR[target.kind if document is None else document.kind]
        if permission not in who.permissions:
            raise lacks_permission(permission)
    # A token that is held to some configurations does not learn which others exist.
    if grant is not None:
        require_config(grant, (target.name,) if document is None else document.names)


def _require_agent_parameter(grant: TokenGrant, query: bytes) -> None:
    """Hold a token to its agents (T11): the URL has to say for which agent it fetches."""
    agent_id = parameters_of(query, _AGENT_ID).get("agent_id")
    if agent_id is None:
        sentence = "The token is for certain agents only: the URL needs the parameter agent_id"
        raise Forbidden("token_not_allowed_here", sentence, rule="agentIds")
    require_agent(grant, agent_id)


def _nothing_at(target: Target) -> NotFound:
    # A path may hold anything of any length; the answer repeats only what could have been a name.
    what = "configuration" if target.kind == "config" else "group"
    return NotFound(what, target.name[:64].encode("ascii", "replace").decode())


def _method_not_allowed(method: str) -> PlainAnswer:
    answer = error_answer(ControllerError("method_not_allowed", f"{method} is not possible here."))
    answer.headers.append((b"allow", b"GET, HEAD"))
    return answer
