"""The way to the controller, for any number of connections."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from contextlib import suppress

from telegraf_controller.simulate.target import SimulationError, Target

_BEGUN = {0, errno.EINPROGRESS, errno.EWOULDBLOCK}


class Route:
    """Where connections lead, and what they are secured with."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._tls = target.tls_context()
        self._family = socket.AF_INET6 if ":" in target.address else socket.AF_INET
        self._address = (target.address, target.port)

    def dial(self) -> socket.socket:
        """Begin to connect, without waiting: writable when that has ended. Raises OSError."""
        dialed = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            dialed.setblocking(False)
            dialed.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = dialed.connect_ex(self._address)
            if code not in _BEGUN:
                raise OSError(code, os.strerror(code))
        except OSError:
            dialed.close()
            raise
        return dialed

    def secured(self, dialed: socket.socket) -> socket.socket:
        """Return a socket that has ended connecting, in TLS if that is wanted: it shakes hands when it first sends.

        Raises OSError.
        """
        code = dialed.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        if self._tls is None:
            return dialed
        return self._tls.wrap_socket(dialed, server_hostname=self._target.host, do_handshake_on_connect=False)

    def try_out(self, timeout_seconds: float) -> None:
        """Connect once and hang up. Raises SimulationError when nobody is there."""
        try:
            with socket.create_connection(self._address, timeout=timeout_seconds) as connected:
                if self._tls is not None:
                    self._tls.wrap_socket(connected, server_hostname=self._target.host).close()
        except TimeoutError:
            raise SimulationError(f"{self._target.url} cannot be reached (no answer).") from None
        except OSError as error:
            raise SimulationError(f"{self._target.url} cannot be reached ({reason_of(error)}).") from None


def say_goodbye(connected: socket.socket) -> None:
    """Say in TLS, too, that nothing was cut off; if there is no room for it, so be it."""
    if isinstance(connected, ssl.SSLSocket):
        with suppress(OSError, ValueError):
            connected.unwrap()


def reason_of(error: Exception) -> str:
    """Name a connection's failure in a few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate not trusted"
    if isinstance(error, ssl.SSLError):
        return "TLS failed"
    if isinstance(error, OSError) and error.errno:
        return "no more open files" if error.errno == errno.EMFILE else os.strerror(error.errno).lower()
    return type(error).__name__
