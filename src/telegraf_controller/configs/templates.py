"""Compiled configurations, kept in memory by version."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import unquote_to_bytes
from uuid import UUID

from sqlalchemy import select

from telegraf_controller.configs.placeholders import Template, compile_template
from telegraf_controller.configs.tables import ConfigVersion
from telegraf_controller.configs.weighted_cache import WeightedCache
from telegraf_controller.db.engine import Database
from telegraf_controller.errors import ControllerError

TEMPLATE_CACHE_BYTES = 64 * 1024 * 1024
"""How much text is kept compiled."""

_BASE_WEIGHT = 1024
_SLOT_WEIGHT = 512

Key = tuple[str, int]
"""The id of a configuration and the number of one of its versions."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A template with what the query of a URL is searched for."""

    template: Template
    parameters: Mapping[bytes, str]
    """The parameters that the template uses, by their name as it stands in a decoded query."""
    digest: bytes
    """Of the text."""

    def tag(self, values: Mapping[str, str]) -> bytes:
        """Return the `ETag` of the text with these values: alike on all nodes, and after a text has come back.

        It is made from what the served bytes are made from: to digest a large document for each of a fleet's agents
        would cost more than to render it.
        """
        digest = sha256(self.digest)
        for name in self.parameters.values():
            value = values.get(name)
            filled = b"-" if value is None else value.encode()
            digest.update(b"%d:%b" % (-1 if value is None else len(filled), filled))
        return b'"%b"' % digest.hexdigest()[:32].encode()


class TemplateCache:
    """Gives the compiled text of a version; each is read and compiled once, however many ask at the same time."""

    def __init__(self, database: Database, *, capacity: int = TEMPLATE_CACHE_BYTES) -> None:
        self._database = database
        self._kept: WeightedCache[Key, Compiled] = WeightedCache(capacity)
        self._loading: dict[Key, asyncio.Task[Compiled | None]] = {}

    def kept(self, key: Key) -> Compiled | None:
        """Return what is in memory, None when it is not there."""
        return self._kept.get(key)

    async def get(self, key: Key) -> Compiled | None:
        """Return a version's template; None when there is no such version (any more). Raises StorageUnavailable."""
        found = self._kept.get(key)
        if found is not None:
            return found
        loading = self._loading.get(key)
        if loading is None:
            loading = self._loading[key] = asyncio.create_task(self._load(key))
            loading.add_done_callback(lambda _: self._loading.pop(key, None))
        return await asyncio.shield(loading)

    async def _load(self, key: Key) -> Compiled | None:
        config_id, version = key
        async with self._database.read() as session:
            text = await session.scalar(
                select(ConfigVersion.toml).where(
                    ConfigVersion.config_id == UUID(config_id), ConfigVersion.version == version
                )
            )
        if text is None:
            return None
        # A megabyte takes a while to compile, and heartbeats of the event loop must not stop for it.
        template = await asyncio.to_thread(compile_template, text)
        names = {parameter.name.encode(): parameter.name for parameter in template.parameters}
        compiled = Compiled(template, names, sha256(text.encode()).digest())
        self._kept.put(key, compiled, _BASE_WEIGHT + len(text) + _SLOT_WEIGHT * len(template.slots))
        return compiled


def parameters_of(query: bytes, wanted: Mapping[bytes, str]) -> dict[str, str]:
    """Return the values that a query string gives to the wanted parameters; of repeated ones the first counts (C3).

    `wanted` maps each name as bytes to the name as text. Everything else in the query is ignored, whatever it is.
    Raises ControllerError `invalid_parameter_value` when a wanted value is not UTF-8.
    """
    values: dict[str, str] = {}
    if not wanted or not query:
        return values
    for pair in query.split(b"&"):
        raw_name, _, raw_value = pair.partition(b"=")
        name = wanted.get(_decoded(raw_name))
        if name is None or name in values:
            continue
        try:
            values[name] = _decoded(raw_value).decode()
        except UnicodeDecodeError:
            raise ControllerError(
                "invalid_parameter_value", f"The value of parameter {name!r} is not UTF-8.", parameter=name
            ) from None
    return values


def _decoded(part: bytes) -> bytes:
    return unquote_to_bytes(part.replace(b"+", b" ")) if b"%" in part or b"+" in part else part
