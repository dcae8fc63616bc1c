"""The difference between two texts: V3."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telegraf_controller.versions.compare import compare

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n")


def patched(base: str, diff: str) -> str:
    """Apply a unified diff as `patch` does, believing nothing: places, counts and context have to be right."""
    before = re.findall(r"[^\n]*\n|[^\n]+", base)
    lines = re.findall(r"[^\n]*\n", diff)[2:]
    after: list[str] = []
    taken = at = 0
    while at < len(lines):
        hunk = _HUNK.fullmatch(lines[at])
        assert hunk is not None, lines[at]
        start, old, place, new = (int(number) if number is not None else 1 for number in hunk.groups())
        at += 1
        begin = start - 1 if old else start
        after += before[taken:begin]
        taken = begin
        assert len(after) == (place - 1 if new else place)
        while old or new:
            mark, line = lines[at][0], lines[at][1:]
            at += 1
            if at < len(lines) and lines[at].startswith("\\"):
                line, at = line[:-1], at + 1
            if mark in " -":
                assert before[taken] == line
                taken, old = taken + 1, old - 1
            if mark in " +":
                after.append(line)
                new -= 1
    return "".join(after + before[taken:])


def difference(base: str, head: str) -> str:
    return compare(base, head, base_name="version 1", head_name="version 2").diff


def test_a_change_is_shown_with_what_stands_around_it() -> None:
    """V3"""
    base = "".join(f"line {number}\n" for number in range(1, 21))
    found = compare(base, base.replace("line 10\n", "line ten\nmore\n"), base_name="version 1", head_name="version 2")
    assert found.diff == (
        "--- version 1\n+++ version 2\n@@ -7,7 +7,8 @@\n line 7\n line 8\n line 9\n-line 10\n+line ten\n+more\n"
        " line 11\n line 12\n line 13\n"
    )
    assert (found.added, found.removed) == (2, 1)


def test_texts_that_are_alike_have_no_difference() -> None:
    """V3"""
    assert difference("a = 1\n", "a = 1\n") == ""


def test_line_ends_are_differences() -> None:
    """V3, C1"""
    assert difference("a\n", "a") == "--- version 1\n+++ version 2\n@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n"
    assert "+a\r\n" in difference("a\n", "a\r\n")


LINES = st.lists(st.sampled_from(["a", "b", "c", "", "d\r", "e\u2028"]), max_size=12).map("\n".join)


@settings(max_examples=400, deadline=None)
@given(LINES, LINES)
def test_a_difference_leads_from_one_text_to_the_other(base: str, head: str) -> None:
    """V3"""
    found = compare(base, head, base_name="version 1", head_name="version 2")
    assert patched(base, found.diff) == head
    assert (found.diff == "") == (base == head)
    marks = [line[0] for line in re.findall(r"[^\n]*\n", found.diff)[2:]]
    assert (marks.count("+"), marks.count("-")) == (found.added, found.removed)


@pytest.mark.parametrize(
    ("base", "head"),
    [
        ("a\n" * 250_000, "b\na\n" * 150_000),
        ("".join(f"{n % 500}\n" for n in range(200_000)), "".join(f"{n % 499}\n" for n in range(200_000))),
        ("".join(f"{n}\n" for n in range(80_000)), "".join(f"{n if n % 2 else -n}\n" for n in range(80_000))),
        ("".join(f"{n}\n" for n in range(80_000)), "".join(f"{n}\n" for n in reversed(range(80_000)))),
    ],
    ids=["one line", "cycles", "every second line", "backwards"],
)
def test_no_two_texts_take_long(base: str, head: str) -> None:
    """V3: a comparison must not keep agents waiting"""
    began = time.process_time()
    difference(base, head)
    assert time.process_time() - began < 10


def test_one_changed_line_in_a_large_text_is_all_that_is_shown() -> None:
    """V3"""
    lines = [f"[[inputs.exec]]\n  commands = ['{number}']\n" for number in range(10_000)]
    head = "".join([*lines[:5000], lines[5000].replace("5000", "other"), *lines[5001:]])
    found = compare("".join(lines), head, base_name="version 1", head_name="version 2")
    assert (found.added, found.removed) == (1, 1)
