"""The heartbeat server: two paths, made for many small requests (H1 to H6).

A heartbeat that is let in by the rights at hand goes from its socket into the buffer in one call, and its answer from
the commit to its socket; only what has to ask the database first gets a task of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial

import structlog
from msgspec import Struct

from telegraf_controller import clock
from telegraf_controller.access.grants import TokenGrant
from telegraf_controller.db.engine import Database
from telegraf_controller.errors import ControllerError, NotFound, StorageUnavailable
from telegraf_controller.heartbeats.access import HeartbeatAccess
from telegraf_controller.heartbeats.answers import HEALTHY, STORED, error_answer
from telegraf_controller.heartbeats.body import decompressed
from telegraf_controller.heartbeats.buffer import Buffer, Entry
from telegraf_controller.heartbeats.gate import Credentials, agent_address, authorise, peer_address
from telegraf_controller.heartbeats.parse import Heartbeat, parse_heartbeat
from telegraf_controller.heartbeats.storage.client import StorageClient
from telegraf_controller.heartbeats.store import HeartbeatStore
from telegraf_controller.heartbeats.store_postgres import PostgresStore
from telegraf_controller.heartbeats.wire.connection import Connection
from telegraf_controller.heartbeats.wire.heads import Head
from telegraf_controller.heartbeats.writer import Writer
from telegraf_controller.options import Options
from telegraf_controller.tokens.check import AccessState
from telegraf_controller.tokens.last_use import LastUse

log = structlog.get_logger(__name__)

HEARTBEAT_PATH = "/agents/heartbeat"
HEALTH_PATH = "/health"

HEALTH_PROVEN_SECONDS = 1.0
"""How fresh the proof has to be that heartbeats can be stored; so many questions cost one probe."""

HEALTH_SECONDS = 3.0
"""How long a probe may take before the answer is 503."""

ADMIT_SECONDS = 5.0
"""How long a heartbeat waits for the rights of this moment; its agent waits no longer."""

_SHOWN_CHARACTERS = 200
"""How much of a path that is not there its answer repeats."""


class Admission(Struct, gc=False):
    """By what a heartbeat was let in."""

    credentials: Credentials
    generation: int
    grant: TokenGrant | None
    """None when nobody needs credentials (E1)."""


class Known(Struct, gc=False):
    """Whose heartbeats came over a connection lately: one with the same head, but for the length of its body, is let in
    by the same rights."""

    head: int
    """Its number: a connection that waits keeps neither a head in memory, which may be long, nor a state of rights."""
    admission: Admission
    rights: int
    """Which they were (`HeartbeatAccess.loads`)."""


def build(options: Options, database: Database, storage: str | None) -> HeartbeatServer:
    """Return the application for one heartbeat process; `start` it before it gets requests.

    `storage` is the path of the storage process's socket, which SQLite needs.
    """

    def store() -> HeartbeatStore:
        if storage is not None:
            return StorageClient(storage)
        return PostgresStore(database.target, keep_points=options.heartbeat_history > 0)

    # While one group is written, the next lies ready: the database does not wait for this process, nor this one for it.
    return HeartbeatServer(options, database, [store(), store()])


class HeartbeatServer:
    """The application of the heartbeat port, with what it keeps in memory and does in the background."""

    def __init__(self, options: Options, database: Database, stores: Sequence[HeartbeatStore]) -> None:
        locked = frozenset(options.disable_auth_endpoints) if options.lock_auth_endpoints else None
        self._trusted_proxies = options.trusted_proxies
        self._body_limit = options.heartbeat_max_body
        self._access = HeartbeatAccess(database, locked_open_groups=locked)
        self._buffer = Buffer(_answer_all)
        self._writer = Writer(stores, self._buffer, self._access)
        self._last_use = LastUse(database)
        self._uses: dict[bytes | None, tuple[TokenGrant, str]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._asking: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin the work in the background. A database that is away is waited for in there: requests hear 503."""
        works = (self._writer.run(), self._pass_on_uses(), self._last_use.run())
        self._tasks = [asyncio.create_task(work) for work in works]

    async def stop(self) -> None:
        """Refuse what still waits, write when tokens were last used, and close. The HTTP server has stopped before."""
        self._buffer.drain(StorageUnavailable("The server is stopping; this heartbeat was not stored."))
        self._note_uses()
        for task in (*self._asking, *self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._writer.close()

    def admit(self, connection: Connection) -> bool:
        """See `wire.server.Application`."""
        head = connection.head
        assert head is not None
        if head.path == HEARTBEAT_PATH:
            if head.method != "POST":
                return _wrong_method(connection, "POST")
            address = peer_address(connection.peer, head.forwarded_for, self._trusted_proxies)
            credentials = Credentials(head.digest, head.refusal, address)
            admission = connection.context = self._admitted(credentials)
            if admission is None:
                self._ask(connection, partial(self._admit, connection, credentials))
                return False
            expires = admission.grant is not None and admission.grant.expires_at_ms is not None
            connection.known = None if expires else Known(head.number, admission, self._access.loads)
            return True
        if head.path == HEALTH_PATH:
            return head.method in ("GET", "HEAD") or _wrong_method(connection, "GET, HEAD")
        raise NotFound("path", head.path[:_SHOWN_CHARACTERS])

    def admit_again(self, connection: Connection, head: Head) -> bool:
        """See `wire.server.Application`."""
        known: Known = connection.known
        if known.head != head.number or known.rights != self._access.loads or not self._writer.available:
            return False
        connection.context = known.admission
        return True

    def handle(self, connection: Connection, body: bytes) -> None:
        """See `wire.server.Application`."""
        head = connection.head
        assert head is not None
        if head.path == HEALTH_PATH:
            self._ask(connection, partial(self._health, connection))
            return
        admission: Admission = connection.context
        address, grant = admission.credentials.address, admission.grant
        if grant is not None:
            self._uses[admission.credentials.digest] = (grant, address)
        if head.encoding:
            body = decompressed(body, head.encoding, self._body_limit)
        if head.agent_addresses:
            address = agent_address(address, head.agent_addresses)
        heartbeat = parse_heartbeat(body, address=address, received_ms=clock.now_ms())
        if grant is None or grant.agent_ids is None:
            self._submit(connection, heartbeat, admission)
            return
        held = self._admitted(admission.credentials, heartbeat.instance_id)
        if held is not None:
            self._submit(connection, heartbeat, held)
        else:
            self._ask(connection, partial(self._admit_and_submit, connection, heartbeat, admission.credentials))

    def _submit(self, connection: Connection, heartbeat: Heartbeat, admission: Admission) -> None:
        self._buffer.submit(Entry(connection, heartbeat, admission.credentials, admission.generation))

    def _admitted(self, credentials: Credentials, instance_id: str | None = None) -> Admission | None:
        """Return by what a heartbeat may come, if that is so by the state at hand."""
        state = self._access.state
        if state is None or not self._writer.available:
            raise StorageUnavailable
        try:
            return _admission(state, credentials, instance_id)
        except ControllerError:
            return None

    async def _admit(self, connection: Connection, credentials: Credentials) -> None:
        """Let a heartbeat in by the state as of now. Raises what T4 lists, StorageUnavailable.

        Nobody is refused by what may have changed since: a token that was made a moment ago works.
        """
        connection.context = _admission(await self._state(), credentials, None)
        connection.proceed()

    async def _admit_and_submit(self, connection: Connection, heartbeat: Heartbeat, credentials: Credentials) -> None:
        """The same for one whose token is held to some agents."""
        state = await self._state()
        self._submit(connection, heartbeat, _admission(state, credentials, heartbeat.instance_id))

    async def _state(self) -> AccessState:
        try:
            async with asyncio.timeout(ADMIT_SECONDS):
                return await self._access.current()
        except TimeoutError:
            raise StorageUnavailable from None

    def _ask(self, connection: Connection, question: Callable[[], Awaitable[None]]) -> None:
        """Do what has to wait for the database."""
        task = asyncio.create_task(_answered(connection, question))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _pass_on_uses(self) -> None:
        """Note when tokens were used, once a second for each and not with every heartbeat (T15)."""
        while True:
            await asyncio.sleep(1)
            self._note_uses()

    def _note_uses(self) -> None:
        uses, self._uses = self._uses, {}
        for grant, address in uses.values():
            self._last_use.note(grant.token_id, address)

    async def _health(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(HEALTH_SECONDS):
                await self._writer.probe(proven_within_seconds=HEALTH_PROVEN_SECONDS)
        except TimeoutError:
            raise StorageUnavailable from None
        connection.answer(HEALTHY)


def _admission(state: AccessState, credentials: Credentials, instance_id: str | None) -> Admission:
    return Admission(credentials, state.generation, authorise(state, credentials, clock.now_ms(), instance_id))


def _wrong_method(connection: Connection, allowed: str) -> bool:
    head = connection.head
    assert head is not None
    error = ControllerError("method_not_allowed", f"{head.method} is not possible at {head.path}.")
    connection.answer(error_answer(error, ("allow", allowed)))
    return False


async def _answered(connection: Connection, question: Callable[[], Awaitable[None]]) -> None:
    try:
        await question()
    except ControllerError as error:
        connection.answer(error_answer(error))
    except Exception:
        log.exception("heartbeat request failed")
        connection.answer(error_answer(ControllerError("internal_error", "This request could not be handled.")))


def _answer_all(entries: Sequence[Entry]) -> None:
    """Tell every heartbeat of a group its fate."""
    for entry in entries:
        try:
            entry.connection.answer(STORED if entry.error is None else error_answer(entry.error))
        except Exception:
            # A mistake of ours: the others wait for their answers.
            log.exception("an answer could not be sent")
