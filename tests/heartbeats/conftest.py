"""What the tests of heartbeats ask for."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.heartbeats.support import Port, running_port


@pytest.fixture(scope="module")
async def shared_port(_migrated_sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Port]:
    """A heartbeat port on SQLite that the tests of a file share: what one does to it, the next would notice."""
    path = tmp_path_factory.mktemp("shared") / "controller.db"
    shutil.copy(_migrated_sqlite_file, path)
    async with running_port(str(path)) as port:
        yield port


@pytest.fixture
async def port(migrated_database_url: str) -> AsyncIterator[Port]:
    """A running heartbeat port."""
    async with running_port(migrated_database_url) as port:
        yield port
