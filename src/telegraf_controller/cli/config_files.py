"""Configurations as files: which files a command means, and the file name that stands for a configuration's name."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

import typer

from telegraf_controller.cli.output import CommandFailed

SUFFIXES = (".toml", ".conf")
"""Which files of a folder are configurations: what Telegraf calls its own."""

_UNSAFE_IN_FILE_NAMES = re.compile(r'[%/\\:*?"<>|\x00-\x1f\x7f]|^\.|[. ]$')


@dataclass(frozen=True, slots=True)
class Document:
    """A configuration to apply: its name, its text to the byte, and where it came from, for messages."""

    name: str
    toml: str
    source: str


def read_documents(paths: Sequence[Path], name: str | None) -> list[Document]:
    """Read the files that `paths` mean: files, the configurations in folders, and `-` for standard input.

    A document is named after its file unless `name` says otherwise. Raises CommandFailed, typer.BadParameter.
    """
    files = [file for path in paths for file in _files_of(path)]
    if name is not None and len(files) != 1:
        raise typer.BadParameter(f"one name fits one file, not {len(files)}.", param_hint="--name")
    documents = [Document((name or name_of_file(file)).strip(), _read(file), str(file)) for file in files]
    seen: dict[str, str] = {}
    for document in documents:
        if document.name in seen:
            raise CommandFailed(
                f"{seen[document.name]} and {document.source} both stand for the configuration {document.name!r}."
            )
        seen[document.name] = document.source
    return documents


def file_name_of(name: str) -> str:
    """Return a file name for a configuration's name; `name_of_file` brings the name back, whatever it holds."""
    return _UNSAFE_IN_FILE_NAMES.sub(lambda found: f"%{ord(found[0]):02X}", name) + ".toml"


def name_of_file(path: Path) -> str:
    """Return the name of the configuration that a file stands for. Raises typer.BadParameter for standard input."""
    if path == Path("-"):
        raise typer.BadParameter("a configuration from standard input needs one.", param_hint="--name")
    return unquote(path.stem)


def write_document(path: Path, toml: str) -> Literal["written", "unchanged"]:
    """Write a document whole or not at all; one that is already there as it should be is left alone. Raises OSError."""
    content = toml.encode()
    if path.is_file() and path.read_bytes() == content:
        return "unchanged"
    draft = path.with_name(f".{path.name[:60]}.{os.getpid()}.part")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return "written"


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file())
    if not files:
        raise CommandFailed(f"There is no {' or '.join(SUFFIXES)} file in {path}.")
    return files


def _read(path: Path) -> str:
    # Bytes, not text: reading as text would change line ends, and what is stored is served byte for byte (C1).
    try:
        content = sys.stdin.buffer.read() if path == Path("-") else path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror}.") from None
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise CommandFailed(f"{path} is not UTF-8 text (byte {error.start}).") from None
