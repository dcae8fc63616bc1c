"""The supervisor and its processes, for real (O4)."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.processes.running import Program, is_alive, refuses_connections, supervised, until
from tests.support.plain_http import NO_TLS


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """One running program for the tests that leave it running."""
    with supervised(tmp_path_factory.mktemp("shared")) as program:
        program.wait_until_serving()
        yield program


def test_one_command_starts_every_process_and_both_ports_answer(shared: Program) -> None:
    children = shared.children()
    assert set(children) == {"api", "heartbeat-1", "scheduler"}
    assert shared.get(api=True) == str(children["api"])
    assert shared.get() == str(children["heartbeat-1"])


@pytest.mark.parametrize("name", ["api", "heartbeat-1", "scheduler"])
def test_a_killed_process_is_replaced(shared: Program, name: str) -> None:
    before = shared.children()
    os.kill(before[name], signal.SIGKILL)
    until(lambda: shared.children()[name] != before[name])
    assert f'process ended name={name} how="killed by SIGKILL"' in shared.log
    others = {other: pid for other, pid in shared.children().items() if other != name}
    assert others == {other: pid for other, pid in before.items() if other != name}


def test_no_connection_is_refused_while_a_process_is_restarted(shared: Program) -> None:
    killed = shared.children()["api"]
    shared.get(api=True)
    os.kill(killed, signal.SIGKILL)
    until(lambda: not is_alive(killed))
    assert shared.get(api=True) == str(shared.children()["api"]) != str(killed)


def test_every_heartbeat_process_takes_its_share_of_connections(tmp_path: Path) -> None:
    with supervised(tmp_path, "--heartbeat-workers=2") as program:
        until(lambda: len(program.children()) == 4)
        answers = [program.get() for _ in range(60)]
        shares = {name: answers.count(str(pid)) for name, pid in program.children().items() if "heartbeat" in name}
        assert set(shares) == {"heartbeat-1", "heartbeat-2"}
        assert min(shares.values()) >= 10


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_finishes_what_is_under_way_and_refuses_newcomers(tmp_path: Path, number: signal.Signals) -> None:
    with supervised(tmp_path) as program:
        program.wait_until_serving()
        answers: list[str] = []
        asking = [
            threading.Thread(target=lambda api=api: answers.append(program.get("/slow", api=api)))
            for api in (True, False)
        ]
        until(lambda: not established(program))
        for thread in asking:
            thread.start()
        until(lambda: established(program) >= 2)
        children = program.children()
        program.process.send_signal(number)
        until(lambda: refuses_connections(program.heartbeat_port) and refuses_connections(program.port))
        assert program.wait() == 0
        for thread in asking:
            thread.join()
        assert sorted(answers) == sorted(str(children[name]) for name in ("api", "heartbeat-1"))
        assert not any(is_alive(pid) for pid in children.values())
        assert "requests were cut off" not in program.log
        assert "process ended" not in program.log


def test_a_second_signal_ends_everything_at_once(tmp_path: Path) -> None:
    with supervised(tmp_path, SCHEDULER="stubborn") as program:
        program.wait_until_serving()
        until(lambda: "never stopping" in program.log)
        children = program.children()
        program.process.send_signal(signal.SIGTERM)
        until(lambda: "stopping signal=SIGTERM" in program.log)
        assert is_alive(children["scheduler"])
        program.process.send_signal(signal.SIGTERM)
        assert program.wait() == 1
        assert not any(is_alive(pid) for pid in children.values())


def test_a_process_that_does_not_stop_is_ended_within_ten_seconds(tmp_path: Path) -> None:
    with supervised(tmp_path, SCHEDULER="stubborn") as program:
        program.wait_until_serving()
        program.process.send_signal(signal.SIGTERM)
        assert program.wait() == 0
        assert not any(is_alive(pid) for pid in program.children().values())


def test_processes_end_by_themselves_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    with supervised(tmp_path) as program:
        program.wait_until_serving()
        pids = [program.fork_server(), *program.children().values()]
        program.process.kill()
        program.wait()
        until(lambda: not any(is_alive(pid) for pid in pids))
        assert refuses_connections(program.port)
        assert refuses_connections(program.heartbeat_port)


def test_a_process_that_cannot_start_is_tried_ever_less_often_and_the_others_serve(tmp_path: Path) -> None:
    with supervised(tmp_path, SCHEDULER="failing") as program:
        until(lambda: program.log.count("process ended name=scheduler") >= 3)
        pauses = [line.rpartition("=")[2] for line in program.log.splitlines() if "process ended" in line]
        assert pauses[:3] == ["0.1", "0.2", "0.4"]
        assert program.get().isdigit()
        assert is_alive(program.process.pid)


def test_a_stop_while_nothing_is_under_way_closes_idle_connections(tmp_path: Path) -> None:
    with supervised(tmp_path) as program, httpx.Client(verify=NO_TLS) as client:
        program.wait_until_serving()
        client.get(f"http://127.0.0.1:{program.heartbeat_port}/")
        program.process.terminate()
        assert program.wait() == 0
        assert "requests were cut off" not in program.log


def established(program: Program) -> int:
    """How many connections its two servers have, by the kernel's table."""
    ports = {f"{port:04X}" for port in (program.port, program.heartbeat_port)}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[3] == "01" and row[1].rpartition(":")[2] in ports for row in rows)
