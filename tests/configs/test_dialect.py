"""Telegraf's dialect: what is accepted, what tree comes of it, where and how a refusal points."""

from __future__ import annotations

import contextlib
import gc
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraf_controller.configs.dialect import DialectError, KeyValue, Kind, Origin, Table, TableArray, parse, to_plain

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "dialect_cases.json").read_text(encoding="utf-8"))
"""What Telegraf's own parser says of each text: its tree, or the line in its message, none where it never answers."""

MARKS = ['"', "'", '"""', "'''", "#", "\\", "\\\n", '\\"', "\n", "\r\n", "\t", " ", *"=.,[]{}", "[[", "]]"]
WORDS = [
    "1",
    "-0",
    "1.5",
    "1e5",
    "0x1",
    "1979-05-27",
    "T07:32:00",
    "true",
    "x",
    "a.b",
    "é",
    "\ufeff",
    "\x00",
    "\x7f",
    "&{p}",
]
LARGER = ["\\u00e9", "\\uD800", "\n[a]\n", "\n[[a.b]]\n", "\nx = ", 'x = """a" = ', "{b = 1}", "[1, {b=1}]"]
PIECES = st.sampled_from([*MARKS, *WORDS, *LARGER])
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=25).map("".join)


@pytest.fixture(autouse=True)
def _collecting_again() -> Iterator[None]:
    yield
    gc.enable()


def refusal(text: str) -> DialectError:
    with pytest.raises(DialectError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_telegraf_and_we_agree(case: dict[str, Any]) -> None:
    if case["accepted"]:
        ours = to_plain(parse(case["toml"]))
        assert json.dumps(ours, sort_keys=True) == json.dumps(_floats_as(case["tree"], ours), sort_keys=True)
    else:
        error = refusal(case["toml"])
        assert error.telegraf_line == case.get("line")
        assert 1 <= error.line <= case["toml"].count("\n") + case["toml"].count("\r") + 1


def _floats_as(theirs: Any, ours: Any) -> Any:
    """The cases write a whole float as an integer; give it the type that we read."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return {key: _floats_as(value, ours.get(key)) for key, value in theirs.items()}
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        return [_floats_as(value, other) for value, other in zip(theirs, ours, strict=True)]
    return float(theirs) if isinstance(ours, float) and type(theirs) is int else theirs


@given(TEXTS)
def test_any_text_is_read_or_refused_with_a_place_in_it(text: str) -> None:
    try:
        to_plain(parse(text))
    except DialectError as error:
        found = error
    else:
        return
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert 1 <= found.line <= len(lines)
    assert 1 <= found.column <= len(lines[found.line - 1]) + 1
    assert found.message.endswith(".")


def test_positions_are_where_tables_keys_and_values_begin() -> None:
    root = parse('# µ\r\n[a.b]\r\n  "é" = [1,\r\n 2.5]\r\n\r\n[[c]]\r\nd = {e = true}\r\n')
    a = root.fields["a"]
    assert isinstance(a, Table)
    assert (a.origin, a.line, a.column) == (Origin.IMPLICIT, 2, 1)
    b = a.fields["b"]
    assert isinstance(b, Table)
    assert (b.origin, b.line, b.column) == (Origin.HEADER, 2, 1)
    numbers = b.fields["é"]
    assert isinstance(numbers, KeyValue)
    assert (numbers.line, numbers.column) == (3, 3)
    assert [(item.kind, item.text, item.line, item.column) for item in numbers.value.items] == [
        (Kind.INTEGER, "1", 3, 10),
        (Kind.FLOAT, "2.5", 4, 2),
    ]
    c = root.fields["c"]
    assert isinstance(c, TableArray)
    assert c.line == 6
    d = c.tables[0].fields["d"]
    assert isinstance(d, Table)
    assert (d.origin, d.line, d.column) == (Origin.INLINE, 7, 5)
    assert isinstance(d.fields["e"], KeyValue)
    assert (d.fields["e"].line, d.fields["e"].column) == (7, 6)


def test_a_byte_order_mark_counts_as_a_column_of_the_first_line_only() -> None:
    assert (refusal("\ufeffx = @").line, refusal("\ufeffx = @").column) == (1, 6)
    assert (refusal("\ufeff\nx = @").line, refusal("\ufeff\nx = @").column) == (2, 5)


@pytest.mark.parametrize(
    "front", ["# a\r# b\n", "# a\r\n# b\r\n", "# a\n\r", "\r\r", "\n\n", "x = 1 # a\r#\n", "\r# a\n", "\r#\r\n"]
)
def test_every_kind_of_line_end_counts_once_in_comments_too(front: str) -> None:
    error = refusal(front + "y = @\n")
    assert (error.line, error.column) == (3, 5)


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("[a]\nx = 0x34\n", (2, 5), "decimal"),
        ("[a]\nx = 007\n", (2, 5), "zero"),
        ("[a]\nx = inf\n", (2, 5), "infinite"),
        ("[a]\nx = -nan\n", (2, 5), "nan"),
        ("[a]\nx = True\n", (2, 5), "small letters"),
        ("[a]\nx = .5\n", (2, 5), "before its point"),
        ("[a]\nx = hello\n", (2, 5), "quotes"),
        ("[a]\nx = \n", (2, 5), "missing"),
        ('[a]\nx = "a\tb"\n', (2, 7), "tab"),
        ('[a]\nx = "a\x01b"\n', (2, 7), "control character"),
        ('[a]\nx = "C:\\data"\n', (2, 8), "escape"),
        ('[a]\nx = "abc\ny = 1\n', (2, 5), "not closed"),
        ('[a]\nx = """a "b" c"""\n', (2, 10), "quote inside"),
        ("[a]\nx = 2024-01-01 07:32:00\n", (2, 5), "joined by a T"),
        ("[a]\nx = ${PORT}\n", (2, 5), "environment variable"),
        ("[a]\nx = @{store:key}\n", (2, 5), "secret"),
        ("[a]\nb.c = 1\n", (2, 1), "dots"),
        ("[a]\n'b' = 1\n", (2, 1), "single quotes"),
        ("[a]\nx = {\n b = 1 }\n", (2, 5), "own line"),
        ("[a]\nx = [1\n", (2, 5), "never closed"),
        ("[a]\nx = [1 2]\n", (2, 8), "comma"),
        ("[a\n", (1, 1), "not closed"),
        ("[inputs.${X}]\n", (1, 9), "written out"),
        ("[a]\nx = 1\nx = 2\n", (3, 1), "since line 2"),
        ("[a]\n[a]\n", (2, 1), "since line 1"),
        ('[a]\nx = ""', (2, 5), "add a line end"),
        ('[a]\nx = "\\uD800"\n', (2, 5), "decode"),
        ('[a]\nx = """b"', (2, 5), "endless loop"),
        ("[a]\nx = 'b' c\n", (2, 9), "After the value"),
        ("[a]\nx:y = 1\n", (2, 2), "double quotes"),
    ],
)
def test_a_refusal_points_at_the_trouble_and_names_it(text: str, place: tuple[int, int], word: str) -> None:
    error = refusal(text)
    assert (error.line, error.column) == place
    assert word in error.message


