"""Configurations as files: which files a command means, and the file that stands for a configuration's name."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

import typer

SUFFIXES = (".toml", ".conf")
"""Which files of a folder are configurations: what Telegraf calls its own."""

MANIFEST = "controller.toml"
"""The file of a folder that says what is no configuration: descriptions, labels, aliases, groups, constants."""

MAX_TOML_BYTES = 1024 * 1024
MAX_NAME_LENGTH = 100

_UNSAFE_IN_FILE_NAMES = re.compile(r'[%/\\:*?"<>|\x00-\x1f\x7f]|^\.|[. ]$')
_LETTERS = re.compile(r"(?<!%)(?<!%[0-9A-F])[^\W\d_]")
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Document:
    """A configuration to apply: its name, its text to the byte, and where it came from, for messages."""

    name: str
    toml: str
    source: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that cannot be used: where it is, and why, in one sentence."""

    source: str
    message: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """Write it the way compilers do, so that editors can jump there."""
        return f"{':'.join(str(p) for p in (self.source, self.line, self.column) if p is not None)}: {self.message}"


class _Unusable(Exception):
    """A file cannot be used; the message is one sentence."""


def read_documents(paths: Sequence[Path], name: str | None = None) -> tuple[list[Document], list[Refusal]]:
    """Read the files that `paths` mean, and say which cannot be used: files, folders, and `-` for standard input.

    A file is named after itself, or by `name`; in a folder after its path there. A folder means the files below it that
    are called .toml or .conf, its manifest and hidden ones apart. Raises typer.BadParameter.
    """
    documents: list[Document] = []
    refusals: list[Refusal] = []
    sources: dict[str, str] = {}
    for path, own_name in _found(paths, refusals, name):
        try:
            document = Document(_checked(name or own_name), read_text(path), str(path))
            if document.name in sources:
                raise _Unusable(f"stands for the configuration {document.name!r}, as {sources[document.name]} does.")
        except _Unusable as error:
            refusals.append(Refusal(str(path), str(error)))
            continue
        sources[document.name] = document.source
        documents.append(document)
    return documents, refusals


def file_name_of(name: str, taken: set[str] | None = None) -> str:
    """Return the path below a folder for a configuration's name; `name_of_file` brings back the name, whatever it is.

    A slash leads into a folder, unless nothing stands before or after it. `taken` collects the paths given, so that
    names that differ only in capitals get files of their own on every file system.
    """
    parts = name.split("/") if all(name.split("/")) else [name]
    path = "/".join(_UNSAFE_IN_FILE_NAMES.sub(_percent, part) for part in parts)
    if taken is not None and path.casefold() in taken:
        path = _LETTERS.sub(_percent, path)
    if taken is not None:
        taken.add(path.casefold())
    return f"%{ord(path[0]):02X}{path[1:]}.toml" if f"{path}.toml" == MANIFEST else f"{path}.toml"


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def name_of_file(path: Path) -> str:
    """Return the name of the configuration that a file stands for, of which `path` is what stands below its folder."""
    return "/".join(unquote(part) for part in (*path.parent.parts, path.stem))


def write_document(path: Path, text: str) -> Literal["written", "unchanged"]:
    """Write a text whole or not at all; one that is already there as it should be is left alone. Raises OSError."""
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return "unchanged"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name[:60]}.{os.getpid()}.part")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return "written"


def read_text(path: Path) -> str:
    """Read a file, or standard input for `-`, byte for byte as UTF-8. Raises an error of one sentence."""
    # Bytes, not text: reading as text would change line ends, and what is stored is served byte for byte (C1).
    try:
        if path == Path("-"):
            content = sys.stdin.buffer.read(MAX_TOML_BYTES + 1)
        else:
            with path.open("rb") as file:
                content = file.read(MAX_TOML_BYTES + 1)
    except OSError as error:
        raise _Unusable(f"cannot be read: {error.strerror}.") from None
    if len(content) > MAX_TOML_BYTES:
        raise _Unusable(f"has more than {MAX_TOML_BYTES} bytes, the most that a configuration may have.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        looks_like = ", but looks like UTF-16" if content.startswith(_UTF_16_MARKS) else ""
        raise _Unusable(f"is not UTF-8 text (byte {error.start}){looks_like}.") from None


def _found(paths: Sequence[Path], refusals: list[Refusal], name: str | None) -> list[tuple[Path, str]]:
    """Return the files and what they are named after. Raises typer.BadParameter."""
    found: list[tuple[Path, str]] = []
    for path in paths:
        if path.is_dir():
            below = list(_files_below(path, refusals))
            if not below:
                refusals.append(Refusal(str(path), f"holds no {' or '.join(SUFFIXES)} file."))
            found += below
        elif path != Path("-"):
            found.append((path, unquote(path.stem)))
        elif name is None:
            raise typer.BadParameter("a configuration from standard input needs one.", param_hint="--name")
        else:
            found.append((path, name))
    if name is not None and len(found) != 1:
        raise typer.BadParameter(f"one name fits one file, not {len(found)}.", param_hint="--name")
    return found


def _files_below(folder: Path, refusals: list[Refusal]) -> Iterator[tuple[Path, str]]:
    """Go through the configurations below a folder in a stable order; links lead nowhere else."""

    def unreadable(error: OSError) -> None:
        refusals.append(Refusal(error.filename, f"cannot be read: {error.strerror}."))

    whole = folder.resolve()
    for above, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = (os.path.join(above, name) for name in folders if os.path.islink(os.path.join(above, name)))
        refusals += [Refusal(link, "is a link to a folder, which is not followed.") for link in links]
        for name in sorted(files):
            path = Path(above, name)
            inside = path.relative_to(folder)
            if name.startswith(".") or path.suffix not in SUFFIXES or inside == Path(MANIFEST):
                continue
            # Whoever may send in files must not have the rest of this machine read and stored.
            if not path.resolve().is_relative_to(whole):
                refusals.append(Refusal(str(path), "is a link that leads out of the folder."))
            elif not path.is_file():
                refusals.append(Refusal(str(path), "is no file, or a link to nothing."))
            else:
                yield path, name_of_file(inside)


def _checked(name: str) -> str:
    """Return a name as the controller takes it. Raises an error of one sentence."""
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise _Unusable(f"makes no name: a name has 1 to {MAX_NAME_LENGTH} printable characters.")
    return name
