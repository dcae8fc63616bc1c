"""All commands together."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from telegraf_controller import __version__
from telegraf_controller.cli import agents, configs, database, simulate, tokens
from telegraf_controller.cli.version import version

PROGRAM = "telegraf_controller"

# Without rich's panels: help and usage errors look the same on a terminal, in a pipe and in a log.
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 110},
    help="A controller for fleets of Telegraf agents. Without a command it starts the server.",
    epilog="Commands speak to the controller at TELEGRAF_CONTROLLER_URL with TELEGRAF_CONTROLLER_TOKEN.",
)
app.add_typer(tokens.app, name="token")
app.add_typer(configs.app, name="config")
app.add_typer(agents.app, name="agents")
app.add_typer(database.app, name="db")
app.command("simulate")(simulate.simulate)
app.command("version")(version)


@app.command(
    "serve",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def serve(context: typer.Context) -> None:
    """Start the server, which is also what happens without a command; serve --help lists its options."""
    from telegraf_controller.processes.startup import serve_command

    sys.exit(serve_command(context.args))


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version_only: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None: ...
