"""What has to change on a controller so that it has what files say: found out before anything is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from telegraf_controller.cli.config_files import MANIFEST, Document, Refusal
from telegraf_controller.cli.config_manifest import (
    MANAGED_PREFIX,
    ConfigEntry,
    GroupEntry,
    LabelEntry,
    Manifest,
    own_labels,
    values_of,
)
from telegraf_controller.client import ControllerClient
from telegraf_controller.client.records import Config, Constant, Group, Label, Problem

_LINE_END = re.compile(r"\r\n?|\n")

Action: TypeAlias = Literal["create", "update", "delete", "unchanged"]


@dataclass(frozen=True)
class LabelChange:
    """A label as it is, if it is there, and what is wanted of it."""

    action: Action
    name: str
    current: Label | None
    wanted: LabelEntry


@dataclass(frozen=True)
class ConstantChange:
    """A constant, its value and the one before; neither is printed."""

    action: Action
    name: str
    current: Constant | None
    value: str = field(repr=False)


@dataclass(frozen=True)
class ConfigChange:
    """A configuration as it is, with its text, and what is wanted; None where things stay as they are."""

    action: Action
    name: str
    current: Config | None
    source: str = ""
    toml: str | None = None
    description: str | None = None
    labels: list[str] | None = None
    aliases: list[str] | None = None
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class GroupChange:
    """A group as it is, and what is wanted; None where things stay as they are."""

    action: Action
    name: str
    current: Group | None
    members: list[str] | None = None
    description: str | None = None
    labels: list[str] | None = None
    aliases: list[str] | None = None


@dataclass(frozen=True)
class AliasChange:
    """An alias, and the configuration or group that it leads to and is to lead to."""

    action: Action
    name: str
    current: Owner | None
    wanted: Owner | None


@dataclass(frozen=True)
class Owner:
    """What an alias leads to: `kind` is `configs` or `config-groups`."""

    kind: Literal["configs", "config-groups"]
    name: str

    def __str__(self) -> str:
        """Name it in a sentence."""
        return f"the {'configuration' if self.kind == 'configs' else 'group'} {self.name!r}"


Change: TypeAlias = LabelChange | ConstantChange | ConfigChange | GroupChange | AliasChange


@dataclass(frozen=True)
class State:
    """What is on the controller, by name, as far as it matters here."""

    configs: Mapping[str, Config]
    groups: Mapping[str, Group]
    constants: Mapping[str, Constant]
    labels: Mapping[str, Label]


@dataclass(frozen=True)
class Plan:
    """All changes in the order in which they are made, and why not all of what is wanted can be had."""

    state: State
    changes: list[Change]
    refusals: list[Refusal]

    @property
    def configs(self) -> Iterator[ConfigChange]:
        """The changes of configurations."""
        return (change for change in self.changes if isinstance(change, ConfigChange))


def make_plan(
    client: ControllerClient, documents: Sequence[Document], manifest: Manifest, *, prune: bool = False
) -> Plan:
    """Compare files with the controller. Changes nothing. Raises ClientError, CommandFailed."""
    values = values_of(manifest)
    wants_groups = bool(manifest.groups or manifest.name or manifest.configs)
    state = State(
        configs={config.name: config for config in client.configs.each()},
        groups={group.name: group for group in client.groups.each()} if wants_groups else {},
        constants={constant.name: constant for constant in client.constants.each()} if values else {},
        labels={label.name: label for label in client.labels.each()} if _labels_in(manifest) else {},
    )
    planner = _Planner(client, state, documents, manifest)
    planner.check_names()
    changes: list[Change] = [*planner.labels(), *planner.constants(values)]
    changes += [*planner.configs(set(values)), *planner.groups(), *planner.aliases()]
    if prune:
        changes += planner.pruned()
    return Plan(state, changes, planner.refusals)


class _Planner:
    """Finds the changes of each kind; what cannot be had goes to `refusals`."""

    def __init__(
        self, client: ControllerClient, state: State, documents: Sequence[Document], manifest: Manifest
    ) -> None:
        self._client = client
        self._state = state
        self._documents = {document.name: document for document in documents}
        self._manifest = manifest
        self.refusals: list[Refusal] = []

    def check_names(self) -> None:
        """Refuse what the manifest says of things that are nowhere."""
        for name in self._manifest.configs.keys() - self._documents.keys():
            self._refuse(f"there is no file for the configuration {name!r}.")
        for group, entry in self._manifest.groups.items():
            for name in entry.members:
                if name not in self._documents and name not in self._state.configs:
                    self._refuse(f"the group {group!r} wants the configuration {name!r}, which is nowhere.")

    def labels(self) -> Iterator[LabelChange]:
        """Find labels that are missing, and those that look different."""
        for name in _labels_in(self._manifest):
            wanted = self._manifest.labels.get(name, LabelEntry())
            current = self._state.labels.get(name)
            if current is None:
                yield LabelChange("create", name, None, wanted)
            elif _differs(wanted.description, current.description) or _differs(
                wanted.color and wanted.color.lower(), current.color
            ):
                yield LabelChange("update", name, current, wanted)

    def constants(self, values: Mapping[str, str]) -> Iterator[ConstantChange]:
        """Find constants that are missing or have another value."""
        for name, value in values.items():
            current = self._state.constants.get(name)
            if current is None:
                yield ConstantChange("create", name, None, value)
            elif current.value != value:
                yield ConstantChange("update", name, current, value)

    def configs(self, defined: set[str]) -> Iterator[ConfigChange]:
        """Find what becomes of each document; one whose text differs is checked as a save would."""
        for document in self._documents.values():
            entry = self._manifest.configs.get(document.name, ConfigEntry())
            listed = self._state.configs.get(document.name)
            if listed is not None and not self._may_manage(listed, document.source, "configuration"):
                continue
            current = None if listed is None else self._client.configs.read(listed.id)
            toml = document.toml if current is None or current.toml != document.toml else None
            problems = [] if toml is None else self._problems_of(document, defined)
            before = "" if current is None else current.description
            description = entry.description if _differs(entry.description, before) else None
            labels = self._labels_for(entry.labels, current)
            changed = any(part is not None for part in (toml, description, labels))
            action: Action = "create" if current is None else "update" if changed else "unchanged"
            yield ConfigChange(
                action, document.name, current, document.source, toml, description, labels, entry.aliases, problems
            )

    def groups(self) -> Iterator[GroupChange]:
        """Find what becomes of each group."""
        for name, entry in self._manifest.groups.items():
            current = self._state.groups.get(name)
            if current is not None and not self._may_manage(current, MANIFEST, "group"):
                continue
            served = None if current is None else [member.name for member in current.configs]
            members = entry.members if served != entry.members else None
            before = "" if current is None else current.description
            description = entry.description if _differs(entry.description, before) else None
            labels = self._labels_for(entry.labels, current)
            changed = any(part is not None for part in (members, description, labels))
            action: Action = "create" if current is None else "update" if changed else "unchanged"
            yield GroupChange(action, name, current, members, description, labels, entry.aliases)

    def aliases(self) -> Iterator[AliasChange]:
        """Find aliases to make, to move in one step, and to give up."""
        wanted: dict[str, Owner] = {}
        current: dict[str, Owner] = {}
        given_up: list[AliasChange] = []
        for owner, entry, carrier in self._owners():
            aliases = None if entry is None else entry.aliases
            wanted |= dict.fromkeys(aliases or (), owner)
            there = [] if carrier is None else carrier.aliases
            current |= dict.fromkeys(there, owner)
            if aliases is not None:
                given_up += [AliasChange("delete", alias, owner, None) for alias in there if alias not in aliases]
        for alias, owner in wanted.items():
            before = current.get(alias)
            if before is None:
                yield AliasChange("create", alias, None, owner)
            elif before != owner:
                if self._is_ours(before):
                    yield AliasChange("update", alias, before, owner)
                else:
                    self._refuse(f"the alias {alias!r} leads to {before}, which is not managed here: transfer it.")
        yield from (change for change in given_up if change.name not in wanted)

    def pruned(self) -> Iterator[Change]:
        """Find what carries this folder's label and is not in it any more."""
        for group in self._state.groups.values():
            if self._is_left(group) and group.name not in self._manifest.groups:
                yield GroupChange("delete", group.name, group)
        for config in self._state.configs.values():
            if not self._is_left(config) or config.name in self._documents:
                continue
            groups = [group for group in self._state.groups.values() if group.id in config.groups]
            foreign = [group.name for group in groups if not self._is_ours(Owner("config-groups", group.name))]
            if foreign:
                self._refuse(f"{config.name!r} is to go, but the group {foreign[0]!r}, not managed here, has it.")
            else:
                yield ConfigChange("delete", config.name, self._client.configs.read(config.id))

    def _owners(self) -> Iterator[tuple[Owner, ConfigEntry | GroupEntry | None, Config | Group | None]]:
        """Go through everything that has aliases or is to have some."""
        for name in {**self._state.configs, **self._documents}:
            yield Owner("configs", name), self._manifest.configs.get(name), self._state.configs.get(name)
        for name in {**self._state.groups, **self._manifest.groups}:
            yield Owner("config-groups", name), self._manifest.groups.get(name), self._state.groups.get(name)

    def _is_ours(self, owner: Owner) -> bool:
        """Tell whether this folder has it, or had it."""
        if owner.kind == "configs":
            return owner.name in self._documents or self._is_left(self._state.configs[owner.name])
        return owner.name in self._manifest.groups or self._is_left(self._state.groups[owner.name])

    def _is_left(self, carrier: Config | Group) -> bool:
        label = self._manifest.label
        return label is not None and any(one.name == label for one in carrier.labels)

    def _may_manage(self, carrier: Config | Group, source: str, kind: str) -> bool:
        """Refuse what another folder manages: two would undo each other's work for ever."""
        others = [one.name for one in carrier.labels if one.name.startswith(MANAGED_PREFIX)]
        if self._manifest.label is None or not others or self._manifest.label in others:
            return True
        managed = others[0].removeprefix(MANAGED_PREFIX)
        self.refusals.append(Refusal(source, f"the {kind} {carrier.name!r} is managed by {managed!r} already."))
        return False

    def _labels_for(self, wanted: list[str] | None, carrier: Config | Group | None) -> list[str] | None:
        """Return all labels that something is to carry; None when it does, or nothing is said about them."""
        label = self._manifest.label
        before = set() if carrier is None else {one.name for one in carrier.labels}
        own = set(wanted) if wanted is not None else set() if carrier is None else own_labels(carrier)
        managed = {label} if label is not None else {name for name in before if name.startswith(MANAGED_PREFIX)}
        return sorted(own | managed) if own | managed != before else None

    def _problems_of(self, document: Document, defined: set[str]) -> list[Problem]:
        """Return what the check of a text finds; refuse the document when it could not be saved (V5)."""
        problems = problems_of(self._client, document, defined)
        for problem in problems:
            if problem.code == "invalid_toml":
                self.refusals.append(Refusal(document.source, problem.message, problem.line, problem.column))
        return problems

    def _refuse(self, message: str) -> None:
        self.refusals.append(Refusal(MANIFEST, message))


