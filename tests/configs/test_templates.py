"""Texts compiled once, and the values that a URL gives them: C2, C3, C7."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, event
from sqlalchemy.exc import OperationalError

from telegraf_controller.configs.content import Document, Part
from telegraf_controller.configs.tables import ConfigVersion
from telegraf_controller.configs.templates import TemplateCache, parameters_of
from telegraf_controller.errors import ControllerError, StorageUnavailable
from tests.configs.steps import TOML, Configs, error

WANTED = {b"a": "a", b"b": "b"}


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.text(st.characters(codec="utf-8")), max_size=3))
def test_any_value_arrives_as_it_was_sent(values: dict[str, str]) -> None:
    """C3"""
    query = "&".join(f"{name}={quote_plus(value)}" for name, value in values.items())
    assert parameters_of(query.encode(), WANTED) == {name: value for name, value in values.items() if name != "c"}


@given(st.lists(st.binary() | st.sampled_from([b"a", b"b", b"&", b"=", b"%", b"+", b"%C3"])).map(b"".join))
def test_whatever_a_query_holds_it_gives_values_or_is_refused(query: bytes) -> None:
    """C3"""
    refused: list[str] = []
    values: dict[str, str] = {}
    try:
        values = parameters_of(query, WANTED)
    except ControllerError as problem:
        refused.append(problem.code)
    assert refused in ([], ["invalid_parameter_value"])
    assert set(values) <= {"a", "b"}


def test_a_long_query_is_read_in_time_that_grows_with_its_length() -> None:
    """C7"""
    began = time.process_time()
    parameters_of(b"&".join([b"c=%41+", b"a=1", b"", b"%62=%"] * 50_000), WANTED)
    assert time.process_time() - began < 5


async def test_a_text_is_read_once_however_many_ask(configs: Configs) -> None:
    """C7"""
    made = await configs.create()
    with reads_of_texts(configs) as reads:
        for _ in range(2):
            answers = await asyncio.gather(*(configs.fetch(made["id"]) for _ in range(30)))
            assert {answer.text for answer in answers} == {TOML}
    assert len(reads) == 1


async def test_texts_wanted_together_are_read_together(configs: Configs) -> None:
    """C7: after a start a whole fleet asks at once; who asks for what is gone disturbs nobody"""
    made = [await configs.create(TOML + f"# {number}\n", name=f"web {number}") for number in range(40)]
    wanted = [document_of(one["id"]) for one in made]
    wanted.insert(7, document_of(str(UUID(int=1))))
    wanted.insert(9, Document("group", "two", (wanted[1].parts[0], wanted[39].parts[0]), b"", ()))
    cache = TemplateCache(configs.api.database)
    with reads_of_texts(configs) as reads:
        found = await asyncio.gather(*map(cache.get, wanted))
    texts = [None if one is None else b"".join(one.template.parts).decode() for one in found]
    group = texts.pop(9)
    assert texts.pop(7) is None
    assert texts == [TOML + f"# {number}\n" for number in range(40)]
    assert group is not None
    assert "# 1\n" in group
    assert len(reads) == 2


async def test_an_outage_is_told_to_all_who_wait_and_forgotten(configs: Configs) -> None:
    """C6"""
    made = await configs.create()
    cache = TemplateCache(configs.api.database)

    def away(*_: object) -> None:
        raise OperationalError("SELECT", {}, sqlite3.OperationalError("disk I/O error"))

    engine = configs.api.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", away)
    told = await asyncio.gather(*(cache.get(document_of(made["id"])) for _ in range(3)), return_exceptions=True)
    event.remove(engine, "before_cursor_execute", away)
    assert [type(one) for one in told] == [StorageUnavailable] * 3
    assert await cache.get(document_of(made["id"])) is not None


def document_of(config_id: str) -> Document:
    return Document("config", config_id, (Part(config_id, 1),), b"", ())


@contextmanager
def reads_of_texts(configs: Configs) -> Iterator[list[str]]:
    """Collect the statements that read texts."""
    statements: list[str] = []

    def note(*details: Any) -> None:
        if "config_versions.toml" in details[2]:
            statements.append(details[2])

    engine = configs.api.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("replaced", [True, False], ids=["replaced", "deleted"])
async def test_a_version_that_goes_away_under_a_request_is_looked_for_once_more(
    configs: Configs, monkeypatch: pytest.MonkeyPatch, replaced: bool
) -> None:
    """C2: between the look at what is current and the read of its text, somebody may save and prune"""
    made = await configs.create()
    undisturbed = TemplateCache.get
    calls = 0

    async def in_a_race(cache: TemplateCache, *key: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            if replaced:
                await configs.change(made["id"], toml=TOML + "# 2\n")
            else:
                await configs.call("DELETE", f"/api/configs/{made['id']}")
            async with configs.api.database.write() as session:
                await session.execute(delete(ConfigVersion).where(ConfigVersion.version == 1))
        return await undisturbed(cache, *key)

    monkeypatch.setattr(TemplateCache, "get", in_a_race)
    response = await configs.fetch(made["id"])
    if replaced:
        assert response.text == TOML + "# 2\n"
        assert response.headers["last-modified"] == await configs.last_modified(made["id"])
    else:
        assert error(response) == (404, "not_found")
