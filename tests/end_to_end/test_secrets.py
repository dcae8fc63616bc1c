"""No token value is anywhere but with its bearer (T1)."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from sqlalchemy import inspect, text

from telegraf_controller.db.engine import Database
from telegraf_controller.db.url import DatabaseTarget
from tests.end_to_end.controller import OWNER_PASSWORD, OWNER_TOKEN, Controller, running_controller
from tests.support.plain_http import NO_TLS

SUPPLIED = "tc-apiv1_" + "7d" * 32
UNKNOWN = "tc-apiv1_" + "3c" * 32


def use_every_value(controller: Controller) -> list[str]:
    """Create, supply, rotate, use and misuse tokens; return every value that was involved."""
    made = controller.create_token("made", "configs:read", "heartbeat:write")
    controller.create_token("supplied", "heartbeat:write", rawToken=SUPPLIED)
    values = [OWNER_TOKEN, SUPPLIED, UNKNOWN, made["token"]]
    with controller.api() as api:
        values.append(api.post(f"/api/tokens/{made['id']}/rotate").json()["token"])
        again = {"name": "again", "permissions": ["configs:read"], "rawToken": SUPPLIED}
        answers = [
            api.post("/api/tokens", json=again),
            api.post("/api/tokens", json=again | {"rawToken": SUPPLIED[:-1]}),
        ]
    for value in values:
        bearer = {"Authorization": f"Bearer {value}"}
        message = {"id": "web-1", "version": f"Telegraf 1.40.0 {value}", "logs": 7}
        answers += [
            httpx.get(f"{controller.url}/api/users", headers=bearer, verify=NO_TLS),
            httpx.get(f"{controller.url}/api/configs/{value}/toml?token={value}", headers=bearer, verify=NO_TLS),
            httpx.get(f"{controller.url}/{value}", headers={"Authorization": f"Bearer {value}x"}, verify=NO_TLS),
            httpx.post(controller.heartbeat_url, json=message, headers=bearer, verify=NO_TLS),
            httpx.post(controller.heartbeat_url, content=value, headers=bearer, verify=NO_TLS),
            httpx.post(
                controller.heartbeat_url, json={}, headers={"Authorization": f"Token {value}\t{value}"}, verify=NO_TLS
            ),
        ]
    # What a caller wrote into a URL may come back in the answer; what it presented or sent as a secret may not.
    spoken = "".join(answer.text for answer in answers if "/tc-apiv1" not in str(answer.url))
    assert [value for value in values if value[9:72] in spoken] == []
    return values


def files_of(folder: Path) -> list[str]:
    """Return the bytes of a SQLite database's files, as text."""
    return [path.read_bytes().decode("latin-1") for path in folder.glob("controller.db*")]


async def stored_text(database_url: str) -> str:
    """Return every value in every table."""
    database = Database(DatabaseTarget.parse(database_url))
    async with database.read() as session:
        connection = await session.connection()
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        rows = [str((await session.execute(text(f'SELECT * FROM "{table}"'))).all()) for table in tables]
    await database.close()
    return "\n".join(rows)


async def test_no_token_value_is_in_any_log_error_table_or_process_title(tmp_path: Path, database_url: str) -> None:
    """T1"""
    with running_controller(tmp_path / "node", database_url, "--log-level=debug") as controller:
        values = use_every_value(controller)
        titles = [
            (Path("/proc") / str(pid) / part).read_text(errors="replace")
            for pid in controller.children().values()
            for part in ("cmdline", "environ", "comm")
        ]
        stored = await stored_text(database_url)
        assert controller.stop() == 0
        written = [controller.out, controller.log, stored, *titles]
        written += files_of(tmp_path)
    assert "made" in stored
    for secret in (*values, OWNER_PASSWORD):
        for place in written:
            assert secret not in place
            assert secret.removeprefix("tc-apiv1_") not in place
    assert not any(re.search(r"tc-apiv1_[0-9a-f]{64}", place) for place in written)
