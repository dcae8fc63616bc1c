"""The database goes away and comes back: H2, H3, H6, O8."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from telegraf_controller.db import migrate
from telegraf_controller.heartbeats import store_postgres
from telegraf_controller.heartbeats.storage import sqlite
from tests.heartbeats.support import Port, health, running_port
from tests.support.postgres import PostgresServer

only_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"])


async def refused(port: Port) -> None:
    answer = await port.beat("meanwhile")
    assert answer.status_code == 503
    assert answer.json()["error"] == "storage_unavailable"
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_stopped_postgresql_is_503_at_once_until_it_is_back(
    own_postgres_server: PostgresServer, capfd: pytest.CaptureFixture[str]
) -> None:
    name = own_postgres_server.create_database()
    url = own_postgres_server.url(name)
    await asyncio.to_thread(migrate.upgrade, url)
    async with running_port(url) as port:
        assert (await port.beat("before")).status_code == 204
        await asyncio.to_thread(own_postgres_server.kill)
        await refused(port)
        async with asyncio.timeout(5):
            for _ in range(200):
                await refused(port)
        await health(port.http, 503)
        await asyncio.to_thread(own_postgres_server.start)
        await health(port.http, 200)
        assert (await port.beat("after")).status_code == 204
        assert await port.agents() == {"before", "after"}
    said = capfd.readouterr()
    assert (said.out + said.err).count("heartbeats cannot be stored") == 1


async def test_what_is_being_stored_while_postgresql_dies_is_acknowledged_only_if_it_is_there(
    own_postgres_server: PostgresServer,
) -> None:
    """H2"""
    name = own_postgres_server.create_database()
    url = own_postgres_server.url(name)
    await asyncio.to_thread(migrate.upgrade, url)
    acknowledged: set[str] = set()

    async def keep_beating(port: Port, number: int) -> None:
        for turn in range(10_000):
            instance_id = f"agent-{number}-{turn}"
            answer = await port.beat(instance_id)
            if answer.status_code != 204:
                return
            acknowledged.add(instance_id)

    async with running_port(url) as port:
        beating = [asyncio.create_task(keep_beating(port, number)) for number in range(30)]
        await asyncio.sleep(0.7)
        await asyncio.to_thread(own_postgres_server.kill)
        await asyncio.gather(*beating)
        await asyncio.to_thread(own_postgres_server.start)
        await health(port.http, 200)
        assert acknowledged
        assert acknowledged <= await port.agents()


async def test_a_server_that_hangs_is_given_up(
    own_postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_postgres, "WRITE_SECONDS", 0.5)
    name = own_postgres_server.create_database()
    url = own_postgres_server.url(name)
    await asyncio.to_thread(migrate.upgrade, url)
    async with running_port(url) as port:
        assert (await port.beat("before")).status_code == 204
        async with port.database.engine.connect() as holder:
            await holder.exec_driver_sql("LOCK TABLE agent_liveness IN ACCESS EXCLUSIVE MODE")
            await refused(port)
        await health(port.http, 200)
        assert (await port.beat("after")).status_code == 204
        assert await port.agents() == {"before", "after"}


@only_sqlite
async def test_a_sqlite_file_that_is_away_is_not_made_anew(migrated_database_url: str) -> None:
    path, away = Path(migrated_database_url), Path(migrated_database_url + ".away")
    async with running_port(migrated_database_url) as port:
        assert (await port.beat("before")).status_code == 204
        os.rename(path, away)
        await refused(port)
        assert path.name not in os.listdir(path.parent)
        os.rename(away, path)
        await health(port.http, 200)
        assert (await port.beat("after")).status_code == 204
        assert await port.agents() == {"before", "after"}


@only_sqlite
async def test_a_locked_sqlite_file_is_503_until_it_is_free(
    migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOCK_SECONDS", 0.2)
    async with running_port(migrated_database_url) as port:
        assert (await port.beat("before")).status_code == 204
        with sqlite3.connect(migrated_database_url, isolation_level=None) as other:
            other.execute("BEGIN EXCLUSIVE")
            await refused(port)
            other.execute("ROLLBACK")
        other.close()
        await health(port.http, 200)
        assert (await port.beat("after")).status_code == 204
        assert await port.agents() == {"before", "after"}


@only_sqlite
async def test_heartbeats_wait_while_another_process_writes(migrated_database_url: str) -> None:
    async with running_port(migrated_database_url) as port:
        with closing(sqlite3.connect(migrated_database_url, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            beating = asyncio.create_task(port.beat("patient"))
            await asyncio.sleep(0.5)
            assert not beating.done()
            other.execute("COMMIT")
        assert (await beating).status_code == 204
        assert await port.agents() == {"patient"}


async def test_a_start_without_its_database_waits_for_it(own_postgres_server: PostgresServer) -> None:
    name = own_postgres_server.create_database()
    url = own_postgres_server.url(name)
    await asyncio.to_thread(migrate.upgrade, url)
    async with running_port(url) as port:
        await port.beat("before")
    await asyncio.to_thread(own_postgres_server.stop)
    async with running_port(url, cast=False, wait=False) as port:
        await refused(port)
        assert (await port.http.get("/health")).status_code == 503
        await asyncio.to_thread(own_postgres_server.start)
        await health(port.http, 200)
        assert (await port.beat("after")).status_code == 204


async def test_a_stopping_server_stores_or_refuses_whatever_it_has_taken(migrated_database_url: str) -> None:
    """H2, O4"""
    async with running_port(migrated_database_url) as port:
        beating = [asyncio.create_task(port.beat(f"agent-{number}")) for number in range(100)]
        done, _ = await asyncio.wait(beating, return_when=asyncio.FIRST_COMPLETED)
        assert done
    answers = await asyncio.gather(*beating, return_exceptions=True)
    acknowledged = {
        f"agent-{number}"
        for number, answer in enumerate(answers)
        if not isinstance(answer, BaseException) and answer.status_code == 204
    }
    async with running_port(migrated_database_url, cast=False) as port:
        assert acknowledged <= await port.agents()
