"""Requests and answers on the heartbeat port, byte by byte over real sockets (H1 to H3, T4)."""

from __future__ import annotations

import asyncio
import gzip
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import READ_TOKEN, UNKNOWN_TOKEN
from tests.heartbeats.raw import (
    COMMON,
    LAST,
    Connection,
    ask,
    chunked,
    chunked_heartbeat,
    connected,
    content,
    heartbeat,
    one_by_one,
    request,
    statuses,
)
from tests.heartbeats.support import Port, raw_exchange

GZIPPED = gzip.compress(content("gzipped"), mtime=0)

KINDS: dict[str, tuple[bytes, int]] = {
    "heartbeat": (heartbeat("plain"), 204),
    "chunked": (chunked_heartbeat("chunked"), 204),
    "gzip": (request("POST", "/agents/heartbeat", "Content-Encoding: gzip", body=GZIPPED), 204),
    "no JSON": (request(body=b"POST /agents/heartbeat HTTP/1.1\r\n\r\n"), 400),
    "wrong field": (heartbeat("wrong", hostname=5), 400),
    "no token": (heartbeat(token=None), 401),
    "malformed token": (heartbeat(token="none"), 401),
    "unknown token": (heartbeat(token=UNKNOWN_TOKEN), 401),
    "unknown token, chunked": (chunked_heartbeat(token=UNKNOWN_TOKEN), 401),
    "token without the right": (heartbeat(token=READ_TOKEN), 403),
    "another path": (heartbeat(target="/agents"), 404),
    "another path, no body": (request("GET", "/"), 404),
    "another method": (request("PUT", body=content("put")), 405),
    "another method at health": (request("POST", "/health", body=b"x"), 405),
    "another encoding": (request("POST", "/agents/heartbeat", "Content-Encoding: br", body=b"x"), 415),
    "health": (request("GET", "/health", token=None), 200),
}
"""Requests after which their connection goes on, and the status of each one's answer."""

every_kind = pytest.mark.parametrize("kind", KINDS)
every_error = pytest.mark.parametrize("kind", [kind for kind, (_, status) in KINDS.items() if status >= 400])


# How a request arrives


@every_kind
async def test_a_request_may_arrive_byte_by_byte(shared_port: Port, kind: str) -> None:
    sent, status = KINDS[kind]
    async with connected(shared_port.address) as connection:
        assert (await connection.ask(*one_by_one(sent))).status == status
        assert (await connection.ask(heartbeat())).status == 204


async def test_a_head_may_arrive_before_its_body(shared_port: Port) -> None:
    """H2"""
    head, body = heartbeat("parted").split(b"\r\n\r\n")
    answers = await ask(shared_port.address, head + b"\r\n\r\n", body, LAST)
    assert statuses(answers) == [204, 200]
    assert "parted" in await shared_port.agents()


async def test_empty_lines_before_a_request_are_ignored(shared_port: Port) -> None:
    assert statuses(await ask(shared_port.address, b"\r\n" + heartbeat() + b"\r\n" + LAST)) == [204, 200]


async def test_a_chunked_heartbeat_may_be_parted_anywhere(shared_port: Port) -> None:
    sent = chunked_heartbeat("parted", size=33)
    async with connected(shared_port.address) as connection:
        for place in range(1, len(sent)):
            assert (await connection.ask(sent[:place], sent[place:])).status == 204, place


CUTS = st.sets(st.integers(min_value=1, max_value=3000), max_size=20)


@COMMON
@given(kinds=st.lists(st.sampled_from(list(KINDS)), max_size=8), cuts=CUTS)
async def test_how_requests_are_spread_over_packets_does_not_matter(
    shared_port: Port, kinds: list[str], cuts: set[int]
) -> None:
    """Of requests in any order, sent without waiting for answers."""
    assert await answered(shared_port, kinds, cuts) == [*(KINDS[kind][1] for kind in kinds), 200]


async def answered(port: Port, kinds: list[str], cuts: set[int]) -> list[int]:
    """Send requests, cut at some places, and return the status of every answer."""
    sent = b"".join(KINDS[kind][0] for kind in kinds) + LAST
    places = [0, *sorted(place for place in cuts if place < len(sent)), len(sent)]
    pieces = [sent[start:end] for start, end in pairwise(places)]
    return statuses(await ask(port.address, *pieces))


# Many requests over one connection


