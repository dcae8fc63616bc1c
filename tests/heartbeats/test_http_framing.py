"""Requests that could be understood in two ways, or that are too large, on the heartbeat port (H3).

What one server takes for a body and the next for a request of its own, smuggles requests past the first. So whatever
is not plain is refused, and its connection closed: nothing behind it is looked at.
"""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cast import UNKNOWN_TOKEN
from tests.heartbeats.raw import (
    COMMON,
    LAST,
    ask,
    chunked,
    connected,
    content,
    heartbeat,
    request,
    statuses,
)
from tests.heartbeats.support import Port

LIMIT = 1024 * 1024
"""What a heartbeat may have by default."""

BODY = content("first")
SMUGGLED = heartbeat("smuggled")
CHUNKED = chunked(BODY, 1000)


def length(value: str) -> bytes:
    """Return a heartbeat whose length is told in some way."""
    return request("POST", "/agents/heartbeat", f"Content-Length: {value}") + BODY


def encoded(*headers: str, body: bytes = CHUNKED) -> bytes:
    """Return a heartbeat with some headers before its chunks."""
    return request("POST", "/agents/heartbeat", *headers) + body


def in_chunks(body: bytes) -> bytes:
    """Return a heartbeat with such chunks."""
    return encoded("Transfer-Encoding: chunked", body=body)


LENGTH = f"Content-Length: {len(BODY)}"
FIRST_CHUNK, REST = CHUNKED.split(b"\r\n", 1)

