"""What agents hear on the wire, from the real server: C1, C2, T4."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from granian.constants import Interfaces
from granian.server.embed import Server

from telegraf_controller.app import build_framework_app, wrap
from tests.cast import AGENT_TOKEN, REVOKED_TOKEN
from tests.configs.steps import Configs, on_one_database
from tests.support.ports import free_port

pytestmark = on_one_database


@dataclass(frozen=True)
class Heard:
    """An answer as it came over the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return a header that comes at most once."""
        values = [value for header, value in self.headers if header == name]
        assert len(values) <= 1
        return values[0] if values else None

    def lasting(self) -> list[tuple[str, str]]:
        """Return the headers that are alike in two answers to the same question."""
        return [(name, value) for name, value in self.headers if name not in ("date", "x-request-id")]


@pytest.fixture
async def port(configs: Configs) -> AsyncIterator[int]:
    """Serve the node on a port of loopback."""
    services = configs.api.services
    port = free_port()
    app = wrap(services, build_framework_app(services))
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGINL, log_enabled=False)
    serving = asyncio.create_task(server.serve())
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            break
        except OSError:
            await asyncio.sleep(0.02)
    yield port
    server.stop()  # type: ignore[no-untyped-call]
    await serving


async def ask(port: int, request_line: str, *headers: str) -> Heard:
    """Send one request on its own connection and read until the server closes it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [request_line + " HTTP/1.1", "Host: controller.test", "Connection: close", *headers, "", ""]
    writer.write("\r\n".join(lines).encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *rest = head.decode("latin-1").split("\r\n")
    pairs = [line.split(": ", 1) for line in rest]
    return Heard(int(status.split()[1]), [(name.lower(), value) for name, value in pairs], body)


AGENT = f"Authorization: Token {AGENT_TOKEN}"


async def test_an_agent_fetches_and_watches(configs: Configs, port: int) -> None:
    """C1, C2"""
    made = await configs.create('a = "&{a:1}"\n')
    url = f"/api/configs/{made['id']}/toml?a=%C3%A4+%22"
    got = await ask(port, f"GET {url}", AGENT, "Accept: application/toml", "Accept-Encoding: gzip")
    assert (got.status, got.body) == (200, 'a = "\u00e4 \\""\n'.encode())
    assert got.header("content-type") == "text/x-toml; charset=utf-8"
    assert got.header("content-length") == str(len(got.body))
    assert got.header("content-encoding") is None
    watched = await ask(port, f"HEAD {url}", AGENT)
    assert (watched.status, watched.body) == (200, b"")
    assert watched.lasting() == got.lasting()
    assert watched.header("last-modified") == await configs.last_modified(made["id"])


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("/api/configs/{id}/toml", REVOKED_TOKEN, 401),
        ("/api/configs/{id}/toml", None, 401),
        ("/api/configs/{id}/toml?a=%FF", AGENT_TOKEN, 400),
        ("/api/configs/{id}/toml", AGENT_TOKEN, 400),
        ("/api/configs/none/toml", AGENT_TOKEN, 404),
        ("/c/none", AGENT_TOKEN, 404),
        ("/c/%FF%00", AGENT_TOKEN, 404),
    ],
    ids=["revoked", "anonymous", "not UTF-8", "missing", "unknown", "no alias", "no name"],
)
async def test_errors_have_a_length_and_no_last_modified(
    configs: Configs, port: int, path: str, token: str | None, status: int
) -> None:
    """C2: Telegraf ignores the status and reloads on a new `Last-Modified`"""
    made = await configs.create('a = "&{a}"\n')
    credentials = [] if token is None else [f"Authorization: Bearer {token}"]
    got = await ask(port, "GET " + path.format(id=made["id"]), *credentials)
    watched = await ask(port, "HEAD " + path.format(id=made["id"]), *credentials)
    assert got.status == watched.status == status
    assert got.header("last-modified") is None
    assert got.header("content-length") == str(len(got.body))
    assert watched.lasting() == got.lasting()
    assert watched.body == b""


async def test_what_is_current_has_no_body(configs: Configs, port: int) -> None:
    """C2"""
    made = await configs.create()
    url = f"/api/configs/{made['id']}/toml"
    etag = (await ask(port, f"GET {url}", AGENT)).header("etag")
    heard = await ask(port, f"GET {url}", AGENT, f"If-None-Match: {etag}")
    assert (heard.status, heard.body, heard.header("etag")) == (304, b"", etag)
    assert heard.header("last-modified") == await configs.last_modified(made["id"])


async def test_two_authorization_lines_are_an_error(configs: Configs, port: int) -> None:
    """T3"""
    made = await configs.create()
    heard = await ask(port, f"GET /api/configs/{made['id']}/toml", AGENT, AGENT)
    assert heard.status == 401
    assert b"missing_credentials" in heard.body


async def test_a_body_on_get_is_ignored(configs: Configs, port: int) -> None:
    made = await configs.create()
    url = f"/api/configs/{made['id']}/toml"
    heard = await ask(port, f"GET {url}", AGENT, "Content-Length: 5", "", "hello")
    assert (heard.status, heard.body) == (200, b"[[inputs.cpu]]\n[[outputs.discard]]\n")
