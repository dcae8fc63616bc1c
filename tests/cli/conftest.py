"""A real controller on SQLite for the commands to speak to; all tests of a run share it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.cli.command import Done, clean_environment, run
from tests.support.plain_http import NO_TLS
from tests.support.ports import free_port

OWNER_TOKEN = "tc-apiv1_" + "0f" * 32
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Controller:
    """Where the controller is, and how to command it as its owner."""

    url: str
    heartbeat_url: str
    database: Path

    def run(self, *arguments: str | Path, token: str = OWNER_TOKEN, stdin: bytes = b"") -> Done:
        """Run a command against it, as the owner unless another token is given."""
        return run(*arguments, environment={**self.environment, "TELEGRAF_CONTROLLER_TOKEN": token}, stdin=stdin)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead commands here."""
        return {
            "TELEGRAF_CONTROLLER_URL": self.url,
            "TELEGRAF_CONTROLLER_TOKEN": OWNER_TOKEN,
            "TELEGRAF_CONTROLLER_HEARTBEAT_URL": self.heartbeat_url,
        }


@pytest.fixture(scope="session")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    """The controller."""
    folder = tmp_path_factory.mktemp("controller")
    port, heartbeat_port = free_port(), free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "telegraf_controller.cli.main",
                f"--port={port}",
                f"--heartbeat-port={heartbeat_port}",
            ],
            env={
                **clean_environment(),
                "HOST": "127.0.0.1",
                "HEARTBEAT_HOST": "127.0.0.1",
                "DATABASE_URL": str(folder / "controller.db"),
                "OWNER_USERNAME": "Olivia",
                "OWNER_EMAIL": "olivia@example.com",
                "OWNER_PASSWORD": "correct horse battery staple",
                "OWNER_TOKEN": OWNER_TOKEN,
            },
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        for url in (f"http://127.0.0.1:{port}/health/ready", f"http://127.0.0.1:{heartbeat_port}/health"):
            _wait_for(url, process, folder / "log")
        yield Controller(
            f"http://127.0.0.1:{port}",
            f"http://127.0.0.1:{heartbeat_port}/agents/heartbeat",
            folder / "controller.db",
        )
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            if httpx.get(url, timeout=5, verify=NO_TLS).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
