"""One document from several configurations: what a group serves (G1).

Each member's text stands under a comment that names it. Nothing of one member runs on into the next: a text that does
not end its last line gets that end (a comment there would swallow what follows), and a byte-order mark, which Telegraf
knows only at the very beginning, is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from telegraf_controller.configs.placeholders import Parameter, Slot, Template

_MARK = "\ufeff"


def heading_line(name: str) -> str:
    """Return the comment above a member's text, with its line end; a name cannot end it early."""
    return f"# Configuration: {''.join(c if c.isprintable() else ' ' for c in name)}\n"


def merge_texts(members: Iterable[tuple[str, str]]) -> str:
    """Join `(heading, text)` of all members, with their placeholders as they are."""
    pieces: list[str] = []
    for heading, text in members:
        pieces += (heading_line(heading), text.removeprefix(_MARK))
        if text and not text.endswith("\n"):
            pieces.append("\n")
    return "".join(pieces)


def merge_templates(members: Sequence[tuple[str, Template]]) -> Template:
    """Return the template of the joined texts: parameters and what is missing are those of all members together (G1).

    A parameter is required if any member requires it.
    """
    merged = _Merged([], [], [])
    for heading, template in members:
        merged.add(heading, template)
    parameters = _all_parameters(parameter for _, template in members for parameter in template.parameters)
    return Template(
        parts=tuple(merged.parts),
        slots=tuple(merged.slots),
        words=tuple(merged.words),
        parameters=parameters,
        required=tuple(parameter.name for parameter in parameters if parameter.required),
        constants=tuple(dict.fromkeys(name for _, template in members for name in template.constants)),
    )


@dataclass(slots=True)
class _Merged:
    """What a template is made of, as far as members have been added."""

    parts: list[bytes]
    slots: list[Slot]
    words: list[slice]

    def add(self, heading: str, template: Template) -> None:
        self.parts.append(heading_line(heading).encode())
        before, words_before = len(self.parts), len(self.words)
        self.parts += template.parts
        for slot in template.slots:
            hole = slot.hole if slot.hole.word < 0 else replace(slot.hole, word=slot.hole.word + words_before)
            self.slots.append(Slot(slot.part + before, hole))
        self.words += (slice(word.start + before, word.stop + before) for word in template.words)
        if not template.parts:
            return
        filled = {slot.part for slot in template.slots}
        if 0 not in filled:
            self.parts[before] = template.parts[0].removeprefix(_MARK.encode())
        if len(template.parts) - 1 in filled or not template.parts[-1].endswith(b"\n"):
            self.parts.append(b"\n")


def _all_parameters(parameters: Iterable[Parameter]) -> tuple[Parameter, ...]:
    """Each name once, in the order of first appearance; the first default counts, where nothing requires a value."""
    found: dict[str, Parameter] = {}
    for parameter in parameters:
        known = found.get(parameter.name)
        if known is None or (parameter.required and not known.required):
            found[parameter.name] = parameter
    return tuple(found.values())
