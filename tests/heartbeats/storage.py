"""A storage process within the process of the tests: the same server on a real socket, in a thread of its own."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from pathlib import Path

from telegraf_controller.heartbeats.storage.client import StorageClient
from telegraf_controller.heartbeats.storage.server import serve
from telegraf_controller.heartbeats.storage.sqlite import SqliteStore
from telegraf_controller.processes.sockets import bind_private


class StorageThread:
    """Runs until `stop`; a thread, because a write blocks the event loop in which it happens."""

    def __init__(self, database: Path, *, keep_points: bool = True) -> None:
        # Not pytest's folder: its path may be longer than one of a socket can be.
        self._folder = tempfile.TemporaryDirectory(prefix="telegraf-controller-")
        self._listener = bind_private(self._folder.name)
        self.address: str = self._listener.getsockname()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._store = SqliteStore(database, keep_points=keep_points)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        """Wait until those who are connected have hung up."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive()
        self._listener.close()
        self._folder.cleanup()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(serve(self._store, self._listener, stop=self._stop))


class StorageOfItsOwn(StorageClient):
    """A store of heartbeats in SQLite, with a storage process of its own."""

    def __init__(self, database: Path) -> None:
        self._process = StorageThread(database)
        super().__init__(self._process.address)

    async def close(self) -> None:
        """Hang up and end the process."""
        await super().close()
        await asyncio.to_thread(self._process.stop)
