"""What is a placeholder and what only looks like one; what a template knows of its text."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraf_controller.configs.placeholders import Parameter, compile_template
from telegraf_controller.configs.render import render
from telegraf_controller.configs.scan import Place, scan


@pytest.fixture(autouse=True)
def _collecting_again() -> Iterator[None]:
    yield
    gc.enable()


def names(text: str) -> list[str]:
    return [parameter.name for parameter in compile_template(text).parameters]


def default(text: str) -> str | None:
    (parameter,) = compile_template(text).parameters
    return parameter.default


@given(st.text().filter(lambda text: "&{" not in text and "::{" not in text))
def test_text_without_placeholders_comes_back_byte_for_byte(text: str) -> None:
    template = compile_template(text)
    assert template.is_static
    assert render(template, {}) == text.encode()


@given(
    st.lists(
        st.sampled_from(['"', "'", "&{", "}", ":", "::{", "a", "$", "{", "[", "]", "=", ",", "#", "\\", "\n", " ", "1"])
    )
)
def test_whatever_is_no_placeholder_comes_back_as_it_is(pieces: list[str]) -> None:
    text = "".join(pieces)
    rebuilt, position = "", 0
    for hole in scan(text).holes:
        rebuilt += text[position : hole.start] + text[hole.start : hole.end]
        assert hole.start >= position
        position = hole.end
    assert rebuilt + text[position:] == text


def test_a_parameter_without_default_anywhere_is_required() -> None:
    assert compile_template('x = "&{a:1} &{b:2} &{a} &{b:3}"').parameters == (
        Parameter("a", required=True, default=None),
        Parameter("b", required=False, default="2"),
    )


def test_constants_are_listed_once_in_order() -> None:
    template = compile_template("x = '::{b} ::{a} ::{b}'\ny = ::{c}\n")
    assert template.constants == ("b", "a", "c")
    assert template.parameters == ()
    assert not template.is_static


LOOKALIKES = [
    "&{",
    "&{}",
    "&{1 x}",
    "&{a b}",
    "&{ a}",
    "&{a",
    "&{a:b",
    "& {a}",
    "&{é}",
    "&{a\n}",
    "&{a:b\nc}",
    "&amp;{a}",
]
LOOKALIKES += ["::{", "::{}", "::{1}", "::{a.b}", "::{a:b}", ": :{a}", "${a}", "@{a:b}", "${a:-b}"]
LOOKALIKES += ["&{" + "a" * 129 + "}", "::{" + "a" * 129 + "}"]


@pytest.mark.parametrize("text", LOOKALIKES)
@pytest.mark.parametrize("frame", ["x = {}\n", 'x = "{}"\n', "x = '{}'\n", 'x = """{}"""\n', "x = '''{}'''\n"])
def test_what_only_looks_like_a_placeholder_stays_text(frame: str, text: str) -> None:
    document = frame.replace("{}", text)
    assert render(compile_template(document), {}).decode() == document
    assert compile_template(document).is_static


@pytest.mark.parametrize("name", ["a", "_", "a1", "A_b", "a.b-c", "a" * 128])
def test_names_of_parameters(name: str) -> None:
    assert names(f'x = "&{{{name}}}"') == [name]


@pytest.mark.parametrize(
    ("placeholder", "expected"),
    [
        ("&{a:}", ""),
        ("&{a:b c}", "b c"),
        ("&{a:b:c}", "b:c"),
        ("&{a:http://host:8086/x?y=z&w=v}", "http://host:8086/x?y=z&w=v"),
        ("&{a:${HOME}/x}", "${HOME}/x"),
        ("&{a:@{store:key}}", "@{store:key}"),
        ("&{a:${HOME}${X:-y}}", "${HOME}${X:-y}"),
        ("&{a:{}", "{"),
        ("&{a:$}", "$"),
        ("&{a:é😀}", "é😀"),
    ],
)
def test_a_default_goes_up_to_the_closing_brace(placeholder: str, expected: str) -> None:
    assert default(f'x = "{placeholder}"\n') == expected


def test_a_placeholder_cannot_stand_in_a_default() -> None:
    assert names('x = "&{a:&{b}}"') == ["b"]
    assert names('x = "&{a:::{c}}"') == []


def test_a_placeholder_in_a_string_ends_before_the_string_does() -> None:
    assert names('x = "&{a:b"c}"\n') == []
    assert names("x = '&{a:b'c}'\n") == []
    assert names('x = """&{a:b"c}"""\n') == []
    assert default('x = "&{a:b\'c}"\n') == "b'c"
    assert default("x = '&{a:b\"c}'\n") == 'b"c'
    assert default('x = "&{a:b\\"c}"\n') == 'b\\"c'


def test_a_default_outside_strings_brings_whole_strings_and_pairs_of_brackets() -> None:
    assert default('x = &{a:"b"}\n') == '"b"'
    assert default('x = &{a:"}"}\n') == '"}"'
    assert default("x = &{a:[1, '2']}\n") == "[1, '2']"
    for broken in ['"b', "'b", "[1", "1]", "1 # c", '"b""c"', "\\"]:
        assert names(f"x = &{{a:{broken}}}\n") == []


def test_a_backslash_takes_the_start_of_a_placeholder_along() -> None:
    assert names('x = "\\&{a}"') == []
    assert names('x = "\\\\&{a}"') == ["a"]
    assert names('x = "\\u00&{a}"') == []
    assert names("x = '\\&{a}'") == ["a"]


def test_placeholders_in_comments_are_left_alone() -> None:
    text = '# &{a} ::{b}\nx = "#&{c}" # &{d:e} "\ny = 1 # \' &{f}\n'
    assert names(text) == ["c"]
    assert render(compile_template(text), {"c": "C"}).decode() == text.replace("&{c}", "C")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('x = "&{a}"', Place.BASIC),
        ('x = """\n&{a}"""', Place.MULTI_LINE_BASIC),
        ("x = '&{a}'", Place.LITERAL),
        ("x = '''\n&{a}'''", Place.MULTI_LINE_LITERAL),
        ("x = &{a}", Place.BARE),
        ("x = -&{a}.5", Place.BARE),
        ("x = [1, &{a}]", Place.BARE),
        ("x = [\n  # c\n  &{a}\n]", Place.BARE),
        ("x = {y = &{a}}", Place.BARE),
        ("x = [{y = '1', z = &{a}}]", Place.BARE),
        ("&{a} = 1", Place.FIXED),
        ('"&{a}" = 1', Place.FIXED),
        ("x&{a} = 1", Place.FIXED),
        ("[a.&{a}]", Place.FIXED),
        ('[a."&{a}"]', Place.FIXED),
        ("[[&{a}]]", Place.FIXED),
        ("x = {&{a} = 1}", Place.FIXED),
        ('x = [1, {y = 1, "&{a}" = 1}]', Place.FIXED),
        ("x = 1 &{a} = 2", Place.FIXED),
        ("x = [1 &{a}]", Place.FIXED),
        ("x =\n&{a}", Place.FIXED),
        ('x = "b\ny = "&{a}"', Place.FIXED),
        ('x = """b" = "&{a}"', Place.FIXED),
    ],
)
def test_the_place_of_a_placeholder(text: str, place: Place) -> None:
    assert [hole.place for hole in scan(text).holes] == [place]


HOSTILE = [
    "&{",
    "&{a:",
    "&{a:${",
    "::{",
    '&{a:"',
    "&{a:'x'",
    '&{a:"x"y',
    "&{a:[",
    "&{a}",
    "1&{a:x}",
    "a:",
    "&",
    '"',
    "'",
]
HOSTILE += ["'''", '"""', "\\", "\\u0", "[{", "\n[", "x=&{a:\n", "\"'&{a:'\" "]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("front", ["", "x = ", 'x = "', "x = '", 'x = """', "x = '''", "# "])
def test_hostile_text_compiles_in_linear_time(front: str, piece: str) -> None:
    def seconds(size: int) -> float:
        text = front + piece * (size // len(piece))
        start = time.process_time()
        compile_template(text)
        compile_template(text + '"' + "'" * 3 + "}" + "\n")
        return time.process_time() - start

    # Quadratic work would take 256 times as long; the floor forgives what the clock cannot see, three tries a busy
    # machine.
    gc.disable()
    assert any(seconds(1 << 15) < 60 * max(seconds(1 << 11), 0.004) for _ in range(3))
