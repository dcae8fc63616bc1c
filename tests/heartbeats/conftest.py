"""What the tests of heartbeats ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.heartbeats.support import Port, running_port


@pytest.fixture
async def port(migrated_database_url: str) -> AsyncIterator[Port]:
    """A running heartbeat port."""
    async with running_port(migrated_database_url) as port:
        yield port
