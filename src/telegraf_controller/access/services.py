"""What every request of the API process shares: the database, who may do what, when tokens were used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telegraf_controller.addresses import Network
from telegraf_controller.db.engine import Database
from telegraf_controller.db.generations import Follower, GenerationReader
from telegraf_controller.tokens.check import AccessState, load_access
from telegraf_controller.tokens.last_use import LastUse
from telegraf_controller.users.lockout import Guard
from telegraf_controller.users.sessions import SessionUse

DEFAULT_HEARTBEAT_PORT = 8000


@dataclass(frozen=True, slots=True)
class Services:
    """Made once for each API process by `app.py`, found at `request.app.state.services`."""

    database: Database
    generations: GenerationReader
    access: Follower[AccessState]
    last_use: LastUse
    session_use: SessionUse
    guard: Guard
    """What stands between strangers and passwords."""
    trusted_proxies: Sequence[Network] = ()
    presharing_allowed: bool = True
    """Whether token values may be supplied by the caller (T13)."""
    locked_open_groups: frozenset[str] | None = None
    """What start-up locked the open endpoint groups to; None leaves them to the settings (E3)."""
    node_id: str = ""
    """The name under which this node takes the leader's lease."""
    heartbeat_port: int = DEFAULT_HEARTBEAT_PORT
    """Where heartbeats go, next to this process; what stands in front may have another port."""


def make_services(
    database: Database,
    *,
    trusted_proxies: Sequence[Network] = (),
    presharing_allowed: bool = True,
    locked_open_groups: frozenset[str] | None = None,
    node_id: str = "",
    heartbeat_port: int = DEFAULT_HEARTBEAT_PORT,
) -> Services:
    """Wire the services of one process."""
    generations = GenerationReader(database)

    async def build_access() -> AccessState:
        async with database.read() as session:
            return await load_access(session, locked_open_groups=locked_open_groups)

    return Services(
        database=database,
        generations=generations,
        access=Follower(generations, "access", build_access),
        last_use=LastUse(database),
        session_use=SessionUse(database),
        guard=Guard(),
        trusted_proxies=trusted_proxies,
        presharing_allowed=presharing_allowed,
        locked_open_groups=locked_open_groups,
        node_id=node_id,
        heartbeat_port=heartbeat_port,
    )
