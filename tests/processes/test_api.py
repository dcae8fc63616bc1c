"""What the API process does before it serves."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from telegraf_controller.options import Options
from telegraf_controller.processes import api
from telegraf_controller.processes.garbage import COLLECT_AFTER_OBJECTS


@pytest.fixture
def _collecting_as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


@pytest.mark.usefixtures("_collecting_as_before")
async def test_what_is_there_when_serving_begins_is_never_looked_through_for_garbage(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """C7"""
    found: list[tuple[int, bool]] = []

    async def serve(app: Any, *rest: Any, **more: Any) -> None:
        # What is frozen is in no generation.
        found.append((gc.get_threshold()[0], any(one is app for one in gc.get_objects())))

    monkeypatch.setattr(api, "serve", serve)
    options = Options.load([f"--database={tmp_path / 'controller.db'}"])
    await api.run(options, [None], asyncio.Event())  # type: ignore[list-item]
    assert found == [(COLLECT_AFTER_OBJECTS, False)]
