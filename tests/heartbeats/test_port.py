"""The heartbeat port over real sockets: H1 to H6."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import text

from telegraf_controller.heartbeats import body
from telegraf_controller.heartbeats.wire import connection, server
from tests.cast import AGENT_TOKEN, bearer
from tests.heartbeats.support import Port, message, raw_exchange, running_port

LIMIT = 64 * 1024


@pytest.fixture
async def port(migrated_database_url: str) -> AsyncIterator[Port]:
    """A running heartbeat port that takes bodies of up to 64 KiB."""
    async with running_port(migrated_database_url, heartbeat_max_body=LIMIT) as port:
        yield port


only_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"])
"""For what the database has no part in."""


async def test_success_is_204_without_a_body(port: Port) -> None:
    """H2"""
    answer = await port.beat()
    assert (answer.status_code, answer.content) == (204, b"")
    assert await port.agents() == {"web-1"}


@only_sqlite
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_another_method_is_405(port: Port, method: str) -> None:
    """H3"""
    answer = await port.http.request(method, "/agents/heartbeat")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert method == "HEAD" or answer.json()["error"] == "method_not_allowed"


@only_sqlite
@pytest.mark.parametrize(
    "path", ["/", "/agents", "/agents/heartbeat/", "/agents/heartbeats", "/api/agents", "/health/"]
)
async def test_another_path_is_404(port: Port, path: str) -> None:
    """H3"""
    answer = await port.http.post(path, json=message(), headers=bearer(AGENT_TOKEN))
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


@only_sqlite
async def test_a_query_in_the_address_is_ignored(port: Port) -> None:
    answer = await port.http.post("/agents/heartbeat?a=b", json=message(), headers=bearer(AGENT_TOKEN))
    assert answer.status_code == 204


@only_sqlite
async def test_a_body_over_the_limit_is_413_whether_its_length_is_announced_or_not(port: Port) -> None:
    """H3"""
    large = json.dumps(message(padding="x" * LIMIT)).encode()

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 4096):
            yield large[start : start + 4096]

    announced = await port.post(large)
    streamed = await port.http.post("/agents/heartbeat", content=in_pieces(), headers=bearer(AGENT_TOKEN))
    assert (announced.status_code, announced.json()["error"]) == (413, "body_too_large")
    assert (streamed.status_code, streamed.json()["error"]) == (413, "body_too_large")
    assert await port.agents() == set()


@only_sqlite
async def test_a_body_of_exactly_the_limit_is_taken_in_one_piece_or_many(port: Port) -> None:
    """H3"""
    exact = json.dumps(message(padding="")).encode()
    exact = exact[:-2] + b"x" * (LIMIT - len(exact)) + exact[-2:]
    assert len(exact) == LIMIT

    async def in_pieces() -> AsyncIterator[bytes]:
        yield exact[:1]
        yield exact[1:]

    assert (await port.post(exact)).status_code == 204
    streamed = await port.http.post("/agents/heartbeat", content=in_pieces(), headers=bearer(AGENT_TOKEN))
    assert streamed.status_code == 204


@only_sqlite
@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
async def test_gzip_bodies_are_taken(port: Port, encoding: str) -> None:
    """H4"""
    compressed = gzip.compress(json.dumps(message()).encode(), mtime=0)
    assert (
        await port.post(compressed, headers={**bearer(AGENT_TOKEN), "Content-Encoding": encoding})
    ).status_code == 204


@only_sqlite
async def test_a_gzip_bomb_is_413_and_never_unpacked_whole(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    """H3, H4"""
    largest = 0
    real = zlib.decompressobj

    class Watched:
        def __init__(self, wbits: int) -> None:
            self._real = real(wbits)

        def decompress(self, data: bytes, limit: int) -> bytes:
            nonlocal largest
            plain = self._real.decompress(data, limit)
            largest = max(largest, len(plain))
            return plain

    monkeypatch.setattr(body.zlib, "decompressobj", Watched)  # type: ignore[attr-defined]
    bomb = gzip.compress(b" " * (40 * 1024 * 1024))
    assert len(bomb) < LIMIT
    answer = await port.post(bomb, headers={**bearer(AGENT_TOKEN), "Content-Encoding": "gzip"})
    assert answer.status_code == 413
    assert largest <= LIMIT + 1


@only_sqlite
@pytest.mark.parametrize(
    ("content", "encoding", "status"),
    [
        (b"not gzip at all", "gzip", 400),
        (gzip.compress(json.dumps(message()).encode(), mtime=0)[:-4], "gzip", 400),
        (gzip.compress(json.dumps(message()).encode(), mtime=0) + b"more", "gzip", 400),
        (json.dumps(message()).encode(), "br", 415),
        (gzip.compress(json.dumps(message()).encode(), mtime=0), "gzip, gzip", 415),
        (json.dumps(message()).encode(), "identity", 204),
    ],
)
async def test_bodies_that_are_not_what_their_encoding_says(
    port: Port, content: bytes, encoding: str, status: int
) -> None:
    """H3, H4"""
    answer = await port.post(content, headers={**bearer(AGENT_TOKEN), "Content-Encoding": encoding})
    assert answer.status_code == status


@only_sqlite
async def test_a_wrong_field_is_named_in_the_answer(port: Port) -> None:
    """H3"""
    answer = await port.beat(hostname=5)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_heartbeat"
    assert answer.json()["details"]["field"] == "hostname"


async def test_bad_ones_in_a_burst_disturb_nobody(port: Port) -> None:
    """H3"""
    good = [message(f"good-{number}") for number in range(150)]
    bad: list[object] = [b"nonsense", b"", message(""), message("x" * 300), message(status="X"), {"id": "no version"}]
    bad += [json.dumps(message("big", padding="x" * LIMIT)).encode(), message("nul\0"), message(hostname=[])]
    burst = [*good, *(bad * 10)]
    random.Random(5).shuffle(burst)
    answers = await asyncio.gather(*(port.post(one) for one in burst))
    for sent, answer in zip(burst, answers, strict=True):
        assert answer.status_code == (204 if sent in good else 413 if b"big" in answer.request.content else 400)
    assert await port.agents() == {one["id"] for one in good}


async def test_the_newest_of_an_agent_wins_and_all_are_in_its_series(port: Port) -> None:
    """A1, D1: many of one agent at once, in one connection each."""
    await asyncio.gather(*(port.beat(statistics={"metrics": number}) for number in range(50)))
    await port.beat(statistics={"errors": 7, "metrics": 1000}, status="FAIL")
    liveness = await port.liveness("web-1")
    assert liveness is not None
    assert (liveness.errors, liveness.metrics, liveness.status) == (7, 1000, 2)
    series = await port.series("web-1")
    assert len(series) == 51
    assert {point.metrics for point in series} == {*range(50), 1000}
    assert series == sorted(series, key=lambda point: point.received_ms)


@only_sqlite
@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ([], "127.0.0.1"),
        ([("Telegraf-Agent-IP", "192.0.2.7")], "192.0.2.7"),
        ([("telegraf-agent-ip", "2001:DB8::1")], "2001:db8::1"),
        ([("Telegraf-Agent-IP", "::ffff:192.0.2.7")], "192.0.2.7"),
        ([("Telegraf-Agent-IP", "fe80::1%eth0")], "127.0.0.1"),
        ([("Telegraf-Agent-IP", "example.com")], "127.0.0.1"),
        ([("Telegraf-Agent-IP", "192.0.2.7, 192.0.2.8")], "127.0.0.1"),
        ([("Telegraf-Agent-IP", "192.0.2.7"), ("Telegraf-Agent-IP", "192.0.2.7")], "127.0.0.1"),
        ([("X-Forwarded-For", "192.0.2.7")], "127.0.0.1"),
    ],
)
async def test_which_address_counts(port: Port, headers: list[tuple[str, str]], address: str) -> None:
    """H5"""
    everything = [*bearer(AGENT_TOKEN).items(), *headers]
    answer = await port.http.post("/agents/heartbeat", json=message(), headers=everything)
    assert answer.status_code == 204
    agent = await port.agent("web-1")
    assert agent is not None
    assert agent.ip_address == address


@only_sqlite
async def test_trusted_proxies_make_the_forwarded_address_count(migrated_database_url: str) -> None:
    """H5"""
    async with running_port(migrated_database_url, trusted_proxies="127.0.0.0/8, 10.0.0.0/8") as port:
        headers = {**bearer(AGENT_TOKEN), "X-Forwarded-For": "203.0.113.9, 192.0.2.7, 10.1.1.1"}
        await port.beat(headers=headers)
        agent = await port.agent("web-1")
        assert agent is not None
        assert agent.ip_address == "192.0.2.7"


@only_sqlite
async def test_an_address_cannot_be_hidden_from_a_trusted_proxy(migrated_database_url: str) -> None:
    """H5, T11: what a client begins with bytes that are no text, the proxy goes on with its address"""
    body = json.dumps(message()).encode()
    head = (
        f"POST /agents/heartbeat HTTP/1.1\r\nHost: c\r\nAuthorization: Bearer {AGENT_TOKEN}\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\nX-Forwarded-For: "
    ).encode()
    hidden = head + b"\xe9, 203.0.113.9\r\n\r\n" + body
    async with running_port(migrated_database_url, trusted_proxies="127.0.0.0/8") as port:
        assert (await raw_exchange(port.address, hidden)).startswith(b"HTTP/1.1 204")
        agent = await port.agent("web-1")
        assert agent is not None
        assert agent.ip_address == "203.0.113.9"


@only_sqlite
async def test_health_tells_that_heartbeats_can_be_stored(port: Port) -> None:
    """H6"""
    answer = await port.http.get("/health")
    assert (answer.status_code, answer.text) == (200, "ok")
    assert (await port.http.head("/health")).status_code == 200
    assert (await port.http.post("/health")).status_code == 405


@only_sqlite
async def test_a_body_that_never_comes_is_given_up(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "READ_SECONDS", 0.1)
    head = f"POST /agents/heartbeat HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {AGENT_TOKEN}\r\n"
    answer = await raw_exchange(port.address, f"{head}Content-Length: 50\r\nConnection: close\r\n\r\n{{".encode())
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"in time" in answer
    assert (await port.beat()).status_code == 204


@only_sqlite
async def test_a_client_that_hangs_up_in_its_body_stores_nothing(port: Port) -> None:
    whole = json.dumps(message("cut-off")).encode()
    head = f"POST /agents/heartbeat HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {AGENT_TOKEN}\r\n"
    _, writer = await asyncio.open_connection(*port.address)
    writer.write(f"{head}Content-Length: {len(whole) + 10}\r\n\r\n".encode() + whole)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(0.2)
    assert (await port.beat("after")).status_code == 204
    assert await port.agents() == {"after"}


@only_sqlite
async def test_beyond_what_may_wait_the_answer_is_503_at_once(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    """H3: the writer is held up, a few wait, the others hear 503 and are told when to come back."""
    monkeypatch.setattr("telegraf_controller.heartbeats.buffer.WAITING_HEARTBEATS", 10)
    monkeypatch.setattr("telegraf_controller.heartbeats.buffer.GROUP_HEARTBEATS", 5)
    await port.beat("known")
    async with port.database.write() as session:
        await session.execute(text("UPDATE leases SET holder = holder"))
        waiting = [asyncio.create_task(port.beat(f"one-{number}")) for number in range(40)]
        refused: list[httpx.Response] = []
        while len(refused) < 20:
            done, _ = await asyncio.wait(waiting, timeout=3, return_when=asyncio.FIRST_COMPLETED)
            assert done
            refused = [task.result() for task in waiting if task.done()]
        assert {answer.status_code for answer in refused} == {503}
        assert {answer.json()["error"] for answer in refused} == {"overloaded"}
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    answers = await asyncio.gather(*waiting)
    stored = {message["id"] for message in (json.loads(a.request.content) for a in answers if a.status_code == 204)}
    assert await port.agents() == {"known", *stored}
    assert stored


@only_sqlite
async def test_bodies_that_arrive_at_once_are_bounded_together(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    """H3: memory stays flat, however many connections there are."""
    monkeypatch.setattr(server, "ARRIVING_BYTES", 10_000)
    head = f"POST /agents/heartbeat HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {AGENT_TOKEN}\r\n"
    _, slow = await asyncio.open_connection(*port.address)
    slow.write(f"{head}Content-Length: 9000\r\n\r\n{'{' * 8000}".encode())
    await slow.drain()
    await asyncio.sleep(0.1)
    second = f"{head}Connection: close\r\nContent-Length: 6000\r\n\r\n{'{' * 5000}".encode()
    answer = await raw_exchange(port.address, second)
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"overloaded" in answer
    assert (await port.beat()).status_code == 204, "one that is there whole takes no room"
    slow.close()
    await slow.wait_closed()

    async def is_refused() -> bool:
        return b"overloaded" in await raw_exchange(port.address, second, then=b"}" * 1000)

    async with asyncio.timeout(20):
        while await is_refused():  # noqa: ASYNC110 - only asking tells
            await asyncio.sleep(0.02)


@only_sqlite
async def test_bodies_that_were_only_announced_take_no_room(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    """H3: or a few bytes from anybody could shut others out."""
    monkeypatch.setattr(server, "ARRIVING_BYTES", 10_000)
    held = [await asyncio.open_connection(*port.address) for _ in range(20)]
    for number, (_, writer) in enumerate(held):
        path = ("/health", "/agents/heartbeat", "/nowhere")[number % 3]
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT}\r\n\r\n{{".encode())
    await asyncio.sleep(0.1)
    body = json.dumps(message(padding="x" * 6000)).encode()
    head = f"POST /agents/heartbeat HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {AGENT_TOKEN}\r\n"
    request = f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    assert (await raw_exchange(port.address, request[:5000], then=request[5000:])).startswith(b"HTTP/1.1 204")
    for _, writer in held:
        writer.close()
