"""`config apply|list|export`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from telegraf_controller.cli.config_files import Document, file_name_of, read_documents, write_document
from telegraf_controller.cli.connection import DEFAULT_URL, Json, Token, Url, connect
from telegraf_controller.cli.output import Column, CommandFailed, complain, show_list
from telegraf_controller.client import ApiError, ControllerClient
from telegraf_controller.client.records import Config, Problem

app = typer.Typer(no_args_is_help=True, help="Configurations, as files on this machine and on the controller.")


class Applied(msgspec.Struct, rename="camel"):
    """What became of a file that was applied."""

    outcome: Literal["created", "updated", "unchanged"]
    name: str
    version: int
    url: str
    problems: list[Problem] = []


class Exported(msgspec.Struct, rename="camel"):
    """What became of a configuration that was exported."""

    outcome: Literal["written", "unchanged"]
    name: str
    version: int
    file: str


APPLIED: tuple[Column[Applied], ...] = (
    Column("OUTCOME", lambda applied: applied.outcome),
    Column("NAME", lambda applied: applied.name),
    Column("VERSION", lambda applied: applied.version),
    Column("URL FOR AGENTS", lambda applied: applied.url),
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


@app.command("apply")
def apply(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE|DIR|-...", help="Files, folders of .toml and .conf files, or stdin.")
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="Name on the controller, for one file; else the file's own name.")
    ] = None,
    note: Annotated[str | None, typer.Option("--note", help="Why, for the list of versions.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Bring configurations on the controller to what the files say: create, update, or leave unchanged."""
    documents = read_documents(paths, name)
    refused: list[Document] = []

    def outcomes(client: ControllerClient) -> Iterator[Applied]:
        for document in documents:
            try:
                applied = apply_document(client, document, note=note)
            except ApiError as error:
                # One bad file does not keep the others back; a controller that refuses everything would.
                if error.status in (401, 403) or error.status >= 500:
                    raise
                complain(f"{_place(document, error)}: {error.message}")
                refused.append(document)
                continue
            _complain_of_problems(document, applied.problems)
            yield applied

    with connect(url, token) as client:
        show_list(outcomes(client), APPLIED, as_json=as_json)
    if refused:
        raise CommandFailed(f"{len(refused)} of {len(documents)} files were refused.")


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
        wanted = [find_config(client, name) for name in names] if names else client.configs.each()
        try:
            output.mkdir(parents=True, exist_ok=True)
            show_list((_export_one(client, config.id, output) for config in wanted), EXPORTED, as_json=as_json)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise CommandFailed(f"{error.filename or output} cannot be written: {error.strerror}.") from None


def apply_document(client: ControllerClient, document: Document, *, note: str | None = None) -> Applied:
    """Create or update the configuration of the document's name unless it says so already. Raises ClientError."""
    known = client.configs.find(document.name)
    if known is None:
        return _applied(client, "created", client.configs.create(document.name, document.toml, note=note))
    stored = client.configs.read(known.id)
    if stored.toml == document.toml:
        return _applied(client, "unchanged", stored)
    updated = client.configs.update(
        stored.id,
        toml=document.toml,
        note=note,
        # Whoever saves between our reading and writing is told so, not overwritten (V2).
        base_version=stored.current_version,
    )
    return _applied(client, "updated", updated)


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


def _applied(client: ControllerClient, outcome: Literal["created", "updated", "unchanged"], config: Config) -> Applied:
    problems = [] if outcome == "unchanged" else config.problems
    return Applied(outcome, config.name, config.current_version, client.configs.url(config), problems)


def _export_one(client: ControllerClient, config_id: str, folder: Path) -> Exported:
    config = client.configs.read(config_id)
    path = folder / file_name_of(config.name)
    return Exported(write_document(path, config.toml or ""), config.name, config.current_version, str(path))


def _place(document: Document, error: ApiError) -> str:
    """Say where in the file an error is, the way compilers do, so that editors can jump there."""
    line, column = error.details.get("line"), error.details.get("column")
    return ":".join(str(part) for part in (document.source, line, column) if part is not None)


def _complain_of_problems(document: Document, problems: list[Problem]) -> None:
    for problem in problems:
        where = document.source if problem.line is None else f"{document.source}:{problem.line}"
        complain(f"{where}: {problem.severity}: {problem.message}")
