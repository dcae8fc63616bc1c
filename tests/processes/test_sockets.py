"""Listening sockets, and the sentences about those that cannot be had (O2)."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from telegraf_controller.processes.sockets import BindError, bind
from tests.support.ports import free_port


@contextmanager
def bound(host: str, port: int, copies: int = 1) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(listener) for listener in bind(host, port, copies=copies)]


def connects(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as client:
        return client.connect_ex((host, port)) == 0


def test_a_bound_port_takes_connections_before_anybody_serves_it() -> None:
    port = free_port()
    with bound("127.0.0.1", port):
        assert connects("127.0.0.1", port)
    assert not connects("127.0.0.1", port)


@pytest.mark.parametrize("host", ["localhost", "::1", "[::1]"])
def test_names_and_ipv6_addresses_are_understood(host: str) -> None:
    port = free_port()
    with bound(host, port):
        assert connects("127.0.0.1" if host == "localhost" else "::1", port)


def test_every_ipv6_address_means_every_ipv4_address_too() -> None:
    port = free_port()
    with bound("::", port):
        assert connects("::1", port)
        assert connects("127.0.0.1", port)


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("copies_of_the_other", [1, 3])
def test_a_port_that_another_controller_has_is_refused(copies: int, copies_of_the_other: int) -> None:
    port = free_port()
    with (
        bound("127.0.0.1", port, copies_of_the_other),
        pytest.raises(BindError, match=f"Port {port} on 127.0.0.1 is in use by another program."),
    ):
        bind("127.0.0.1", port, copies=copies)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one socket is shared")
def test_copies_of_a_port_share_its_connections() -> None:
    port = free_port()
    with bound("127.0.0.1", port, 2) as listeners, ExitStack() as clients:
        for _ in range(64):
            clients.enter_context(socket.create_connection(("127.0.0.1", port)))
        assert min(_accepted(listener) for listener in listeners) >= 10


def test_accepted_connections_send_small_answers_at_once() -> None:
    port = free_port()
    with bound("127.0.0.1", port) as (listener,), socket.create_connection(("127.0.0.1", port)):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("no-such-host.invalid", "neither an address nor a name known here"),
        ("192.0.2.1", "The address 192.0.2.1 to listen on is not one of this machine's."),
    ],
)
def test_an_address_that_is_not_here_is_refused(host: str, says: str) -> None:
    with pytest.raises(BindError, match=says):
        bind(host, free_port())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may listen on every port")
def test_a_port_that_needs_more_rights_is_refused() -> None:
    with pytest.raises(BindError, match="ports below 1024 need more rights"):
        bind("127.0.0.1", 1)


def _accepted(listener: socket.socket) -> int:
    count = 0
    while True:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return count
        connection.close()
        count += 1
