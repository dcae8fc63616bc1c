"""The whole program as real processes, as an operator starts it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.processes.running import PATIENCE_SECONDS, Program, is_alive, until
from tests.support.plain_http import NO_TLS

OWNER_TOKEN = "tc-apiv1_" + "5e" * 32
OWNER_PASSWORD = "correct horse battery staple"

_START_SECONDS = 60.0
"""Much is imported, and the machine may be busy."""

_OWNER = {
    "OWNER_USERNAME": "Olivia",
    "OWNER_EMAIL": "olivia@example.com",
    "OWNER_PASSWORD": OWNER_PASSWORD,
    "OWNER_TOKEN": OWNER_TOKEN,
}


class Controller(Program):
    """A running controller, with an owner unless told otherwise, and the owner's HTTP client."""

    database: str

    def launch(self, database: str, *flags: str, make_owner: bool = True) -> None:
        """Start it and wait until both ports answer."""
        self.database = database
        owner = _OWNER if make_owner else {}
        self.start("telegraf_controller.cli.main", *flags, environment={**owner, "DATABASE_URL": database})
        deadline = time.monotonic() + _START_SECONDS
        for url in (f"{self.url}/health/ready", f"{self.heartbeat_origin}/health"):
            while not self._healthy(url):
                assert time.monotonic() < deadline, self.out + self.log

    @property
    def url(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def heartbeat_origin(self) -> str:
        """Where the heartbeat server is, without a path."""
        return f"http://127.0.0.1:{self.heartbeat_port}"

    @property
    def heartbeat_url(self) -> str:
        """Where heartbeats go."""
        return f"{self.heartbeat_origin}/agents/heartbeat"

    def api(self, token: str = OWNER_TOKEN) -> httpx.Client:
        """A client that presents a token."""
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE_SECONDS, verify=NO_TLS)

    def create_token(self, name: str, *permissions: str, **fields: object) -> dict[str, str]:
        """Create a token as the owner; the answer holds its value."""
        with self.api() as api:
            response = api.post("/api/tokens", json={"name": name, "permissions": list(permissions), **fields})
        assert response.status_code == 201, response.text
        made: dict[str, str] = response.json()
        return made

    def kill_everything(self) -> None:
        """`kill -9` the supervisor and every process below it, at once."""
        pids = [self.process.pid, *_descendants(self.process.pid)]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        until(lambda: not any(is_alive(pid) for pid in pids))

    def stop(self) -> int:
        """Stop it as an operator does, and return its exit code."""
        self.process.terminate()
        return self.wait()

    def _healthy(self, url: str) -> bool:
        assert self.process.poll() is None, self.out + self.log
        try:
            return httpx.get(url, timeout=5, verify=NO_TLS).status_code == 200
        except httpx.TransportError:
            time.sleep(0.05)
            return False


@contextmanager
def running_controller(folder: Path, database: str, *flags: str, make_owner: bool = True) -> Iterator[Controller]:
    """Run a controller on a database, new or not, for the length of a `with` block."""
    folder.mkdir(exist_ok=True)
    controller = Controller(folder)
    try:
        controller.launch(database, *flags, make_owner=make_owner)
        yield controller
    finally:
        for pid in _descendants(controller.process.pid):
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        controller.end()


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *_descendants(child)]
    return found
