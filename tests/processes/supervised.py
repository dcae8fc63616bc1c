"""`python -m tests.processes.supervised <flags>`: the supervisor with stand-ins, without the rest of start-up."""

from __future__ import annotations

import asyncio
import os
import sys

from telegraf_controller.options import Options
from telegraf_controller.processes import logs
from telegraf_controller.processes.sockets import bind
from telegraf_controller.processes.supervisor import Process, supervise


def main(argv: list[str]) -> int:
    """Supervise an API, heartbeat processes, and what `SCHEDULER` names, a stand-in or `module:function`."""
    options = Options.load(argv)
    logs.configure(form="text", level=options.log_level, process="supervisor")
    api = bind(options.host, options.port)
    workers = options.heartbeat_processes()
    beats = bind(options.heartbeat_host, options.heartbeat_port, copies=workers)
    entry = "tests.processes.stand_ins"
    scheduler = os.environ.get("SCHEDULER", "scheduler")
    processes = [
        Process("api", f"{entry}:api", tuple(api)),
        *(Process(f"heartbeat-{n}", f"{entry}:heartbeat", (s,)) for n, s in enumerate(beats, start=1)),
        Process("scheduler", scheduler if ":" in scheduler else f"{entry}:{scheduler}"),
    ]
    return asyncio.run(supervise(processes, options))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
