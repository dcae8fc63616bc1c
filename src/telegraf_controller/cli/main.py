"""The program `telegraf_controller`: starts the server, or runs one command (O2, O7).

Ends with 0 when done, 1 when something failed (one sentence on stderr), 2 when it was called wrongly.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

_PROGRAM_FLAGS = ("--help", "-h", "--version")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program with these arguments (without its name) and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _serve(arguments) if means_serve(arguments) else _run_command(arguments)
    except KeyboardInterrupt:
        return 130


def means_serve(arguments: Sequence[str]) -> bool:
    """Tell whether the server is wanted: no command at all, `serve`, or a flag that is not the program's own (O2)."""
    if not arguments:
        return True
    first = arguments[0]
    return first == "serve" or (first.startswith("-") and first not in _PROGRAM_FLAGS)


def _serve(arguments: list[str]) -> int:
    # Imported when needed, as are the commands below: a server has no use for them, nor a command for the server.
    from telegraf_controller.processes.startup import serve_command

    return serve_command(arguments[1:] if arguments[:1] == ["serve"] else arguments)


def _run_command(arguments: list[str]) -> int:
    from telegraf_controller.cli.app import PROGRAM, app
    from telegraf_controller.cli.output import CommandFailed, complain
    from telegraf_controller.client import ApiError, ClientError

    try:
        app(args=arguments, prog_name=PROGRAM)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except ApiError as error:
        complain(f"Error: {error.message}{_hint(error.code)}")
    except (ClientError, CommandFailed) as error:
        complain(f"Error: {error}")
    return 1


def _hint(code: str) -> str:
    if code == "missing_credentials":
        return ": set TELEGRAF_CONTROLLER_TOKEN, or give --token."
    return ""


if __name__ == "__main__":
    sys.exit(main())
