"""What the writer asks of a database; `store_sqlite` and `store_postgres` do it."""

from __future__ import annotations

from typing import Protocol

from telegraf_controller.heartbeats.batch import Batch


class GenerationMoved(Exception):
    """Rights have changed since the heartbeats of a batch were let in; nothing was written."""

    def __init__(self, current: int) -> None:
        super().__init__(f"the access generation is {current} now")
        self.current = current


class TryAgain(Exception):
    """The database chose this transaction to give way to another one (a deadlock); nothing was written."""


class HeartbeatStore(Protocol):
    """One connection that writes batches. Every method raises StorageUnavailable when the database is away."""

    async def write(self, batch: Batch, generation: int) -> None:
        """Store a batch in one transaction, durable when this returns, provided that the access generation is this.

        Raises GenerationMoved, TryAgain, StorageUnavailable; whatever else means that a row of the batch is bad.
        After any of them nothing is stored, except after a StorageUnavailable that hit the commit itself: then it is
        not known.
        """

    async def probe(self) -> None:
        """Prove that batches can be written. Raises StorageUnavailable."""

    async def close(self) -> None:
        """Close the connection. Never raises."""
