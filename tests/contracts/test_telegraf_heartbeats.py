"""Heartbeats as Telegraf sent them: recorded, and understood (H1)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.heartbeats.parse import parse_heartbeat

RECORDINGS = sorted((Path(__file__).parent / "heartbeats").glob("*.json"))


def recorded(name: str) -> bytes:
    """Return the body of a recording."""
    recording: dict[str, Any] = json.loads((Path(__file__).parent / "heartbeats" / f"{name}.json").read_text())
    return str(recording["body"]).encode()


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_every_recorded_heartbeat_is_understood(path: Path) -> None:
    """H1"""
    heartbeat = parse_heartbeat(recorded(path.stem), address="127.0.0.1", received_ms=0)
    assert heartbeat.instance_id == "web/1 é"
    assert heartbeat.build == "Telegraf 1.40.0-b2726314 (git: master@b2726314)"
    assert heartbeat.hostname == "vm"


def test_a_heartbeat_that_includes_nothing_has_no_statistics_and_counts_as_ok() -> None:
    """H1, A2"""
    heartbeat = parse_heartbeat(recorded("telegraf-1.40-bare"), address="127.0.0.1", received_ms=0)
    assert (heartbeat.errors, heartbeat.warnings, heartbeat.metrics) == (None, None, None)
    assert (heartbeat.logs, heartbeat.configurations) == (None, [])
    assert (heartbeat.status, heartbeat.reported_status) == (AgentStatus.OK, None)


def test_status_statistics_and_log_entries_are_taken_over() -> None:
    """H1, D1"""
    heartbeat = parse_heartbeat(recorded("telegraf-1.40-logs-and-status"), address="127.0.0.1", received_ms=0)
    assert heartbeat.status == AgentStatus.WARN
    assert heartbeat.errors == 2
    assert heartbeat.reported_logs == 2
    assert heartbeat.logs is not None
    assert {entry["level"] for entry in json.loads(heartbeat.logs)} == {"ERROR"}


def test_counters_go_on_over_a_refusal() -> None:
    """H2"""
    body = json.loads(recorded("telegraf-1.40-after-a-refusal"))
    assert body["last"] > 0
    heartbeat = parse_heartbeat(recorded("telegraf-1.40-after-a-refusal"), address="127.0.0.1", received_ms=0)
    assert heartbeat.errors is not None
    assert heartbeat.errors > 2
