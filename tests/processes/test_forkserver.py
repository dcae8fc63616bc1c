"""The fork server, and what becomes of its children: O4."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import httpx

from telegraf_controller.processes import startup
from telegraf_controller.processes.children import ForkServer
from tests.processes.running import REPOSITORY, Program, is_alive, refuses_connections, supervised, until
from tests.support.plain_http import NO_TLS

LATER = """
import gc
import structlog

async def run(options, sockets, stop):
    structlog.get_logger(__name__).info("here by now", collecting=gc.isenabled())
    await stop.wait()
"""


async def test_importing_everything_starts_no_thread() -> None:
    server = await ForkServer.start(startup.ENTRIES.values())
    try:
        for entry in startup.ENTRIES.values():
            child = await server.fork(entry, [])
            assert threads(child.pid) == 1
            child.send(signal.SIGTERM)
            assert await child.wait() == -signal.SIGTERM
        assert threads(server.pid) == 1
    finally:
        server.kill()
        await server.wait()


def test_each_process_has_its_own_sockets_and_its_name(tmp_path: Path) -> None:
    with supervised(tmp_path) as program:
        program.wait_until_serving()
        children = program.children()
        ports = {name: listening(pid) for name, pid in children.items()}
        assert ports == {"api": {program.port}, "heartbeat-1": {program.heartbeat_port}, "scheduler": set()}
        assert listening(program.fork_server()) == set()
        for name, pid in children.items():
            assert Path(f"/proc/{pid}/comm").read_text() == f"tc-{name}\n"


def test_a_killed_fork_server_disturbs_nobody_and_who_dies_afterwards_is_replaced(tmp_path: Path) -> None:
    with supervised(tmp_path) as program, httpx.Client(timeout=20, verify=NO_TLS) as client:
        program.wait_until_serving()
        children, killed = program.children(), program.fork_server()
        url = f"http://127.0.0.1:{program.heartbeat_port}"
        client.get(url)
        asking = threading.Thread(target=lambda: client.get(f"{url}/slow"))
        asking.start()
        os.kill(killed, signal.SIGKILL)
        until(lambda: program.fork_server() != killed)
        asking.join()
        assert 'process ended name=fork-server how="killed by SIGKILL"' in program.log
        assert program.log.count("process ended") == 1
        assert client.get(url).text == str(children["heartbeat-1"])

        for name in children:
            os.kill(children[name], signal.SIGKILL)
        until(lambda: not set(program.children().values()) & set(children.values()))
        assert 'name=heartbeat-1 how="unknown, for the fork server had ended before"' in program.log
        assert program.get() == str(program.children()["heartbeat-1"])
        assert program.get(api=True) == str(program.children()["api"])

        os.kill(program.children()["api"], signal.SIGKILL)
        until(lambda: 'name=api how="killed by SIGKILL"' in program.log)
        assert_stops(program)


def test_children_of_a_killed_fork_server_are_stopped_like_any(tmp_path: Path) -> None:
    with supervised(tmp_path) as program:
        program.wait_until_serving()
        killed = program.fork_server()
        os.kill(killed, signal.SIGKILL)
        until(lambda: program.fork_server() != killed)
        assert_stops(program)
        assert refuses_connections(program.port)


def test_a_module_that_cannot_be_imported_is_tried_again_while_the_others_serve(tmp_path: Path) -> None:
    with supervised(tmp_path, SCHEDULER="later:run", PYTHONPATH=f"{REPOSITORY}:{tmp_path}") as program:
        until(lambda: program.log.count('process ended name=scheduler how="exit code 1"') >= 2)
        assert "scheduler   process failed" in program.log
        assert "No module named 'later'" in program.log
        assert program.get().isdigit()
        assert program.get(api=True).isdigit()
        (tmp_path / "later.py").write_text(LATER)
        until(lambda: "here by now collecting=True" in program.log)


def test_nothing_waits_for_imports_when_the_fork_server_dies_or_everything_stops(tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text("import time\ntime.sleep(60)\n")
    with supervised(tmp_path, SCHEDULER="endless:run", PYTHONPATH=f"{REPOSITORY}:{tmp_path}") as program:
        until(lambda: "process started name=fork-server" in program.log)
        killed = program.fork_server()
        os.kill(killed, signal.SIGKILL)
        until(lambda: program.fork_server() != killed)
        for name in ("api", "heartbeat-1", "scheduler"):
            assert f'process ended name={name} how="could not be started: the fork server has ended"' in program.log
        assert_stops(program)


def test_a_killed_heartbeat_process_serves_again_within_two_seconds(tmp_path: Path) -> None:
    with supervised(tmp_path) as program:
        program.wait_until_serving()
        killed = program.children()["heartbeat-1"]
        began = time.monotonic()
        os.kill(killed, signal.SIGKILL)
        assert program.get() != str(killed)
        assert time.monotonic() - began < 2


def assert_stops(program: Program) -> None:
    """Stop a program as an operator does; nothing is left of it, and nobody had to be killed."""
    pids = [program.fork_server(), *program.children().values()]
    program.process.terminate()
    assert program.wait() == 0
    assert not any(is_alive(pid) for pid in pids)
    for trouble in ("process killed", "Traceback", "garbage collected"):
        assert trouble not in program.log


def threads(pid: int) -> int:
    """Return how many threads a process has."""
    return len(os.listdir(f"/proc/{pid}/task"))


def listening(pid: int) -> set[int]:
    """Return the ports of the listening TCP sockets that a process holds."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ports = {f"socket:[{row[9]}]": int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A"}
    held = [os.readlink(descriptor) for descriptor in Path(f"/proc/{pid}/fd").iterdir()]
    return {ports[what] for what in held if what in ports}
