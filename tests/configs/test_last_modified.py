"""When `Last-Modified` moves, and when it must not: C2."""

from __future__ import annotations

import pytest

from telegraf_controller import clock
from tests.cast import Cast
from tests.configs.steps import TOML, Configs, seconds
from tests.support.api import running_api

NOON = 1_790_000_000.25


async def test_it_says_when_the_text_was_saved(configs: Configs) -> None:
    """C2"""
    with clock.replaced(lambda: NOON):
        made = await configs.create()
        assert await configs.last_modified(made["id"]) == "Mon, 21 Sep 2026 14:13:20 GMT"
    with clock.replaced(lambda: NOON + 60):
        await configs.change(made["id"], toml=TOML + "# 2\n")
    with clock.replaced(lambda: NOON + 3600):
        assert await configs.last_modified(made["id"]) == "Mon, 21 Sep 2026 14:14:20 GMT"


async def test_saves_within_one_second_are_told_apart(configs: Configs) -> None:
    """C2"""
    with clock.replaced(lambda: NOON):
        made = await configs.create()
        seen = [seconds(await configs.last_modified(made["id"]))]
        for number in range(5):
            await configs.change(made["id"], toml=TOML + f"# {number}\n")
            seen.append(seconds(await configs.last_modified(made["id"])))
    assert seen == [int(NOON) + number for number in range(6)]


async def test_saves_within_one_second_are_told_apart_across_a_restart(migrated_database_url: str) -> None:
    """C2"""
    with clock.replaced(lambda: NOON):
        async with running_api(migrated_database_url) as api:
            configs = Configs(api)
            made = await configs.create()
            await configs.change(made["id"], toml=TOML + "# 2\n")
            before = await configs.last_modified(made["id"])
        async with running_api(migrated_database_url, cast=Cast()) as api:
            configs = Configs(api)
            assert await configs.last_modified(made["id"]) == before
            await configs.change(made["id"], toml=TOML + "# 3\n")
            assert seconds(await configs.last_modified(made["id"])) == seconds(before) + 1


async def test_a_clock_that_was_set_back_brings_no_old_value_again(configs: Configs) -> None:
    """C2"""
    with clock.replaced(lambda: NOON):
        made = await configs.create()
    with clock.replaced(lambda: NOON - 86_400):
        await configs.change(made["id"], toml=TOML + "# 2\n")
        assert seconds(await configs.last_modified(made["id"])) == int(NOON) + 1
    with clock.replaced(lambda: NOON + 1.5):
        await configs.change(made["id"], toml=TOML + "# 3\n")
        assert seconds(await configs.last_modified(made["id"])) == int(NOON) + 2


async def test_a_text_that_comes_back_gets_a_new_value(configs: Configs) -> None:
    """C2: the agent that fetched in between must come back too"""
    made = await configs.create()
    before = await configs.fetch(made["id"])
    await configs.change(made["id"], toml=TOML + "# 2\n")
    await configs.change(made["id"], toml=TOML)
    after = await configs.fetch(made["id"])
    assert seconds(after.headers["last-modified"]) >= seconds(before.headers["last-modified"]) + 2
    assert after.headers["etag"] == before.headers["etag"]


@pytest.mark.parametrize(
    "fields",
    [{"name": "new"}, {"description": "new"}, {"editorMode": "builder"}, {"toml": TOML}, {}],
    ids=str,
)
async def test_what_leaves_the_text_alone_leaves_it_alone(configs: Configs, fields: dict[str, str]) -> None:
    """C2"""
    with clock.replaced(lambda: NOON):
        made = await configs.create()
    before = await configs.fetch(made["id"])
    await configs.change(made["id"], **fields)
    after = await configs.fetch(made["id"])
    for header in ("last-modified", "etag"):
        assert after.headers[header] == before.headers[header]


async def test_changing_one_configuration_leaves_the_others_alone(configs: Configs) -> None:
    """C2"""
    with clock.replaced(lambda: NOON):
        one, other = await configs.create(name="one"), await configs.create(name="other")
    before = await configs.last_modified(other["id"])
    await configs.change(one["id"], toml=TOML + "# 2\n")
    await configs.call("DELETE", f"/api/configs/{one['id']}")
    assert await configs.last_modified(other["id"]) == before


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_two_nodes_answer_alike_as_soon_as_a_change_is_answered(migrated_database_url: str) -> None:
    """C2"""
    async with running_api(migrated_database_url) as first, running_api(migrated_database_url, cast=Cast()) as second:
        here, there = Configs(first), Configs(second)
        made = await here.create()
        for number in range(10):
            await here.change(made["id"], toml=TOML + f"# {number}\n")
            one, other = await there.fetch(made["id"]), await here.fetch(made["id"])
            assert one.text == TOML + f"# {number}\n"
            assert one.content == other.content
            assert one.headers["last-modified"] == other.headers["last-modified"]
            assert one.headers["etag"] == other.headers["etag"]
