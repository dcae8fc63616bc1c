"""What the processes that serve do before they begin: C7, H2."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from telegraf_controller.options import Options
from telegraf_controller.processes import api, heartbeat
from telegraf_controller.processes.garbage import COLLECT_AFTER_OBJECTS


@pytest.fixture
def _collecting_as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)


@pytest.mark.usefixtures("_collecting_as_before")
@pytest.mark.parametrize("process", [api, heartbeat], ids=["api", "heartbeat"])
async def test_what_is_there_when_serving_begins_is_never_looked_through_for_garbage(
    process: ModuleType, monkeypatch: pytest.MonkeyPatch, migrated_database_url: str
) -> None:
    """C7, H2"""
    found: list[tuple[int, bool]] = []

    async def serve(app: Any, *rest: Any, **more: Any) -> None:
        # What is frozen is in no generation.
        found.append((gc.get_threshold()[0], any(one is app for one in gc.get_objects())))

    monkeypatch.setattr(process, "serve", serve)
    options = Options.load([f"--database={migrated_database_url}"])
    await process.run(options, [None], asyncio.Event())
    assert found == [(COLLECT_AFTER_OBJECTS, False)]
