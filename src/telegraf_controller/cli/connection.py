"""The options that every command speaking to a controller takes."""

from __future__ import annotations

from typing import Annotated

import typer

from telegraf_controller.client import ControllerClient

DEFAULT_URL = "http://127.0.0.1:8888"

Url = Annotated[
    str, typer.Option("--url", envvar="TELEGRAF_CONTROLLER_URL", metavar="URL", help="Address of the controller's API.")
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="TELEGRAF_CONTROLLER_TOKEN",
        metavar="TOKEN",
        help="API token. Prefer the variable: other users of this machine can read flags.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Timeout = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="How long to wait for each answer.")
]

DEFAULT_TIMEOUT_SECONDS = 30.0


def connect(url: str, token: str | None, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS) -> ControllerClient:
    """Return a client, to be used in a `with` block. Raises Misconfigured."""
    return ControllerClient(url, token, timeout_seconds=timeout_seconds)
