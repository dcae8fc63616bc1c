"""`simulate`: a fleet of agents that are not there (O7)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from telegraf_controller.cli.connection import Json
from telegraf_controller.cli.output import CommandFailed, say, show_json
from telegraf_controller.simulate.target import DEFAULT_URL, SimulationError, Target, parse_target

if TYPE_CHECKING:
    from rich.console import RenderableType

    from telegraf_controller.simulate.report import Percentiles, Report
    from telegraf_controller.simulate.run import Plan

_DEFAULT_CONNECTIONS = 100


def simulate(
    url: Annotated[
        str,
        typer.Argument(metavar="[URL]", envvar="TELEGRAF_CONTROLLER_HEARTBEAT_URL", help="Where heartbeats go."),
    ] = DEFAULT_URL,
    agents: Annotated[int, typer.Option("--agents", min=1, max=10_000_000, help="Size of the fleet.")] = 100,
    interval: Annotated[
        float, typer.Option("--interval", min=0.1, metavar="SECONDS", help="How often each agent reports.")
    ] = 10.0,
    duration: Annotated[
        float, typer.Option("--duration", min=0.1, max=86_400, metavar="SECONDS", help="How long to go on.")
    ] = 60.0,
    connections: Annotated[
        int | None,
        typer.Option("--connections", min=1, max=1_000_000, help="Connections; by default one per agent, at most 100."),
    ] = None,
    connection_per_heartbeat: Annotated[
        bool, typer.Option("--connection-per-heartbeat", help="Connect anew for each heartbeat.")
    ] = False,
    rate: Annotated[
        str | None, typer.Option("--rate", metavar="max", help="max: as fast as answers come, whatever the interval.")
    ] = None,
    failing: Annotated[
        float, typer.Option("--failing", min=0, max=1, metavar="SHARE", help="Share of agents reporting WARN or FAIL.")
    ] = 0.0,
    configuration: Annotated[
        list[str] | None,
        typer.Option("--configuration", metavar="URL", help="What the agents say they run; may be repeated."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Instance ids begin with sim-SEED-; the same seed is the same fleet.")
    ] = 1,
    token: Annotated[
        str | None,
        typer.Option("--token", envvar="TELEGRAF_CONTROLLER_TOKEN", metavar="TOKEN", help="API token of the agents."),
    ] = None,
    mine: Annotated[
        bool, typer.Option("--yes-this-is-my-controller", help="Needed unless the controller is on this machine.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Send a fleet's heartbeats to a controller for a while; print rates, latencies and errors.

    Ends with 1 unless every heartbeat was acknowledged. The agents appear in the controller's list and stay there.
    """
    from telegraf_controller.simulate.run import DEFAULT_CONFIGURATIONS, Plan
    from telegraf_controller.simulate.run import simulate as run

    if rate not in (None, "max"):
        raise typer.BadParameter("it is max, or left out: then agents and interval say it.", param_hint="--rate")
    try:
        target = parse_target(url)
        _refuse_strangers(target, mine=mine)
        plan = Plan(
            target=target,
            agents=agents,
            interval_seconds=interval,
            duration_seconds=duration,
            connections=connections or min(agents, _DEFAULT_CONNECTIONS),
            token=_checked_token(token),
            failing_share=failing,
            connection_per_heartbeat=connection_per_heartbeat,
            as_fast_as_possible=rate == "max",
            seed=seed,
            configurations=configuration or DEFAULT_CONFIGURATIONS,
        )
        with _progress(plan, shown=not as_json and sys.stdout.isatty()) as on_progress:
            report = run(plan, on_progress)
    except SimulationError as error:
        raise CommandFailed(str(error)) from None
    if as_json:
        show_json(report)
    else:
        _print_report(report)
    if not report.all_acknowledged:
        raise CommandFailed(_what_went_wrong(report))


def _refuse_strangers(target: Target, *, mine: bool) -> None:
    if not target.is_loopback and not mine:
        raise typer.BadParameter(
            f"{target.host} is another machine: this would load it and fill its list with agents that do not exist; "
            "add --yes-this-is-my-controller if that is what you want.",
            param_hint="URL",
        )


def _checked_token(token: str | None) -> str | None:
    if token and (not token.isascii() or not token.isprintable() or " " in token.strip()):
        raise typer.BadParameter("it holds characters that no token has.", param_hint="--token")
    return token.strip() if token else None


def lines_of(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the report line by line: what, and how much."""
    wanted = report.wanted_per_second
    pace = "as fast as possible" if wanted is None else f"{wanted:,.1f}/s wanted"
    yield "agents", f"{report.agents:,} over {report.connections:,} connections, {pace}"
    yield "time", f"{report.elapsed_seconds:,.1f} s"
    yield "acknowledged", f"{report.acknowledged:,} ({report.acknowledged_per_second:,.1f}/s)"
    for status, count in sorted(report.refused.items()):
        yield f"refused {status}", f"{count:,}"
    for reason, count in sorted(report.failed.items()):
        yield "failed", f"{count:,} {reason}"
    if report.unsent:
        yield "unsent", f"{report.unsent:,} (every connection was busy)"
    yield "latency", f"{_shown(report.latency_ms)} from when due"
    yield "response", f"{_shown(report.response_ms)} from when sent"


def _shown(times: Percentiles) -> str:
    return f"p50 {times.p50:,.1f}  p95 {times.p95:,.1f}  p99 {times.p99:,.1f}  max {times.max:,.1f} ms"


def _print_report(report: Report) -> None:
    say(f"{report.url}")
    for what, how_much in lines_of(report):
        say(f"{what:14}{how_much}")


def _what_went_wrong(report: Report) -> str:
    if report.first_refusal:
        return f"Not every heartbeat was acknowledged; the controller said {report.first_refusal}"
    if report.acknowledged or report.failed or report.unsent:
        return "Not every heartbeat was acknowledged."
    return "No heartbeat was due in this time; make --duration longer than --interval divided by --agents."


@contextmanager
def _progress(plan: Plan, *, shown: bool) -> Iterator[Callable[[Report], None] | None]:
    """Show how it goes on a terminal, in place, and clean up behind."""
    if not shown:
        yield None
        return
    from rich.live import Live

    with Live(transient=True, refresh_per_second=4) as live:
        yield lambda report: live.update(_progress_view(plan, report))


def _progress_view(plan: Plan, report: Report) -> RenderableType:
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for what, how_much in lines_of(report):
        table.add_row(Text(what, style="dim"), Text(how_much))
    return Group(
        Text(f"{report.url}  (Ctrl-C ends it early)"),
        ProgressBar(total=plan.duration_seconds, completed=report.elapsed_seconds, width=60),
        table,
    )
