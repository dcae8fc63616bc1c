"""`python -m tests.processes <flags>`: the whole program, with stand-ins for what its processes do."""

from __future__ import annotations

import sys

from telegraf_controller.processes import startup

if __name__ == "__main__":
    startup.ENTRIES.update({kind: f"tests.processes.stand_ins:{kind}" for kind in startup.ENTRIES})
    sys.exit(startup.serve_command(sys.argv[1:]))
