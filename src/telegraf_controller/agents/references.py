"""Which configuration of this controller an agent runs, as far as its URL tells (A3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl
from uuid import UUID

from telegraf_controller.configs.names import parse_id
from telegraf_controller.configs.reported import ReferenceKind, read_url, shape_of


@dataclass(frozen=True, slots=True)
class Reference:
    """One URL of an agent that may lead to this controller."""

    kind: ReferenceKind
    """Which path it has: `/api/configs/…/toml`, `/api/config-groups/…/toml` or `/c/…`."""
    key: str
    """The id (in lower case) or alias in it."""
    id: UUID | None
    """The id in it, None when it is an alias."""
    parameters: dict[str, str]
    """Of repeated ones the first counts (C3)."""

    @property
    def stored(self) -> str:
        """As it stands in `agent_references`."""
        return stored_reference(self.kind, self.key)


def stored_reference(kind: ReferenceKind, key: str) -> str:
    """Return how a reference stands in `agent_references`, for looking up agents by it."""
    return f"{kind}/{key}"


@lru_cache(maxsize=4096)
def reference_of(configuration: str) -> Reference | None:
    """Return what one reported configuration may refer to here; None for a file or a foreign URL."""
    url = read_url(configuration)
    if url is None:
        return None
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(url.query.decode(), keep_blank_values=True):
        parameters.setdefault(name, value)
    return Reference(url.kind, url.key, parse_id(url.key), parameters)


def stored_references(configurations: Iterable[str]) -> dict[str, str]:
    """Return the references among an agent's configurations as they are stored, with the shapes of their queries."""
    queries: dict[str, list[bytes]] = defaultdict(list)
    for configuration in configurations:
        url = read_url(configuration)
        if url is not None:
            queries[url.reference].append(url.query)
    return {reference: shape_of(given) for reference, given in queries.items()}
