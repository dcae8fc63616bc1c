"""How requests are read off the wire: heads that come again, bodies in chunks (H1, H3, H4)."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraf_controller.errors import ControllerError
from telegraf_controller.heartbeats.wire import heads
from telegraf_controller.heartbeats.wire.chunks import MAX_LINE_BYTES, MAX_TRAILER_BYTES, ChunkReader
from telegraf_controller.heartbeats.wire.heads import Head, HeadReader
from telegraf_controller.tokens.mint import digest_of
from tests.cast import AGENT_TOKEN, UNKNOWN_TOKEN


def head_of(*lines: str, first: str = "POST /agents/heartbeat HTTP/1.1") -> bytes:
    return "\r\n".join([first, "Host: c", *lines, "", ""]).encode("latin-1")


def read(*lines: str, first: str = "POST /agents/heartbeat HTTP/1.1") -> Head:
    return HeadReader().read(head_of(*lines, first=first))


def refusal_of(*lines: str, first: str = "POST /agents/heartbeat HTTP/1.1") -> str:
    with pytest.raises(ControllerError) as caught:
        read(*lines, first=first)
    return caught.value.code


def test_what_a_head_says() -> None:
    head = read(
        f"Authorization: Bearer {AGENT_TOKEN}",
        "Content-Length: 12",
        "Content-Encoding: GZIP",
        "Telegraf-Agent-IP: 192.0.2.1",
        "X-Forwarded-For: 192.0.2.7",
        "x-forwarded-for: \xe9, 192.0.2.8",
    )
    assert (head.method, head.path, head.length, head.chunked) == ("POST", "/agents/heartbeat", 12, False)
    assert (head.digest, head.refusal) == (digest_of(AGENT_TOKEN), None)
    assert (head.encoding, head.agent_addresses) == ("gzip", ("192.0.2.1",))
    assert head.forwarded_for == ("192.0.2.7", "\xe9, 192.0.2.8")


@pytest.mark.parametrize(
    ("first", "path"),
    [
        ("GET /health?a=b HTTP/1.1", "/health"),
        ("GET http://c/health?a=b HTTP/1.1", "/health"),
        ("GET http://c HTTP/1.1", "/"),
        ("OPTIONS * HTTP/1.1", "*"),
        ("GET /%68ealth HTTP/1.1", "/%68ealth"),
    ],
)
def test_which_path_is_asked_for(first: str, path: str) -> None:
    assert read(first=first).path == path


@pytest.mark.parametrize(
    ("first", "line", "kept"),
    [
        ("GET / HTTP/1.1", "X: y", True),
        ("GET / HTTP/1.1", "Connection: Close", False),
        ("GET / HTTP/1.1", "Connection: te, close", False),
        ("GET / HTTP/1.0", "X: y", False),
        ("GET / HTTP/1.0", "Connection: keep-alive", True),
        ("GET / HTTP/1.1", "Upgrade: h2c", True),
    ],
)
def test_whether_a_connection_is_kept(first: str, line: str, *, kept: bool) -> None:
    """H7"""
    assert read(line, first=first).keep_alive is kept


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Content-Length: 5"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5, 5",),
        ("Content-Length: +5",),
        ("Content-Length: -5",),
        ("Content-Length: 0x5",),
        ("Content-Length: 5 5",),
        ("Content-Length: \xb2",),
        ("Content-Length: 99999999999999999999",),
        ("Content-Length:",),
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: identity",),
        ("Transfer-Encoding: gzip, chunked",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: xchunked",),
        ("Host: d",),
        ("X : y",),
        ("X: y\x00",),
        ("X: y\n a",),
        ("no colon",),
        (": no name",),
        ("X: y\rContent-Length: 5",),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(lines: tuple[str, ...]) -> None:
    """H3: who stands before the controller must see the same requests as the controller does."""
    assert refusal_of(*lines) == "malformed_request"


@pytest.mark.parametrize(
    "first",
    [
        *("GET / HTTP/2.0", "GET / HTTP/0.9", "GET /", "GET  / HTTP/1.1", "get / HTTP/1.1", "OPTIONS / RTSP/1.0"),
        *("SOURCE / ICE/1.0", "GET /a b HTTP/1.1", " GET / HTTP/1.1"),
    ],
)
def test_other_first_lines_are_refused(first: str) -> None:
    assert refusal_of(first=first) == "malformed_request"


def test_chunks_are_of_http_1_1() -> None:
    assert read("Transfer-Encoding: Chunked").chunked
    assert refusal_of("Transfer-Encoding: chunked", first="POST / HTTP/1.0") == "malformed_request"


def test_a_head_has_so_many_headers_and_no_more() -> None:
    lines = [f"X-{number}: a" for number in range(heads.MAX_HEADERS - 1)]
    assert read(*lines).length == 0
    assert refusal_of(*lines, "One: more") == "head_too_large"


def test_a_head_that_comes_again_is_read_once() -> None:
    reader = HeadReader()
    raw = head_of(f"Authorization: Bearer {AGENT_TOKEN}")
    assert reader.read(raw) is reader.read(bytes(bytearray(raw)))
    assert reader.read(head_of(f"Authorization: Bearer {UNKNOWN_TOKEN}")) is not reader.read(raw)


def test_heads_that_differ_in_the_length_of_their_body_alone_have_the_same_number() -> None:
    """T4: an agent's counts grow by a digit now and then."""
    reader = HeadReader()

    def number(*lines: str, token: str = AGENT_TOKEN, first: str = "POST /agents/heartbeat HTTP/1.1") -> int:
        return reader.read(head_of(f"Authorization: Bearer {token}", *lines, first=first)).number

    same = number("Content-Length: 5")
    assert number("Content-Length: 1234") == same
    assert number("Content-Length: 5", "User-Agent: another") == same  # nothing is made of it
    others = [
        number("Content-Length: 5", token=UNKNOWN_TOKEN),
        number("Content-Length: 5", "Connection: close"),
        number("Content-Length: 5", "X-Forwarded-For: 192.0.2.1"),
        number("Content-Length: 5", "Telegraf-Agent-IP: 192.0.2.1"),
        number("Content-Length: 5", "Content-Encoding: gzip"),
        number("Transfer-Encoding: chunked"),
        number("Content-Length: 5", first="POST /agents/heartbeat HTTP/1.0"),
        number("Content-Length: 5", first="GET /agents/heartbeat HTTP/1.1"),
        number("Content-Length: 5", first="POST /health HTTP/1.1"),
        reader.read(head_of("Content-Length: 5")).number,
    ]
    assert len({same, *others}) == 1 + len(others)


