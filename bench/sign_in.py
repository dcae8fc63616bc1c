"""What guessing passwords costs whom.

1. Does the time of an answer tell whether a name exists? Wrong sign-ins, in turn under the owner's name and under names
   that nobody has: medians, their ratio, and how often an unknown name was answered later (0.50 is no difference).
2. What does a flood of wrong sign-ins, from one address and from thousands, do to heartbeats, to the API, and to
   somebody who signs in from elsewhere?
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx

from bench.half_load import Paced, measure_pace
from bench.machine import describe
from bench.programs import CannotMeasure, Controller, controller

_SCRIPT = Path(__file__).with_name("sign_in.lua")
_NUMBERS = count()

PASSWORD = secrets.token_hex(16)


@dataclass(frozen=True)
class Timing:
    """Seconds that each answer took."""

    known: list[float]
    unknown: list[float]

    def report(self) -> str:
        """Say whether one can tell them apart."""
        known, unknown = statistics.median(self.known) * 1000, statistics.median(self.unknown) * 1000
        later = sum((u > k) + (u == k) / 2 for u in self.unknown for k in self.known)
        share = later / len(self.known) / len(self.unknown)
        return (
            f"known {known:.1f} ms, unknown {unknown:.1f} ms, ratio {unknown / known:.3f}; "
            f"unknown later in {share:.2f} of pairs"
        )


@dataclass
class Person:
    """Somebody who signs in with the right password, once a second, from an address of their own."""

    server: Controller
    taken: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Person:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with httpx.Client(base_url=self.server.url, trust_env=False, timeout=30) as http:
            while not self._stop.wait(1):
                began = time.perf_counter()
                status = _sign_in(http, "owner", PASSWORD, "203.0.113.7")
                self.taken.append(time.perf_counter() - began)
                if status != 200:
                    self.refused.append(status)

    def report(self) -> str:
        """Say how it went."""
        slowest = max(self.taken, default=0) * 1000
        return f"somebody else signed in {len(self.taken)} times, refused {self.refused or 0}, slowest {slowest:.0f} ms"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    options = _parse(arguments)
    print(describe())
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        path = Path(folder)
        run = controller(path, str(path / "controller.db"), OWNER_PASSWORD=PASSWORD, TRUSTED_PROXIES="127.0.0.1/32")
        with run as server:
            _raise_attempts(server)
            print("timing:", _time(server, options.pairs).report())
            quiet = _beats(server, options)
            print(f"quiet: {_shown(quiet)}")
            for addresses in (1, 5000):
                with Person(server) as person:
                    during, heard = _flooded(server, options, addresses)
                print(
                    f"flood from {addresses:,} address(es): {_shown(during)}, p99 x {during.p99_ms / quiet.p99_ms:.2f}"
                )
                print(f"  {heard}; {person.report()}")
    return 0


def _time(server: Controller, pairs: int) -> Timing:
    timing = Timing([], [])
    with httpx.Client(base_url=server.url, trust_env=False) as http:
        _sign_in(http, "owner", PASSWORD, _address())
        for pair in range(pairs):
            # Strangers together may try five times a second.
            time.sleep(0.5)
            turns: list[tuple[list[float], str]] = [(timing.known, "owner"), (timing.unknown, f"nobody{pair}")]
            for taken, name in turns if pair % 2 else turns[::-1]:
                began = time.perf_counter()
                status = _sign_in(http, name, "wrong wrong", _address())
                taken.append(time.perf_counter() - began)
                if status != 401:
                    raise CannotMeasure(f"A wrong sign-in was answered with {status}.")
        _sign_in(http, "owner", PASSWORD, _address())
    return timing


def _beats(server: Controller, options: argparse.Namespace) -> Paced:
    return measure_pace(server, agents=options.per_second * 10, interval=10, duration=options.seconds)


def _flooded(server: Controller, options: argparse.Namespace, addresses: int) -> tuple[Paced, str]:
    program = shutil.which("wrk")
    if program is None:
        raise CannotMeasure("wrk must be installed (Debian, Ubuntu: apt install wrk).")
    connections = 50
    steering = {"ADDRESSES": addresses, "CONNECTIONS": connections, "PER_SECOND": options.flood}
    command = [program, "-t1", f"-c{connections}", f"-d{options.seconds + 2}s", "--timeout", "10s", "-s", str(_SCRIPT)]
    flood = subprocess.Popen(
        [*command, server.url],
        env={**os.environ, **{name: str(value) for name, value in steering.items()}},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        paced = _beats(server, options)
        output, _ = flood.communicate(timeout=60)
    finally:
        flood.kill()
    line = next(line for line in output.splitlines() if line.startswith("RESULT "))
    found = json.loads(line.removeprefix("RESULT "))
    rate = sum(found["heard"].values()) / found["seconds"]
    return paced, f"{rate:.0f} wrong sign-ins/s, answered {found['heard']}"


def _sign_in(http: httpx.Client, name: str, password: str, address: str) -> int:
    typed = {"username": name, "password": password}
    answer = http.post("/api/auth/login/local", json=typed, headers={"X-Forwarded-For": address})
    http.cookies.clear()
    return answer.status_code


def _address() -> str:
    """An address that has not tried before: what is measured here is not the limit per address."""
    number = next(_NUMBERS)
    return f"198.51.{number // 250}.{number % 250}"


def _raise_attempts(server: Controller) -> None:
    answer = httpx.patch(
        f"{server.url}/api/settings",
        json={"loginSecurity": {"attempts": 100}},
        headers={"Authorization": f"Bearer {server.owner_token}"},
        trust_env=False,
    )
    answer.raise_for_status()


def _shown(paced: Paced) -> str:
    return (
        f"{paced.per_second:.0f} heartbeats/s, p50 {paced.p50_ms:.1f} ms, p99 {paced.p99_ms:.1f} ms, "
        f"API p99 {paced.api_p99_ms:.1f} ms"
    )


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.sign_in", description=__doc__)
    number: Callable[[str], int] = int
    parser.add_argument("--pairs", type=number, default=90, help="of timed sign-ins, at most 99 (default 90)")
    parser.add_argument("--per-second", type=number, default=1000, help="heartbeats (default 1,000)")
    parser.add_argument("--flood", type=number, default=1000, help="wrong sign-ins per second (default 1,000)")
    parser.add_argument("--seconds", type=number, default=20, help="of each measurement (default 20)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
