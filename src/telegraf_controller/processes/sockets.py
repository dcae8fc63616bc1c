"""Listening sockets, bound before anything starts and inherited by the processes that serve them.

The supervisor keeps its own copy of each, so that a connection made while a process is being restarted waits in the
kernel's queue instead of being refused.
"""

from __future__ import annotations

import errno
import os
import socket
import sys

BACKLOG = 4096
"""Connections that wait for being accepted; the kernel may allow fewer (`net.core.somaxconn`)."""

STALLED_SECONDS = 60
"""How long a client may leave sent data unacknowledged, or its window closed, before the connection is dropped."""


class BindError(Exception):
    """A port cannot be listened on; the message is one sentence that says why."""


def bind(host: str, port: int, *, copies: int = 1) -> list[socket.socket]:
    """Listen on a TCP port and return `copies` sockets, one for each process that is to serve it. Raises BindError.

    `::` takes IPv4, too. On Linux the kernel spreads connections evenly over the copies, by a hash of both addresses.
    One socket shared by several processes does not do that: whichever wakes first takes a whole burst, and of 64
    connections, one of four processes was measured to get 63. Elsewhere that sharing is all there is.
    """
    family, address = _resolve(host, port)
    if copies == 1:
        return [_listen(family, address, shared=False)]
    if sys.platform != "linux":
        first = _listen(family, address, shared=False)
        return [first, *(first.dup() for _ in range(copies - 1))]
    # Sockets that share a port accept each other silently: a second controller would take half of the first one's
    # connections. Only an unshared socket finds out that somebody is there.
    _listen(family, address, shared=False).close()
    return [_listen(family, address, shared=True) for _ in range(copies)]


def bind_private(folder: str) -> socket.socket:
    """Listen on a socket in a folder, for processes of this user on this machine alone. Raises BindError."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    path = os.path.join(folder, "storage")
    try:
        listener.bind(path)
        os.chmod(path, 0o600)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise BindError(f"A socket cannot be made at {path}: {error.strerror or error}.") from None
    return listener


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    bare = host.strip("[]")
    try:
        found = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise BindError(f"The host {host!r} to listen on is neither an address nor a name known here.") from None
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, address


def _listen(family: socket.AddressFamily, address: tuple[object, ...], *, shared: bool) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Without it a restart would have to wait until the kernel has forgotten the connections of before.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        # Accepted connections take these over from the listening socket.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_SECONDS * 1000)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise BindError(_reason(error, str(address[0]), int(str(address[1])))) from None
    return listener


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use by another program."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} may not be listened on by this user: ports below 1024 need more rights."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"The address {host} to listen on is not one of this machine's."
    return f"Port {port} on {host} cannot be listened on: {os.strerror(error.errno or 0)}."
