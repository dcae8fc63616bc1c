"""Connections that do not go smoothly, against sockets that a test holds in its own hands."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from telegraf_controller.simulate import run
from telegraf_controller.simulate.run import Plan, simulate
from telegraf_controller.simulate.target import SimulationError, parse_target
from tests.simulate.heartbeat_server import ACKNOWLEDGED
from tests.support.certificates import make_certificate

LARGE = ["http://controller.example/" + "x" * 8_000_000]
"""Configurations that no socket has room for at once."""


@contextmanager
def listening(
    serve: Callable[[socket.socket, int], None], host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Hand each connection to `serve` with its number, in a thread; closed when it returns. Gives the URL.

    The first connection, with which a simulation looks whether anybody is there, does not count.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    threads: list[threading.Thread] = []

    def handle(connected: socket.socket, number: int) -> None:
        with suppress(OSError), connected if tls is None else tls.wrap_socket(connected, server_side=True) as ready:
            if number >= 0:
                serve(ready, number)

    def accept() -> None:
        for number in range(-1, 1000):
            try:
                connected, _ = listener.accept()
            except OSError:
                return
            connected.settimeout(10)
            threads.append(threading.Thread(target=handle, args=(connected, number)))
            threads[-1].start()

    with socket.create_server((host, 0), family=family) as listener:
        port = listener.getsockname()[1]
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            for thread in (accepting, *threads):
                thread.join()


def _plan(url: str, *, agents: int = 4, connections: int = 1, **more: Any) -> Plan:
    return Plan(parse_target(url), agents, 0.2, 0.4, connections, **more)


def _head(connected: socket.socket) -> tuple[int, bytes]:
    """Read a request's head; return the length of its body, and what has arrived of it."""
    data = b""
    while b"\r\n\r\n" not in data:
        arrived = connected.recv(1000)
        if not arrived:
            raise ConnectionError
        data += arrived
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.rpartition(b"Content-Length: ")[2]), body


def _request(connected: socket.socket) -> bytes:
    """Read a request; return its body."""
    length, body = _head(connected)
    parts, missing = [body], length - len(body)
    while missing:
        parts.append(connected.recv(min(missing, 1_000_000)))
        missing -= len(parts[-1])
    return b"".join(parts)


def test_a_heartbeat_that_no_socket_has_room_for_leaves_in_pieces() -> None:
    heard = []

    def serve(connected: socket.socket, number: int) -> None:
        while True:
            heard.append(json.loads(_request(connected))["configurations"])
            connected.sendall(ACKNOWLEDGED)

    with listening(serve) as url:
        report = simulate(_plan(url, agents=2, configurations=LARGE))
    assert report.all_acknowledged
    assert heard == [LARGE] * 4


def test_a_refusal_before_everything_was_read_is_heard_and_ends_the_connection() -> None:
    connections = []

    def serve(connected: socket.socket, number: int) -> None:
        connections.append(number)
        _head(connected)
        connected.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nlong")
        while connected.recv(1_000_000):
            sleep(0.01)

    with listening(serve) as url:
        report = simulate(_plan(url, agents=1, configurations=LARGE))
    assert report.refused == {"413": 2}
    assert report.first_refusal == "413: long"
    assert connections == [0, 1]


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (ACKNOWLEDGED, {}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", {}),
        (b"HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", {"401": 4}),
    ],
)
def test_an_answer_that_arrives_byte_by_byte_is_understood(answer: bytes, refused: dict[str, int]) -> None:
    def serve(connected: socket.socket, number: int) -> None:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            _request(connected)
            for byte in answer:
                connected.sendall(bytes([byte]))
                sleep(0.0002)

    with listening(serve) as url:
        report = simulate(_plan(url, agents=2))
    assert report.refused == refused
    assert report.acknowledged == (0 if refused else 4)
    assert not report.failed


