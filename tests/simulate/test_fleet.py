"""Requests as they are sent."""

from __future__ import annotations

import json

import pytest

from telegraf_controller.simulate.fleet import Fleet
from telegraf_controller.simulate.target import parse_target


@pytest.mark.parametrize("failing_share", [0.0, 0.5, 1.0])
def test_every_request_says_how_long_it_is_whatever_is_in_it(failing_share: float) -> None:
    fleet = Fleet(
        parse_target("http://127.0.0.1:1/a%20path?a=100%25"),
        agents=10_000_000,
        seed=123,
        failing_share=failing_share,
        token="100%d",
        keep_alive=False,
        configurations=["/etc/%s", "http://c/1%?é"],
    )
    for agent in (0, 1, 2, 3, 4, 5, 77_777, 9_999_999):
        for turn in (0, 1, 1000):
            head, _, body = fleet.request(agent, turn).partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            assert lines[0] == "POST /a%20path?a=100%25 HTTP/1.1"
            assert "Authorization: Bearer 100%d" in lines
            assert lines[-1] == f"Content-Length: {len(body)}"
            said = json.loads(body)
            assert said["id"] == f"sim-123-{agent:07}"
            assert said["hostname"] == f"host-{agent:07}.sim.example"
            assert said["configurations"] == ["/etc/%s", "http://c/1%?é"]
            assert said["statistics"]["errors"] == (said["status"] != "OK")
