"""`simulate` and `agents list` against a real controller, and how the program behaves as a process."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from telegraf_controller import __version__
from telegraf_controller.client import ApiError, ControllerClient
from tests.cli.command import clean_environment, run_process
from tests.cli.conftest import OWNER_TOKEN, Controller

_QUICK = ("--interval=0.5", "--duration=0.5")


@pytest.fixture
def agent_token(controller: Controller, request: pytest.FixtureRequest) -> str:
    """A token as agents have it, made by the command line for scripts."""
    name = request.node.name[:90]
    return controller.run("token", "create", name, "--preset=telegraf-agent", "-q").out.strip()


def test_a_simulated_fleet_appears_in_the_list(controller: Controller, agent_token: str) -> None:
    done = controller.run("simulate", "--agents=30", "--seed=11", "--failing=0.5", *_QUICK, token=agent_token)
    assert done.code == 0, done.out + done.err
    assert "acknowledged  30 " in done.out
    listed = controller.run("agents", "list", "--search=sim-11-").rows
    assert sorted(row[0] for row in listed) == [f"sim-11-{number:07}" for number in range(30)]
    assert {row[2] for row in listed} == {"ok", "warn", "fail"}
    failing = controller.run("agents", "list", "--search=sim-11-", "--status=fail", "--json")
    assert {agent["status"] for agent in json.loads(failing.out)} == {"fail"}
    assert len(controller.run("agents", "list", "--limit=3").rows) == 3


def test_the_client_counts_reads_and_forgets_agents(controller: Controller, agent_token: str) -> None:
    controller.run("simulate", "--agents=4", "--seed=14", "--failing=1", *_QUICK, token=agent_token)
    with ControllerClient(controller.url, OWNER_TOKEN) as client:
        summary = client.agents.summary(search="sim-14-")
        assert (summary.total, summary.status["0"], summary.last_reported["lt5m"]) == (4, 0, 4)
        assert sum(version.count for version in summary.telegraf_version) == 4
        page = client.agents.page(2, limit=3, search="sim-14-")
        assert (len(page.items), page.total) == (1, 4)
        [agent] = page.items
        assert client.agents.read(agent.id).statistics == agent.statistics
        assert agent.ip_address == "127.0.0.1"
        client.agents.delete(agent.id)
        assert client.agents.page(search="sim-14-").total == 3
        with pytest.raises(ApiError, match="There is no agent"):
            client.agents.read(agent.id)


def test_a_revoked_token_stops_the_fleet(controller: Controller, agent_token: str) -> None:
    arguments = ("simulate", "--agents=5", "--seed=12", *_QUICK, "--json")
    assert controller.run(*arguments, token=agent_token).code == 0
    revoked = controller.run("token", "list", "--search", agent_token[-4:], "--json")
    controller.run("token", "revoke", json.loads(revoked.out)[0]["id"])
    done = controller.run(*arguments, token=agent_token)
    report = json.loads(done.out)
    assert (done.code, report["refused"], report["acknowledged"]) == (1, {"401": 5}, 0)
    assert done.err == "Error: Not every heartbeat was acknowledged; the controller said 401: Invalid token\n"
    assert agent_token not in done.out + done.err


def test_the_server_tells_its_version(controller: Controller) -> None:
    done = controller.run("version", "--json")
    assert json.loads(done.out) == {"version": __version__, "server": __version__, "url": controller.url}


def test_a_backup_of_a_running_controller_restores(controller: Controller, agent_token: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    fleet = subprocess.Popen(
        [sys.executable, "-m", "telegraf_controller.cli.main", "simulate", "--rate=max", "--duration=4", "--seed=13"],
        env={**clean_environment(), **controller.environment, "TELEGRAF_CONTROLLER_TOKEN": agent_token},
        stdout=subprocess.DEVNULL,
    )
    try:
        done = controller.run("db", "backup", "-o", copy, "--database", controller.database)
    finally:
        assert fleet.wait(60) == 0, "no heartbeat is refused meanwhile"
    assert done.code == 0, done.err
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert controller.run("db", "check", "--database", copy).code == 0
    with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as restored:
        assert restored.execute("SELECT count(*) FROM tokens").fetchone()[0] >= 2


def test_in_a_pipe_there_is_plain_text(controller: Controller) -> None:
    done = run_process("token", "list", environment={**controller.environment, "TERM": "xterm-256color"})
    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    assert done.out.startswith("NAME\tSTATUS\t")


def test_on_a_terminal_there_is_a_table(controller: Controller) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "telegraf_controller.cli.main", "token", "list"],
        env={**clean_environment(), **controller.environment, "TERM": "xterm-256color", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65_536):
            shown += chunk
    except OSError:
        pass  # How Linux says that the other end is closed.
    finally:
        os.close(ours)
    assert process.wait(60) == 0
    assert "bootstrap-token" in shown.decode()
    assert "────" in shown.decode()


def test_a_reader_that_stops_early_is_no_error(controller: Controller) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "telegraf_controller.cli.main", "token", "list"],
        env={**clean_environment(), **controller.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    complaints = process.stderr.read().decode()
    process.stderr.close()
    process.wait(60)
    assert "Traceback" not in complaints
