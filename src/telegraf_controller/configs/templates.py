"""Compiled documents, kept in memory: configurations by version, groups by the versions of their members."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import unquote_to_bytes
from uuid import UUID

from sqlalchemy import select

from telegraf_controller.configs.content import Document, Part
from telegraf_controller.configs.merge import merge_templates
from telegraf_controller.configs.placeholders import Template, compile_template
from telegraf_controller.configs.tables import ConfigVersion
from telegraf_controller.configs.weighted_cache import WeightedCache
from telegraf_controller.db.engine import Database
from telegraf_controller.errors import ControllerError

TEMPLATE_CACHE_BYTES = 64 * 1024 * 1024
"""How much text is kept compiled."""

_BASE_WEIGHT = 1024
_SLOT_WEIGHT = 512

Key = Part | tuple[Part, ...]
"""A version of a configuration, or all those that a group is made of."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A template with what the query of a URL is searched for."""

    template: Template
    parameters: Mapping[bytes, str]
    """The parameters that the template uses, by their name as it stands in a decoded query."""
    digest: bytes
    """Of the text."""

    def tag(self, values: Mapping[str, str], constants: Mapping[str, str]) -> bytes:
        """Return the `ETag` of the text with these values: alike on all nodes, and after a text has come back.

        Every constant that the text uses is in `constants`.

        It is made from what the served bytes are made from: to digest a large document for each of a fleet's agents
        would cost more than to render it.
        """
        digest = sha256(self.digest)
        for name in self.parameters.values():
            value = values.get(name)
            filled = b"-" if value is None else value.encode()
            digest.update(b"%d:%b" % (-1 if value is None else len(filled), filled))
        for name in self.template.constants:
            constant = constants[name].encode()
            digest.update(b"%d:%b" % (len(constant), constant))
        return b'"%b"' % digest.hexdigest()[:32].encode()


class TemplateCache:
    """Gives the compiled text of a document; each is read and compiled once, however many ask at the same time."""

    def __init__(self, database: Database, *, capacity: int = TEMPLATE_CACHE_BYTES) -> None:
        self._database = database
        self._kept: WeightedCache[Key, Compiled] = WeightedCache(capacity)
        self._loading: dict[Key, asyncio.Task[Compiled | None]] = {}

    def kept(self, document: Document) -> Compiled | None:
        """Return what is in memory, None when it is not there."""
        return self._kept.get(_key(document))

    async def get(self, document: Document) -> Compiled | None:
        """Return a document's template; None when a version is not there (any more). Raises StorageUnavailable."""
        key = _key(document)
        found = self._kept.get(key)
        return found if found is not None else await self._loaded(key)

    async def _loaded(self, key: Key) -> Compiled | None:
        loading = self._loading.get(key)
        if loading is None:
            loading = self._loading[key] = asyncio.create_task(self._load(key))
            loading.add_done_callback(lambda _: self._loading.pop(key, None))
        return await asyncio.shield(loading)

    async def _load(self, key: Key) -> Compiled | None:
        return await self._load_version(key) if isinstance(key, Part) else await self._load_group(key)

    async def _load_group(self, parts: tuple[Part, ...]) -> Compiled | None:
        members: list[tuple[str, Compiled]] = []
        for part in parts:
            version = Part(part.config_id, part.version)
            member = self._kept.get(version) or await self._loaded(version)
            if member is None:
                return None
            members.append((part.heading or "", member))
        merged = merge_templates([(heading, member.template) for heading, member in members])
        digest = sha256()
        for heading, member in members:
            digest.update(b"%b%b" % (sha256(heading.encode()).digest(), member.digest))
        return self._keep(parts, merged, digest.digest())

    async def _load_version(self, version: Part) -> Compiled | None:
        async with self._database.read() as session:
            text = await session.scalar(
                select(ConfigVersion.toml).where(
                    ConfigVersion.config_id == UUID(version.config_id), ConfigVersion.version == version.version
                )
            )
        if text is None:
            return None
        # A megabyte takes a while to compile, and heartbeats of the event loop must not stop for it.
        template = await asyncio.to_thread(compile_template, text)
        return self._keep(version, template, sha256(text.encode()).digest())

    def _keep(self, key: Key, template: Template, digest: bytes) -> Compiled:
        compiled = Compiled(template, names_in(template), digest)
        # A group's parts are those of its members, yet it may outlive them in memory, so they count here as well.
        weight = _BASE_WEIGHT + sum(map(len, template.parts)) + _SLOT_WEIGHT * len(template.slots)
        self._kept.put(key, compiled, weight)
        return compiled


def _key(document: Document) -> Key:
    return document.parts[0] if document.kind == "config" else document.parts


def names_in(template: Template) -> dict[bytes, str]:
    """Return the parameters that a template uses, by their name as it stands in a decoded query."""
    return {parameter.name.encode(): parameter.name for parameter in template.parameters}


def parameters_of(query: bytes, wanted: Mapping[bytes, str]) -> dict[str, str]:
    """Return the values that a query string gives to the wanted parameters; of repeated ones the first counts (C3).

    `wanted` maps each name as bytes to the name as text. Everything else in the query is ignored, whatever it is.
    Raises ControllerError `invalid_parameter_value` when a wanted value is not UTF-8.
    """
    values: dict[str, str] = {}
    if not wanted or not query:
        return values
    for given, raw_value in pairs_of(query):
        name = wanted.get(given)
        if name is None or name in values:
            continue
        try:
            values[name] = decoded(raw_value).decode()
        except UnicodeDecodeError:
            raise ControllerError(
                "invalid_parameter_value", f"The value of parameter {name!r} is not UTF-8.", parameter=name
            ) from None
    return values


def pairs_of(query: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Go through a query string: each name decoded, each value as it stands there."""
    for pair in query.split(b"&"):
        raw_name, _, raw_value = pair.partition(b"=")
        yield decoded(raw_name), raw_value


def decoded(part: bytes) -> bytes:
    """Undo what a query string does to a name or value."""
    return unquote_to_bytes(part.replace(b"+", b" ")) if b"%" in part or b"+" in part else part
