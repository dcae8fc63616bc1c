"""The programs that a measurement runs: nginx, wrk, the controller. All on loopback, all ended by their process id."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from telegraf_controller.client import ControllerClient
from telegraf_controller.options import without_options
from telegraf_controller.permissions import PRESETS
from telegraf_controller.processes.child import TITLE

_START_SECONDS = 60.0
_SCRIPT = Path(__file__).with_name("heartbeats.lua")

_NGINX = """\
daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    # As many as come: a connection that ends every thousand requests is another measurement.
    keepalive_requests 1000000000;
    client_body_temp_path {folder};
    proxy_temp_path {folder};
    fastcgi_temp_path {folder};
    uwsgi_temp_path {folder};
    scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port} reuseport backlog=4096;
        {directives}
    }}
}}
"""


_PARTS = {"nginx": "nginx", f"{TITLE}heartbeat": "taking", f"{TITLE}storage": "storing", "postgres": "storing"}


class CannotMeasure(Exception):
    """Something that the measurement needs is missing or does not work; the message is one sentence."""


@dataclass(frozen=True)
class Answers:
    """What wrk counted in one round."""

    seconds: float
    acknowledged: int
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        """Acknowledged requests per second."""
        return self.acknowledged / self.seconds


@dataclass(frozen=True)
class Controller:
    """A running controller."""

    url: str
    heartbeat_url: str
    owner_token: str = field(repr=False)
    agent_token: str = field(repr=False)
    process_id: int
    """Of the supervisor."""


def require_programs() -> None:
    """Raise CannotMeasure unless nginx and wrk are there."""
    missing = [name for name in ("nginx", "wrk") if shutil.which(name, path=_path()) is None]
    if missing:
        raise CannotMeasure(
            f"{' and '.join(missing)} must be installed (Debian, Ubuntu: apt install {' '.join(missing)})."
        )


@contextmanager
def nginx(folder: Path, directives: str = "return 204;") -> Iterator[str]:
    """Run nginx answering `204` to everything, or what the directives say; gives its base URL."""
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(_NGINX.format(folder=folder, port=port, directives=directives))
    program = shutil.which("nginx", path=_path())
    assert program is not None
    url = f"http://127.0.0.1:{port}"
    command = [program, "-e", str(folder / "nginx.log"), "-p", str(folder), "-c", str(configuration)]
    with running(command, folder / "nginx.out", os.environ, [url]):
        yield url


@contextmanager
def controller(folder: Path, database: str, **options: str) -> Iterator[Controller]:
    """Run the controller on this database, with an owner and a token for agents; `options` are variables."""
    port, heartbeat_port = free_port(), free_port()
    owner_token = f"tc-apiv1_{secrets.token_hex(32)}"
    environment = {
        **without_options(os.environ),
        "DATABASE_URL": database,
        "OWNER_USERNAME": "owner",
        "OWNER_EMAIL": "owner@example.com",
        "OWNER_PASSWORD": secrets.token_hex(16),
        "OWNER_TOKEN": owner_token,
        "HOST": "127.0.0.1",
        "HEARTBEAT_HOST": "127.0.0.1",
        "APP_PORT": str(port),
        "HEARTBEAT_PORT": str(heartbeat_port),
        "LOG_LEVEL": "warning",
        **options,
    }
    url, heartbeat = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{heartbeat_port}"
    command = [sys.executable, "-m", "telegraf_controller.cli.main", "serve"]
    log = folder / "controller.log"
    with running(command, log, environment, [f"{url}/health/ready", f"{heartbeat}/health"]) as process_id:
        with ControllerClient(url, owner_token) as client:
            token = client.tokens.create("bench agents", PRESETS["telegraf-agent"]).token
        yield Controller(url, f"{heartbeat}/agents/heartbeat", owner_token, token, process_id)


def wrk(url: str, token: str, *, seconds: int, connections: int, agents: int, one_shot: bool) -> Answers:
    """Drive a server as hard as it goes. Raises CannotMeasure when anything but 2xx comes back."""
    steering = {"AGENT_TOKEN": token, "AGENTS": str(agents), **({"ONE_SHOT": "1"} if one_shot else {})}
    return run_wrk(url, _SCRIPT, steering, seconds=seconds, connections=connections)


def run_wrk(url: str, script: Path, steering: Mapping[str, str], *, seconds: int, connections: int) -> Answers:
    """Run wrk with a script, steered by variables. Raises CannotMeasure when anything but 2xx comes back."""
    program = shutil.which("wrk", path=_path())
    assert program is not None
    command = [program, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "5s", "-s", str(script), url]
    return answers_of(command, steering, url)


def answers_of(command: Sequence[str], steering: Mapping[str, str], url: str) -> Answers:
    """Run a load generator that ends by saying what it heard. Raises CannotMeasure when anything but 2xx came back."""
    done = subprocess.run(command, env={**os.environ, **steering}, capture_output=True, text=True, check=False)
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise CannotMeasure(f"{command[0]} ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    found = json.loads(line.removeprefix("RESULT "))
    trouble = {what: found[what] for what in ("not_2xx", "broken", "timeouts") if found[what]}
    if trouble:
        raise CannotMeasure(f"{url} did not acknowledge everything: {trouble} of {found['answers']} answers.")
    return Answers(found["seconds"], found["answers"], found["p50_ms"], found["p99_ms"])


@contextmanager
def running(command: list[str], log: Path, environment: Mapping[str, str], urls: list[str]) -> Iterator[int]:
    """Run a program until the block ends, in a process group of its own; wait until the URLs answer; gives its id."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        for url in urls:
            _wait_for(url, process, log)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=5, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    end = log.read_text(errors="replace").strip().splitlines()[-3:]
    raise CannotMeasure(f"{url} does not answer: {' | '.join(end) or 'nothing was logged'}")


def _path() -> str:
    # Debian keeps nginx where only root's PATH leads.
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def memory_mb(process: str) -> float:
    """Return what the largest of the controller's processes of one kind holds in memory: what several of its processes
    share counts in parts."""
    found = []
    for child in processes_of(process):
        with suppress(psutil.NoSuchProcess):
            found.append(child.memory_full_info().pss)
    if not found:
        raise CannotMeasure(f"There is no {process} process.")
    return float(max(found)) / 1e6


def processes_of(kind: str, above: int | None = None) -> list[psutil.Process]:
    """Return the controller's processes of one kind, of all controllers started here or of one."""
    found = []
    for child in psutil.Process(above).children(recursive=True):
        # PostgreSQL's come and go.
        with suppress(psutil.NoSuchProcess):
            if child.name().startswith(f"{TITLE}{kind}"):
                found.append(child)
    return found


def processor_seconds_by_part() -> dict[str, float]:
    """Return how much processor time `nginx`, and those that are `taking` and `storing` heartbeats, have used."""
    spent = dict.fromkeys(_PARTS.values(), 0.0)
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            name = child.name()
            for begins, part in _PARTS.items():
                if name.startswith(begins):
                    times = child.cpu_times()
                    spent[part] += times.user + times.system
    return spent


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
