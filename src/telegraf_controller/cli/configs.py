"""`config apply|validate|list|export`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from telegraf_controller.cli.config_apply import Interrupted, Result, apply_plan, planned
from telegraf_controller.cli.config_check import Checked, check_documents
from telegraf_controller.cli.config_files import (
    MANIFEST,
    Document,
    Refusal,
    file_name_of,
    read_documents,
    write_document,
)
from telegraf_controller.cli.config_manifest import WRITTEN_BY_EXPORT, Manifest, read_manifest, write_manifest
from telegraf_controller.cli.config_plan import Plan, make_plan
from telegraf_controller.cli.connection import DEFAULT_URL, Json, Token, Url, connect
from telegraf_controller.cli.output import Column, CommandFailed, complain, show_list, show_text
from telegraf_controller.client import ApiError, ControllerClient
from telegraf_controller.client.records import Config

app = typer.Typer(no_args_is_help=True, help="Configurations, as files on this machine and on the controller.")

CHANGES_PENDING = 3
"""How a dry run ends when there is something to do."""


class Exported(msgspec.Struct, rename="camel"):
    """What became of a file of an export; the manifest is no configuration."""

    outcome: Literal["written", "unchanged"]
    name: str
    version: int | None
    file: str


APPLIED: tuple[Column[Result], ...] = (
    Column("OUTCOME", lambda result: result.outcome),
    Column("KIND", lambda result: result.kind),
    Column("NAME", lambda result: result.name),
    Column("VERSION", lambda result: result.version),
    Column("REPLACES", lambda result: result.replaced),
    Column("URL FOR AGENTS", lambda result: result.url),
)
EXPORTED: tuple[Column[Exported], ...] = (
    Column("OUTCOME", lambda exported: exported.outcome),
    Column("NAME", lambda exported: exported.name),
    Column("VERSION", lambda exported: exported.version),
    Column("FILE", lambda exported: exported.file),
)
CONFIGS: tuple[Column[Config], ...] = (
    Column("NAME", lambda config: config.name),
    Column("VERSION", lambda config: config.current_version),
    Column("AGENTS", lambda config: config.agent_count),
    Column("UPDATED", lambda config: config.updated_at),
    Column("BY", lambda config: config.updated_by),
    Column("ID", lambda config: config.id),
)

Paths = Annotated[
    list[Path],
    typer.Argument(metavar="FILE|DIR|-...", help="Files, folders of .toml and .conf files, or stdin."),
]
Name = Annotated[
    str | None, typer.Option("--name", help="Name on the controller, for one file; else the file's own name.")
]


@app.command("apply")
def apply(
    paths: Paths,
    name: Name = None,
    note: Annotated[str | None, typer.Option("--note", help="Why, for the list of versions.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; show what would change and end with 3 if anything.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Also delete what the folder managed before and holds no more.")
    ] = False,
    accept_impact: Annotated[
        bool, typer.Option("--accept-impact", help="Make changes after which some agents will get an error.")
    ] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Bring configurations on the controller to what the files say: create, update, or leave unchanged."""
    documents, manifest = _read(paths, name)
    if prune and manifest.label is None:
        raise typer.BadParameter(f"only a folder whose {MANIFEST} has a name can be pruned.", param_hint="--prune")
    with connect(url, token) as client:
        plan = make_plan(client, documents, manifest, prune=prune)
        _refuse(plan.refusals)
        if dry_run:
            _show_plan(client, plan, as_json=as_json)
        else:
            _carry_out(client, plan, note=note, accept_impact=accept_impact, as_json=as_json)


