"""`version`: this program's, and the server's."""

from __future__ import annotations

from typing import Annotated

import typer

from telegraf_controller import __version__
from telegraf_controller.cli.connection import DEFAULT_URL, Json, connect
from telegraf_controller.cli.output import say, show_json
from telegraf_controller.client import ClientError

_TIMEOUT_SECONDS = 5.0


def version(
    url: Annotated[
        str | None,
        typer.Option("--url", envvar="TELEGRAF_CONTROLLER_URL", metavar="URL", help="Address of the controller's API."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the version of this program, and of the controller at --url or on this machine."""
    if not as_json:
        say(f"telegraf_controller {__version__}")
    server = _server_version(url)
    where = None if server is None else url or DEFAULT_URL
    if as_json:
        show_json({"version": __version__, "server": server, "url": where})
    elif server is not None:
        say(f"server {server} at {where}")


def _server_version(url: str | None) -> str | None:
    try:
        with connect(url or DEFAULT_URL, None, _TIMEOUT_SECONDS) as client:
            return client.version().version
    except ClientError:
        # Without --url nobody asked for a server: none need run here.
        if url is None:
            return None
        raise