def test_a_head_that_was_forgotten_has_another_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """T4: no other head may come by a number that a connection still knows."""
    monkeypatch.setattr(heads, "REMEMBERED_HEADS", 2)
    reader = HeadReader()
    numbers = [reader.read(head_of(f"X-Forwarded-For: 192.0.2.{number}")).number for number in (1, 2, 3, 1)]
    assert len(set(numbers)) == 4


def test_each_head_has_a_number_of_its_own_and_keeps_it_while_it_is_remembered() -> None:
    """T4: by that, a connection knows by which rights its last heartbeat came."""
    reader, other = HeadReader(), HeadReader()
    raw, long = head_of("X: 1"), head_of(f"X: {'y' * heads.REMEMBERED_BYTES}")
    wanted = (raw, long, head_of("X-Forwarded-For: 192.0.2.1"))
    numbers = [one.read(which).number for one in (reader, other) for which in wanted]
    assert len(set(numbers)) == 6
    assert reader.read(raw).number == numbers[0]
    assert reader.read(long).number != numbers[1]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "REMEMBERED_HEADS", 10)
    reader = HeadReader()
    kept = {id(head): head for head in (reader.read(head_of(f"X: {number}")) for number in range(100))}
    assert sum(reader.read(head_of(f"X: {number}")) is head for number, head in enumerate(kept.values())) <= 10
    long = head_of(f"X: {'y' * heads.REMEMBERED_BYTES}")
    assert reader.read(long) is not reader.read(long)


