"""Turns a configuration's text into a template: fixed bytes and the slots between them (C4, C5, Q3).

The grammar of placeholders and the places they can stand in are told in `scan`; `render` fills the slots.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from telegraf_controller.configs.scan import Hole, Scan, scan


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a template: `required` if it stands anywhere without a default, else with the first default."""

    name: str
    required: bool
    default: str | None


@dataclass(frozen=True, slots=True)
class Slot:
    """A hole and the number of the part that it fills."""

    part: int
    hole: Hole


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled text. Joined, `parts` are the text with every default in its place and nothing where there is none.

    `words`: for each bare word with slots in it, the parts that it is made of. `parameters`, `required`, `constants`:
    each name once, in order of first appearance.
    """

    parts: tuple[bytes, ...]
    slots: tuple[Slot, ...]
    words: tuple[slice, ...]
    parameters: tuple[Parameter, ...]
    required: tuple[str, ...]
    constants: tuple[str, ...]

    @property
    def is_static(self) -> bool:
        """Whether every rendering gives the same bytes."""
        return not self.slots


def compile_template(text: str) -> Template:
    """Compile a configuration's text, in time linear in its length whatever it holds; it need not be TOML.

    Raises UnicodeEncodeError when the text holds half a surrogate pair, which UTF-8 cannot carry.
    """
    found = scan(text)
    parts, part_at = _cut(text, found)
    parameters = _parameters(hole for hole in found.holes if not hole.is_constant)
    return Template(
        parts=parts,
        slots=tuple(Slot(part_at[hole.start], hole) for hole in found.holes),
        words=tuple(slice(part_at[start], part_at[end]) for start, end in found.words),
        parameters=parameters,
        required=tuple(parameter.name for parameter in parameters if parameter.required),
        constants=tuple(dict.fromkeys(hole.name for hole in found.holes if hole.is_constant)),
    )


def _cut(text: str, found: Scan) -> tuple[tuple[bytes, ...], dict[int, int]]:
    """Cut the text where a hole or a bare word begins or ends; also give which part begins at each cut."""
    holes = {hole.start: hole for hole in found.holes}
    edges = {0, len(text)}
    for hole in found.holes:
        edges |= {hole.start, hole.end}
    for word in found.words:
        edges |= set(word)
    cuts = sorted(edges)
    part_at = {cut: number for number, cut in enumerate(cuts)}
    parts: list[bytes] = []
    for start, end in pairwise(cuts):
        hole_here = holes.get(start)
        piece = text[start:end] if hole_here is None else (hole_here.default or "")
        parts.append(piece.encode())
    return tuple(parts), part_at


def _parameters(holes: Iterable[Hole]) -> tuple[Parameter, ...]:
    """One parameter per name, in the order of first appearance; a name required anywhere is required."""
    defaults: dict[str, list[str | None]] = {}
    for hole in holes:
        defaults.setdefault(hole.name, []).append(hole.default)
    return tuple(
        Parameter(name, required=True, default=None)
        if None in written
        else Parameter(name, required=False, default=written[0])
        for name, written in defaults.items()
    )
