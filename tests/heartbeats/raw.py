"""Requests to the heartbeat port as bytes, and what comes back, read by the letter of HTTP/1.1."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, settings

from tests.cast import AGENT_TOKEN
from tests.heartbeats.support import message

PATIENCE_SECONDS = 20

LAST = b"GET /health HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n"
"""Ends a connection: after its answer, 200, nothing can come."""

COMMON = settings(
    max_examples=30,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
"""How requests are made up: the same in every run, and many a minute."""

Address = tuple[str, int]


def request(
    method: str = "POST",
    target: str = "/agents/heartbeat",
    *headers: str,
    body: bytes | None = None,
    token: str | None = AGENT_TOKEN,
    version: str = "1.1",
) -> bytes:
    """Return any request; `body` also makes the header that tells its length."""
    lines = [f"{method} {target} HTTP/{version}", "Host: c", *headers]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode() + (body or b"")


def heartbeat(
    instance_id: str = "web-1",
    *headers: str,
    token: str | None = AGENT_TOKEN,
    target: str = "/agents/heartbeat",
    version: str = "1.1",
    **fields: Any,
) -> bytes:
    """Return a heartbeat whose length is announced."""
    return request("POST", target, *headers, body=content(instance_id, **fields), token=token, version=version)


def chunked_heartbeat(instance_id: str = "web-1", *headers: str, size: int = 10, token: str = AGENT_TOKEN) -> bytes:
    """Return a heartbeat in chunks of `size` bytes."""
    body = chunked(content(instance_id), size)
    return request("POST", "/agents/heartbeat", "Transfer-Encoding: chunked", *headers, token=token) + body


def content(instance_id: str, **fields: Any) -> bytes:
    """Return a heartbeat's body."""
    return json.dumps(message(instance_id, **fields)).encode()


def chunked(body: bytes, size: int, *, extension: str = "", trailers: Iterable[str] = ()) -> bytes:
    """Return a body as chunks of `size` bytes."""
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    chunks = b"".join(f"{len(piece):x}{extension}\r\n".encode() + piece + b"\r\n" for piece in pieces)
    return chunks + f"0{extension}\r\n".encode() + "".join(f"{line}\r\n" for line in (*trailers, "")).encode()


@dataclass(frozen=True)
class Answer:
    """One answer; the names of its headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        """Whether it says that its connection ends with it."""
        return self.headers.get("connection", "").lower() == "close"

    @property
    def error(self) -> str:
        """The code in its envelope, which has to be whole."""
        envelope = json.loads(self.body)
        assert {"error", "message", "details"} <= envelope.keys()
        assert self.headers["content-type"] == "application/json"
        return str(envelope["error"])


class Connection:
    """A client's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *pieces: bytes) -> None:
        """Send each piece in a packet of its own, as far as that is in a client's hands."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            if len(pieces) > 1:
                await asyncio.sleep(0.001)

    @asynccontextmanager
    async def sending(self, *pieces: bytes, every_seconds: float = 0.001) -> AsyncIterator[None]:
        """Send pieces during an `async with` block, slowly, and no longer than that or than somebody listens."""

        async def drip() -> None:
            for piece in pieces:
                await self.send(piece)
                await asyncio.sleep(every_seconds)

        dripping = asyncio.create_task(drip())
        try:
            yield
        finally:
            dripping.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await dripping

    async def answer(self) -> Answer:
        """Read one answer. Raises IncompleteReadError when the connection ends before it."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            status, headers = _read_head(head[:-4].decode("ascii"))
            if status == 204 or status < 200:
                assert not {"content-length", "transfer-encoding"} & headers.keys()
                return Answer(status, headers, b"")
            return Answer(status, headers, await self.reader.readexactly(int(headers["content-length"])))

    async def ask(self, *pieces: bytes) -> Answer:
        """Send one request and read its answer."""
        await self.send(*pieces)
        return await self.answer()

    async def answers(self) -> list[Answer]:
        """Read every answer until the server closes the connection; it does not end within one."""
        answers: list[Answer] = []
        while True:
            try:
                answers.append(await self.answer())
            except asyncio.IncompleteReadError as end:
                if end.partial:
                    raise
                return answers

    def reset(self) -> None:
        """Hang up as a process that is killed does: with a reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@asynccontextmanager
async def connected(address: Address, tls: ssl.SSLContext | None = None) -> AsyncIterator[Connection]:
    """Hold a connection for the length of an `async with` block."""
    reader, writer = await asyncio.open_connection(*address, ssl=tls)
    try:
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


async def ask(address: Address, *pieces: bytes, tls: ssl.SSLContext | None = None) -> list[Answer]:
    """Send pieces over a connection of their own and return every answer until the server closes it."""
    async with connected(address, tls) as connection:
        await connection.send(*pieces)
        return await connection.answers()


def statuses(answers: Iterable[Answer]) -> list[int]:
    """Return the status of each answer."""
    return [answer.status for answer in answers]


def one_by_one(data: bytes) -> list[bytes]:
    """Cut data into its bytes."""
    return [data[index : index + 1] for index in range(len(data))]


def _read_head(head: str) -> tuple[int, dict[str, str]]:
    status_line, *lines = head.split("\r\n")
    matched = re.fullmatch(r"HTTP/1\.[01] ([1-5]\d\d) [\x20-\x7e]*", status_line)
    assert matched, status_line
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        assert re.fullmatch(r"[A-Za-z-]+", name), line
        assert colon, line
        assert name.lower() not in headers, line
        headers[name.lower()] = value.strip()
    return int(matched[1]), headers
