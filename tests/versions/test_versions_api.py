"""What can be done with versions: V3, and C2 where a rollback touches what is served."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from telegraf_controller import clock
from tests.configs.steps import TOML, Configs, error, on_one_database, record, seconds
from tests.support.people import audit_trail

NOON = 1_790_000_000.25


async def with_versions(configs: Configs, *texts: str) -> str:
    """Make a configuration with these texts, one version after the other, and return its id."""
    made = await configs.create(texts[0])
    for toml in texts[1:]:
        await configs.change(made["id"], toml=toml)
    return str(made["id"])


def text(number: int) -> str:
    return TOML + f"# {number}\n"


async def numbers(configs: Configs, config_id: str) -> list[int]:
    answer = record(await configs.call("GET", f"/api/configs/{config_id}/versions?limit=500"))
    return [item["version"] for item in answer["items"]]


async def test_a_note_can_be_written_later(configs: Configs) -> None:
    """V3"""
    config_id = await with_versions(configs, text(1), text(2))
    path = f"/api/configs/{config_id}/versions/1"
    answer = record(await configs.call("PATCH", path, {"note": "from the old server"}))
    assert (answer["version"], answer["note"], answer["current"]) == (1, "from the old server", False)
    assert record(await configs.call("GET", path))["note"] == "from the old server"
    assert error(await configs.call("PATCH", path, {"note": "x" * 1001})) == (400, "validation_failed")
    assert error(await configs.call("PATCH", path, {"toml": TOML})) == (400, "validation_failed")
    assert error(await configs.call("PATCH", path[:-1] + "3", {"note": "x"})) == (404, "not_found")
    assert error(await configs.call("PATCH", path, {"note": "x"}, who="viewer")) == (403, "insufficient_permissions")
    entry = (await audit_trail(configs.api.database))[-1]
    assert (entry.action, entry.changes) == (
        "config.edit_note",
        {"version": 1, "note": ["Initial version", "from the old server"]},
    )


async def test_the_lower_number_is_the_base_of_a_comparison(configs: Configs) -> None:
    """V3"""
    config_id = await with_versions(configs, text(1), text(2))
    path = f"/api/configs/{config_id}/versions/compare"
    answer = record(await configs.call("GET", f"{path}?base=2&head=1", who="viewer"))
    assert (answer["base"]["version"], answer["head"]["version"]) == (1, 2)
    assert answer["diff"].endswith("-# 1\n+# 2\n")
    assert (answer["added"], answer["removed"]) == (1, 1)
    assert record(await configs.call("GET", f"{path}?base=1&head=1"))["diff"] == ""
    assert error(await configs.call("GET", f"{path}?base=1&head=3")) == (404, "not_found")
    assert error(await configs.call("GET", f"{path}?base=1")) == (400, "validation_failed")


async def test_a_rollback_is_a_new_version_that_names_its_source(configs: Configs) -> None:
    """V3, C2"""
    with clock.replaced(lambda: NOON):
        config_id = await with_versions(configs, text(1), text(2))
        before = await configs.last_modified(config_id)
        answer = await configs.call("POST", f"/api/configs/{config_id}/versions/1/rollback", {}, who="owner")
    rolled_back = record(answer)
    assert answer.status_code == 200
    assert (rolled_back["currentVersion"], rolled_back["toml"], rolled_back["problems"]) == (3, text(1), [])
    assert rolled_back["updatedBy"] == "Olivia"
    version = record(await configs.call("GET", f"/api/configs/{config_id}/versions/3"))
    assert (version["note"], version["createdBy"]) == ("Rolled back to version 1", "Olivia")
    assert (await configs.fetch(config_id)).text == text(1)
    assert seconds(await configs.last_modified(config_id)) == seconds(before) + 1
    entry = (await audit_trail(configs.api.database))[-1]
    assert (entry.action, entry.actor_name, entry.changes) == (
        "config.rollback",
        "Olivia",
        {"version": [2, 3], "source": 1},
    )


async def test_a_rollback_to_the_same_text_makes_no_agent_reload(configs: Configs) -> None:
    """C2: the served text cannot differ"""
    config_id = await with_versions(configs, text(1), text(2), text(1))
    before = await configs.fetch(config_id)
    assert record(await configs.call("POST", f"/api/configs/{config_id}/versions/1/rollback"))["currentVersion"] == 4
    assert (await configs.call("DELETE", f"/api/configs/{config_id}/versions/3")).status_code == 204
    after = await configs.fetch(config_id)
    for header in ("last-modified", "etag"):
        assert after.headers[header] == before.headers[header]


@pytest.mark.parametrize("number", [2, 9])
async def test_nobody_rolls_back_to_what_is_served_or_not_there(configs: Configs, number: int) -> None:
    """V3"""
    config_id = await with_versions(configs, text(1), text(2))
    response = await configs.call("POST", f"/api/configs/{config_id}/versions/{number}/rollback")
    assert error(response) == ((409, "version_is_current") if number == 2 else (404, "not_found"))
    assert await numbers(configs, config_id) == [2, 1]


@on_one_database
async def test_a_rollback_takes_no_unknown_field(configs: Configs) -> None:
    config_id = await with_versions(configs, text(1), text(2))
    response = await configs.call("POST", f"/api/configs/{config_id}/versions/1/rollback", {"baseVersion": 2})
    assert error(response) == (400, "validation_failed")


async def test_of_rollbacks_at_once_each_writes_a_version_of_its_own(configs: Configs) -> None:
    """V3"""
    config_id = await with_versions(configs, text(1), text(2), text(3))
    before = seconds(await configs.last_modified(config_id))
    answers = await asyncio.gather(
        *(configs.call("POST", f"/api/configs/{config_id}/versions/{number}/rollback") for number in (1, 2, 1, 2))
    )
    assert sorted(record(answer)["currentVersion"] for answer in answers) == [4, 5, 6, 7]
    last = record(await configs.call("GET", f"/api/configs/{config_id}/versions/7"))
    served = await configs.fetch(config_id)
    assert (served.text, last["current"]) == (last["toml"], True)
    texts = [
        record(await configs.call("GET", f"/api/configs/{config_id}/versions/{number}"))["toml"]
        for number in range(3, 8)
    ]
    moves = sum(one != other for one, other in pairwise(texts))
    assert seconds(served.headers["last-modified"]) >= before + moves


@pytest.mark.parametrize(
    ("which", "pruned", "kept"),
    [
        ({"versions": [1, 3, 5, 7]}, [1, 3], [(5, "current"), (7, "not_found")]),
        ({"beforeVersion": 3}, [1, 2], []),
        ({"beforeVersion": 9}, [1, 2, 3, 4], [(5, "current")]),
        ({"before": "2026-09-21T14:13:22.250Z"}, [1, 2], []),
        ({"before": "2027-01-01T00:00:00+02:00"}, [1, 2, 3, 4], [(5, "current")]),
    ],
    ids=str,
)
async def test_pruning_spares_what_is_served(
    configs: Configs, which: dict[str, Any], pruned: list[int], kept: list[tuple[int, str]]
) -> None:
    """V3"""
    with clock.replaced(lambda: NOON):
        config_id = await with_versions(configs, text(1))
    for number in range(2, 6):
        with clock.replaced(lambda number=number: NOON + number - 1):  # type: ignore[misc]
            await configs.change(config_id, toml=text(number))
    before = await configs.last_modified(config_id)
    answer = record(await configs.call("POST", f"/api/configs/{config_id}/versions/prune", which))
    assert answer == {"pruned": pruned, "kept": [{"version": version, "why": why} for version, why in kept]}
    assert await numbers(configs, config_id) == [number for number in (5, 4, 3, 2, 1) if number not in pruned]
    assert (await configs.fetch(config_id)).text == text(5)
    assert await configs.last_modified(config_id) == before
    entry = (await audit_trail(configs.api.database))[-1]
    assert (entry.action, entry.changes) == ("config.prune", {"versions": pruned})


async def test_the_only_version_stays_and_numbers_are_not_given_again(configs: Configs) -> None:
    """V3"""
    config_id = await with_versions(configs, text(1), text(2))
    path = f"/api/configs/{config_id}/versions"
    assert (await configs.call("DELETE", f"{path}/1")).status_code == 204
    assert record(await configs.call("POST", f"{path}/prune", {"beforeVersion": 9})) == {
        "pruned": [],
        "kept": [{"version": 2, "why": "only"}],
    }
    assert error(await configs.call("DELETE", f"{path}/2")) == (409, "version_is_current")
    assert error(await configs.call("DELETE", f"{path}/1")) == (404, "not_found")
    assert (await configs.change(config_id, toml=text(1)))["currentVersion"] == 3


@on_one_database
@pytest.mark.parametrize(
    "body",
    [{}, {"versions": [1], "beforeVersion": 2}, {"versions": []}, {"before": None}, {"before": "2026-09-21T14:00:00"}],
    ids=str,
)
async def test_pruning_needs_to_be_told_exactly_one_thing(configs: Configs, body: dict[str, Any]) -> None:
    """V3"""
    config_id = await with_versions(configs, text(1), text(2))
    response = await configs.call("POST", f"/api/configs/{config_id}/versions/prune", body)
    assert error(response) == (400, "validation_failed")


async def test_a_version_is_pruned_or_comes_back_but_nothing_in_between(configs: Configs) -> None:
    """V3: what is served is always there"""
    config_id = await with_versions(configs, text(1), text(2), text(3))
    path = f"/api/configs/{config_id}/versions"
    back, pruned = await asyncio.gather(
        configs.call("POST", f"{path}/1/rollback"), configs.call("POST", f"{path}/prune", {"beforeVersion": 2**31 - 1})
    )
    assert pruned.status_code == 200
    assert back.status_code in (200, 404)
    served = text(1) if back.status_code == 200 else text(3)
    assert (await configs.fetch(config_id)).text == served
    assert record(await configs.call("GET", f"/api/configs/{config_id}"))["toml"] == served
