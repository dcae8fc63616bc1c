"""What a plan would change, as a unified diff: texts line by line, everything else as lines of a manifest."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

from telegraf_controller.cli.config_files import MANIFEST
from telegraf_controller.cli.config_manifest import as_toml
from telegraf_controller.cli.config_plan import (
    AliasChange,
    Change,
    ConfigChange,
    ConstantChange,
    GroupChange,
    LabelChange,
)

NOTHING = "/dev/null"
_NO_LINE_END = "\\ No newline at end of file"


def diff_of(change: Change) -> str:
    """Return what a change does, empty when nothing; values of constants are not shown."""
    if change.action == "unchanged":
        return ""
    match change:
        case ConfigChange():
            return _of_text(change) + _of_fields(
                f"configuration {change.name!r}", change.action, _config_fields(change)
            )
        case GroupChange():
            return _of_fields(f"group {change.name!r}", change.action, _group_fields(change))
        case ConstantChange():
            before = f"{len(change.current.value)} characters" if change.current else None
            after = f"other {len(change.value)} characters" if change.current else f"{len(change.value)} characters"
            return _of_fields(f"constant {change.name!r}", change.action, [("value", before, after)])
        case LabelChange():
            return _of_fields(f"label {change.name!r}", change.action, _label_fields(change))
        case AliasChange():
            return _of_fields(f"alias {change.name!r}", change.action, _alias_fields(change))


_Fields = list[tuple[str, str | None, str | None]]
"""Of each field its name, what it is, and what it is to be; None for nothing."""


def _of_text(change: ConfigChange) -> str:
    """Compare a stored text with its file."""
    if change.toml is None and change.action != "delete":
        return ""
    current = change.current
    before = NOTHING if current is None else f"{current.name} (version {current.current_version}{_writer(change)})"
    old = "" if current is None else current.toml or ""
    after = NOTHING if change.action == "delete" else change.source
    lines = unified_diff(_lines(old), _lines(change.toml or ""), before, after, lineterm="")
    return "".join(f"{line}\n" for line in lines for line in _ended(line))


def _writer(change: ConfigChange) -> str:
    by = change.current.updated_by if change.current else None
    return "" if by is None else f" by {by}"


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    last = lines.pop()
    # A last line without an end is another one than the same with an end.
    return [*lines, *([f"{last}\n"] if last else [])]


def _ended(line: str) -> Iterator[str]:
    yield line.removesuffix("\n")
    if line.endswith("\n"):
        yield _NO_LINE_END


def _of_fields(title: str, action: str, fields: _Fields) -> str:
    """Compare what is said about something with what is wanted."""
    changed = [(name, before, after) for name, before, after in fields if before != after]
    if not changed and action == "update":
        return ""
    before, after = (NOTHING if action == "create" else title), (NOTHING if action == "delete" else MANIFEST)
    lines = [f"--- {before}", f"+++ {after if action == 'delete' else f'{title} in {after}'}"]
    for name, old, new in changed:
        lines += [f"{sign}{name} = {value}" for sign, value in (("-", old), ("+", new)) if value is not None]
    return "".join(f"{line}\n" for line in lines)


def _config_fields(change: ConfigChange) -> _Fields:
    current = change.current
    labels = sorted(label.name for label in current.labels) if current else []
    return [
        _field("description", current.description if current else "", change.description),
        _field("labels", labels, change.labels),
    ]


def _group_fields(change: GroupChange) -> _Fields:
    current = change.current
    return [
        _field("members", [member.name for member in current.configs] if current else [], change.members),
        _field("description", current.description if current else "", change.description),
        _field("labels", sorted(label.name for label in current.labels) if current else [], change.labels),
    ]


def _label_fields(change: LabelChange) -> _Fields:
    current = change.current
    return [
        _field("description", current.description if current else "", change.wanted.description),
        _field("color", current.color if current else "", change.wanted.color),
    ]


def _alias_fields(change: AliasChange) -> _Fields:
    before, after = change.current, change.wanted
    return [("leads to", None if before is None else str(before), None if after is None else str(after))]


def _field(name: str, before: str | list[str], after: str | list[str] | None) -> tuple[str, str | None, str | None]:
    shown = as_toml(before) if before else None
    return (name, shown, shown if after is None else as_toml(after) if after else None)
