"""What was acknowledged is stored, and what was revoked is refused, whatever happens to processes and databases."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from telegraf_controller.db.engine import Database
from telegraf_controller.db.url import DatabaseTarget
from tests.end_to_end.controller import OWNER_TOKEN, Controller, running_controller
from tests.end_to_end.fleet import Fleet
from tests.processes.running import until
from tests.support.plain_http import NO_TLS
from tests.support.postgres import PostgresServer


async def until_acknowledged(fleet: Fleet, heartbeats: int) -> None:
    """Let the fleet run until so many heartbeats were acknowledged."""
    deadline = time.monotonic() + 60
    while len(fleet.accepted_at) < heartbeats:
        assert time.monotonic() < deadline, fleet.other_answers
        await asyncio.sleep(0.01)


def until_killed(controller: Controller, times: int) -> None:
    """Wait until the supervisor has noticed so many kills."""
    until(lambda: controller.log.count("killed by SIGKILL") >= times)


async def stored_metrics(database_url: str) -> dict[str, int]:
    """Return the latest `metrics` of every agent, as the database has it."""
    from sqlalchemy import select

    from telegraf_controller.agents.tables import Agent, AgentLiveness

    database = Database(DatabaseTarget.parse(database_url))
    async with database.read() as session:
        rows = await session.execute(
            select(Agent.instance_id, AgentLiveness.metrics).join(AgentLiveness, AgentLiveness.agent_id == Agent.id)
        )
        found = {instance_id: metrics or 0 for instance_id, metrics in rows}
    await database.close()
    return found


async def test_killing_everything_under_load_loses_no_acknowledged_heartbeat(tmp_path: Path, database_url: str) -> None:
    """H2, O4"""
    with running_controller(tmp_path / "node", database_url) as controller:
        fleet = Fleet([controller.heartbeat_url], OWNER_TOKEN)
        stop = asyncio.Event()
        reporting = asyncio.create_task(fleet.run(stop))
        await until_acknowledged(fleet, 300)
        await asyncio.to_thread(controller.kill_everything)
        acknowledged = dict(fleet.acknowledged)
        stop.set()
        await reporting
        assert len(acknowledged) == fleet.agents
        stored = await stored_metrics(database_url)
        assert {
            agent: stored.get(agent, 0) for agent in acknowledged if stored.get(agent, 0) < acknowledged[agent]
        } == {}
        await asyncio.to_thread(controller.launch, database_url)
        with controller.api() as api:
            assert api.get("/api/agents").json()["total"] == fleet.agents


async def test_a_killed_heartbeat_process_is_back_and_nothing_acknowledged_is_lost(
    tmp_path: Path, database_url: str
) -> None:
    """H2, O4"""
    with running_controller(tmp_path / "node", database_url) as controller:
        fleet = Fleet([controller.heartbeat_url], OWNER_TOKEN)
        stop = asyncio.Event()
        reporting = asyncio.create_task(fleet.run(stop))
        await until_acknowledged(fleet, 100)
        for name, pid in controller.children().items():
            if name.startswith("heartbeat"):
                os.kill(pid, signal.SIGKILL)
        before = len(fleet.accepted_at)
        await until_acknowledged(fleet, before + 100)
        stop.set()
        await reporting
        stored = await stored_metrics(database_url)
        assert all(stored[agent] >= metrics for agent, metrics in fleet.acknowledged.items())


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_on_sqlite_a_killed_storage_process_is_back_and_nothing_acknowledged_is_lost(
    tmp_path: Path, database_url: str
) -> None:
    """H2, O4: the heartbeat processes that it writes for serve on meanwhile, with 503"""
    with running_controller(tmp_path / "node", database_url, "--heartbeat-workers=2") as controller:
        fleet = Fleet([controller.heartbeat_url], OWNER_TOKEN)
        stop = asyncio.Event()
        reporting = asyncio.create_task(fleet.run(stop))
        for time_killed in range(3):
            await until_acknowledged(fleet, len(fleet.accepted_at) + 100)
            os.kill(controller.children()["storage"], signal.SIGKILL)
            await asyncio.to_thread(until_killed, controller, time_killed + 1)
        await until_acknowledged(fleet, len(fleet.accepted_at) + 100)
        stop.set()
        await reporting
        assert set(fleet.other_answers) <= {503}
        stored = await stored_metrics(database_url)
        assert all(stored[agent] >= metrics for agent, metrics in fleet.acknowledged.items())
        assert controller.log.count("process ended name=storage") == 3
        assert "process ended name=heartbeat" not in controller.log


async def test_a_stop_under_load_stores_or_refuses_whatever_was_taken(tmp_path: Path, database_url: str) -> None:
    """H2, O4: whoever writes for others does not stop before them"""
    with running_controller(tmp_path / "node", database_url) as controller:
        fleet = Fleet([controller.heartbeat_url], OWNER_TOKEN)
        stop = asyncio.Event()
        reporting = asyncio.create_task(fleet.run(stop))
        await until_acknowledged(fleet, 300)
        assert await asyncio.to_thread(controller.stop) == 0
        stop.set()
        await reporting
        assert "cannot be stored" not in controller.log
        assert fleet.other_answers == {}
        stored = await stored_metrics(database_url)
        assert all(stored[agent] >= metrics for agent, metrics in fleet.acknowledged.items())


async def test_a_revoke_is_obeyed_by_every_process_of_a_node_at_once(tmp_path: Path) -> None:
    """T9: also when the process that stores is not the one that let a heartbeat in"""
    with running_controller(tmp_path / "node", str(tmp_path / "controller.db"), "--heartbeat-workers=2") as controller:
        await revoke_under_load(controller, controller)


async def test_a_revoke_is_obeyed_by_every_node_at_once(tmp_path: Path, postgres_server: PostgresServer) -> None:
    """T9"""
    database_url = postgres_server.url(postgres_server.create_database())
    with (
        running_controller(tmp_path / "one", database_url) as one,
        running_controller(tmp_path / "two", database_url) as two,
    ):
        await revoke_under_load(one, two)


async def revoke_under_load(one: Controller, two: Controller) -> None:
    """Revoke a token that agents of both use; assert that no heartbeat sent after the answer was taken."""
    token = await asyncio.to_thread(one.create_token, "agents", "heartbeat:write")
    fleet = Fleet([one.heartbeat_url, two.heartbeat_url], token["token"])
    stop = asyncio.Event()
    reporting = asyncio.create_task(fleet.run(stop))
    await until_acknowledged(fleet, 200)
    answered_at = await asyncio.to_thread(_revoke, one, token["id"])
    before = dict(fleet.other_answers)
    until_refused = time.monotonic() + 30
    while fleet.other_answers.get(401, 0) < before.get(401, 0) + 5 * fleet.agents:
        assert time.monotonic() < until_refused, fleet.other_answers
        await asyncio.sleep(0.01)
    stop.set()
    await reporting
    assert [sent_at for sent_at in fleet.accepted_at if sent_at > answered_at] == []
    assert set(fleet.other_answers) == {401}


def _revoke(controller: Controller, token_id: str) -> float:
    with controller.api() as api:
        assert api.post(f"/api/tokens/{token_id}/revoke").status_code == 200
    return time.monotonic()


async def test_a_lost_database_is_503_on_both_ports_and_heals_by_itself(
    tmp_path: Path, own_postgres_server: PostgresServer
) -> None:
    """H3, H6, O8"""
    database_url = own_postgres_server.url(own_postgres_server.create_database())
    with running_controller(tmp_path / "node", database_url) as controller:
        await asyncio.to_thread(own_postgres_server.stop)
        message = {"id": "agent-1", "version": "Telegraf 1.40.0"}
        bearer = {"Authorization": f"Bearer {OWNER_TOKEN}"}
        async with httpx.AsyncClient(timeout=20, verify=NO_TLS) as client:
            for _ in range(20):
                heartbeat = await client.post(controller.heartbeat_url, json=message, headers=bearer)
                read = await client.get(f"{controller.url}/api/tokens", headers=bearer)
                for answer in (heartbeat, read):
                    assert (answer.status_code, answer.json()["error"]) == (503, "storage_unavailable")
                    assert int(answer.headers["retry-after"]) > 0
            assert (await client.get(f"{controller.heartbeat_origin}/health")).status_code == 503
            assert (await client.get(f"{controller.url}/health/ready")).status_code == 503
            assert (await client.get(f"{controller.url}/health/live")).status_code == 200
            await asyncio.to_thread(own_postgres_server.start)
            await asyncio.to_thread(until, lambda: _accepts(controller, message, bearer))
            assert (await client.get(f"{controller.url}/api/agents", headers=bearer)).json()["total"] == 1
        # One line per process and minute, not one per request (O8).
        complaints = [line for line in controller.log.splitlines() if "database" in line and "pid=" not in line]
        assert len(complaints) < 15, controller.log


def _accepts(controller: Controller, message: dict[str, str], headers: dict[str, str]) -> bool:
    time.sleep(0.1)
    answer = httpx.post(controller.heartbeat_url, json=message, headers=headers, timeout=20, verify=NO_TLS)
    return answer.status_code == 204
