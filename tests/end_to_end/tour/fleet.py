"""The tour's agents: some sixty machines, most of them well, and their heartbeats as Telegraf writes them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

import httpx

from tests.support.plain_http import NO_TLS

VERSIONS = ("1.40.0", "1.40.0", "1.39.1", "1.40.0", "1.38.4")

_LOGS: dict[str, list[tuple[str, str, str, dict[str, object]]]] = {
    "WARN": [
        ("INFO", "agent", "Loaded inputs: cpu disk mem net postgresql", {}),
        ("WARN", "inputs.postgresql", "Collection took longer than expected; not complete after interval of 15s", {}),
        (
            "WARN",
            "outputs.influxdb_v2",
            "Metric buffer 82% full; 8213 metrics wait for the next flush",
            {"alias": "main"},
        ),
    ],
    "FAIL": [
        ("WARN", "outputs.influxdb_v2", "Retrying in 30s", {"alias": "main", "attempt": 7}),
        (
            "ERROR",
            "outputs.influxdb_v2",
            "When writing to [https://influxdb.example.com:8086]: "
            'Post "https://influxdb.example.com:8086/api/v2/write": dial tcp 203.0.113.20:8086: connection refused',
            {"alias": "main"},
        ),
        ("ERROR", "agent", "Error writing to outputs.influxdb_v2: could not write any address", {"alias": "main"}),
    ],
}


@dataclass(frozen=True)
class Machine:
    """One agent: what it is called, what it runs, and how it fares."""

    name: str
    url: str
    version: str
    address: str
    status: str
    has_own: bool
    """Whether it also runs a file of its own."""
    silent: bool
    """Whether it stops reporting before the pictures are taken."""

    def heartbeat(self, turn: int) -> dict[str, object]:
        """Return the message of the given turn; the same turn gives the same numbers."""
        draw = Random(f"{self.name}/{turn}")
        rough = {"OK": 0.04, "WARN": 0.6, "FAIL": 0.9}[self.status]
        # Trouble begins at some turn, so that a chart shows when.
        troubled = self.status != "OK" and turn > 14
        return {
            "id": self.name,
            "version": f"Telegraf {self.version} (git: HEAD@b2726314)",
            "schema": 1,
            "hostname": f"{self.name}.example.com",
            "configurations": [self.url, *(["/etc/telegraf/telegraf.d/local.conf"] if self.has_own else [])],
            "statistics": {
                "metrics": 900 + draw.randrange(140) - (600 if troubled and self.status == "FAIL" else 0),
                "errors": draw.randrange(2, 9) if troubled and self.status == "FAIL" else 0,
                "warnings": draw.randrange(1, 5) if draw.random() < (rough if troubled else 0.06) else 0,
            },
            "status": (self.status if troubled else "OK").lower(),
            "logs": self._logs() if troubled else [],
        }

    def _logs(self) -> list[dict[str, object]]:
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return [
            {"time": at, "level": level, "source": source, "message": message, "attributes": attributes}
            for level, source, message, attributes in _LOGS[self.status]
        ]


_ROOMS = (
    # What they are called, how many there are, what they run, and their first address.
    ("web", 18, "/c/web-servers?site=frankfurt&domain=shop.example.com&agent_id=", "198.51.100", 11),
    ("db", 12, "/c/db-servers?site=frankfurt&agent_id=", "198.51.100", 51),
    ("k8s-node", 14, "/c/k8s-nodes?agent_id=", "192.0.2", 11),
    ("switch", 6, "/c/core-switches?switch=192.0.2.7&agent_id=", "192.0.2", 51),
    ("branch", 11, "/api/configs/{config}/toml?agent_id=", "203.0.113", 11),
)

_TROUBLED = {"db-04": "FAIL", "web-07": "FAIL", "db-09": "WARN", "web-12": "WARN", "k8s-node-03": "WARN"}

_SILENT = ("branch-02", "branch-09", "web-18", "switch-05")


def machines(base_url: str, branch_config_id: str) -> list[Machine]:
    """Return the fleet, whose configurations lie below the given address; branches name theirs by its id."""
    made: list[Machine] = []
    for prefix, count, path, network, host in _ROOMS:
        for number in range(count):
            name = f"{prefix}-{number + 1:02}"
            made.append(
                Machine(
                    name,
                    url=f"{base_url}{path.format(config=branch_config_id)}{name}",
                    version=VERSIONS[len(made) % len(VERSIONS)],
                    address=f"{network}.{host + number}",
                    status=_TROUBLED.get(name, "OK"),
                    has_own=prefix == "web",
                    silent=name in _SILENT,
                )
            )
    return made


class Fleet:
    """Sends the machines' heartbeats."""

    def __init__(self, heartbeat_url: str, token: str, members: list[Machine]) -> None:
        self._url = heartbeat_url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._members = members
        self._turn = 0

    def report(self, *, silent: bool = False) -> None:
        """Let every machine report once; those that fall silent only when asked for."""
        self._turn += 1
        reporting = [machine for machine in self._members if silent or not machine.silent]
        with httpx.Client(headers=self._headers, timeout=20, verify=NO_TLS) as client, ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda machine: self._send(client, machine), reporting))
        for answer in answers:
            assert answer.status_code == 204, answer.text

    def _send(self, client: httpx.Client, machine: Machine) -> httpx.Response:
        from_there = {"X-Forwarded-For": machine.address}
        return client.post(self._url, json=machine.heartbeat(self._turn), headers=from_there)

    @contextmanager
    def reporting(self, every_seconds: float) -> Iterator[None]:
        """Go on reporting for the length of a `with` block."""
        over = threading.Event()

        def go_on() -> None:
            while not over.wait(every_seconds):
                self.report()

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
