"""Where heartbeats go."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

HEARTBEAT_PATH = "/agents/heartbeat"
DEFAULT_URL = f"http://127.0.0.1:8000{HEARTBEAT_PATH}"


class SimulationError(Exception):
    """The simulation cannot run; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Target:
    """A heartbeat URL, taken apart, with the address that its host name stands for."""

    url: str
    host: str
    port: int
    path: str
    tls: bool
    address: str
    is_loopback: bool

    def tls_context(self) -> ssl.SSLContext | None:
        """Return what the server's certificate is checked with: the system's authorities and SSL_CERT_FILE."""
        return ssl.create_default_context() if self.tls else None


def parse_target(url: str) -> Target:
    """Read a heartbeat URL; without a path it is Telegraf's usual one. Looks the host name up, once.

    Raises SimulationError.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise SimulationError("The heartbeat URL is malformed.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SimulationError(f"The heartbeat URL looks like {DEFAULT_URL}.")
    if parts.username or parts.password:
        raise SimulationError("The heartbeat URL must not hold a user name or password.")
    tls = parts.scheme == "https"
    port = port or (443 if tls else 80)
    path = parts.path if parts.path not in ("", "/") else HEARTBEAT_PATH
    shown_host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    address = _look_up(parts.hostname, port)
    return Target(
        url=f"{parts.scheme}://{shown_host}:{port}{path}",
        host=parts.hostname,
        port=port,
        path=f"{path}?{parts.query}" if parts.query else path,
        tls=tls,
        address=address,
        is_loopback=ipaddress.ip_address(address.partition("%")[0]).is_loopback,
    )


def _look_up(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SimulationError(f"The name {host!r} cannot be looked up.") from None
    # `localhost` often stands for ::1 first, where a controller that listens on IPv4 does not answer.
    addresses = [str(entry[4][0]) for entry in found]
    return next((address for address in addresses if ":" not in address), addresses[0])
