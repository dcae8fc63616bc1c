"""A node for the tests of configurations."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.configs.steps import Configs
from tests.support.api import running_api


@pytest.fixture
async def configs(migrated_database_url: str) -> AsyncIterator[Configs]:
    """What a person does with configurations, on SQLite and on PostgreSQL."""
    async with running_api(migrated_database_url) as api:
        yield Configs(api)
