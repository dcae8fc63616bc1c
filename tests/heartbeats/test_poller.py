"""Which sockets have something to read: the same answers from epoll and from the standard library's selectors."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from telegraf_controller.heartbeats.wire import server
from telegraf_controller.heartbeats.wire.poller import EpollPoller, Poller, SelectorPoller
from tests.heartbeats.raw import LAST, ask, heartbeat, statuses
from tests.heartbeats.support import running_port

KINDS: list[Callable[[], Poller]] = [SelectorPoller, *([EpollPoller] if hasattr(select, "epoll") else [])]


@pytest.fixture(params=KINDS)
def poller(request: pytest.FixtureRequest) -> Iterator[Poller]:
    made: Poller = request.param()
    yield made
    made.close()


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    made = [socket.socketpair() for _ in range(3)]
    yield made
    for pair in made:
        for end in pair:
            end.close()


def told(poller: Poller) -> None:
    for work in poller.ready():
        work()


def test_those_with_something_to_read_are_told(
    poller: Poller, pairs: list[tuple[socket.socket, socket.socket]]
) -> None:
    heard: list[int] = []
    for number, (here, _) in enumerate(pairs):
        poller.register(here.fileno(), partial(heard.append, number))
    told(poller)
    assert heard == []
    pairs[1][1].send(b"x")
    pairs[2][1].close()
    assert select.select([poller.fileno()], [], [], 5)[0]
    told(poller)
    told(poller)
    assert sorted(heard) == [1, 1, 2, 2]  # as long as nobody reads


def test_who_is_watched_no_longer_is_not_told(poller: Poller, pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    for here, there in pairs:
        poller.register(here.fileno(), pytest.fail)
        there.send(b"x")
    open_one, closed, anew = (here for here, _ in pairs)
    poller.unregister(open_one.fileno())
    number = closed.fileno()
    closed.close()
    poller.unregister(number)
    poller.unregister(anew.fileno())
    assert poller.ready() == []
    with pytest.raises(KeyError):
        poller.unregister(open_one.fileno())
    heard: list[str] = []
    poller.register(anew.fileno(), lambda: heard.append("again"))
    told(poller)
    assert heard == ["again"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_port_is_served_without_epoll(migrated_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """H2"""
    monkeypatch.setattr(server, "new_poller", SelectorPoller)
    async with running_port(migrated_database_url) as port:
        answers = await ask(port.address, heartbeat("no-epoll"), heartbeat("no-epoll"), LAST)
        assert statuses(answers) == [204, 204, 200]
        assert "no-epoll" in await port.agents()