def test_acknowledgements_that_differ_count_alike() -> None:
    def serve(connected: socket.socket, number: int) -> None:
        for turn in range(100):
            _request(connected)
            connected.sendall(b"HTTP/1.1 204 No Content\r\nDate: %d\r\n\r\n" % (turn // 2))

    with listening(serve) as url:
        report = simulate(_plan(url, agents=10))
    assert report.acknowledged == 20


def test_what_comes_unasked_is_no_answer() -> None:
    def serve(connected: socket.socket, number: int) -> None:
        _request(connected)
        connected.sendall(ACKNOWLEDGED)
        sleep(0.05)
        connected.sendall(ACKNOWLEDGED)
        _request(connected)

    with listening(serve) as url:
        report = simulate(Plan(parse_target(url), 1, 0.2, 0.6, 1))
    assert report.acknowledged == 3
    assert report.all_acknowledged


def test_a_connection_that_was_closed_while_idle_is_made_anew() -> None:
    connections = []

    def serve(connected: socket.socket, number: int) -> None:
        connections.append(number)
        _request(connected)
        connected.sendall(ACKNOWLEDGED)

    with listening(serve) as url:
        report = simulate(Plan(parse_target(url), 1, 0.2, 0.8, 1))
    assert report.all_acknowledged
    assert connections == [0, 1, 2, 3]


def test_an_answer_that_is_cut_off_is_a_failure() -> None:
    def serve(connected: socket.socket, number: int) -> None:
        _request(connected)
        connected.sendall(ACKNOWLEDGED[:-1])

    with listening(serve) as url:
        report = simulate(_plan(url, agents=1))
    assert report.failed == {"connection closed": 2}


def test_a_refused_connection_is_named_and_rests() -> None:
    def be_there_once() -> None:
        connected, _ = listener.accept()
        listener.close()
        connected.close()

    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        accepting = threading.Thread(target=be_there_once)
        accepting.start()
        report = simulate(_plan(url, as_fast_as_possible=True))
        accepting.join()
    assert set(report.failed) <= {"connection refused", "connection reset by peer"}
    assert report.failed["connection refused"] <= 3, "one each 0.2 seconds"


def test_silence_is_a_failure_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "ANSWER_TIMEOUT_SECONDS", 0.3)

    def serve(connected: socket.socket, number: int) -> None:
        _request(connected)
        connected.recv(1)

    with listening(serve) as url:
        report = simulate(Plan(parse_target(url), 1, 1, 1, 1))
    assert report.failed == {"no answer within 0.3 s": 1}
    assert report.latency_ms.max >= 300


def test_ipv6_is_spoken() -> None:
    def serve(connected: socket.socket, number: int) -> None:
        while True:
            _request(connected)
            connected.sendall(ACKNOWLEDGED)

    with listening(serve, "::1") as url:
        assert simulate(_plan(url)).acknowledged == 8


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What a server needs whose certificate is trusted, unless a test takes SSL_CERT_FILE away."""
    certificate, key = make_certificate(tmp_path / "one")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


@pytest.mark.parametrize("one_shot", [False, True])
def test_tls_is_spoken(tls: ssl.SSLContext, *, one_shot: bool) -> None:
    def serve(connected: socket.socket, number: int) -> None:
        connections.append(number)
        while True:
            _request(connected)
            connected.sendall(ACKNOWLEDGED)

    connections: list[int] = []
    with listening(serve, tls=tls) as url:
        report = simulate(_plan(url, agents=50, connections=20, connection_per_heartbeat=one_shot))
    assert report.all_acknowledged
    assert report.acknowledged == 100
    assert (len(connections) == 100) == one_shot


def test_a_heartbeat_leaves_in_pieces_over_tls_too(tls: ssl.SSLContext) -> None:
    def serve(connected: socket.socket, number: int) -> None:
        while True:
            heard.append(json.loads(_request(connected))["configurations"])
            connected.sendall(ACKNOWLEDGED)

    heard: list[list[str]] = []
    with listening(serve, tls=tls) as url:
        report = simulate(_plan(url, agents=1, configurations=LARGE))
    assert report.all_acknowledged
    assert heard == [LARGE] * 2


def test_a_certificate_that_is_not_trusted_is_one_sentence(
    tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with (
        listening(lambda connected, number: None, tls=tls) as url,
        pytest.raises(SimulationError, match=r"cannot be reached \(certificate not trusted\)"),
    ):
        simulate(_plan(url))
