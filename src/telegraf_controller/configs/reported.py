"""What the URLs that agents report ask this controller for (A3), and what of their parameters decides (V7).

The host is not compared: agents may reach this controller under many names. Whether the configuration, alias or group
exists is not asked here either; it may be made, moved or deleted while the agent runs.

Which agents a change would cut off depends on the parameters that their URLs carry, and a million agents may carry a
million values. What a value is refused for depends on its class alone, but in a bare word that it is only part of. So
each reference is stored with the **shape** of its query: the parameters that it gives, each with a plain value of the
same class as its own. A shape is a query itself: whoever serves it gets the answer that the agent gets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from telegraf_controller.configs.names import ALIAS_SHAPE, parse_id
from telegraf_controller.configs.render import ValueClass, class_of
from telegraf_controller.configs.scan import PARAMETER_NAME
from telegraf_controller.configs.templates import decoded, pairs_of

ReferenceKind = Literal["config", "group", "alias"]

_PATHS: tuple[tuple[ReferenceKind, re.Pattern[str]], ...] = (
    ("config", re.compile(r"(?:/.*)?/api/configs/([^/]+)/toml")),
    ("group", re.compile(r"(?:/.*)?/api/config-groups/([^/]+)/toml")),
    ("alias", re.compile(r"(?:/.*)?/c/([^/]+)")),
)

MAX_SHAPE_LENGTH = 1024

UNKNOWN_SHAPE = "*"
"""Says that nothing is known without reading the agent's URLs: they are several with different parameters, too many
parameters, or were stored by an older version."""

_STAND_INS: dict[ValueClass, str] = {
    ValueClass.EMPTY: "",
    ValueClass.SCALAR: "1",
    ValueClass.PLAIN: "a",
    ValueClass.UNQUOTABLE: "'",
}
_NOT_UTF8 = "%FF"
_NAME = re.compile(PARAMETER_NAME.encode())


class ReportedUrl(NamedTuple):
    """One URL of an agent that may lead to this controller."""

    kind: ReferenceKind
    """Which path it has: `/api/configs/…/toml`, `/api/config-groups/…/toml` or `/c/…`."""
    key: str
    """The id (in lower case) or alias in it."""
    query: bytes
    """As it stands in the URL."""

    @property
    def reference(self) -> str:
        """As it stands in `agent_references`."""
        return f"{self.kind}/{self.key}"


@lru_cache(maxsize=4096)
def read_url(configuration: str) -> ReportedUrl | None:
    """Return what one reported configuration may refer to here; None for a file or a foreign URL."""
    if not configuration.startswith(("http://", "https://")):
        return None
    try:
        parts = urlsplit(configuration)
    except ValueError:
        return None
    path = unquote(parts.path)
    for kind, pattern in _PATHS:
        found = pattern.fullmatch(path)
        if found is not None:
            key = _key(kind, found.group(1))
            return None if key is None else ReportedUrl(kind, key, parts.query.encode(errors="replace"))
    return None


def _key(kind: ReferenceKind, name: str) -> str | None:
    """Return an id or alias as it is stored; None for what leads nowhere, whatever may be made meanwhile."""
    if parse_id(name) is not None:
        return None if kind == "alias" else name.lower()
    return name if ALIAS_SHAPE.fullmatch(name) else None


def shape_of(queries: Iterable[bytes]) -> str:
    """Return the shape of the queries that an agent's URLs of one reference have."""
    shapes = {_shape(query) for query in queries}
    return shapes.pop() if len(shapes) == 1 else UNKNOWN_SHAPE


@lru_cache(maxsize=4096)
def _shape(query: bytes) -> str:
    values: dict[bytes, bytes] = {}
    for name, value in pairs_of(query):
        if _NAME.fullmatch(name):
            values.setdefault(name, decoded(value))
    shape = "&".join(f"{name.decode()}={_stand_in(value)}" for name, value in sorted(values.items()))
    return shape if len(shape) <= MAX_SHAPE_LENGTH else UNKNOWN_SHAPE


def _stand_in(value: bytes) -> str:
    try:
        return _STAND_INS[class_of(value.decode())]
    except UnicodeDecodeError:
        return _NOT_UTF8
