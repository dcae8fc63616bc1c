"""What a measurement ran on, as far as it explains the numbers."""

from __future__ import annotations

import os
import platform
import resource
import tempfile
import time
from pathlib import Path

_QUIET_SHARE = 0.25
"""A machine whose cores are busier than this before the measurement is not fit for one."""


def describe() -> str:
    """Return cores and processor, how long a flush to disk takes (a commit waits for one), and what else went on.

    To be asked before the measurement: afterwards the machine has been busy with it.
    """
    share = _busy_share()
    busy = f"; {share:.0%} BUSY with something else, so these numbers say little" if share > _QUIET_SHARE else ""
    return f"{os.cpu_count()} cores, {_processor()}; a flush to disk takes {_flush_milliseconds():.2f} ms{busy}"


class Meanwhile:
    """How busy others keep the processors from now on, while this process and what it starts do something.

    To be asked once everything that was started has ended: only then Linux knows what all of it used.
    """

    def __init__(self) -> None:
        self._before = _processor_time(), _own_seconds()

    def share(self) -> float:
        """Return the share of all processors that went to others."""
        (idle, total), own = self._before
        idle_now, total_now = _processor_time()
        busy_ticks = (total_now - idle_now) - (total - idle)
        own_ticks = (_own_seconds() - own) * os.sysconf("SC_CLK_TCK")
        return max(0.0, busy_ticks - own_ticks) / max(1, total_now - total)


def _own_seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def processor_seconds(process_id: int) -> float:
    """Return how much processor time a process has used, as Linux counts it; 0 once it has ended."""
    try:
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def processes(word: str) -> list[int]:
    """Return the processes in whose command line a word stands."""
    ids = [entry.name for entry in Path("/proc").iterdir()]
    return [int(one) for one in ids if one.isdigit() and word in _command_line(one)]


def _command_line(process_id: str) -> str:
    try:
        return Path(f"/proc/{process_id}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def _busy_share() -> float:
    """Return how busy the processors are just now."""
    try:
        before = _processor_time()
        time.sleep(3)
        after = _processor_time()
    except OSError:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    return 1 - (after[0] - before[0]) / (after[1] - before[1])


def _processor_time() -> tuple[int, int]:
    """Return the idle time and all time of all processors, as Linux counts it."""
    spent = [int(part) for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return spent[3] + spent[4], sum(spent)


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
