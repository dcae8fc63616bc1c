"""The log of every process: one line per event on standard error, as text or JSON, with secrets masked (O3).

Everything goes through here, Granian's and the libraries' own records too; whoever logs says
`structlog.get_logger(__name__)` and needs nothing of this module.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from telegraf_controller import clock

MASK = "***"

_TOKEN = re.compile(r"(tc-apiv1_)[0-9A-Za-z]+")
_URL_PASSWORD = re.compile(r"(://[^\s:/@\"']*:)[^\s\"']*@")
_NAMED_PASSWORD = re.compile(r"\b(password|passwd|secret)(\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&}\"']+)", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_SECRET_KEYS = frozenset({"password", "secret", "token", "authorization"})

_SHORTEST_HIDDEN = 6
"""Shorter secrets are not searched for: masking every `a` would tell the secret and spoil the log."""


def configure(*, form: Literal["text", "json"], level: str, process: str, secrets: Iterable[str] = ()) -> None:
    """Send all logging of this process to standard error.

    `process` names it in each line. Occurrences of `secrets` are masked, and so is anything shaped like a token value
    or the password in a URL.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _stamp(process),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _Mask(secrets),
            _render_json if form == "json" else _render_text,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # At info, the application server repeats the supervisor, and Alembic tells how it was built.
    for chatty in ("_granian", "alembic"):
        logging.getLogger(chatty).setLevel(max(root.level, logging.WARNING))
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` without token values, passwords in URLs, and the given secrets."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    text = _TOKEN.sub(rf"\g<1>{MASK}", text)
    text = _URL_PASSWORD.sub(rf"\g<1>{MASK}@", text)
    return _NAMED_PASSWORD.sub(rf"\g<1>\g<2>{MASK}", text)


class _Mask:
    """The step right before rendering: whatever the event has gathered until then, exceptions too, goes through it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted((s for s in secrets if len(s) >= _SHORTEST_HIDDEN), key=len, reverse=True)

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
        return {key: MASK if key in _SECRET_KEYS and value else self._masked(value) for key, value in event.items()}

    def _masked(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, dict):
            return self(None, "", value)
        if isinstance(value, list | tuple | set | frozenset):
            return [self._masked(item) for item in value]
        return mask(str(value), self._secrets)


def _stamp(process: str) -> Processor:
    def stamp(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
        event["time"] = clock.to_wire(clock.now())
        event["process"] = process
        return event

    return stamp


def _render_json(logger: WrappedLogger, name: str, event: EventDict) -> str:
    first = {key: event.pop(key) for key in ("time", "level", "process", "event")}
    return json.dumps({**first, **event}, ensure_ascii=False)


def _render_text(logger: WrappedLogger, name: str, event: EventDict) -> str:
    time, level, process, what = (event.pop(key) for key in ("time", "level", "process", "event"))
    fields = "".join(f" {key}={_quoted(value)}" for key, value in event.items())
    return f"{time} {level:<7} {process:<11} {_on_one_line(what)}{fields}"


def _quoted(value: object) -> str:
    text = str(value)
    plain = text and not any(c.isspace() or c in "\"'=" for c in text)
    return _on_one_line(text if plain else json.dumps(text, ensure_ascii=False))


def _on_one_line(value: object) -> str:
    # A caller's line break must not forge a second event, nor an escape sequence reach the terminal.
    return _UNPRINTABLE.sub(lambda found: json.dumps(found[0])[1:-1], str(value))
