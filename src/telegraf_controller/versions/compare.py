"""What differs between two texts, as a unified diff, in little more than linear time whatever the texts hold.

Lines that each text has exactly once are what people recognise, so they are matched first and the gaps between them
after (patience diff). In a gap the exact algorithm runs while there is budget; it is cubic at worst, and once the
budget is spent a gap is told as taken out and put in whole.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

CONTEXT = 3
"""How many unchanged lines stand around a change."""

_LARGEST_GAP = 300 * 300
_BUDGET = 20 * _LARGEST_GAP
"""Lines of one side times lines of the other: of a gap that is read exactly, and of all of them."""

_NO_LINE_END = "\\ No newline at end of file\n"

Match = tuple[int, int, int]
"""Equal lines: where they begin in either text, and how many they are."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A unified diff, and how many lines it adds and removes; empty when the texts are alike."""

    diff: str
    added: int
    removed: int


def compare(base: str, head: str, *, base_name: str, head_name: str) -> Difference:
    """Return what leads from one text to the other. Only LF ends a line: another line end is a difference too (C1)."""
    before, after = _lines(base), _lines(head)
    matches = _Matcher(before, after).run()
    pieces: list[str] = []
    added = removed = 0
    for opcodes in _Hunks(matches, len(before), len(after)).get_grouped_opcodes(CONTEXT):
        if not pieces:
            pieces += (f"--- {base_name}\n", f"+++ {head_name}\n")
        pieces.append(f"@@ -{_range(opcodes[0][1], opcodes[-1][2])} +{_range(opcodes[0][3], opcodes[-1][4])} @@\n")
        for tag, i1, i2, j1, j2 in opcodes:
            if tag == "equal":
                pieces += _shown(" ", before[i1:i2])
            else:
                pieces += _shown("-", before[i1:i2])
                pieces += _shown("+", after[j1:j2])
                removed += i2 - i1
                added += j2 - j1
    return Difference("".join(pieces), added, removed)


def _lines(text: str) -> list[str]:
    """Split at LF alone and keep it; a text that ends in LF has no empty last line."""
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _shown(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield mark + line
        if not line.endswith("\n"):
            yield "\n" + _NO_LINE_END


def _range(start: int, end: int) -> str:
    """Where a hunk's lines are, as `patch` reads it."""
    length = end - start
    if length == 1:
        return f"{start + 1}"
    return f"{start + 1 if length else start},{length}"


class _Hunks(SequenceMatcher[str]):
    """The library's grouping of changes into hunks, for matches that were found elsewhere."""

    def __init__(self, matches: Sequence[Match], length_before: int, length_after: int) -> None:
        super().__init__()
        self.matching_blocks = None
        self._found = [*matches, (length_before, length_after, 0)]

    def get_opcodes(self) -> list[tuple[str, int, int, int, int]]:  # type: ignore[override]
        opcodes: list[tuple[str, int, int, int, int]] = []
        i = j = 0
        for start, other, size in self._found:
            if i < start or j < other:
                tag = "replace" if i < start and j < other else "delete" if i < start else "insert"
                opcodes.append((tag, i, start, j, other))
            if size:
                opcodes.append(("equal", start, start + size, other, other + size))
            i, j = start + size, other + size
        return opcodes


class _Matcher:
    """Finds the equal lines of two texts."""

    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        self._before = before
        self._after = after
        self._budget = _BUDGET
        self._matches: list[Match] = []

    def run(self) -> list[Match]:
        """Return all matches in order, as long as can be."""
        anchors = [(-1, -1), *self._anchors(), (len(self._before), len(self._after))]
        for (i, j), (next_i, next_j) in pairwise(anchors):
            self._gap(i + 1, next_i, j + 1, next_j)
            if next_i < len(self._before):
                self._matches.append((next_i, next_j, 1))
        return self._joined()

    def _anchors(self) -> list[tuple[int, int]]:
        """Lines that each text has once, as many of them as stand in the same order in both."""
        before, after = Counter(self._before), Counter(self._after)
        place = {line: number for number, line in enumerate(self._after) if after[line] == 1}
        pairs = [(i, place[line]) for i, line in enumerate(self._before) if before[line] == 1 and line in place]
        return _rising(pairs)

    def _gap(self, i: int, i_end: int, j: int, j_end: int) -> None:
        before, after = self._before, self._after
        start = i
        while i < i_end and j < j_end and before[i] == after[j]:
            i, j = i + 1, j + 1
        if i > start:
            self._matches.append((start, j - (i - start), i - start))
        tail = 0
        while i < i_end - tail and j < j_end - tail and before[i_end - tail - 1] == after[j_end - tail - 1]:
            tail += 1
        self._exactly(i, i_end - tail, j, j_end - tail)
        if tail:
            self._matches.append((i_end - tail, j_end - tail, tail))

    def _exactly(self, i: int, i_end: int, j: int, j_end: int) -> None:
        cost = (i_end - i) * (j_end - j)
        if not 0 < cost <= min(_LARGEST_GAP, self._budget):
            return
        self._budget -= cost
        found = SequenceMatcher(None, self._before[i:i_end], self._after[j:j_end], autojunk=False)
        self._matches += [(i + a, j + b, size) for a, b, size in found.get_matching_blocks() if size]

    def _joined(self) -> list[Match]:
        joined: list[Match] = []
        for i, j, size in self._matches:
            if joined and joined[-1][0] + joined[-1][2] == i and joined[-1][1] + joined[-1][2] == j:
                joined[-1] = (joined[-1][0], joined[-1][1], joined[-1][2] + size)
            else:
                joined.append((i, j, size))
        return joined


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of pairs in the order of their first number the longest row whose second numbers rise as well."""
    ends: list[int] = []
    last_of: list[int] = []
    before: list[int] = []
    for number, (_, j) in enumerate(pairs):
        length = bisect_left(ends, j)
        before.append(last_of[length - 1] if length else -1)
        ends[length : length + 1] = [j]
        last_of[length : length + 1] = [number]
    row: list[tuple[int, int]] = []
    number = last_of[-1] if last_of else -1
    while number >= 0:
        row.append(pairs[number])
        number = before[number]
    return row[::-1]
