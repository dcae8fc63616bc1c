"""Which sockets have something to read, without anything made for each of them.

The standard library's selectors make a key and a tuple for every socket that is ready: of a heartbeat's time, a part
that can be seen. Where there is no epoll, they are what is used.
"""

from __future__ import annotations

import select
import selectors
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

Work = Callable[[], None]
"""What is to be done when a socket has something to read."""


class Poller(Protocol):
    """Watches sockets by their descriptors."""

    def fileno(self) -> int:
        """Return a descriptor that is readable while `ready` has something to tell."""

    def register(self, descriptor: int, work: Work) -> None:
        """Watch a socket. Raises OSError when the kernel has no room for it."""

    def unregister(self, descriptor: int) -> None:
        """Watch it no longer; it may be closed already. Raises KeyError when it was not watched."""

    def ready(self) -> list[Work]:
        """Return what is to be done now; some of it later when it is much."""

    def close(self) -> None:
        """Watch nothing any more."""


class EpollPoller:
    """See `Poller`."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._works: dict[int, Work] = {}

    def fileno(self) -> int:
        return self._epoll.fileno()

    def register(self, descriptor: int, work: Work) -> None:
        self._epoll.register(descriptor, select.EPOLLIN)
        self._works[descriptor] = work

    def unregister(self, descriptor: int) -> None:
        del self._works[descriptor]
        with suppress(OSError):  # the kernel forgets what is closed
            self._epoll.unregister(descriptor)

    def ready(self) -> list[Work]:
        works = self._works
        return [works[descriptor] for descriptor, _ in self._epoll.poll(0)]

    def close(self) -> None:
        self._works.clear()
        self._epoll.close()


class SelectorPoller:
    """See `Poller`: by the best that the standard library has for this system."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def fileno(self) -> int:
        return self._selector.fileno()

    def register(self, descriptor: int, work: Work) -> None:
        self._selector.register(descriptor, selectors.EVENT_READ, work)

    def unregister(self, descriptor: int) -> None:
        self._selector.unregister(descriptor)

    def ready(self) -> list[Work]:
        return [key.data for key, _ in self._selector.select(0)]

    def close(self) -> None:
        self._selector.close()


def new_poller() -> Poller:
    """Return the fastest that there is here."""
    return EpollPoller() if hasattr(select, "epoll") else SelectorPoller()
