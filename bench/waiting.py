"""What connections cost while they wait for their next heartbeat, as those of most agents do most of the time."""

from __future__ import annotations

import json
import resource
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.programs import CannotMeasure, Controller, memory_mb

_CONNECTIONS = 10_000
_SPARE_FILES = 500


@dataclass(frozen=True)
class Waiting:
    """Connections that were kept, and what the heartbeat process takes for them."""

    connections: int
    megabytes: float

    def describe(self) -> str:
        """Say it for the report."""
        return (
            f"{self.connections:,} connections that wait for their next heartbeat take {self.megabytes:,.0f} MB, "
            f"{self.megabytes * 1000 / self.connections:.1f} kB each."
        )


def measure_waiting(server: Controller) -> Waiting:
    """Send one heartbeat over each of 10,000 connections and keep them (as many as this machine's files allow)."""
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    count = _CONNECTIONS if files == resource.RLIM_INFINITY else min(_CONNECTIONS, files - _SPARE_FILES)
    where = urlsplit(server.heartbeat_url)
    body = json.dumps({"id": "waiting", "version": "Telegraf 1.40.0"})
    request = (
        f"POST {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {server.agent_token}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
    before = memory_mb("heartbeat")
    with ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection((where.hostname, where.port), timeout=20))
            connection.sendall(request)
            if not connection.recv(1024).startswith(b"HTTP/1.1 204 "):
                raise CannotMeasure("A heartbeat over one of many connections was not acknowledged.")
        return Waiting(count, memory_mb("heartbeat") - before)
