"""Constants over HTTP: K1. When they move `Last-Modified` is in `tests/configs/test_every_move.py` too."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import event, select

from telegraf_controller import clock
from telegraf_controller.audit.tables import AuditEntry
from tests.cast import Cast, token_value
from tests.configs.steps import Configs, error, on_one_database, record, seconds
from tests.support.api import running_api

NOON = 1_790_000_000.25


async def define(configs: Configs, name: str, value: str) -> None:
    response = await configs.call("POST", "/api/constants", {"name": name, "value": value})
    assert response.status_code == 201, response.text


async def test_a_constant_is_created_read_changed_and_deleted(configs: Configs) -> None:
    """K1"""
    response = await configs.call("POST", "/api/constants", {"name": "Site_1", "value": "Berlin 'x' \u00e4"})
    assert (response.status_code, response.headers["location"]) == (201, "/api/constants/Site_1")
    made = record(response)
    assert (made["name"], made["value"], made["usedBy"], made["usageCount"]) == ("Site_1", "Berlin 'x' \u00e4", [], 0)
    changed = await configs.call("PATCH", "/api/constants/Site_1", {"value": ""})
    assert (changed.status_code, record(changed)["value"]) == (200, "")
    listed = record(await configs.call("GET", "/api/constants?search=site"))
    assert (listed["total"], listed["items"][0]["name"], listed["items"][0]["usageCount"]) == (1, "Site_1", 0)
    assert (await configs.call("DELETE", "/api/constants/Site_1")).status_code == 204
    assert error(await configs.call("GET", "/api/constants/Site_1")) == (404, "not_found")


@on_one_database
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("", "x"), ("1a", "x"), ("a-b", "x"), ("a" * 129, "x"), ("\u00e4", "x"), ("a\n", "x"),
        ("a", 'x"'), ("a", "x\ny"), ("a", "x\r"), ("a", "\0"), ("a", "x" * 65_537),
    ],
)  # fmt: skip
async def test_what_is_no_constant_is_refused(configs: Configs, name: str, value: str) -> None:
    """K1"""
    response = await configs.call("POST", "/api/constants", {"name": name, "value": value})
    assert error(response) == (400, "validation_failed")


@on_one_database
async def test_the_longest_constant_is_taken_and_a_name_only_once(configs: Configs) -> None:
    """K1"""
    await define(configs, "a" * 128, "x" * 65_536)
    again = await configs.call("POST", "/api/constants", {"name": "a" * 128, "value": "y"})
    assert error(again) == (409, "constant_name_conflict")
    renamed = await configs.call("PATCH", f"/api/constants/{'a' * 128}", {"name": "b", "value": "y"})
    assert error(renamed) == (400, "validation_failed")


async def test_a_constant_in_use_is_not_deleted(configs: Configs) -> None:
    """K1: in use is what is served, not what was"""
    await define(configs, "site", "Berlin")
    made = await configs.create('a = "::{site}"\n')
    used = {"id": made["id"], "name": "web"}
    assert record(await configs.call("GET", "/api/constants/site"))["usedBy"] == [used]
    refused = await configs.call("DELETE", "/api/constants/site")
    assert error(refused) == (409, "constant_in_use")
    assert (refused.json()["details"]["count"], refused.json()["details"]["configs"]) == (1, [used])
    await configs.change(made["id"], toml='a = "1" # ::{site}\n')
    assert record(await configs.call("GET", "/api/constants/site"))["usedBy"] == []
    assert (await configs.call("DELETE", "/api/constants/site")).status_code == 204


async def test_an_undefined_constant_is_an_error_until_it_is_defined(configs: Configs) -> None:
    """K1, C2, C3"""
    with clock.replaced(lambda: NOON):
        made = await configs.create('a = "::{site}"\nb = ::{count}\n')
        response = await configs.fetch(made["id"])
        assert error(response) == (400, "undefined_constants")
        assert response.json()["details"] == {"constants": ["site", "count"]}
        assert "last-modified" not in response.headers
        await define(configs, "site", "::{count} &{x}")
        assert (await configs.fetch(made["id"])).json()["details"] == {"constants": ["count"]}
        await define(configs, "count", "12")
        response = await configs.fetch(made["id"])
        assert response.text == 'a = "::{count} &{x}"\nb = 12\n'
        assert seconds(response.headers["last-modified"]) == int(NOON) + 2


async def test_a_change_moves_whoever_uses_it_and_nobody_else(configs: Configs) -> None:
    """K1, C2"""
    with clock.replaced(lambda: NOON):
        await define(configs, "site", "Berlin")
        user, other = await configs.create('a = "::{site}"\n'), await configs.create(name="other")
        before = await configs.fetch(user["id"])
        await configs.call("PATCH", "/api/constants/site", {"value": "Berlin"})
        assert await configs.last_modified(user["id"]) == before.headers["last-modified"]
        await configs.call("PATCH", "/api/constants/site", {"value": "Hamburg"})
        after = await configs.fetch(user["id"])
        assert after.text == 'a = "Hamburg"\n'
        assert seconds(after.headers["last-modified"]) == seconds(before.headers["last-modified"]) + 1
        assert after.headers["etag"] != before.headers["etag"]
        assert seconds(await configs.last_modified(other["id"])) == int(NOON)


@on_one_database
async def test_a_change_costs_as_many_statements_for_many_configurations_as_for_one(configs: Configs) -> None:
    """K1: sets, not one after the other"""
    await define(configs, "site", "Berlin")
    counts: list[int] = []
    statements: list[str] = []
    engine = configs.api.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *details: statements.append(details[2]))
    for number in range(2):
        for name in range(8 * number + 1):
            await configs.create('a = "::{site}"\n', name=f"{number} {name}")
        statements.clear()
        await configs.call("PATCH", "/api/constants/site", {"value": str(number)})
        counts.append(len(statements))
    assert counts[0] == counts[1]


@on_one_database
async def test_values_stay_out_of_the_audit_trail(configs: Configs) -> None:
    """U7"""
    await define(configs, "site", "hush-hush")
    await configs.call("PATCH", "/api/constants/site", {"value": "hush"})
    await configs.call("DELETE", "/api/constants/site")
    async with configs.api.database.read() as session:
        entries = (await session.scalars(select(AuditEntry).where(AuditEntry.target_type == "constant"))).all()
    assert [entry.action for entry in entries] == ["constant.create", "constant.update", "constant.delete"]
    assert not any("hush" in str(entry.changes) for entry in entries)


@on_one_database
async def test_a_token_held_to_one_configuration_changes_no_constant(configs: Configs) -> None:
    """T11: it would reach into the others"""
    mine, other = await configs.create('a = "::{site}"\n'), await configs.create('a = "::{site}"\n', name="other")
    await define(configs, "site", "Berlin")
    held = {"name": "held", "permissions": ["constants:read", "constants:write"], "rawToken": token_value("held")}
    await configs.call("POST", "/api/tokens", {**held, "configs": [mine["id"]]})
    refused = await configs.call("PATCH", "/api/constants/site", {"value": "x"}, who=token_value("held"))
    assert error(refused) == (403, "token_not_allowed_here")
    seen = record(await configs.call("GET", "/api/constants/site", who=token_value("held")))
    assert [used["id"] for used in seen["usedBy"]] == [mine["id"]] != [other["id"]]


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_a_constant_that_changes_while_a_text_begins_to_use_it_moves_it(migrated_database_url: str) -> None:
    """C2, K1: whichever of the two is first, what is served afterwards has a new value"""
    async with running_api(migrated_database_url) as first, running_api(migrated_database_url, cast=Cast()) as second:
        here, there = Configs(first), Configs(second)
        await define(here, "site", "0")
        made = await here.create("a = 1\n")
        for number in range(1, 13):
            shown: dict[str, set[str]] = {}
            stop = asyncio.Event()

            async def watch(shown: dict[str, set[str]] = shown, stop: asyncio.Event = stop) -> None:
                while not stop.is_set():
                    response = await there.fetch(made["id"])
                    shown.setdefault(response.headers["last-modified"], set()).add(response.text)

            watching = asyncio.create_task(watch())
            await asyncio.gather(
                here.change(made["id"], toml=f'a = "::{{site}}" # {number}\n' if number % 2 else f"a = {number}\n"),
                there.call("PATCH", "/api/constants/site", {"value": str(number)}),
            )
            stop.set()
            await watching
            final = await here.fetch(made["id"])
            shown.setdefault(final.headers["last-modified"], set()).add(final.text)
            assert all(len(texts) == 1 for texts in shown.values()), shown