def problems_of(client: ControllerClient, document: Document, constants: set[str]) -> list[Problem]:
    """Return what the check of a text finds; `constants` count as defined (Q1). Raises ClientError."""
    return [
        problem
        for problem in client.configs.validate(document.toml)
        if problem.code != "undefined_constant" or not _stands_at(problem, document.toml, constants)
    ]


def _labels_in(manifest: Manifest) -> list[str]:
    """Return every label that a manifest names."""
    entries: list[ConfigEntry | GroupEntry] = [*manifest.configs.values(), *manifest.groups.values()]
    named = [*manifest.labels, *(label for entry in entries for label in entry.labels or ())]
    return list(dict.fromkeys([*named, *([manifest.label] if manifest.label else [])]))


def _stands_at(problem: Problem, toml: str, constants: set[str]) -> bool:
    """Tell whether one of the constants, which this run defines, stands where the problem is."""
    if problem.line is None or problem.column is None:
        return False
    rest = _LINE_END.split(toml)[problem.line - 1][problem.column - 1 :]
    return any(rest.startswith(f"::{{{name}}}") for name in constants)


def _differs(wanted: str | None, current: str) -> bool:
    """Tell whether something is wanted that is not so; nothing said is nothing wanted."""
    return wanted is not None and wanted != current
