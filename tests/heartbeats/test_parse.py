"""What a heartbeat may look like, and what is kept of it: H1, D1."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraf_controller.agents.identity import agent_id_of, bare_version
from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.errors import ControllerError
from telegraf_controller.heartbeats.log_entries import (
    MAX_ATTRIBUTES_BYTES,
    MAX_BYTES,
    MAX_ENTRIES,
    MAX_MESSAGE_BYTES,
    read_entries,
)
from telegraf_controller.heartbeats.parse import MAX_COUNT, Heartbeat, parse_heartbeat
from tests.heartbeats.support import BUILD, message


def parse(body: Any) -> Heartbeat:
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_heartbeat(encoded, address="192.0.2.1", received_ms=1_000)


def entry(**fields: Any) -> dict[str, Any]:
    return {"time": "2026-11-23T12:00:00Z", "level": "INFO", "source": "agent", "message": "hello", **fields}


def test_the_least_that_a_heartbeat_needs() -> None:
    """H1"""
    heartbeat = parse({"id": "web-1", "version": BUILD})
    assert heartbeat.instance_id == "web-1"
    assert heartbeat.agent_key == agent_id_of("web-1").bytes
    assert (heartbeat.status, heartbeat.reported_status) == (AgentStatus.OK, None)
    assert (heartbeat.hostname, heartbeat.configurations, heartbeat.metrics, heartbeat.logs) == (
        None,
        [],
        None,
        None,
    )


def test_everything_that_telegraf_sends_is_read() -> None:
    """H1"""
    heartbeat = parse(
        message(
            last=1_795_469_805,
            hostname="web-1.example.com",
            configurations=["/etc/telegraf/telegraf.conf", "http://controller:8888/c/web?site=a"],
            statistics={"errors": 1, "warnings": 2, "metrics": 3},
            logs=[entry(attributes={"plugin": "cpu"})],
            status="WARN",
        )
    )
    assert heartbeat.hostname == "web-1.example.com"
    assert len(heartbeat.configurations) == 2
    assert (heartbeat.errors, heartbeat.warnings, heartbeat.metrics) == (1, 2, 3)
    assert heartbeat.reported_logs == 1
    assert heartbeat.status == heartbeat.reported_status == AgentStatus.WARN


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", None),
        (b"nonsense", None),
        (b'{"id": "a", "version": "1"} trailing', None),
        (b"[]", None),
        (b"null", None),
        (b'{"id": "\xff", "version": "1"}', None),
        (b'{"id": "\\ud800", "version": "1"}', None),
        (b'{"id": "a", "version": "1", "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", None),
        ({"version": "1"}, "id"),
        ({"id": "a"}, "version"),
        (message(""), "id"),
        (message("x" * 256), "id"),
        (message("a\0b"), "id"),
        (message("a\nb"), "id"),
        (message("a\x7fb"), "id"),
        ({"id": 1, "version": "1"}, "id"),
        ({"id": None, "version": "1"}, "id"),
        ({"id": "a", "version": 1.4}, "version"),
        (message(schema="one"), "schema"),
        (message(last="yesterday"), "last"),
        (message(hostname=5), "hostname"),
        (message(configurations="one"), "configurations"),
        (message(configurations=["one", 2]), "configurations[1]"),
        (message(statistics=[]), "statistics"),
        (message(statistics={"errors": -1}), "statistics.errors"),
        (message(statistics={"metrics": 1.5}), "statistics.metrics"),
        (message(logs=[entry(), {"level": "INFO"}]), "logs[1].time"),
        (message(logs=[entry(message=7)]), "logs[0].message"),
        (message(status="BROKEN"), "status"),
        (message(status=1), "status"),
    ],
)
def test_what_is_wrong_is_named(body: Any, field: str | None) -> None:
    """H3"""
    with pytest.raises(ControllerError) as refusal:
        parse(body)
    assert refusal.value.code == "invalid_heartbeat"
    assert refusal.value.details["field"] == field
    assert field is None or field in refusal.value.message


@pytest.mark.parametrize("instance_id", ["x", "x" * 255, "a/b c%20?#", "köln-1", "🚀" * 255, "👩\u200d🚀", "\u00a0"])
def test_any_other_id_is_taken_as_it_is(instance_id: str) -> None:
    """H1"""
    assert parse(message(instance_id)).instance_id == instance_id


@pytest.mark.parametrize(("status", "expected"), [("OK", 0), ("ok", 0), ("Warn", 1), ("FAIL", 2), ("undefined", 3)])
def test_the_case_of_a_status_does_not_matter(status: str, expected: int) -> None:
    """H1"""
    assert parse(message(status=status)).reported_status == expected


def test_fields_of_a_newer_telegraf_are_ignored() -> None:
    """H1"""
    body = message(novelty={"a": [1, 2]}, statistics={"metrics": 1, "novelty": True}, logs=[entry(novelty=1)])
    assert parse(body).reported_logs == 1


def test_over_long_details_are_cut_not_refused() -> None:
    """H1"""
    heartbeat = parse(
        {"id": "a", "version": "v" * 300, "hostname": "h" * 300, "configurations": ["c" * 3000, *map(str, range(200))]}
    )
    assert len(heartbeat.build) == 200
    assert len(heartbeat.hostname or "") == 255
    assert len(heartbeat.configurations) == 100
    assert len(heartbeat.configurations[0]) == 2048


def test_control_characters_in_details_are_replaced() -> None:
    """PostgreSQL stores no NUL, and what was meant for a terminal has no place in a page."""
    heartbeat = parse({"id": "a", "version": "1\0", "hostname": "a\x1b[31m", "configurations": ["/etc/\0x"]})
    assert (heartbeat.build, heartbeat.hostname) == ("1\N{REPLACEMENT CHARACTER}", "a\N{REPLACEMENT CHARACTER}[31m")
    assert heartbeat.configurations == ["/etc/\N{REPLACEMENT CHARACTER}x"]


def test_counts_beyond_64_bits_are_kept_as_the_largest() -> None:
    heartbeat = parse(message(statistics={"errors": 2**64 - 1, "warnings": 2**200, "metrics": 2**63}))
    assert {heartbeat.errors, heartbeat.warnings, heartbeat.metrics} == {MAX_COUNT}


@pytest.mark.parametrize(
    "change",
    [{"hostname": "other"}, {"version": "Telegraf 1.41.0"}, {"configurations": ["/a", "/b"]}, {"configurations": []}],
)
def test_the_identity_digest_tells_every_change(change: dict[str, Any]) -> None:
    before = message(hostname="web-1", configurations=["/a"])
    assert parse(before).identity == parse(before).identity
    assert parse(before).identity != parse({**before, **change}).identity


@pytest.mark.parametrize(
    ("build", "version"),
    [
        (BUILD, "1.40.0"),
        ("Telegraf 1.37.0-c3db479e (git: output_heartbeat@c3db479e)", "1.37.0-c3db479e"),
        ("Telegraf 1.38.0-rc1", "1.38.0-rc1"),
        ("1.9", "1.9"),
        ("unknown", None),
        ("", None),
    ],
)
def test_the_bare_version_is_kept_apart(build: str, version: str | None) -> None:
    """H1"""
    assert bare_version(build) == version


def test_log_entries_are_kept_most_severe_first_then_newest() -> None:
    """D1"""
    levels = ["INFO", "error", "TRACE", "WARN", "ERROR", "NOTICE", "DEBUG"]
    logs = [entry(level=level, message=str(number)) for number, level in enumerate(levels)]
    kept = read_entries(parse(message(logs=logs)).logs or b"")
    assert [entry.message for entry in kept] == ["4", "1", "3", "0", "6", "5", "2"] or (
        [entry.message for entry in kept] == ["4", "1", "3", "0", "6", "2", "5"]
    )
    assert kept[1].level == "ERROR"


def test_long_messages_and_attributes_are_cut_and_say_so() -> None:
    """D1"""
    logs = [entry(message="ü" * 8192), entry(attributes={"a": "b" * 1000, "c": "d" * 3000}), entry(attributes=[1])]
    third, second, first = read_entries(parse(message(logs=logs)).logs or b"")
    assert len(first.message.encode()) == MAX_MESSAGE_BYTES
    assert msgspec.json.decode(second.attributes) == {"a": "b" * 1000}
    assert bytes(third.attributes) == b"null"
    assert (first.truncated, second.truncated, third.truncated) == (True, True, True)


log_texts = st.text(max_size=100) | st.integers(0, 20_000).map(lambda length: "é" * length)
log_entries = st.builds(
    entry,
    level=st.sampled_from(["ERROR", "WARN", "INFO", "DEBUG", "TRACE", "other"]),
    message=log_texts,
    source=log_texts,
    attributes=st.none() | st.dictionaries(st.text(max_size=20), log_texts, max_size=5),
)


@given(st.lists(log_entries, max_size=30).map(lambda entries: entries * 10))
def test_log_entries_stay_within_their_limits(logs: list[dict[str, Any]]) -> None:
    """D1: ≤ 200 entries, ≤ 64 KiB in all, a message ≤ 8 KiB, attributes ≤ 2 KiB."""
    heartbeat = parse(message(logs=logs))
    stored = heartbeat.logs or b"[]"
    kept = read_entries(stored)
    assert heartbeat.reported_logs == len(logs)
    assert len(kept) <= MAX_ENTRIES
    assert len(stored) <= MAX_BYTES
    assert all(len(entry.message.encode()) <= MAX_MESSAGE_BYTES for entry in kept)
    assert all(len(entry.attributes) <= MAX_ATTRIBUTES_BYTES for entry in kept)
    assert len(kept) == len(logs) or len(kept) == MAX_ENTRIES or len(stored) > MAX_BYTES - 13_000


@given(st.binary(max_size=200) | st.text().map(lambda text: json.dumps(message(text)).encode()))
def test_any_body_is_either_a_heartbeat_or_invalid(body: bytes) -> None:
    """H3"""
    refusal = None
    try:
        parse(body)
    except ControllerError as error:
        refusal = error
    assert refusal is None or refusal.code == "invalid_heartbeat"
