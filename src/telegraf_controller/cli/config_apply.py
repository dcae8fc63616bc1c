"""Makes the changes of a plan, one after the other; each is whole by itself, and the next run goes on from there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeVar

import msgspec

from telegraf_controller.cli.config_diff import diff_of
from telegraf_controller.cli.config_impact import ImpactOf
from telegraf_controller.cli.config_plan import (
    AliasChange,
    Change,
    ConfigChange,
    ConstantChange,
    GroupChange,
    LabelChange,
    Owner,
    Plan,
)
from telegraf_controller.client import ApiError, ClientError, ControllerClient
from telegraf_controller.client.records import Config, Group, Problem

Carrier = TypeVar("Carrier", Config, Group)
Kind = Literal["configuration", "group", "constant", "label", "alias"]
Outcome = Literal["created", "updated", "deleted", "unchanged", "refused", "create", "update", "delete"]


class Result(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """What became of something, or in a dry run what would: then `diff` shows it."""

    outcome: Outcome
    kind: Kind
    name: str
    version: int | None = None
    replaced: str | None = None
    """Which version an update replaces, and whose it is."""
    url: str | None = None
    problems: list[Problem] = []
    diff: str | None = None
    would_reload: int = 0
    """How many agents that are reporting would load it anew."""
    would_fail: int = 0
    """How many of them would get an error (V7)."""
    error: str | None = None
    message: str | None = None
    details: dict[str, Any] | None = None
    """What the controller says besides, such as agents that would fail."""


class Interrupted(Exception):
    """The run ended before its plan: `cause` says why; `made` of `wanted` changes were made."""

    def __init__(self, cause: ClientError, made: int, wanted: int) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.made = made
        self.wanted = wanted


def planned(client: ControllerClient, plan: Plan) -> Iterator[Result]:
    """Tell what the changes of a plan would do, each by itself. Raises ClientError."""
    impact_of = ImpactOf(client, plan)
    for change in plan.changes:
        result = Result(outcome=change.action, kind=kind_of(change), name=change.name, diff=diff_of(change) or None)
        if isinstance(change, ConfigChange):
            result.problems = change.problems
            result.replaced = _replaced(change)
            result.version = None if change.current is None else change.current.current_version
        impact = impact_of(change)
        if impact is not None:
            result.would_reload, result.would_fail = impact.would_reload, impact.would_fail
        yield result


def apply_plan(client: ControllerClient, plan: Plan, *, note: str | None, accept_impact: bool) -> Iterator[Result]:
    """Make the changes of a plan and tell of each; one that is refused does not keep the others back.

    Raises Interrupted when the controller cannot be reached, fails, or takes nothing from this token.
    """
    run = _Run(client, plan, note, accept_impact or None)
    wanted = sum(change.action != "unchanged" for change in plan.changes)
    made = 0
    for change in plan.changes:
        try:
            result = run.make(change)
        except ApiError as error:
            if error.status in (401, 403) or error.status >= 500:
                raise Interrupted(error, made, wanted) from error
            result = Result(
                outcome="refused", kind=kind_of(change), name=change.name, error=error.code, message=error.message
            )
            result.details = error.details or None
        except ClientError as error:
            raise Interrupted(error, made, wanted) from error
        made += result.outcome not in ("unchanged", "refused")
        yield result


def kind_of(change: Change) -> Kind:
    """Say what a change is a change of."""
    kinds: dict[type[Change], Kind] = {
        LabelChange: "label",
        ConstantChange: "constant",
        ConfigChange: "configuration",
        GroupChange: "group",
        AliasChange: "alias",
    }
    return kinds[type(change)]


_DONE: dict[str, Outcome] = {"create": "created", "update": "updated", "delete": "deleted", "unchanged": "unchanged"}


class _Run:
    """One run: the ids of what is there, and of what has been made."""

    def __init__(self, client: ControllerClient, plan: Plan, note: str | None, accept_impact: bool | None) -> None:
        self._client = client
        self._note = note
        self._accept_impact = accept_impact
        self._labels = {name: label.id for name, label in plan.state.labels.items()}
        self._configs = {name: config.id for name, config in plan.state.configs.items()}
        self._groups = {name: group.id for name, group in plan.state.groups.items()}
        self._rewritten: set[str] = set()
        """Names of the configurations whose text is another one now: what groups they make must be looked at."""

    def make(self, change: Change) -> Result:
        """Make one change. Raises ClientError."""
        match change:
            case ConfigChange():
                return self._config(change)
            case GroupChange():
                return self._group(change)
            case LabelChange():
                self._label(change)
            case ConstantChange():
                self._constant(change)
            case AliasChange():
                self._alias(change)
        return Result(outcome=_DONE[change.action], kind=kind_of(change), name=change.name)

    def _config(self, change: ConfigChange) -> Result:
        current = change.current
        saved = current
        if current is None:
            saved = self._client.configs.create(
                change.name,
                change.toml or "",
                description=change.description,
                note=self._note,
                label_ids=self._label_ids(change.labels),
            )
            self._configs[change.name] = saved.id
        elif change.action == "delete":
            self._client.configs.delete(current.id)
        elif change.action == "update":
            saved = self._client.configs.update(
                current.id,
                toml=change.toml,
                description=change.description,
                note=self._note if change.toml is not None else None,
                label_ids=self._label_ids(change.labels),
                # Whoever saves between our reading and writing is told so, not overwritten (V2).
                base_version=current.current_version,
                accept_impact=self._accept_impact,
            )
        if change.toml is not None:
            self._rewritten.add(change.name)
        result = Result(outcome=_DONE[change.action], kind="configuration", name=change.name, problems=change.problems)
        result.replaced = _replaced(change)
        if saved is not None and change.action != "delete":
            result.version = saved.current_version
            result.url = self._client.configs.url(_as_wanted(saved, change.aliases))
        return result

    def _group(self, change: GroupChange) -> Result:
        current = change.current
        result = Result(outcome=_DONE[change.action], kind="group", name=change.name)
        if change.action == "delete":
            self._client.groups.delete(self._groups[change.name], accept_impact=self._accept_impact)
            return result
        members = None if change.members is None else [self._config_id(name) for name in change.members]
        if current is None:
            saved = self._client.groups.create(change.name, members or [], description=change.description)
            self._groups[change.name] = saved.id
        elif members is not None or change.description is not None:
            saved = self._client.groups.update(
                current.id, members=members, description=change.description, accept_impact=self._accept_impact
            )
        elif any(member.name in self._rewritten for member in current.configs):
            saved = self._client.groups.read(current.id)
        else:
            saved = current
        if change.labels is not None:
            self._label_group(saved, change.labels)
        result.url = self._client.groups.url(_as_wanted(saved, change.aliases))
        result.problems = list(saved.problems)
        return result

    def _label_group(self, group: Group, wanted: list[str]) -> None:
        before = {label.name: label.id for label in group.labels}
        for name in wanted:
            if name not in before:
                self._client.groups.add_label(group.id, self._labels[name])
        for name in before.keys() - set(wanted):
            self._client.groups.remove_label(group.id, before[name])

    def _label(self, change: LabelChange) -> None:
        look = change.wanted
        if change.current is None:
            made = self._client.labels.create(change.name, description=look.description, color=look.color)
            self._labels[change.name] = made.id
        else:
            self._client.labels.update(change.current.id, description=look.description, color=look.color)

    def _constant(self, change: ConstantChange) -> None:
        if change.current is None:
            self._client.constants.create(change.name, change.value)
        else:
            self._client.constants.update(change.name, change.value, accept_impact=self._accept_impact)

    def _alias(self, change: AliasChange) -> None:
        if change.wanted is None:
            self._client.aliases.delete(change.name, accept_impact=self._accept_impact)
        elif change.current is None:
            self._client.aliases.create(change.wanted.kind, self._owner_id(change.wanted), change.name)
        else:
            self._client.aliases.transfer(
                change.name, change.wanted.kind, self._owner_id(change.wanted), accept_impact=self._accept_impact
            )

    def _label_ids(self, names: list[str] | None) -> list[str] | None:
        return None if names is None else [self._labels[name] for name in names]

    def _owner_id(self, owner: Owner) -> str:
        if owner.kind == "configs":
            return self._config_id(owner.name)
        return _made(self._groups, owner.name)

    def _config_id(self, name: str) -> str:
        return _made(self._configs, name)


def _made(ids: dict[str, str], name: str) -> str:
    """Return an id. Raises ApiError when what it is of was refused earlier in this run."""
    if name not in ids:
        raise ApiError(409, "not_made", f"It needs {name!r}, which was refused.")
    return ids[name]


def _replaced(change: ConfigChange) -> str | None:
    if change.current is None or change.toml is None:
        return None
    by = change.current.updated_by
    return f"version {change.current.current_version}" + (f" by {by}" if by else "")


def _as_wanted(owner: Carrier, aliases: list[str] | None) -> Carrier:
    """Return a record with the aliases that it is to have, some of which are made at the end of the run."""
    return owner if aliases is None else msgspec.structs.replace(owner, aliases=aliases)