@every_kind
async def test_what_comes_again_over_a_connection_is_answered_like_the_first(shared_port: Port, kind: str) -> None:
    """H2, T4: heads that are remembered, and heartbeats that are let in by what let in the last."""
    sent, status = KINDS[kind]
    async with connected(shared_port.address) as connection:
        first = await connection.ask(sent)
        assert (await connection.ask(heartbeat("first"))).status == 204
        for _ in range(3):
            again = await connection.ask(sent)
            assert (again.status, again.body) == (first.status, first.body) == (status, first.body)
        half = len(sent) // 2
        assert (await connection.ask(sent[:half], sent[half:])).status == status
        assert (await connection.ask(heartbeat("last"))).status == 204
    assert {"first", "last"} <= await shared_port.agents()


async def test_a_remembered_head_takes_no_more_and_no_less_than_its_body(shared_port: Port) -> None:
    """H2: requests that end in the next packet, or in front of another one."""
    one, other = heartbeat("less-1"), heartbeat("less-2")
    head = one.split(b"\r\n\r\n")[0] + b"\r\n\r\n"
    async with connected(shared_port.address) as connection:
        for _ in range(2):
            assert (await connection.ask(one)).status == 204
            assert (await connection.ask(one[:-1], one[-1:])).status == 204
            assert (await connection.ask(head, one[len(head) :])).status == 204
            await connection.send(one + other[:-5])
            assert (await connection.answer()).status == 204
            await connection.send(other[-5:] + one)
            assert [(await connection.answer()).status for _ in range(2)] == [204, 204]


@pytest.mark.parametrize("number", [2, 50])
async def test_heartbeats_in_one_packet_are_all_stored(shared_port: Port, number: int) -> None:
    """H2"""
    names = [f"pipelined-{number}-{turn}" for turn in range(number)]
    answers = await ask(shared_port.address, b"".join(heartbeat(name) for name in names) + LAST)
    assert statuses(answers) == [204] * number + [200]
    assert set(names) <= await shared_port.agents()


async def test_answers_come_in_the_order_of_their_requests(shared_port: Port) -> None:
    paths = [f"/nowhere/{turn}" for turn in range(50)]
    answers = await ask(shared_port.address, b"".join(heartbeat(target=path) for path in paths) + LAST)
    assert statuses(answers) == [404] * 50 + [200]
    for path, answer in zip(paths, answers, strict=False):
        assert f"'{path}'".encode() in answer.body


@every_kind
async def test_a_request_right_behind_another_is_answered(shared_port: Port, kind: str) -> None:
    """H2: the body of the first is skipped to the byte, whether it was wanted or not."""
    sent, status = KINDS[kind]
    name = f"behind {kind}"
    answers = await ask(shared_port.address, sent + heartbeat(name) + LAST)
    assert statuses(answers) == [status, 204, 200]
    assert name in await shared_port.agents()


@every_kind
async def test_a_connection_goes_on_after_every_kind_of_answer(shared_port: Port, kind: str) -> None:
    """H7"""
    sent, status = KINDS[kind]
    async with connected(shared_port.address) as connection:
        for _ in range(2):
            answer = await connection.ask(sent)
            assert (answer.status, answer.closes) == (status, False)
        assert (await connection.ask(heartbeat())).status == 204


@every_kind
@pytest.mark.parametrize("value", ["close", "Close", "CLOSE", "close, te", "te,close", "keep-alive, close"])
async def test_a_connection_ends_when_its_client_says_so(shared_port: Port, kind: str, value: str) -> None:
    sent, status = KINDS[kind]
    closing = sent.replace(b"Host: c", b"Host: c\r\nConnection: " + value.encode(), 1)
    [answer] = await ask(shared_port.address, closing)
    assert (answer.status, answer.closes) == (status, True)


async def test_what_comes_behind_the_last_request_is_ignored(shared_port: Port) -> None:
    answers = await ask(shared_port.address, heartbeat("last", "Connection: close") + heartbeat("behind the last"))
    assert statuses(answers) == [204]
    assert "behind the last" not in await shared_port.agents()


async def test_a_client_of_http_1_0_gets_one_answer(shared_port: Port) -> None:
    sent = heartbeat("old", version="1.0")
    assert statuses(await ask(shared_port.address, sent + heartbeat("behind the old"))) == [204]
    assert "old" in await shared_port.agents()
    assert "behind the old" not in await shared_port.agents()


@pytest.mark.parametrize("value", ["keep-alive", "Keep-Alive"])
async def test_a_client_of_http_1_0_may_keep_its_connection(shared_port: Port, value: str) -> None:
    async with connected(shared_port.address) as connection:
        for _ in range(2):
            answer = await connection.ask(heartbeat("old", f"Connection: {value}", version="1.0"))
            assert (answer.status, answer.headers["connection"].lower()) == (204, "keep-alive")


# What an answer is made of


