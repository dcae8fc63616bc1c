"""What the writer asks of a database; `storage.client` and `store_postgres` do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from telegraf_controller.heartbeats.parse import Heartbeat


class GenerationMoved(Exception):
    """Rights have changed since heartbeats were let in; nothing was written."""

    def __init__(self, current: int) -> None:
        super().__init__(f"the access generation is {current} now")
        self.current = current


class TryAgain(Exception):
    """The database chose this transaction to give way to another one (a deadlock); nothing was written."""


class HeartbeatStore(Protocol):
    """One connection that writes heartbeats. Every method raises StorageUnavailable when the database is away."""

    async def write(self, heartbeats: Sequence[Heartbeat], generation: int) -> None:
        """Store heartbeats, in the order of their arrival, in one transaction, if the access generation is this.

        They are durable when this returns.
        Raises GenerationMoved, TryAgain, StorageUnavailable; whatever else means that one of them is bad.
        After any of them nothing is stored, except after a StorageUnavailable that hit the commit itself: then it is
        not known.
        """

    async def probe(self) -> None:
        """Prove that heartbeats can be written. Raises StorageUnavailable."""

    async def close(self) -> None:
        """Close the connection. Never raises."""
