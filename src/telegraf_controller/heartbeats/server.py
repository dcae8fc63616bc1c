"""The heartbeat server: an RSGI application with two paths, made for many small requests (H1 to H6)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

import structlog

from telegraf_controller import clock
from telegraf_controller.access.grants import TokenGrant
from telegraf_controller.db.engine import Database
from telegraf_controller.errors import ControllerError, NotFound, StorageUnavailable
from telegraf_controller.heartbeats.access import HeartbeatAccess
from telegraf_controller.heartbeats.answers import Responder, answer_error, answer_healthy, answer_stored
from telegraf_controller.heartbeats.body import BodyReader, Incoming
from telegraf_controller.heartbeats.buffer import Buffer, Entry
from telegraf_controller.heartbeats.gate import (
    Credentials,
    Headers,
    agent_address,
    authorise,
    peer_address,
    read_credentials,
)
from telegraf_controller.heartbeats.parse import parse_heartbeat
from telegraf_controller.heartbeats.store import HeartbeatStore
from telegraf_controller.heartbeats.store_postgres import PostgresStore
from telegraf_controller.heartbeats.store_sqlite import SqliteStore
from telegraf_controller.heartbeats.writer import Writer
from telegraf_controller.options import Options
from telegraf_controller.tokens.check import AccessState
from telegraf_controller.tokens.last_use import LastUse

log = structlog.get_logger(__name__)

HEARTBEAT_PATH = "/agents/heartbeat"
HEALTH_PATH = "/health"

Admission = tuple[AccessState, TokenGrant | None]

HEALTH_PROVEN_SECONDS = 1.0
"""How fresh the proof has to be that heartbeats can be stored; so many questions cost one probe."""

HEALTH_SECONDS = 3.0
"""How long a probe may take before the answer is 503."""


class Scope(Protocol):
    """What this needs of an RSGI request."""

    method: str
    path: str
    client: str

    @property
    def headers(self) -> Headers:
        """The request's headers."""


class HttpProtocol(Responder, Incoming, Protocol):
    """An RSGI protocol object."""


def build(options: Options, database: Database) -> HeartbeatServer:
    """Return the application for one heartbeat process; `start` it before it gets requests."""
    target = database.target
    store: HeartbeatStore
    if target.dialect == "postgresql":
        store = PostgresStore(target)
    else:
        assert target.path is not None
        store = SqliteStore(target.path)
    return HeartbeatServer(options, database, store)


class HeartbeatServer:
    """The application (`__rsgi__`) with what it keeps in memory and does in the background."""

    def __init__(self, options: Options, database: Database, store: HeartbeatStore) -> None:
        locked = frozenset(options.disable_auth_endpoints) if options.lock_auth_endpoints else None
        self._trusted_proxies = options.trusted_proxies
        self._access = HeartbeatAccess(database, locked_open_groups=locked)
        self._buffer = Buffer()
        self._store = store
        self._writer = Writer(store, self._buffer, self._access, keep_points=options.heartbeat_history > 0)
        self._bodies = BodyReader(options.heartbeat_max_body)
        self._last_use = LastUse(database)
        self._uses: dict[bytes | None, tuple[TokenGrant, str]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin the work in the background. A database that is away is waited for in there: requests hear 503."""
        works = (self._writer.run(), self._bodies.watch(), self._pass_on_uses(), self._last_use.run())
        self._tasks = [asyncio.create_task(work) for work in works]

    async def stop(self) -> None:
        """Refuse what still waits, write when tokens were last used, and close. The HTTP server has stopped before."""
        self._buffer.drain(StorageUnavailable("The server is stopping; this heartbeat was not stored."))
        self._note_uses()
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._store.close()

    async def __rsgi__(self, scope: Scope, protocol: HttpProtocol) -> None:
        """Answer one request."""
        try:
            if scope.path == HEARTBEAT_PATH:
                await self._heartbeat(scope, protocol)
            elif scope.path == HEALTH_PATH:
                await self._health(scope, protocol)
            else:
                answer_error(protocol, NotFound("path", scope.path))
        except ControllerError as error:
            answer_error(protocol, error)
        except Exception:
            log.exception("heartbeat request failed")
            answer_error(protocol, ControllerError("internal_error", "This request could not be handled."))

    async def _heartbeat(self, scope: Scope, protocol: HttpProtocol) -> None:
        if scope.method != "POST":
            answer_error(protocol, _wrong_method(scope), ("allow", "POST"))
            return
        headers = scope.headers
        address = peer_address(scope.client, headers, self._trusted_proxies)
        credentials = read_credentials(headers, address)
        state, grant = self._admitted(credentials) or await self._admit(credentials)
        if grant is not None:
            self._uses[credentials.digest] = (grant, address)
        body = await self._bodies.read(headers, protocol)
        heartbeat = parse_heartbeat(body, address=agent_address(address, headers), received_ms=clock.now_ms())
        if grant is not None and grant.agent_ids is not None:
            instance_id = heartbeat.instance_id
            state, grant = self._admitted(credentials, instance_id) or await self._admit(credentials, instance_id)
        entry = Entry(heartbeat, credentials, state.generation)
        await self._buffer.submit(entry).settled
        if entry.error is None:
            answer_stored(protocol)
        else:
            answer_error(protocol, entry.error)

    def _admitted(self, credentials: Credentials, instance_id: str | None = None) -> Admission | None:
        """Return by which state and grant a heartbeat may come, if that is so by the state at hand."""
        state = self._access.state
        if state is None or not self._writer.available:
            raise StorageUnavailable
        try:
            return state, authorise(state, credentials, clock.now_ms(), instance_id)
        except ControllerError:
            return None

    async def _admit(self, credentials: Credentials, instance_id: str | None = None) -> Admission:
        """The same as of now. Raises what T4 lists, StorageUnavailable.

        Nobody is refused by what may have changed since: a token that was made a moment ago works.
        """
        state = await self._access.current()
        return state, authorise(state, credentials, clock.now_ms(), instance_id)

    async def _pass_on_uses(self) -> None:
        """Note when tokens were used, once a second for each and not with every heartbeat (T15)."""
        while True:
            await asyncio.sleep(1)
            self._note_uses()

    def _note_uses(self) -> None:
        uses, self._uses = self._uses, {}
        for grant, address in uses.values():
            self._last_use.note(grant.token_id, address)

    async def _health(self, scope: Scope, protocol: HttpProtocol) -> None:
        if scope.method not in ("GET", "HEAD"):
            answer_error(protocol, _wrong_method(scope), ("allow", "GET, HEAD"))
            return
        try:
            async with asyncio.timeout(HEALTH_SECONDS):
                await self._writer.probe(proven_within_seconds=HEALTH_PROVEN_SECONDS)
        except TimeoutError:
            raise StorageUnavailable from None
        answer_healthy(protocol)


def _wrong_method(scope: Scope) -> ControllerError:
    return ControllerError("method_not_allowed", f"{scope.method} is not possible at {scope.path}.")