@every_kind
async def test_every_answer_has_its_date(shared_port: Port, kind: str) -> None:
    [answer] = await ask(shared_port.address, KINDS[kind][0].replace(b"Host: c", b"Host: c\r\nConnection: close", 1))
    date = answer.headers["date"]
    assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", date)
    assert abs(parsedate_to_datetime(date) - datetime.now(UTC)) < timedelta(minutes=1)


@every_error
async def test_every_refusal_is_an_envelope(shared_port: Port, kind: str) -> None:
    """H3, T4"""
    sent, status = KINDS[kind]
    async with connected(shared_port.address) as connection:
        answer = await connection.ask(sent)
    assert answer.error
    assert answer.headers["cache-control"] == "no-store"
    assert (answer.headers.get("www-authenticate") == "Bearer") == (status in (401, 403))
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(("target", "status"), [("/health", 200), ("/agents/heartbeat", 405), ("/nowhere", 404)])
async def test_an_answer_to_head_has_no_body(shared_port: Port, target: str, status: int) -> None:
    """H6"""
    received = await raw_exchange(shared_port.address, request("HEAD", target) + LAST)
    first, second, rest = received.split(b"\r\n\r\n")
    assert first.startswith(f"HTTP/1.1 {status} ".encode())
    assert second.startswith(b"HTTP/1.1 200 ")
    assert rest == b"ok"


async def test_health_is_told_in_a_word(shared_port: Port) -> None:
    """H6"""
    [answer] = await ask(shared_port.address, LAST)
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"ok", "text/plain; charset=utf-8")


# Targets and methods


@pytest.mark.parametrize(
    "target",
    ["/agents/heartbeat?a=b", "/agents/heartbeat?", "http://c/agents/heartbeat", "http://c:8000/agents/heartbeat?a"],
)
async def test_queries_and_absolute_targets_are_understood(shared_port: Port, target: str) -> None:
    """H1"""
    assert statuses(await ask(shared_port.address, heartbeat(target=target) + LAST)) == [204, 200]


@pytest.mark.parametrize("target", [b"/\xff", b"/%ff", b"/%00", b"/agents/heartbeat\xc3\xa9", b"/agents/heartbeat%"])
async def test_targets_that_are_no_text_are_not_found(shared_port: Port, target: bytes) -> None:
    """H3"""
    sent = heartbeat("nobody").replace(b"/agents/heartbeat", target, 1)
    async with connected(shared_port.address) as connection:
        assert (await connection.ask(sent)).status in (400, 404)


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("OPTIONS", "*", 404),
        ("OPTIONS", "/agents/heartbeat", 405),
        ("TRACE", "/agents/heartbeat", 405),
        ("PATCH", "/health", 405),
        ("GET", "/agents/heartbeat", 405),
    ],
)
async def test_other_methods_are_refused_and_the_connection_goes_on(
    shared_port: Port, method: str, target: str, status: int
) -> None:
    """H3"""
    answers = await ask(shared_port.address, request(method, target) + heartbeat() + LAST)
    assert statuses(answers) == [status, 204, 200]
    assert answers[0].error in ("not_found", "method_not_allowed")


@pytest.mark.parametrize("target", ["c:443", "/agents/heartbeat"])
async def test_nobody_is_connected_through(shared_port: Port, target: str) -> None:
    async with connected(shared_port.address) as connection:
        assert (await connection.ask(request("CONNECT", target))).status in (400, 404, 405)


@pytest.mark.parametrize(
    "headers",
    [
        ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
        ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGVzdA==", "Sec-WebSocket-Version: 13"),
    ],
)
async def test_an_upgrade_is_not_taken_up(shared_port: Port, headers: tuple[str, ...]) -> None:
    """The request is answered as if it had not been offered, and so is the next."""
    offers = (heartbeat("whole", *headers), chunked_heartbeat("parts", *headers), request("GET", "/health", *headers))
    sent = b"".join(offers) + heartbeat("upgraded") + LAST
    assert statuses(await ask(shared_port.address, sent)) == [204, 204, 200, 204, 200]
    assert {"whole", "parts", "upgraded"} <= await shared_port.agents()


# Headers


async def test_headers_are_told_apart_without_case_and_space_around_values_is_dropped(shared_port: Port) -> None:
    """H5, T4"""
    sent = heartbeat("shouting", "telegraf-AGENT-ip:\t 192.0.2.7 \t").replace(b"Authorization: ", b"AUTHORIZATION:")
    assert statuses(await ask(shared_port.address, sent + LAST)) == [204, 200]
    assert await address_of(shared_port, "shouting") == "192.0.2.7"


async def test_what_an_agent_says_of_itself_is_not_kept_for_its_next_request(shared_port: Port) -> None:
    """H5"""
    async with connected(shared_port.address) as connection:
        for line, address in (("Telegraf-Agent-IP: 192.0.2.8", "192.0.2.8"), ("X-Other: 1", "127.0.0.1")):
            assert (await connection.ask(heartbeat("changing", line))).status == 204
            assert await address_of(shared_port, "changing") == address


