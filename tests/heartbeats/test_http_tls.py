"""The heartbeat port over TLS: records, handshakes, and clients that break off (H1, H7)."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.heartbeats.raw import (
    LAST,
    PATIENCE_SECONDS,
    ask,
    chunked,
    connected,
    content,
    heartbeat,
    one_by_one,
    request,
    statuses,
)
from tests.heartbeats.support import Port, running_port
from tests.support.certificates import make_certificate


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate and its key."""
    return make_certificate(tmp_path_factory.mktemp("certificate") / "one")


@pytest.fixture(scope="module")
async def tls_port(
    _migrated_sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory, certificate: tuple[Path, Path]
) -> AsyncIterator[Port]:
    """A port that speaks TLS."""
    path = tmp_path_factory.mktemp("tls") / "controller.db"
    shutil.copy(_migrated_sqlite_file, path)
    async with running_port(str(path), ssl_cert=certificate[0], ssl_key=certificate[1]) as port:
        yield port


@pytest.fixture
async def hasty_port(
    _migrated_sqlite_file: Path, tmp_path: Path, certificate: tuple[Path, Path]
) -> AsyncIterator[Port]:
    """Another, whose connections may wait for a second."""
    path = tmp_path / "controller.db"
    shutil.copy(_migrated_sqlite_file, path)
    cert, key = certificate
    async with running_port(str(path), ssl_cert=cert, ssl_key=key, keep_alive_timeout=1) as port:
        yield port


@pytest.fixture
def tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    """What a client trusts."""
    return ssl.create_default_context(cafile=certificate[0])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_connection_over_tls_serves_many_heartbeats(
    tls_port: Port, tls: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    """H7"""
    tls.minimum_version = tls.maximum_version = version
    async with connected(tls_port.address, tls) as connection:
        for number in range(3):
            answer = await connection.ask(heartbeat(f"{version.name} {number}"))
            assert (answer.status, answer.closes) == (204, False)
    assert {f"{version.name} {number}" for number in range(3)} <= await tls_port.agents()


async def test_a_connection_over_tls_ends_when_its_client_says_so(tls_port: Port, tls: ssl.SSLContext) -> None:
    [answer] = await ask(tls_port.address, heartbeat("once", "Connection: close"), tls=tls)
    assert (answer.status, answer.closes) == (204, True)


@pytest.mark.parametrize("number", [2, 50, 500])
async def test_requests_that_share_records_are_all_answered(tls_port: Port, tls: ssl.SSLContext, number: int) -> None:
    """What is decrypted already makes no socket readable."""
    answers = await ask(tls_port.address, heartbeat() * number + LAST, tls=tls)
    assert statuses(answers) == [204] * number + [200]


async def test_a_heartbeat_may_come_in_a_record_for_each_byte(tls_port: Port, tls: ssl.SSLContext) -> None:
    async with connected(tls_port.address, tls) as connection:
        assert (await connection.ask(*one_by_one(heartbeat("byte by byte")))).status == 204


@pytest.mark.parametrize("in_chunks", [False, True])
@pytest.mark.parametrize("record", [500, 16_384, 1_000_000])
async def test_a_large_heartbeat_comes_in_many_records(
    tls_port: Port, tls: ssl.SSLContext, record: int, in_chunks: bool
) -> None:
    body = content("large", padding="x" * 900 * 1024)
    sent = request(body=body)
    if in_chunks:
        sent = request("POST", "/agents/heartbeat", "Transfer-Encoding: chunked") + chunked(body, 1000)
    async with connected(tls_port.address, tls) as connection:
        for start in range(0, len(sent), record):
            connection.writer.write(sent[start : start + record])
        await connection.writer.drain()
        assert (await connection.answer()).status == 204
        assert (await connection.ask(heartbeat())).status == 204


async def test_a_client_that_reads_late_reads_every_answer(tls_port: Port, tls: ssl.SSLContext) -> None:
    async with connected(tls_port.address, tls) as connection:
        sent = b"".join(request("GET", f"/late/{number}") for number in range(3000)) + LAST
        async with connection.sending(sent):
            await asyncio.sleep(0.3)
            *answers, last = await connection.answers()
    assert (len(answers), last.status) == (3000, 200)
    assert all(f"'/late/{number}'".encode() in answer.body for number, answer in enumerate(answers))


# Clients that do not go on


@pytest.mark.parametrize("bytes_sent", [0, 100])
async def test_a_handshake_that_stalls_is_given_up_and_disturbs_nobody(
    hasty_port: Port, tls: ssl.SSLContext, bytes_sent: int
) -> None:
    """H7"""
    async with connected(hasty_port.address, tls) as other, connected(hasty_port.address) as stalled:
        await stalled.send(client_hello(tls)[:bytes_sent])
        assert (await other.ask(heartbeat())).status == 204
        async with asyncio.timeout(PATIENCE_SECONDS):
            await stalled.reader.read()


async def test_stalled_handshakes_stop_nobody(tls_port: Port, tls: ssl.SSLContext) -> None:
    async with connected(tls_port.address) as one, connected(tls_port.address) as two:
        await one.send(client_hello(tls)[:50])
        await two.send(client_hello(tls))
        assert statuses(await ask(tls_port.address, heartbeat() + LAST, tls=tls)) == [204, 200]


async def test_a_connection_that_waits_too_long_is_closed(hasty_port: Port, tls: ssl.SSLContext) -> None:
    """H7"""
    assert await ask(hasty_port.address, b"", tls=tls) == []
    assert statuses(await ask(hasty_port.address, heartbeat() + b"POST /", tls=tls)) == [204]


@pytest.mark.parametrize("sent", [heartbeat("plain"), b"\0" * 100, b"\x16\x03\x01\0\x05hello"])
async def test_what_is_no_handshake_ends_its_connection_and_no_other(
    tls_port: Port, tls: ssl.SSLContext, sent: bytes
) -> None:
    async with connected(tls_port.address, tls) as other, connected(tls_port.address) as plain:
        await plain.send(sent)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert b" 204 " not in await plain.reader.read()
        assert (await other.ask(heartbeat())).status == 204
    assert "plain" not in await tls_port.agents()


@pytest.mark.parametrize("sent", [b"", heartbeat("gone")[:50], heartbeat("gone")[:-5], heartbeat("stayed")])
@pytest.mark.parametrize("reset", [False, True])
async def test_a_client_that_hangs_up_disturbs_nobody(
    tls_port: Port, tls: ssl.SSLContext, sent: bytes, reset: bool
) -> None:
    """Without the goodbye of TLS, as a process that is killed."""
    async with connected(tls_port.address, tls) as other:
        async with connected(tls_port.address, tls) as connection:
            await connection.send(sent)
            if reset:
                connection.reset()
        assert (await other.ask(heartbeat())).status == 204
    assert "gone" not in await tls_port.agents()


async def test_tls_1_1_is_refused(tls_port: Port, tls: ssl.SSLContext) -> None:
    tls.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionResetError)) as refusal:
        await ask(tls_port.address, heartbeat(), tls=tls)
    assert "NO_PROTOCOLS_AVAILABLE" not in str(refusal.value)  # the client did try


def client_hello(tls: ssl.SSLContext) -> bytes:
    """Return the first bytes that a client sends."""
    outgoing = ssl.MemoryBIO()
    client = tls.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()
