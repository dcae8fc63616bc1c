"""Run the program's commands and look at what they print."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from telegraf_controller.cli.main import main
from telegraf_controller.options import without_options

_OURS = "TELEGRAF_CONTROLLER_"


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        """A tab-separated list without its head."""
        return [line.split("\t") for line in self.out.splitlines()[1:]]


def run(
    *arguments: str | Path, environment: Mapping[str, str] | None = None, folder: Path | None = None, stdin: bytes = b""
) -> Done:
    """Run a command in this process: its imports take longer than most commands do."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, {**clean_environment(), **(environment or {})}, clear=True),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))),
        chdir(folder or Path()),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = main([str(argument) for argument in arguments])
    return Done(code, out.getvalue(), err.getvalue())


def run_process(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> Done:
    """Run a command as a process of its own, as people do."""
    done = subprocess.run(
        [sys.executable, "-m", "telegraf_controller.cli.main", *map(str, arguments)],
        env={**clean_environment(), **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def clean_environment() -> dict[str, str]:
    """Return the environment without anything that steers the program."""
    return {name: value for name, value in without_options(os.environ).items() if not name.startswith(_OURS)}
