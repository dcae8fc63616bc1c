"""Which configuration of this controller an agent runs, as far as its URL tells (A3).

The host is not compared: agents may reach this controller under many names. Whether the configuration, alias or group
exists is not asked here either; it may be made, moved or deleted while the agent runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

Kind = Literal["config", "alias", "group"]

_PATHS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("config", re.compile(r"(?:/.*)?/api/configs/([^/]+)/toml")),
    ("group", re.compile(r"(?:/.*)?/api/config-groups/([^/]+)/toml")),
    ("alias", re.compile(r"(?:/.*)?/c/([^/]+)")),
)
_MAX_KEY_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Reference:
    """One URL of an agent that may lead to this controller."""

    kind: Kind
    """Which path it has: `/api/configs/…/toml`, `/api/config-groups/…/toml` or `/c/…`."""
    key: str
    """The id or alias in it, in lower case."""
    parameters: dict[str, str]

    @property
    def stored(self) -> str:
        """As it stands in `agent_references`."""
        return stored_reference(self.kind, self.key)

    @property
    def id(self) -> UUID | None:
        """The id in it, None when it is an alias."""
        try:
            return UUID(self.key)
        except ValueError:
            return None


def stored_reference(kind: Kind, key: str) -> str:
    """Return how a reference stands in `agent_references`, for looking up agents by it."""
    return f"{kind}/{key}"


@lru_cache(maxsize=4096)
def reference_of(configuration: str) -> Reference | None:
    """Return what one reported configuration may refer to here; None for a file or a foreign URL."""
    if not configuration.startswith(("http://", "https://")):
        return None
    try:
        parts = urlsplit(configuration)
    except ValueError:
        return None
    for kind, pattern in _PATHS:
        found = pattern.fullmatch(parts.path)
        if found is not None:
            key = unquote(found.group(1)).lower()
            if len(key) > _MAX_KEY_LENGTH or not key.isprintable():
                return None
            return Reference(kind, key, dict(parse_qsl(parts.query, keep_blank_values=True)))
    return None


def stored_references(configurations: Iterable[str]) -> list[str]:
    """Return the references among an agent's configurations as they are stored, each once, in order."""
    found = (reference_of(configuration) for configuration in configurations)
    return list(dict.fromkeys(reference.stored for reference in found if reference is not None))
