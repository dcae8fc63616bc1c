"""A simulated fleet against a server that does as it is told."""

from __future__ import annotations

from collections import Counter

import pytest

from telegraf_controller.simulate.report import Report
from telegraf_controller.simulate.run import Plan, simulate
from telegraf_controller.simulate.target import SimulationError, parse_target
from tests.simulate.heartbeat_server import ACKNOWLEDGED, OVERLOADED, heartbeat_server
from tests.support.ports import free_port

TOKEN = "tc-apiv1_" + "7a" * 32


def _plan(url: str, *, agents: int = 20, interval: float = 0.2, duration: float = 0.4, **more: object) -> Plan:
    given = {"connections": 5, "token": TOKEN, **more}
    return Plan(parse_target(url), agents, interval, duration, **given)  # type: ignore[arg-type]


def test_each_agent_reports_once_in_each_interval() -> None:
    with heartbeat_server() as heard:
        report = simulate(_plan(heard.url))
    assert report.acknowledged == 40
    assert report.all_acknowledged
    assert set(Counter(body["id"] for body in heard.bodies).values()) == {2}
    assert heard.connections <= 6, "one to try whether anybody is there, and the five of the plan"


def test_a_heartbeat_looks_as_telegraf_sends_it() -> None:
    with heartbeat_server() as heard:
        simulate(_plan(heard.url, agents=1, seed=7, configurations=["http://c/100%?a=1"]))
    first = heard.bodies[0]
    assert first == {
        "id": "sim-7-0000000",
        "version": "Telegraf 1.40.0 (git: HEAD@b2726314)",
        "schema": 1,
        "hostname": "host-0000000.sim.example",
        "configurations": ["http://c/100%?a=1"],
        "statistics": {"errors": 0, "warnings": 0, "metrics": 400},
        "status": "OK",
    }
    head = heard.heads[0].split("\r\n")
    assert head[0] == "POST /agents/heartbeat HTTP/1.1"
    assert f"Authorization: Bearer {TOKEN}" in head


def test_the_share_that_fails_says_so_with_a_log() -> None:
    with heartbeat_server() as heard:
        simulate(_plan(heard.url, agents=200, interval=0.4, failing_share=0.25))
    status = Counter(body["status"] for body in heard.bodies)
    assert status["WARN"] > 10
    assert status["FAIL"] > 10
    assert 40 <= status["WARN"] + status["FAIL"] <= 60
    assert all(bool(body.get("logs")) == (body["status"] != "OK") for body in heard.bodies)


def test_a_connection_per_heartbeat_is_one() -> None:
    with heartbeat_server() as heard:
        report = simulate(_plan(heard.url, connection_per_heartbeat=True))
    assert report.acknowledged == 40
    assert heard.connections == 41


def test_as_fast_as_possible_keeps_every_connection_busy() -> None:
    with heartbeat_server() as heard:
        report = simulate(_plan(heard.url, as_fast_as_possible=True, agents=7))
    assert report.wanted_per_second is None
    assert report.acknowledged > 28, "twice what the interval would have been"
    assert {body["id"] for body in heard.bodies} == {f"sim-1-{agent:07}" for agent in range(7)}


def test_refusals_are_counted_with_the_controllers_own_words() -> None:
    with heartbeat_server(lambda number: OVERLOADED if number % 2 else ACKNOWLEDGED) as heard:
        report = simulate(_plan(heard.url))
    assert report.acknowledged == 20
    assert report.refused == {"503": 20}
    assert report.first_refusal == "503: Too many at once."
    assert not report.all_acknowledged


def test_a_connection_that_ends_without_an_answer_fails_one_heartbeat_and_is_made_anew() -> None:
    with heartbeat_server(lambda number: None if number == 3 else ACKNOWLEDGED) as heard:
        report = simulate(_plan(heard.url))
    assert report.failed == {"connection closed": 1}
    assert report.acknowledged == 39


def test_an_answer_that_closes_its_connection_is_obeyed() -> None:
    closing = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
    with heartbeat_server(lambda number: closing) as heard:
        report = simulate(_plan(heard.url))
    assert report.acknowledged == 40
    assert heard.connections == 41


def test_an_answer_in_pieces_or_chunks_is_understood() -> None:
    chunked = b"HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    with heartbeat_server(lambda number: chunked) as heard:
        report = simulate(_plan(heard.url, agents=2))
    assert report.refused == {"401": 4}


def test_what_does_not_speak_http_is_a_failure() -> None:
    with heartbeat_server(lambda number: b"SSH-2.0-OpenSSH_9.2\r\n\r\n") as heard:
        report = simulate(_plan(heard.url, agents=1, interval=0.4))
    assert report.failed == {"answer that is not HTTP": 1}


def test_a_pause_of_the_server_counts_for_every_heartbeat_that_it_delayed() -> None:
    """Measured from when each was due: one slow answer on one connection delays all behind it."""
    with heartbeat_server(lambda number: 0.8 if number == 0 else ACKNOWLEDGED) as heard:
        report = simulate(_plan(heard.url, agents=20, interval=1, duration=1, connections=1))
    assert report.acknowledged == 20
    assert report.response_ms.p50 < 150, "most were answered at once when they were sent"
    assert report.latency_ms.p50 > 200, "but had to wait until they could be"


def test_what_could_not_leave_in_time_is_counted_and_not_forgotten() -> None:
    with heartbeat_server(lambda number: 0.25) as heard:
        report = simulate(_plan(heard.url, agents=100, connections=2, duration=0.2))
    assert report.unsent > 50
    assert report.acknowledged + report.unsent == 100
    assert report.latency_ms.max > 1000


def test_progress_is_told_while_it_runs() -> None:
    seen: list[Report] = []
    with heartbeat_server() as heard:
        simulate(_plan(heard.url, duration=1.2), seen.append)
    assert len(seen) >= 2
    assert 0 < seen[0].acknowledged < seen[-1].acknowledged


def test_nobody_listening_is_one_sentence() -> None:
    port = free_port()
    with pytest.raises(
        SimulationError, match=rf"127.0.0.1:{port}/agents/heartbeat cannot be reached \(connection refused"
    ):
        simulate(_plan(f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize(
    ("url", "address", "loopback"),
    [
        ("http://localhost:8000", "127.0.0.1", True),
        ("http://[::1]:8000/x", "::1", True),
        ("https://192.0.2.1", "192.0.2.1", False),
    ],
)
def test_a_url_is_taken_apart(url: str, address: str, *, loopback: bool) -> None:
    target = parse_target(url)
    assert (target.address, target.is_loopback) == (address, loopback)


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://localhost", "http://u:p@localhost", "http://", "http://[::1"])
def test_what_is_no_heartbeat_url_is_refused(url: str) -> None:
    with pytest.raises(SimulationError, match=r"^The heartbeat URL .*\.$"):
        parse_target(url)


def test_the_same_seed_is_the_same_fleet_at_the_same_moments() -> None:
    with heartbeat_server() as heard:
        simulate(_plan(heard.url, seed=3))
        simulate(_plan(heard.url, seed=3))
    ids = [body["id"] for body in heard.bodies]
    assert set(ids[:40]) == set(ids[40:])