@app.command("validate")
def validate(
    paths: Paths,
    name: Name = None,
    strict: Annotated[bool, typer.Option("--strict", help="Take warnings for errors.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Check files as a save would, with what the controller knows, and store nothing."""
    documents, refusals = read_documents(paths, name)
    manifest = _manifest_of(paths)
    with connect(url, token) as client:
        results = list(check_documents(client, documents, refusals, set(manifest.constants)))
    _show_checked(results, as_json=as_json)
    bad = sum(result.is_bad(strict=strict) for result in results)
    if bad:
        raise CommandFailed(f"{bad} of {len(results)} files have errors.")


@app.command("list")
def list_configs(
    search: Annotated[str | None, typer.Option("--search", help="Part of a name.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """List configurations."""
    with connect(url, token) as client:
        show_list(client.configs.each(search=search), CONFIGS, as_json=as_json)


@app.command("export")
def export(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME|ID]...", help="Which; by default all.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to write to.")] = Path(),
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Write configurations to files, byte for byte as they are stored; `apply` takes them back."""
    with connect(url, token) as client:
        try:
            if names:
                exported = _export_configs(client, [find_config(client, name) for name in names], output)
            else:
                exported = _export_everything(client, output)
            show_list(exported, EXPORTED, as_json=as_json)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise CommandFailed(f"{error.filename or output} cannot be written: {error.strerror}.") from None


def find_config(client: ControllerClient, wanted: str) -> Config:
    """Return the configuration with this name, id or alias. Raises CommandFailed when there is none."""
    found = client.configs.find(wanted)
    if found is not None:
        return found
    try:
        return client.configs.read(wanted)
    except ApiError as error:
        if error.status != 404:
            raise
        raise CommandFailed(f"There is no configuration {wanted!r}.") from None


def _read(paths: Sequence[Path], name: str | None) -> tuple[list[Document], Manifest]:
    """Read all that is wanted. Raises CommandFailed after naming every file that cannot be used."""
    documents, refusals = read_documents(paths, name)
    _refuse(refusals)
    return documents, _manifest_of(paths)


def _manifest_of(paths: Sequence[Path]) -> Manifest:
    """Return the manifest of the one folder that is meant. Raises CommandFailed."""
    if len(paths) == 1 and paths[0].is_dir():
        return read_manifest(paths[0])
    for path in paths:
        if (path / MANIFEST).is_file():
            raise CommandFailed(f"{path} has a {MANIFEST} and stands for all that it says: give this folder alone.")
    return Manifest()


def _refuse(refusals: Sequence[Refusal]) -> None:
    """Stop before the first change when there is anything that could not be had."""
    for refusal in refusals:
        complain(str(refusal))
    if refusals:
        raise CommandFailed(f"{_count(len(refusals), 'thing')} cannot be had as wanted; nothing was changed.")


def _show_plan(client: ControllerClient, plan: Plan, *, as_json: bool) -> None:
    """Print what a plan would change, and end with 3 if anything."""
    results = list(planned(client, plan))
    if as_json:
        show_list(results, APPLIED, as_json=True)
    else:
        for result in results:
            _complain_of_problems(plan, result)
            if result.would_fail:
                agents = f"{_count(result.would_fail, 'reporting agent')} would get an error"
                complain(f"{result.kind} {result.name!r}: {agents}.{_HINTS['agents_would_fail']}")
            show_text(result.diff or "")
        counts = {action: sum(result.outcome == action for result in results) for action in _ACTIONS}
        show_text(", ".join(f"{count} to {action}" for action, count in counts.items()) + ".\n")
    if any(change.action != "unchanged" for change in plan.changes):
        raise typer.Exit(CHANGES_PENDING)


_ACTIONS = ("create", "update", "delete")


def _carry_out(client: ControllerClient, plan: Plan, *, note: str | None, accept_impact: bool, as_json: bool) -> None:
    """Make the changes of a plan. Raises CommandFailed when not all of them could be made."""
    refused = 0

    def told() -> Iterator[Result]:
        nonlocal refused
        for result in apply_plan(client, plan, note=note, accept_impact=accept_impact):
            refused += result.outcome == "refused"
            _complain_of_problems(plan, result)
            yield result

    try:
        show_list(told(), APPLIED, as_json=as_json)
    except Interrupted as end:
        if not end.made:
            raise end.cause from None
        complain(f"{end.made} of {end.wanted} changes were made before that; run it again to make the rest.")
        raise end.cause from None
    if refused:
        wanted = sum(change.action != "unchanged" for change in plan.changes)
        raise CommandFailed(f"{refused} of {_count(wanted, 'change')} were refused; the others were made.")


def _complain_of_problems(plan: Plan, result: Result) -> None:
    if result.message is not None:
        hint = _HINTS.get(result.error or "", "")
        complain(f"{result.kind} {result.name!r}: {result.message}{hint}")
    source = next((change.source for change in plan.configs if change.name == result.name), result.name)
    where = source if result.kind == "configuration" else f"group {result.name!r}"
    for problem in result.problems:
        complain(str(Refusal(where, f"{problem.severity}: {problem.message}", problem.line, problem.column)))


_HINTS = {
    "edit_conflict": " Run it again to see the difference.",
    "agents_would_fail": " With --accept-impact it is done all the same.",
}


def _show_checked(results: Sequence[Checked], *, as_json: bool) -> None:
    if as_json:
        show_list(results, (), as_json=True)
        return
    for result in results:
        for line in result.lines():
            show_text(f"{line}\n")


def _export_configs(client: ControllerClient, configs: Iterable[Config], folder: Path) -> Iterator[Exported]:
    folder.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for listed in configs:
        config = client.configs.read(listed.id)
        path = folder / file_name_of(config.name, taken)
        outcome = write_document(path, config.toml or "")
        yield Exported(outcome, config.name, config.current_version, str(path))


def _export_everything(client: ControllerClient, folder: Path) -> Iterator[Exported]:
    """Write all configurations, and the manifest that says everything else."""
    path = folder / MANIFEST
    if path.exists() and not path.read_text("utf-8", "replace").startswith(WRITTEN_BY_EXPORT):
        raise CommandFailed(f"{path} was not written by an export: move it away, or export to another folder.")
    configs = list(client.configs.each())
    manifest = write_manifest(configs, client.groups.each(), client.constants.each(), client.labels.each())
    yield from _export_configs(client, configs, folder)
    yield Exported(write_document(path, manifest), MANIFEST, None, str(path))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
