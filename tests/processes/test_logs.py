"""The log: one line per event, in two forms, without secrets (O3)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
import structlog

from telegraf_controller.processes import logs

TOKEN = "tc-apiv1_" + "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root, granian = logging.getLogger(), logging.getLogger("_granian")
    handlers, level = root.handlers[:], root.level
    theirs, propagate = granian.handlers[:], granian.propagate
    # A test that ran Granian's own server before has left it speaking for itself.
    granian.handlers[:], granian.propagate = [], True
    yield
    granian.handlers[:], granian.propagate = theirs, propagate
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What went to standard error."""
    return lambda: capsys.readouterr().err


def configure(form: Literal["text", "json"] = "text", level: str = "info", secrets: tuple[str, ...] = ()) -> Any:
    logs.configure(form=form, level=level, process="api", secrets=secrets)
    return structlog.get_logger("test")


def test_text_says_when_how_grave_who_and_what(logged: Callable[[], str]) -> None:
    configure().info("token revoked", name="ci", by="Olivia O")
    time, *rest = logged().split(maxsplit=1)
    assert time.endswith("Z")
    assert rest == ['info    api         token revoked name=ci by="Olivia O"\n']


def test_json_has_the_same(logged: Callable[[], str]) -> None:
    configure("json").warning("token revoked", name="ci", count=2)
    event = json.loads(logged())
    del event["time"]
    assert event == {"level": "warning", "process": "api", "event": "token revoked", "name": "ci", "count": 2}


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_event_is_one_line_whatever_is_in_it(logged: Callable[[], str], form: Literal["text", "json"]) -> None:
    log = configure(form)
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        log.exception("it\r\nfailed", agent="a\nerror supervisor forged", escape="\x1b[31m")
    seen = logged()
    assert seen.count("\n") == 1
    assert "\r" not in seen
    assert "\x1b" not in seen
    assert "ValueError" in seen


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_masked_wherever_they_stand(logged: Callable[[], str], form: Literal["text", "json"]) -> None:
    log = configure(form, secrets=("correct horse", "a"))
    try:
        raise RuntimeError(f"bad value {TOKEN}")
    except RuntimeError:
        log.exception(
            f"cannot reach postgresql://user:ge@heim@host/db with {TOKEN}",
            header=f"Bearer {TOKEN}",
            nested={"deep": [f"{TOKEN}", "correct horse battery"]},
            password="swordfish",
            said="password=swordfish; next",
        )
    seen = logged()
    for secret in (TOKEN, "0123456789abcdef", "heim", "correct horse", "swordfish"):
        assert secret not in seen
    assert "postgresql://user:***@host/db" in seen
    assert "battery" in seen


def test_libraries_speak_through_the_same_log(logged: Callable[[], str]) -> None:
    configure()
    logging.getLogger("_granian").warning("a token %s", TOKEN)
    logging.getLogger("_granian").info("not news")
    seen = logged()
    assert "a token tc-apiv1_***" in seen
    assert "not news" not in seen


def test_the_level_holds_for_everybody(logged: Callable[[], str]) -> None:
    log = configure(level="error")
    log.warning("ours")
    logging.getLogger("other").warning("theirs")
    logging.getLogger("_granian").warning("granian's")
    assert logged() == ""
