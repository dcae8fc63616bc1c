"""When and from where tokens were last used, without a write per request (T15)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID

from sqlalchemy import or_, update

from telegraf_controller import clock
from telegraf_controller.db.engine import Database
from telegraf_controller.errors import StorageUnavailable
from telegraf_controller.tokens.tables import Token

FLUSH_SECONDS = 5


class LastUse:
    """Collects the newest use of each token in memory; `run()` writes them every few seconds and when cancelled."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._uses: dict[UUID, tuple[int, str]] = {}

    def note(self, token_id: UUID, address: str) -> None:
        """Remember that a token was used just now."""
        self._uses[token_id] = (clock.now_ms(), address)

    async def run(self) -> None:
        """Write what was collected, again and again, until cancelled; then once more."""
        try:
            while True:
                await asyncio.sleep(FLUSH_SECONDS)
                with suppress(StorageUnavailable):
                    await self.flush()
        finally:
            with suppress(StorageUnavailable):
                await self.flush()

    async def flush(self) -> None:
        """Write what was collected; keep it for the next time when the database is away. Raises StorageUnavailable."""
        if not self._uses:
            return
        uses, self._uses = self._uses, {}
        try:
            async with self._database.write() as session:
                # Always in the same order, so that two processes cannot wait for each other.
                for token_id, (used_ms, address) in sorted(uses.items()):
                    used_at = clock.from_epoch_ms(used_ms)
                    await session.execute(
                        update(Token)
                        .where(Token.id == token_id, or_(Token.last_used_at.is_(None), Token.last_used_at < used_at))
                        .values(last_used_at=used_at, last_used_ip=address)
                    )
        except StorageUnavailable:
            self._uses = {**uses, **self._uses}
            raise