def test_no_token_stays_in_memory_after_its_head_was_read() -> None:
    """T3: the digest is enough."""
    reader = HeadReader()
    for scheme in ("Bearer", "Token", "Basic", ""):
        reader.read(head_of(f"Authorization: {scheme} {AGENT_TOKEN}"))
    reached, todo = set(), [reader]
    while todo:
        one = todo.pop()
        if id(one) in reached or isinstance(one, type):
            continue
        reached.add(id(one))
        assert AGENT_TOKEN not in (one if isinstance(one, str) else repr(one))
        todo += gc.get_referents(one)
    remembered = list(vars(reader)["_remembered"].values())
    assert len(remembered) == 4
    assert all(AGENT_TOKEN not in repr(head) for head in remembered)


def taken(reader: ChunkReader, pieces: list[bytes]) -> tuple[bool, bytes]:
    """Whether the body is complete after these pieces, and what lies behind it."""
    data, complete = bytearray(), False
    for piece in pieces:
        data += piece
        complete = complete or reader.take(data)
    return complete, bytes(data)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.data())
def test_chunks_are_put_together_however_they_arrive(chunks: list[bytes], data: st.DataObject) -> None:
    """H4"""
    form = data.draw(st.sampled_from(["%x", "%X", "0%x", "%x;a=b", '%x ;a="b c"']))
    sent = b"".join((form % len(chunk)).encode() + b"\r\n" + chunk + b"\r\n" for chunk in chunks)
    sent += data.draw(st.sampled_from([b"0\r\n\r\n", b"000\r\n\r\n", b"0;x\r\n\r\n", b"0\r\nA: b\r\nC: d\r\n\r\n"]))
    behind = data.draw(st.sampled_from([b"", b"GET / HTTP/1.1\r\n\r\n"]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=8)))
    pieces = [sent[a:b] for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    reader = ChunkReader()
    assert taken(reader, [*pieces[:-1], pieces[-1] + behind]) == (True, behind)
    assert reader.body == b"".join(chunks)


@given(st.binary(max_size=60))
def test_any_bytes_are_taken_the_same_whole_and_one_by_one(noise: bytes) -> None:
    def outcome(pieces: list[bytes]) -> object:
        reader = ChunkReader()
        try:
            complete, behind = taken(reader, pieces)
        except ControllerError as error:
            return error.code
        return complete, behind if complete else None, bytes(reader.body)

    for text in (noise, b"3\r\n" + noise, b"0\r\n" + noise):
        assert outcome([text]) == outcome([text[i : i + 1] for i in range(len(text))])


@pytest.mark.parametrize(
    "sent",
    [
        b"g\r\n",
        b"\r\n",
        b" 3\r\nabc\r\n",
        b"+3\r\nabc\r\n",
        b"-3\r\nabc\r\n",
        b"0x3\r\nabc\r\n",
        b"3_0\r\n",
        b"3\nabc\r\n",
        b"3\r\nabcd\r\n",
        b"3\r\nabc\n\n",
        b"3\r\nab\r\n0\r\n\r\n",
        b"100000000\r\n",
        b"3;\x00\r\n",
        b"3;a\rb\r\n",
        b"3;" + b"a" * MAX_LINE_BYTES,
        b"3" * MAX_LINE_BYTES,
        b"0\r\nA: b\n\r\n",
        b"0\r\n\n",
        b"0\r\nA: \x00\r\n\r\n",
        b"0\r\n" + b"A: b\r\n" * (MAX_TRAILER_BYTES // 6 + 1),
        b"0\r\n" + b"A" * (MAX_TRAILER_BYTES + 1),
    ],
)
def test_chunks_that_could_be_read_in_two_ways_are_refused(sent: bytes) -> None:
    """H3"""
    with pytest.raises(ControllerError) as caught:
        ChunkReader().take(bytearray(sent))
    assert caught.value.code == "malformed_request"
