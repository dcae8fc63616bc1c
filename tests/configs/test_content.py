"""What URLs serve, read from the database: C2."""

from __future__ import annotations

from typing import Any

import pytest

from telegraf_controller.configs import content
from telegraf_controller.configs.content import load_content
from tests.configs.steps import Configs


async def test_all_of_it_is_of_one_moment(configs: Configs, monkeypatch: pytest.MonkeyPatch) -> None:
    """C2: a new `Last-Modified` with an old text would keep an agent on that text"""
    await configs.call("POST", "/api/constants", {"name": "site", "value": "old"})
    made = await configs.create('a = "::{site}"\n')
    undisturbed = content._load_configs

    async def in_a_race(*arguments: Any) -> Any:
        loaded = await undisturbed(*arguments)
        await configs.call("PATCH", "/api/constants/site", {"value": "new"})
        return loaded

    before = await configs.last_modified(made["id"])
    monkeypatch.setattr(content, "_load_configs", in_a_race)
    async with configs.api.database.read() as session:
        state = await load_content(session)
    assert state.configs[made["id"]].last_modified.decode() == before
    assert state.constants == {"site": "old"}
