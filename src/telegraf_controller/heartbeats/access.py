"""Who may send heartbeats, as this process knows it, and how it learns that this has changed (T9)."""

from __future__ import annotations

import asyncio

from telegraf_controller.db.engine import Database
from telegraf_controller.db.generations import GenerationReader
from telegraf_controller.tokens.check import AccessState, load_access


class HeartbeatAccess:
    """Keeps the AccessState. Heartbeats are let in by the state at hand; each commit proves that it was current."""

    def __init__(self, database: Database, *, locked_open_groups: frozenset[str] | None = None) -> None:
        self._database = database
        self._locked_open_groups = locked_open_groups
        self._generations = GenerationReader(database)
        self._loading = asyncio.Lock()
        self.state: AccessState | None = None
        """As last loaded; None until the database could be read for the first time."""
        self.loads = 0
        """How often it was loaded. Generations are no measure of that: those of a restored database come again."""

    async def current(self) -> AccessState:
        """Return the state as of now: before anybody is refused. Raises StorageUnavailable."""
        return await self.at((await self._generations.current())["access"])

    async def at(self, generation: int) -> AccessState:
        """Return the state of a generation that was just read, or a newer one. Raises StorageUnavailable."""
        if self.state is None or self.state.generation != generation:
            async with self._loading:
                # Not "older than": a database that was restored from a backup counts from an earlier number.
                if self.state is None or self.state.generation != generation:
                    self.state = await self._load()
                    self.loads += 1
        return self.state

    async def _load(self) -> AccessState:
        async with self._database.read() as session:
            return await load_access(session, locked_open_groups=self._locked_open_groups)
