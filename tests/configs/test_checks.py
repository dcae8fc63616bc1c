"""What is wrong with a text, and where: V5, Q1."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraf_controller.configs.checks import Problem, check_toml, problems_of
from telegraf_controller.configs.placeholders import compile_template
from telegraf_controller.configs.render import render
from telegraf_controller.errors import ControllerError


def places(text: str) -> list[tuple[str, int | None, int | None]]:
    return [(problem.code, problem.line, problem.column) for problem in problems_of(text)]


@pytest.mark.parametrize(
    "text",
    [
        "port = &{port}\n",
        "port = 80&{suffix}\n",
        "at = 2020-01-&{day}T00:00:00Z\n",
        "ports = [&{a}, 2, &{b:3}]\n",
        'tags = {host = "&{host}", rack = &{rack}}\n',
        "[[inputs.&{plugin:cpu}]]\n",
        'x = &{x:["a", "b"]}\n',
        "x = '&{x}' # &{y\n",
        "::{rows}\n  ::{more} # two\n[[inputs.::{plugin}]]\n",
        "x = [::{ports}]\n",
    ],
)
def test_placeholders_stand_for_values(text: str) -> None:
    """C4, V5"""
    assert check_toml(text, constants={"rows", "more", "plugin", "ports"}) == []


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a = \n", 1, 5),
        ("a = &{a} b\n", 1, 10),
        ("a = &{long_name:1} b\n", 1, 20),
        ('a = "&{x:1}&{y:}" b\n', 1, 19),
        ('\ufeffa = "&{x:1}" b\n', 1, 15),
        ("x = &{a}\r\ny = &{b:22} c\r\n", 2, 13),
        ("x = &{a}\ry = ::{b} c\r", 2, 11),
        ("x = [&{a:1}, ::{b}, &{c}, ?]\n", 1, 27),
        ("a = 1\n&{key} = 2\n", 2, 1),
        ("[[inputs.&{plugin}]]\n", 1, 10),
        ("x = &{x:0x1}\n", 1, 5),
        ("y = 1\nx = [&{x:1_}]\n", 2, 6),
    ],
)
def test_positions_are_those_of_the_authors_text(text: str, line: int, column: int) -> None:
    """V5"""
    assert places(text) == [("invalid_toml", line, column)]
    with pytest.raises(ControllerError) as raised:
        check_toml(text)
    assert raised.value.details == {"line": line, "column": column}


def test_what_no_url_can_be_served_is_reported() -> None:
    """Q1"""
    assert places('a = 1\n"&{k}" = "::{c}"\n') == [("unfillable_parameter", 2, 2), ("undefined_constant", 2, 11)]
    assert check_toml('a = "::{c}"', constants=["c"]) == []


@given(st.text(alphabet="&:{}a=1\"' \n[].", max_size=40))
def test_what_passes_is_served_as_toml_with_its_defaults(text: str) -> None:
    """V5: the check reads what an agent would get"""
    problems = problems_of(text)
    template = compile_template(text)
    if template.constants or any(parameter.required for parameter in template.parameters):
        return
    served = render(template, {}).decode()
    codes = [problem.code for problem in problems_of(served) if problem.code == "invalid_toml"]
    assert codes == [problem.code for problem in problems]


def test_a_problem_is_plain_data() -> None:
    assert problems_of("a = ")[0] == Problem(
        "error", "invalid_toml", "Line 1, column 5: A value is missing here.", 1, 5
    )


@pytest.mark.parametrize("piece", ["x = &{a}\n", "::{a} ::{a} ", "[&{a}", '"&{a}', "\n&{a:b}", "::{a}\r", "x=&{a:1}"])
def test_a_long_text_is_checked_in_seconds(piece: str) -> None:
    """V5: in time that grows with the length alone; were it with the square, these would take minutes"""
    text = piece * (256 * 1024 // len(piece))
    began = time.process_time()
    problems_of(text)
    assert time.process_time() - began < 10
