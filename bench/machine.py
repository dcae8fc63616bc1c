"""What a measurement ran on, as far as it explains the numbers."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from pathlib import Path

_QUIET_SHARE = 0.25
"""A machine whose cores are busier than this before the measurement is not fit for one."""


def describe() -> str:
    """Return cores and processor, how long a flush to disk takes (a commit waits for one), and what else went on.

    To be asked before the measurement: afterwards the machine has been busy with it.
    """
    cores = os.cpu_count() or 1
    load = os.getloadavg()[0]
    busy = (
        f"; BUSY with something else (load {load:.1f}), so these numbers say little"
        if load > cores * _QUIET_SHARE
        else ""
    )
    return f"{cores} cores, {_processor()}; a flush to disk takes {_flush_milliseconds():.2f} ms{busy}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _flush_milliseconds() -> float:
    place = "/var/tmp" if Path("/var/tmp").is_dir() else None
    taken = []
    with tempfile.TemporaryFile(dir=place) as file:
        for _ in range(50):
            os.write(file.fileno(), b"\0" * 8192)
            began = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    return sorted(taken)[len(taken) // 2] * 1000
