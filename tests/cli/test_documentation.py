"""The documentation knows every command and every option, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from telegraf_controller.cli.app import app

_TEXT = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text()
_EVERYWHERE = {"--help", "--url", "--token", "--json"}


def _commands(group: TyperGroup, above: str = "") -> Iterator[tuple[str, TyperCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _commands(command, f"{above}{name} ")
        elif isinstance(command, TyperCommand) and name != "serve":
            yield f"{above}{name}", command


def _options(command: TyperCommand) -> set[str]:
    longest = {max(p.opts, key=len) for p in command.params if isinstance(p, TyperOption)}
    assert all(isinstance(p, TyperOption | TyperArgument) for p in command.params)
    return longest - _EVERYWHERE


COMMANDS = dict(_commands(typer.main.get_command(app)))  # type: ignore[arg-type]


def _section(command: str) -> str:
    """Return the part of the documentation that is about a command."""
    group = command.split()[0]
    section = re.search(rf"^## `{group}`\n(.*?)(?=^## |\Z)", _TEXT, re.MULTILINE | re.DOTALL)
    assert section is not None, f"{group} has no section"
    return section[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_is_explained(command: str) -> None:
    section = _section(command)
    assert " " not in command or f"`{command}" in section
    missing = {option for option in _options(COMMANDS[command]) if option not in section}
    assert not missing


def test_no_option_is_explained_that_is_not_there() -> None:
    there = {option for command in COMMANDS.values() for option in _options(command)} | _EVERYWHERE
    foreign = {"--clean", "--if-exists", "--dbname"}  # pg_restore's
    assert set(re.findall(r"--[a-z][a-z-]+", _TEXT)) - foreign <= there
