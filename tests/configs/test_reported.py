"""What reported URLs ask for, and that the shape of a query stands for all queries of that shape: A3, V7."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from telegraf_controller.configs.placeholders import compile_template
from telegraf_controller.configs.render import class_of, parameters_of_mixed_words, render
from telegraf_controller.configs.reported import MAX_SHAPE_LENGTH, UNKNOWN_SHAPE, read_url, shape_of
from telegraf_controller.configs.templates import parameters_of
from telegraf_controller.errors import ControllerError
from tests.configs.test_render import ENCODABLE

ID = "0b3c1d9a-0000-4000-8000-00000000abcd"


@pytest.mark.parametrize(
    ("url", "reference"),
    [
        (f"http://c:8888/api/configs/{ID}/toml", f"config/{ID}"),
        (f"https://proxy/prefix/api/configs/{ID.upper()}/toml?a=1", f"config/{ID}"),
        (f"http://c/api/config-groups/{ID}/toml", f"group/{ID}"),
        ("http://c/api/config-groups/edge/toml", "group/edge"),
        ("http://c/c/edge", "alias/edge"),
        ("http://c/c/%65dge?x#y", "alias/edge"),
        ("http://c/api/%63onfigs/edge/toml", "config/edge"),
        # None of these is answered with 200, whatever there may be.
        ("http://c/c/EDGE", None),
        (f"http://c/c/{ID}", None),
        ("http://c/c/edge/", None),
        ("http://c/c/a%2Fb", None),
        ("http://c/api/configs/edge", None),
        ("http://[::/c/edge", None),
        ("/etc/telegraf/telegraf.conf", None),
    ],
)
def test_a_url_leads_where_serving_would_look(url: str, reference: str | None) -> None:
    """A3"""
    found = read_url(url)
    assert (None if found is None else found.reference) == reference


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        ("", ""),
        ("agent_id=web-1&port=8080", "agent_id=a&port=1"),
        ("b=2&a=x", "a=a&b=1"),
        ("a=&b=it's", "a=&b='"),
        ("a=%FF", "a=%FF"),
        ("a=1&a=x&%61=y", "a=1"),
        ("a=x%0Ay", "a='"),
        ("1a=x&=x&a b=x&&c%20d=x", ""),
        ("flag", "flag="),
    ],
)
def test_a_shape_is_a_query_with_plain_values(query: str, shape: str) -> None:
    """V7"""
    assert shape_of([query.encode()]) == shape
    assert shape_of([shape.encode()]) == shape


def test_urls_that_differ_and_too_many_parameters_have_no_shape() -> None:
    """V7"""
    assert shape_of([b"a=1", b"a=2"]) == "a=1"
    assert shape_of([b"a=1", b"a=x"]) == UNKNOWN_SHAPE
    many = "&".join(f"parameter_{number}=1" for number in range(100)).encode()
    assert shape_of([many]) == UNKNOWN_SHAPE
    assert len(shape_of([many[: MAX_SHAPE_LENGTH // 2]])) <= MAX_SHAPE_LENGTH


def test_a_long_query_gets_its_shape_in_time_that_grows_with_its_length() -> None:
    """H3: heartbeats may hold a hundred of them."""
    began = time.process_time()
    for number in range(100):
        shape_of([b"&".join(b"%x" % name for name in range(0xA0000 + number, 0xA0000 + number + 340))])
    assert time.process_time() - began < 2


PLACES = st.sampled_from(
    [
        'k = "&{a}"', 'k = "x&{a}y"', "k = '&{a}'", "k = 'x&{a}'", 'k = """&{a}"""', "k = '''&{a}'''",
        "k = '''x&{a}'''",
        "k = &{a}", "k = &{a:7}", "k = [&{a}, 2]", '"&{a:k}" = 1', "&{a:k} = 1", 'k = "&{a:}"', "k = '&{a:}'",
        "k = ''''&{a}''''", "[&{a:t}]",
    ]
)  # fmt: skip
"""A placeholder in every kind of place."""


def refused(text: str, query: bytes) -> str | None:
    """The code of the refusal of a text with a query, None when it is served."""
    template = compile_template(text)
    try:
        values = parameters_of(query, {parameter.name.encode(): parameter.name for parameter in template.parameters})
        render(template, values)
    except ControllerError as error:
        return error.code
    return None


@given(st.lists(PLACES, min_size=1, max_size=3).map("\n".join), ENCODABLE)
def test_a_shape_gets_the_answer_that_its_query_gets(text: str, value: str) -> None:
    """V7: wherever a placeholder stands that is all of its word"""
    assume(not parameters_of_mixed_words(compile_template(text)))
    query = f"a={quote(value)}".encode()
    assert refused(text, query) == refused(text, shape_of([query]).encode())


@pytest.mark.parametrize("text", ["k = 1&{a}", "k = &{a}.5", "k = &{a}&{b:1}", "k = ::{c}&{a}"])
def test_where_a_value_is_part_of_a_word_it_is_told_that_the_value_matters(text: str) -> None:
    """V7"""
    assert "a" in parameters_of_mixed_words(compile_template(text))


@given(ENCODABLE, ENCODABLE)
def test_values_of_one_class_are_refused_in_the_same_places(one: str, other: str) -> None:
    """V7"""
    assume(class_of(one) == class_of(other))
    for place in ('k = "&{a}"', "k = '&{a}'", "k = &{a}", "&{a:k} = 1", "k = '''&{a}'''"):
        assert refused(place, f"a={quote(one)}".encode()) == refused(place, f"a={quote(other)}".encode())
