"""The manifest of a folder of configurations: what is wanted beside their texts."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from telegraf_controller.cli.config_files import MANIFEST
from telegraf_controller.cli.output import CommandFailed
from telegraf_controller.client.records import Config, Constant, Group, Label

MANAGED_PREFIX = "managed: "
"""Begins the label that a folder with a name puts on what it manages."""

WRITTEN_BY_EXPORT = "# Written by telegraf_controller config export, which writes over it again.\n"

_SetName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]


class _Entry(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The base of entries: what is not given is left as it is on the controller, an unknown key is refused."""

    description: str | None = None


class ConfigEntry(_Entry, frozen=True, kw_only=True):
    """What is wanted of a configuration beside its text."""

    labels: list[str] | None = None
    aliases: list[str] | None = None


class GroupEntry(_Entry, frozen=True, kw_only=True):
    """A group; `members` are names of configurations in the order in which they are served."""

    members: list[str]
    labels: list[str] | None = None
    aliases: list[str] | None = None


class LabelEntry(_Entry, frozen=True, kw_only=True):
    """What a label looks like."""

    color: str | None = None


class FromEnvironment(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A value that is not in the file: it comes from this variable of the environment."""

    env: str


class Manifest(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """All of a manifest."""

    name: _SetName | None = None
    configs: dict[str, ConfigEntry] = {}
    groups: dict[str, GroupEntry] = {}
    constants: dict[str, str | FromEnvironment] = {}
    labels: dict[str, LabelEntry] = {}

    @property
    def label(self) -> str | None:
        """The label on what this folder manages; None without a name."""
        return None if self.name is None else MANAGED_PREFIX + self.name


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a folder; without one nothing is wanted beside the texts. Raises CommandFailed."""
    path = folder / MANIFEST
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return Manifest()
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise CommandFailed(f"{path} is not UTF-8 text (byte {error.start}).") from None
    try:
        manifest = msgspec.convert(tomllib.loads(text), Manifest)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise CommandFailed(f"{path}: {error}.") from None
    problem = next(_contradictions(manifest), None)
    if problem is not None:
        raise CommandFailed(f"{path}: {problem}")
    return manifest


def values_of(manifest: Manifest) -> dict[str, str]:
    """Return the constants' values, from the environment where the manifest says so. Raises CommandFailed."""
    values: dict[str, str] = {}
    for name, value in manifest.constants.items():
        if isinstance(value, FromEnvironment):
            if value.env not in os.environ:
                raise CommandFailed(f"The variable {value.env} is not set; the constant {name!r} takes its value.")
            values[name] = os.environ[value.env]
        else:
            values[name] = value
    return values


def write_manifest(
    configs: Iterable[Config], groups: Iterable[Group], constants: Iterable[Constant], labels: Iterable[Label]
) -> str:
    """Return the manifest that makes another controller alike; `read_manifest` reads it."""
    sections = [_constants_section(constants)]
    for label in labels:
        if not label.name.startswith(MANAGED_PREFIX):
            fields = {"description": label.description, "color": label.color}
            sections.append(_section(("labels", label.name), fields))
    for config in configs:
        about = {"description": config.description, "labels": _labels_of(config), "aliases": sorted(config.aliases)}
        sections.append(_section(("configs", config.name), about))
    for group in groups:
        about = {"description": group.description, "labels": _labels_of(group), "aliases": sorted(group.aliases)}
        members = f"members = {_list([member.name for member in group.configs])}\n"
        sections.append((_section(("groups", group.name), about) or f"{_header('groups', group.name)}\n") + members)
    return "\n".join([WRITTEN_BY_EXPORT, *filter(None, sections)])


def own_labels(carrier: Config | Group) -> set[str]:
    """Return the names of the labels that people put on something."""
    return {label.name for label in carrier.labels if not label.name.startswith(MANAGED_PREFIX)}


def as_toml(value: str | Collection[str]) -> str:
    """Write a string, or a list of strings, in TOML."""
    return _string(value) if isinstance(value, str) else _list(value)


def _contradictions(manifest: Manifest) -> Iterator[str]:
    owners: dict[str, str] = {}
    for kind, entries in (("configuration", manifest.configs), ("group", manifest.groups)):
        for name, entry in entries.items():
            for alias in entry.aliases or ():
                if alias in owners:
                    yield f"the alias {alias!r} is given to {owners[alias]} and to the {kind} {name!r}."
                owners[alias] = f"the {kind} {name!r}"
            if any(label.startswith(MANAGED_PREFIX) for label in entry.labels or ()):
                yield f"labels that begin with {MANAGED_PREFIX!r} say who manages something; give the folder a name."
    for name, group in manifest.groups.items():
        if len(set(group.members)) < len(group.members):
            yield f"the group {name!r} names a configuration twice."


def _labels_of(carrier: Config | Group) -> list[str]:
    return sorted(own_labels(carrier))


def _constants_section(constants: Iterable[Constant]) -> str:
    lines = [f"{_string(constant.name)} = {_string(constant.value)}\n" for constant in constants]
    return "[constants]\n" + "".join(lines) if lines else ""


def _section(path: tuple[str, str], fields: Mapping[str, str | Collection[str]]) -> str:
    lines = [f"{key} = {as_toml(value)}\n" for key, value in fields.items() if value]
    return f"{_header(*path)}\n" + "".join(lines) if lines else ""


def _header(kind: str, name: str) -> str:
    return f"[{kind}.{_string(name)}]"


def _list(values: Iterable[str]) -> str:
    return f"[{', '.join(map(_string, values))}]"


def _string(value: str) -> str:
    # JSON's strings are TOML's, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
