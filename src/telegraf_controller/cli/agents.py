"""`agents list`."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from telegraf_controller.cli.connection import DEFAULT_URL, Json, Token, Url, connect
from telegraf_controller.cli.output import Column, show_list
from telegraf_controller.client.records import Agent

app = typer.Typer(no_args_is_help=True, help="Agents and how they are.")

COLUMNS: tuple[Column[Agent], ...] = (
    Column("INSTANCE ID", lambda agent: agent.instance_id),
    Column("HOSTNAME", lambda agent: agent.hostname),
    Column("STATUS", lambda agent: agent.status),
    Column("VERSION", lambda agent: agent.telegraf_version),
    Column("ADDRESS", lambda agent: agent.ip_address),
    Column("LAST SEEN", lambda agent: agent.last_seen),
)


@app.command("list")
def list_agents(
    status: Annotated[str | None, typer.Option("--status", help="ok, warn, fail, undefined or not_reporting.")] = None,
    search: Annotated[
        str | None, typer.Option("--search", help="Part of a hostname, an instance id or an address.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many; by default all.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """List agents."""
    with connect(url, token) as client:
        show_list(islice(client.agents.each(status=status, search=search), limit), COLUMNS, as_json=as_json)