async def test_the_same_bytes_from_elsewhere_have_another_address(shared_port: Port) -> None:
    """H5"""
    for address in ("127.0.0.2", "127.0.0.3", "127.0.0.2"):
        reader, writer = await asyncio.open_connection(*shared_port.address, local_addr=(address, 0))
        assert (await Connection(reader, writer).ask(heartbeat("moving"))).status == 204
        assert await address_of(shared_port, "moving") == address
        writer.close()
        await writer.wait_closed()


async def address_of(port: Port, instance_id: str) -> str | None:
    """Return where an agent is, by its record."""
    agent = await port.agent(instance_id)
    assert agent is not None
    return agent.ip_address


# Bodies


@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_a_heartbeat_may_come_in_chunks_of_any_size(shared_port: Port, size: int) -> None:
    name = f"in chunks of {size}"
    assert statuses(await ask(shared_port.address, chunked_heartbeat(name, size=size) + LAST)) == [204, 200]
    assert name in await shared_port.agents()


@pytest.mark.parametrize(
    "body",
    [
        chunked(content("extended"), 20, extension=";name"),
        chunked(content("extended"), 20, extension=";name=value"),
        chunked(content("extended"), 20, extension=';name="some value"'),
        chunked(content("extended"), 20, trailers=["X-Checksum: 1", "X-More: 2"]),
        b"000" + chunked(content("extended"), 200),
        chunked(content("extended"), 0x5A).replace(b"5a\r\n", b"5A\r\n"),
    ],
    ids=["extension", "extension with value", "quoted extension", "trailers", "leading zeros", "upper case"],
)
async def test_all_that_chunks_may_have_is_understood(shared_port: Port, body: bytes) -> None:
    head = request("POST", "/agents/heartbeat", "Transfer-Encoding: chunked")
    assert statuses(await ask(shared_port.address, head + body + heartbeat() + LAST)) == [204, 204, 200]


async def test_a_trailer_is_no_header(shared_port: Port) -> None:
    """T4"""
    head = request("POST", "/agents/heartbeat", "Transfer-Encoding: chunked", "Trailer: Authorization", token=None)
    token = request().decode().partition("Authorization: ")[2].partition("\r\n")[0]
    body = chunked(content("trailer"), 20, trailers=[f"Authorization: {token}"])
    assert statuses(await ask(shared_port.address, head + body + LAST)) == [401, 200]


@pytest.mark.parametrize("size", [1, 50])
async def test_a_compressed_heartbeat_may_come_in_chunks(shared_port: Port, size: int) -> None:
    """H4"""
    head = request("POST", "/agents/heartbeat", "Transfer-Encoding: chunked", "Content-Encoding: gzip")
    assert statuses(await ask(shared_port.address, head + chunked(GZIPPED, size) + LAST)) == [204, 200]
    assert "gzipped" in await shared_port.agents()


async def test_large_heartbeats_may_follow_each_other_without_waiting(shared_port: Port) -> None:
    sent = b"".join(heartbeat(f"large {number}", padding="x" * 900 * 1024) for number in range(5))
    assert statuses(await ask(shared_port.address, sent + LAST)) == [204] * 5 + [200]
    assert {f"large {number}" for number in range(5)} <= await shared_port.agents()


async def test_a_request_without_a_body_has_none(shared_port: Port) -> None:
    """H3: what follows is the next request."""
    answers = await ask(shared_port.address, request() + heartbeat() + LAST)
    assert statuses(answers) == [400, 204, 200]
    assert answers[0].error == "invalid_heartbeat"


async def test_a_body_is_asked_for_when_the_client_waits_to_be_asked(shared_port: Port) -> None:
    sent = heartbeat("waiting", "Expect: 100-continue")
    head, body = sent.split(b"\r\n\r\n")
    async with connected(shared_port.address) as connection:
        for _ in range(2):
            assert (await connection.ask(head + b"\r\n\r\n")).status == 100
            assert (await connection.ask(body)).status == 204


async def test_a_body_that_comes_unasked_is_taken(shared_port: Port) -> None:
    answers = await ask(shared_port.address, heartbeat("unasked", "Expect: 100-continue") + LAST)
    assert [status for status in statuses(answers) if status != 100] == [204, 200]


async def test_many_connections_at_once_are_served(shared_port: Port) -> None:
    sent = [heartbeat(f"many-{number}", "Connection: close") for number in range(200)]
    answers = await asyncio.gather(*(ask(shared_port.address, one) for one in sent))
    assert [statuses(one) for one in answers] == [[204]] * 200
