"""What a change means for agents, before it is made: V7."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text

from telegraf_controller.audit.tables import AuditEntry
from telegraf_controller.configs.placeholders import compile_template
from telegraf_controller.configs.reported import shape_of
from telegraf_controller.configs.verdicts import Outcome, Served, Verdict
from tests.cast import READ_TOKEN
from tests.configs.impact_world import AGENTS, CONSTANTS, QUERIES, STEPS, TEXTS, FleetAgent, World, report
from tests.configs.steps import Configs, error, on_one_database, record
from tests.support.api import Api, running_api

NEEDS_REGION = '[[inputs.cpu]]\n[inputs.cpu.tags]\nregion = "&{region}"\n'
PLAIN = "[[inputs.cpu]]\n"

SERVED = st.builds(
    lambda toml, c, d: Served(compile_template(toml), {"c": c, "d": d} if c else {"d": d}),
    TEXTS,
    st.sampled_from(CONSTANTS),
    st.sampled_from(CONSTANTS),
)


@settings(max_examples=500)
@given(SERVED, SERVED | st.none(), QUERIES)
def test_a_shape_comes_out_as_each_of_its_queries(before: Served, after: Served | None, query: str) -> None:
    """V7"""
    verdict = Verdict(before, after)
    by_shape = verdict.of_shape(shape_of([query.encode()]))
    assert by_shape in (Outcome.UNSURE, verdict.of_query(query.encode()))


@settings(max_examples=500)
@given(SERVED, SERVED, QUERIES)
def test_what_demands_no_more_refuses_no_more(before: Served, after: Served, query: str) -> None:
    """V7"""
    if after.never_refuses_more_than(before) and before.refusal(query.encode()) is None:
        assert after.refusal(query.encode()) is None


@pytest.mark.parametrize(
    ("before", "after", "harmless"),
    [
        (PLAIN, PLAIN + "[[inputs.mem]]\n", True),
        (NEEDS_REGION, PLAIN, True),
        (NEEDS_REGION, NEEDS_REGION.replace("cpu", "mem"), True),
        ('k = "&{a}"', 'j = 1\nk = "&{a}"', True),
        ("k = 1&{a}", "# more\nk = 1&{a}", True),
        (PLAIN, NEEDS_REGION, False),
        ('k = "&{a:1}"', "k = '&{a:1}'", False),
        ('k = "&{a:1}"', "k = &{a:1}", False),
        ("k = 1&{a:0}", "k = 2&{a:0}", False),
    ],
)
def test_most_saves_are_known_to_be_harmless_from_the_texts_alone(before: str, after: str, harmless: bool) -> None:
    """V7"""
    one, other = (Served(compile_template(toml), {}) for toml in (before, after))
    assert other.never_refuses_more_than(one) is harmless


# -- Every kind of change, in any order ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def on_sqlite(
    runner: asyncio.Runner, _migrated_sqlite_file: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Api]:
    path = tmp_path_factory.mktemp("impact") / "controller.db"
    path.write_bytes(_migrated_sqlite_file.read_bytes())
    yield from _node(runner, str(path))


@pytest.fixture(scope="module")
def on_postgres(runner: asyncio.Runner, postgres_server: Any, _migrated_postgres_database: str) -> Iterator[Api]:
    name = postgres_server.create_database(template=_migrated_postgres_database)
    yield from _node(runner, postgres_server.url(name))
    postgres_server.drop_database(name)


def _node(runner: asyncio.Runner, url: str) -> Iterator[Api]:
    running = running_api(url)
    yield runner.run(running.__aenter__())
    runner.run(running.__aexit__(None, None, None))


async def live(api: Api, texts: list[str], agents: Any, steps: Any) -> None:
    world = World(api)
    await world.begin(texts, agents)
    for step in steps:
        await world.take(*step)


COMMON = settings(
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    database=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
TWO_TEXTS = st.lists(TEXTS, min_size=2, max_size=2)


@pytest.mark.timeout(600)
@settings(COMMON, max_examples=15)
@given(texts=TWO_TEXTS, agents=AGENTS, steps=STEPS)
def test_exactly_those_are_named_whose_get_turns_into_an_error(
    runner: asyncio.Runner, on_sqlite: Api, texts: list[str], agents: Any, steps: Any
) -> None:
    """V7"""
    runner.run(live(on_sqlite, texts, agents, steps))


@pytest.mark.timeout(600)
@settings(COMMON, max_examples=6)
@given(texts=TWO_TEXTS, agents=AGENTS, steps=STEPS)
def test_the_same_on_postgresql(
    runner: asyncio.Runner, on_postgres: Api, texts: list[str], agents: Any, steps: Any
) -> None:
    """V7"""
    runner.run(live(on_postgres, texts, agents, steps))


# -- One thing at a time -------------------------------------------------------------------------------------------


@pytest.fixture
async def configs(migrated_database_url: str) -> AsyncIterator[Configs]:
    async with running_api(migrated_database_url) as api:
        yield Configs(api)


async def fleet(configs: Configs, *urls: str, silent: Sequence[int] = ()) -> None:
    """Let agents web-0, web-1, … report one URL each."""
    agents = [FleetAgent(f"web-{number}", [url], number in silent) for number, url in enumerate(urls)]
    await report(configs.api, agents)


async def test_a_save_that_cuts_agents_off_is_refused_until_it_is_accepted(configs: Configs) -> None:
    """V7"""
    config_id = (await configs.create(PLAIN))["id"]
    url = f"/api/configs/{config_id}/toml"
    await fleet(configs, url, f"{url}?region=eu", f"{url}?site=a", url, silent=[3])
    refused = await configs.call("PATCH", f"/api/configs/{config_id}", {"toml": NEEDS_REGION, "baseVersion": 1})
    assert error(refused) == (409, "agents_would_fail")
    assert refused.json()["message"] == (
        "2 agents that are reporting would get an error, such as: The configuration needs the parameter 'region'."
    )
    details = refused.json()["details"]
    assert (details["wouldFail"], details["wouldFailNotReporting"]) == (2, 1)
    assert [example["instanceId"] for example in details["examples"]] == ["web-0", "web-2", "web-3"]
    assert details["examples"][0]["error"] == {
        "error": "missing_parameters",
        "message": "The configuration needs the parameter 'region'.",
        "details": {"parameters": ["region"]},
    }
    assert (await configs.fetch(config_id)).text == PLAIN
    saved = await configs.change(config_id, toml=NEEDS_REGION, baseVersion=1, acceptImpact=True)
    assert saved["currentVersion"] == 2
    async with configs.api.database.read() as session:
        entry = await session.scalar(select(AuditEntry).where(AuditEntry.action == "config.update"))
    assert entry is not None
    assert entry.changes == {"version": [1, 2], "agentsWouldFail": 2}


async def test_only_silent_agents_keep_nobody_from_saving(configs: Configs) -> None:
    """V7, as V4"""
    config_id = (await configs.create(PLAIN))["id"]
    await fleet(configs, f"/api/configs/{config_id}/toml", silent=[0])
    asked = await configs.call("POST", f"/api/configs/{config_id}/impact", {"toml": NEEDS_REGION})
    assert {key: found for key, found in record(asked).items() if key != "examples"} == {
        "wouldReload": 0,
        "wouldFail": 0,
        "wouldFailNotReporting": 1,
    }
    await configs.change(config_id, toml=NEEDS_REGION)


async def test_a_rollback_and_its_question_are_judged_as_a_save(configs: Configs) -> None:
    """V3, V7"""
    config_id = (await configs.create(NEEDS_REGION))["id"]
    await configs.change(config_id, toml=PLAIN)
    await fleet(configs, f"/api/configs/{config_id}/toml")
    asked = await configs.call("POST", f"/api/configs/{config_id}/impact", {"version": 1})
    assert (record(asked)["wouldFail"], record(asked)["wouldReload"]) == (1, 0)
    back = f"/api/configs/{config_id}/versions/1/rollback"
    assert error(await configs.call("POST", back)) == (409, "agents_would_fail")
    assert record(await configs.call("POST", back, {"acceptImpact": True}))["currentVersion"] == 3


@pytest.mark.parametrize("body", [{}, {"toml": "", "version": 1}, {"toml": None}, {"version": 0}])
@on_one_database
async def test_a_question_is_about_one_thing(configs: Configs, body: object) -> None:
    """V7"""
    config_id = (await configs.create(PLAIN))["id"]
    assert error(await configs.call("POST", f"/api/configs/{config_id}/impact", body)) == (400, "validation_failed")


async def test_who_may_not_read_agents_hears_numbers_only(configs: Configs) -> None:
    """V7, T11"""
    config_id = (await configs.create(PLAIN))["id"]
    await fleet(configs, f"/api/configs/{config_id}/toml")
    body = {"name": "deploys", "permissions": ["configs:read", "configs:write"]}
    token = record(await configs.call("POST", "/api/tokens", body))["token"]
    asked = await configs.call("POST", f"/api/configs/{config_id}/impact", {"toml": NEEDS_REGION}, who=token)
    assert (record(asked)["wouldFail"], record(asked)["examples"]) == (1, [])
    refused = await configs.call("PATCH", f"/api/configs/{config_id}", {"toml": NEEDS_REGION}, who=token)
    assert error(refused) == (409, "agents_would_fail")
    assert refused.json()["details"] == {"wouldFail": 1, "wouldFailNotReporting": 0, "examples": []}
    assert "web-0" not in refused.text


async def test_two_changes_together_cannot_slip_through(configs: Configs) -> None:
    """V7: each by itself cuts nobody off; the alias leads where the parameter has just become required."""
    first, second = (await configs.create(PLAIN, name="one"))["id"], (await configs.create(PLAIN, name="two"))["id"]
    await configs.call("POST", f"/api/configs/{first}/aliases", {"alias": "edge"})
    await fleet(configs, "/c/edge")
    answers = await asyncio.gather(
        configs.call("PATCH", f"/api/configs/{second}", {"toml": NEEDS_REGION}),
        configs.call("POST", "/api/aliases/edge/transfer", {"configId": second}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_deleting_what_a_url_leads_to_is_a_change_too(configs: Configs) -> None:
    """V7, L1, G1"""
    config_id = (await configs.create(PLAIN))["id"]
    group = record(await configs.call("POST", "/api/config-groups", {"name": "all", "members": [config_id]}))["id"]
    await configs.call("POST", f"/api/configs/{config_id}/aliases", {"alias": "edge"})
    await fleet(configs, "/c/edge", f"/api/config-groups/{group}/toml?x=1")
    refused = await configs.call("DELETE", "/api/aliases/edge")
    assert error(refused) == (409, "agents_would_fail")
    heard = refused.json()["details"]["examples"][0]["error"]
    assert (heard["error"], heard["message"]) == ("not_found", "There is no configuration 'edge'.")
    asked = record(await configs.call("POST", f"/api/config-groups/{group}/impact", {"members": None}))
    assert [example["instanceId"] for example in asked["examples"]] == ["web-1"]
    assert error(await configs.call("DELETE", f"/api/config-groups/{group}")) == (409, "agents_would_fail")
    for url in ("/api/aliases/edge", f"/api/config-groups/{group}"):
        assert (await configs.call("DELETE", f"{url}?acceptImpact=true")).status_code == 204


async def test_agents_whose_values_matter_are_looked_at_one_by_one(configs: Configs) -> None:
    """V7: a value that is part of a word, URLs that an older version stored, one reference twice"""
    config_id = (await configs.create("k = 1&{port:0}\n"))["id"]
    url = f"/api/configs/{config_id}/toml"
    ports = ["1", "2", "x", "9" * 30, "5"]
    agents = [FleetAgent(f"web-{port[:3]}", [f"{url}?port={port}"], silent=port == "2") for port in ports]
    agents.append(FleetAgent("twice", [url, f"{url}?port=.7"], silent=False))
    await report(configs.api, agents)
    async with configs.api.database.write() as session:
        await session.execute(text("UPDATE agent_references SET shape = '*' WHERE shape = 'port=a'"))
    body = {"toml": "k = 0&{port:.5}\n"}
    asked = record(await configs.call("POST", f"/api/configs/{config_id}/impact", body))
    names = [example["instanceId"] for example in asked["examples"]]
    assert (sorted(names[:2]), names[2:]) == (["web-1", "web-5"], ["web-2"])
    # `10` and `1.7` are numbers; `0.5` and `0.7` are as well, and `01` is not one.
    assert (asked["wouldFail"], asked["wouldFailNotReporting"], asked["wouldReload"]) == (2, 1, 1)


async def test_a_harmless_save_looks_at_no_agent(configs: Configs) -> None:
    """V7"""
    config_id = (await configs.create(NEEDS_REGION))["id"]
    await fleet(configs, f"/api/configs/{config_id}/toml?region=eu")
    statements: list[str] = []
    engine = configs.api.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *details: statements.append(details[2]))
    await configs.change(config_id, toml=NEEDS_REGION + "[[inputs.mem]]\n")
    assert not [statement for statement in statements if "agent_references" in statement and "shape" in statement]


async def test_unknown_things_are_not_found(configs: Configs) -> None:
    """V7"""
    for url, body in (
        (f"/api/configs/{uuid4()}/impact", {"toml": ""}),
        (f"/api/config-groups/{uuid4()}/impact", {"members": []}),
        ("/api/constants/nothing/impact", {"value": ""}),
        ("/api/aliases/nothing/impact", {}),
    ):
        assert error(await configs.call("POST", url, body)) == (404, "not_found")


async def test_a_viewer_may_ask(configs: Configs) -> None:
    """V7"""
    config_id = (await configs.create(PLAIN))["id"]
    asked = await configs.call("POST", f"/api/configs/{config_id}/impact", {"toml": NEEDS_REGION}, who=READ_TOKEN)
    assert record(asked) == {"wouldReload": 0, "wouldFail": 0, "wouldFailNotReporting": 0, "examples": []}