AMBIGUOUS: dict[str, bytes] = {
    "length and encoding": encoded(LENGTH, "Transfer-Encoding: chunked"),
    "encoding and length": encoded("Transfer-Encoding: chunked", LENGTH),
    "length that ends within the chunks": encoded("Content-Length: 6", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "two lengths": encoded(LENGTH, f"Content-Length: {len(BODY) + len(SMUGGLED)}", body=BODY),
    "two lengths, the smaller last": encoded(f"Content-Length: {len(BODY) + len(SMUGGLED)}", LENGTH, body=BODY),
    "two lengths in a line": length(f"{len(BODY)}, {len(BODY) + 1}"),
    "negative length": length("-1"),
    "length with a plus": length(f"+{len(BODY)}"),
    "hexadecimal length": length(hex(len(BODY))),
    "length with a space": length(f"{str(len(BODY))[0]} {str(len(BODY))[1:]}"),
    "length with an underscore": length(f"{str(len(BODY))[0]}_{str(len(BODY))[1:]}"),
    "fractional length": length(f"{len(BODY)}.0"),
    "empty length": length(""),
    "overflowing length": length(str(2**64 + len(BODY))),
    "chunked and more": encoded("Transfer-Encoding: chunked, identity"),
    "chunked and more in two lines": encoded("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
    "chunked twice": encoded("Transfer-Encoding: chunked, chunked"),
    "unknown encoding": encoded("Transfer-Encoding: xchunked"),
    "unknown encoding and length": encoded("Transfer-Encoding: identity", LENGTH, body=BODY),
    "encoding behind a control character": encoded("Transfer-Encoding: \x0bchunked"),
    "folded header": encoded("X-Folded: a\r\n b", LENGTH, body=BODY),
    "folded encoding": encoded("Transfer-Encoding:\r\n chunked"),
    "folded first line": encoded(LENGTH, body=BODY).replace(b"\r\nHost", b"\r\n Host"),
    "space before the colon": encoded("Transfer-Encoding : chunked"),
    "space before the colon of a length": encoded(LENGTH.replace(":", " :"), body=BODY),
    "no colon": encoded(LENGTH, "Nonsense", body=BODY),
    "no name": encoded(LENGTH, ": nonsense", body=BODY),
    "space in a name": encoded(LENGTH, "X Y: nonsense", body=BODY),
    "NUL in a header": encoded(LENGTH, "X-Nul: a\0b", body=BODY),
    "NUL in a name": encoded(LENGTH, "X-N\0l: ab", body=BODY),
    "carriage return in a header": encoded(LENGTH, "X-Cr: a\rb", body=BODY),
    "bare line feeds": encoded(LENGTH, body=b"").replace(b"\r\n", b"\n") + BODY,
    "bare line feed after a header": encoded(LENGTH, "X-Bare: a\nX-More: b", body=BODY),
    "bare line feed before the body": encoded(LENGTH, body=b"")[:-2] + b"\n" + BODY,
    "bare carriage returns": encoded(LENGTH, body=b"").replace(b"\r\n", b"\r") + BODY,
    "no version": encoded(LENGTH, body=BODY).replace(b" HTTP/1.1", b"", 1),
    "unknown version": encoded(LENGTH, body=BODY).replace(b" HTTP/1.1", b" HTTP/3.7", 1),
    "space in the target": encoded(LENGTH, body=BODY).replace(b"/agents/", b"/agents /", 1),
    "control character in the target": encoded(LENGTH, body=BODY).replace(b"/agents/", b"/agents\x01/", 1),
    "no target": encoded(LENGTH, body=BODY).replace(b"/agents/heartbeat", b"", 1),
    "chunk size with a plus": in_chunks(b"+" + CHUNKED),
    "negative chunk size": in_chunks(b"-" + CHUNKED),
    "chunk size as in a program": in_chunks(b"0x" + CHUNKED),
    "chunk size with a space before": in_chunks(b" " + CHUNKED),
    "chunk size that is no number": in_chunks(b"z" + CHUNKED),
    "chunk size that overflows": in_chunks(b"1" + b"0" * 16 + FIRST_CHUNK.rjust(2, b"0")[-2:] + b"\r\n" + REST),
    "empty chunk size": in_chunks(b"\r\n" + CHUNKED),
    "chunk that is longer": in_chunks(f"{len(BODY) - 1:x}\r\n".encode() + REST),
    "chunk without its end": in_chunks(FIRST_CHUNK + b"\r\n" + BODY + b"0\r\n\r\n"),
    "chunk that ends with a line feed": in_chunks(FIRST_CHUNK + b"\r\n" + BODY + b"\n0\r\n\r\n"),
    "chunk size that ends with a line feed": in_chunks(FIRST_CHUNK + b"\n" + REST),
    "chunk size that ends with a carriage return": in_chunks(FIRST_CHUNK + b"\rX" + REST),
    "line feed in a chunk's extension": in_chunks(FIRST_CHUNK + b";a\nb\r\n" + REST),
}


@pytest.mark.parametrize("kind", AMBIGUOUS)
async def test_what_could_be_understood_in_two_ways_is_refused(shared_port: Port, kind: str) -> None:
    """The connection is closed, too, and what stands behind is no request."""
    before = await stored(shared_port)
    answers = await ask(shared_port.address, AMBIGUOUS[kind] + SMUGGLED + LAST)
    assert statuses(answers) == [400]
    assert answers[0].closes
    assert await stored(shared_port) == before


async def stored(port: Port) -> int:
    """Return how many of these requests were taken for heartbeats."""
    return len(await port.series("first")) + len(await port.series("smuggled"))


@pytest.mark.parametrize("kind", ["two lengths", "folded header", "no version"])
async def test_the_refusal_is_an_envelope(shared_port: Port, kind: str) -> None:
    """H3"""
    [answer] = await ask(shared_port.address, AMBIGUOUS[kind])
    assert answer.error
    assert "date" in answer.headers


@settings(COMMON, max_examples=50)
@given(garbage=st.binary(min_size=1, max_size=200))
async def test_garbage_is_no_request(shared_port: Port, garbage: bytes) -> None:
    """Lines without anything are ignored; 200 is the answer to what comes behind."""
    answers = await ask(shared_port.address, garbage + b"\r\n\r\n" + LAST)
    assert statuses(answers) in ([], [400], [405], [505]) or not garbage.strip(b"\r\n")


@pytest.mark.parametrize("kind", ["HTTP/2", "TLS"])
async def test_another_protocol_ends_its_connection_and_no_other(shared_port: Port, kind: str) -> None:
    """At once: the keep-alive timeout is longer than a test may wait."""
    sent = {"HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", "TLS": client_hello()}[kind]
    async with connected(shared_port.address) as other:
        assert (await other.ask(heartbeat())).status == 204
        answers = await ask(shared_port.address, sent)
        assert statuses(answers) in ([], [400], [405], [505])
        assert (await other.ask(heartbeat())).status == 204


def client_hello() -> bytes:
    """Return the first bytes that a client of TLS sends."""
    outgoing = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="c")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


# What is too large


@pytest.mark.parametrize("headers", [(), ("Expect: 100-continue",)])
async def test_a_length_over_the_limit_is_refused_before_the_body_comes(
    shared_port: Port, headers: tuple[str, ...]
) -> None:
    """H3"""
    head = request("POST", "/agents/heartbeat", f"Content-Length: {LIMIT + 1}", *headers)
    async with connected(shared_port.address) as connection:
        answer = await connection.ask(head)
        assert (answer.status, answer.error, answer.closes) == (413, "body_too_large", True)


@pytest.mark.parametrize("size", [None, 4096, 100_000])
async def test_who_goes_on_sending_a_body_that_is_too_large_reads_the_refusal(
    shared_port: Port, size: int | None
) -> None:
    """H3: the answer comes before the body has ended, and is not lost by that."""
    body = content("large", padding="x" * 2 * LIMIT)
    sent = request(body=body) if size is None else in_chunks(chunked(body, size))
    async with connected(shared_port.address) as connection:
        answer = await connection.ask(*(sent[start : start + 65_536] for start in range(0, len(sent), 65_536)))
        assert (answer.status, answer.error) == (413, "body_too_large")
    assert "large" not in await shared_port.agents()


async def test_a_heartbeat_of_exactly_the_limit_is_taken(shared_port: Port) -> None:
    """H3"""
    empty = len(content("exact", padding=""))
    body = content("exact", padding="x" * (LIMIT - empty))
    answers = await ask(shared_port.address, request(body=body) + in_chunks(chunked(body, 50_000)) + LAST)
    assert statuses(answers) == [204, 204, 200]


async def test_who_is_refused_before_the_body_is_not_asked_for_it(shared_port: Port) -> None:
    """T4"""
    head = heartbeat("x", "Expect: 100-continue", token=UNKNOWN_TOKEN).partition(b"{")[0]
    async with connected(shared_port.address) as connection:
        assert (await connection.ask(head)).status == 401


async def test_who_goes_on_sending_an_unwanted_body_reads_the_refusal(shared_port: Port) -> None:
    """T4"""
    sent = heartbeat("unwanted", token=UNKNOWN_TOKEN, padding="x" * 900 * 1024)
    async with connected(shared_port.address) as connection:
        answer = await connection.ask(*(sent[start : start + 65_536] for start in range(0, len(sent), 65_536)))
        assert (answer.status, answer.error) == (401, "invalid_token")


@pytest.mark.parametrize(
    "chunks",
    [
        chunked(BODY, 10, extension=";" + "x" * 100_000),
        chunked(BODY, 10, extension=";" + "x" * 100_000)[:500_000],
        chunked(BODY, 10, trailers=["X: " + "x" * 1_000_000]),
        chunked(BODY, 10, trailers=[f"X-{number}: {'x' * 1000}" for number in range(1000)]),
        chunked(BODY, 10, trailers=["X: " + "x" * 1_000_000])[:-4],
    ],
    ids=["extensions", "endless extension", "long trailer", "many trailers", "endless trailer"],
)
async def test_what_stands_around_chunks_is_limited_too(shared_port: Port, chunks: bytes) -> None:
    """H3: the connection ends; whether trailers are waited for before the answer is open."""
    before = await stored(shared_port)
    [answer] = await ask(shared_port.address, in_chunks(chunks))
    assert answer.status in (204, 400, 413, 431)
    assert await stored(shared_port) - before == (answer.status == 204)


LARGE_HEADS = {
    "long header": request("POST", "/agents/heartbeat", "X-Long: " + "x" * 140_000, body=b""),
    "very long header": request("POST", "/agents/heartbeat", "X-Long: " + "x" * 500_000, body=b""),
    "long name": request("POST", "/agents/heartbeat", "X" * 140_000 + ": x", body=b""),
    "many long headers": request("POST", "/agents/heartbeat", *("X: " + "x" * 1000 for _ in range(140)), body=b""),
    "many headers": request("POST", "/agents/heartbeat", *(f"X-{number}: x" for number in range(101)), body=b""),
    "long target": request("POST", "/agents/heartbeat?" + "x" * 140_000, body=b""),
    "never ending": request("POST", "/agents/heartbeat", "X-Long: " + "x" * 140_000)[:-4],
}


@pytest.mark.parametrize("kind", LARGE_HEADS)
async def test_a_head_that_is_too_large_is_refused(shared_port: Port, kind: str) -> None:
    [answer] = await ask(shared_port.address, LARGE_HEADS[kind])
    assert answer.status in ((414, 431) if kind == "long target" else (431,))
    assert answer.closes


async def test_a_head_that_is_a_little_too_large_is_refused(shared_port: Port) -> None:
    [answer] = await ask(shared_port.address, request("GET", "/health", "X-Long: " + "x" * 66_000))
    assert (answer.status, answer.closes) == (431, True)


async def test_a_head_that_grows_too_large_little_by_little_is_refused(shared_port: Port) -> None:
    async with connected(shared_port.address) as connection:
        async with connection.sending(request()[:-2], *[b"X-More: " + b"x" * 992 + b"\r\n"] * 2000):
            [answer] = await connection.answers()
        assert answer.status == 431


async def test_a_large_head_is_taken(shared_port: Port) -> None:
    many = heartbeat("many headers", *(f"X-{number}: x" for number in range(97)))
    long = heartbeat("a long header", "X-Long: " + "x" * 60_000)
    assert statuses(await ask(shared_port.address, many + long + LAST)) == [204, 204, 200]
