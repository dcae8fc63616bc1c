"""Versions of configurations: V2, V3."""

from __future__ import annotations

import asyncio

import pytest

from tests.configs.steps import TOML, Configs, error, record


async def notes(configs: Configs, config_id: str) -> list[tuple[int, str]]:
    answer = record(await configs.call("GET", f"/api/configs/{config_id}/versions?limit=500"))
    return [(item["version"], item["note"]) for item in answer["items"]]


async def test_creating_writes_the_initial_version(configs: Configs) -> None:
    """V2"""
    made = await configs.create()
    assert await notes(configs, made["id"]) == [(1, "Initial version")]
    other = await configs.create(name="other", note="taken over from the old server")
    assert await notes(configs, other["id"]) == [(1, "taken over from the old server")]


async def test_changed_text_writes_the_next_version_with_its_note(configs: Configs) -> None:
    """V2"""
    made = await configs.create()
    changed = await configs.change(made["id"], toml=TOML + "# 2\n", note="more")
    assert changed["currentVersion"] == 2
    await configs.change(made["id"], toml=TOML + "# 3\n")
    assert await notes(configs, made["id"]) == [(3, ""), (2, "more"), (1, "Initial version")]
    for version, toml, current in ((1, TOML, False), (2, TOML + "# 2\n", False), (3, TOML + "# 3\n", True)):
        shown = record(await configs.call("GET", f"/api/configs/{made['id']}/versions/{version}"))
        assert (shown["toml"], shown["current"], shown["createdBy"]) == (toml, current, "Mona")


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "new"},
        {"description": "new"},
        {"editorMode": "builder"},
        {"toml": TOML, "note": "x"},
        {"note": "x"},
        {},
    ],
    ids=str,
)
async def test_what_leaves_the_text_alone_writes_no_version(configs: Configs, fields: dict[str, str]) -> None:
    """V2"""
    made = await configs.create()
    changed = await configs.change(made["id"], **fields)
    assert changed["currentVersion"] == 1
    assert {key: changed[key] for key in fields if key != "note"} == {k: v for k, v in fields.items() if k != "note"}
    assert len(await notes(configs, made["id"])) == 1


async def test_a_change_that_changes_nothing_leaves_the_record_alone(configs: Configs) -> None:
    """V2"""
    made = await configs.create()
    response = await configs.call("PATCH", f"/api/configs/{made['id']}", {"toml": TOML, "name": "web"}, who="owner")
    assert record(response) == made


async def test_one_character_more_is_changed_text(configs: Configs) -> None:
    """V2, C1: text is compared byte for byte"""
    made = await configs.create()
    for number, toml in enumerate((TOML.replace("\n", "\r\n"), "\ufeff" + TOML, TOML + " ", TOML), start=2):
        assert (await configs.change(made["id"], toml=toml))["currentVersion"] == number
        assert (await configs.fetch(made["id"])).content == toml.encode()


async def test_the_second_of_two_editors_hears_of_the_first(configs: Configs) -> None:
    """V2"""
    made = await configs.create()
    await configs.change(made["id"], toml=TOML + "# first\n", baseVersion=1)
    response = await configs.call(
        "PATCH", f"/api/configs/{made['id']}", {"toml": TOML + "# second\n", "baseVersion": 1}, who="owner"
    )
    assert error(response) == (409, "edit_conflict")
    details = response.json()["details"]
    assert (details["currentVersion"], details["baseVersion"], details["savedBy"]) == (2, 1, "Mona")
    assert record(await configs.call("GET", f"/api/configs/{made['id']}"))["toml"] == TOML + "# first\n"
    await configs.change(made["id"], toml=TOML + "# both\n", baseVersion=2)


async def test_of_editors_who_save_at_once_from_the_same_version_one_succeeds(configs: Configs) -> None:
    """V2"""
    made = await configs.create()
    bodies = [{"toml": TOML + f"# {number}\n", "baseVersion": 1} for number in range(6)]
    answers = await asyncio.gather(*(configs.call("PATCH", f"/api/configs/{made['id']}", body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    assert len(await notes(configs, made["id"])) == 2


async def test_editors_who_save_at_once_without_a_base_lose_no_version_number(configs: Configs) -> None:
    """V2"""
    made = await configs.create()
    texts = [TOML + f"# {number}\n" for number in range(8)]
    changed = await asyncio.gather(*(configs.change(made["id"], toml=toml) for toml in texts))
    assert sorted(answer["currentVersion"] for answer in changed) == list(range(2, 10))
    for answer in changed:
        path = f"/api/configs/{made['id']}/versions/{answer['currentVersion']}"
        assert record(await configs.call("GET", path))["toml"] == answer["toml"]
    last = max(changed, key=lambda answer: answer["currentVersion"])
    assert (await configs.fetch(made["id"])).text == last["toml"]


async def test_versions_are_paged_newest_first_without_texts(configs: Configs) -> None:
    """V3"""
    made = await configs.create()
    for number in range(2, 6):
        await configs.change(made["id"], toml=TOML + f"# {number}\n")
    answer = record(await configs.call("GET", f"/api/configs/{made['id']}/versions?page=2&limit=2", who="viewer"))
    assert [item["version"] for item in answer["items"]] == [3, 2]
    assert (answer["total"], answer["page"], answer["limit"]) == (5, 2, 2)
    assert "toml" not in answer["items"][0]


async def test_a_version_that_is_not_there_is_not_found(configs: Configs) -> None:
    """V3"""
    made = await configs.create()
    assert error(await configs.call("GET", f"/api/configs/{made['id']}/versions/2")) == (404, "not_found")
    for wrong in ("0", "x", "99999999999999999999"):
        response = await configs.call("GET", f"/api/configs/{made['id']}/versions/{wrong}")
        assert error(response) == (400, "validation_failed")