def test_a_header_can_extend_an_inline_table_but_no_table_of_another_header() -> None:
    assert to_plain(parse("[a]\nb = {x=1}\n[a.b]\ny=2\n")) == {"a": {"b": {"x": 1, "y": 2}}}
    assert "already a table" in refusal("[a]\n[a.b]\n[a]\n").message


def test_numbers_that_telegraf_cannot_hold_are_told_apart() -> None:
    tree = to_plain(parse("x = 9223372036854775807\ny = 9223372036854775808\nz = 1e400\n"))
    assert tree == {"x": 2**63 - 1, "y": "int!:9223372036854775808", "z": "float!:1e400"}


def test_half_a_surrogate_pair_is_refused() -> None:
    assert refusal('[a]\nx = "\ud800"\n').column == 6


@pytest.mark.parametrize(
    "text",
    ["x=" + "[" * 101 + "]" * 101, "x=" + "{a=" * 101 + "1" + "}" * 101, "[" + "a." * 100 + "a]"],
    ids=["arrays", "inline tables", "header"],
)
def test_too_deep_nesting_is_refused_in_our_own_name(text: str) -> None:
    error = refusal(text + "\n")
    assert "at most 100" in error.message
    assert error.telegraf_line is None


@pytest.mark.parametrize("text", ["x=" + "[" * 100 + "]" * 100, "x=" + "{a=" * 100 + "1" + "}" * 100])
def test_nesting_up_to_the_limit_is_read(text: str) -> None:
    to_plain(parse(text + "\n"))


@pytest.mark.parametrize(
    "piece",
    [
        '"',
        "'",
        '"""',
        "'''",
        "\\",
        "[",
        "{",
        "x=[",
        "{a=",
        '"\n',
        "x='\n",
        "\r",
        "#'\n",
        "[a]\n",
        "1_",
        "[a.",
        "&{",
        '\\"""',
    ],
)
@pytest.mark.parametrize("front", ["", "[a]\nx = ", 'x="', 'x="""', "x='''", "x=["])
def test_hostile_text_is_read_in_linear_time(front: str, piece: str) -> None:
    def seconds(size: int) -> float:
        text = front + piece * (size // len(piece))
        start = time.process_time()
        with contextlib.suppress(DialectError):
            parse(text)
        return time.process_time() - start

    # A quadratic reading would take 256 times as long; the floor forgives what the clock cannot see, three tries a busy
    # machine.
    gc.disable()
    assert any(seconds(1 << 15) < 60 * max(seconds(1 << 11), 0.002) for _ in range(3))
