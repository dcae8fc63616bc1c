"""Compiled documents, kept in memory: configurations by version, groups by the versions of their members."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b, sha256
from typing import NamedTuple
from urllib.parse import unquote_to_bytes
from uuid import UUID

from sqlalchemy import and_, or_, select

from telegraf_controller.configs.content import Document, Part
from telegraf_controller.configs.merge import merge_templates
from telegraf_controller.configs.placeholders import Template, compile_template
from telegraf_controller.configs.render import render, with_constants
from telegraf_controller.configs.tables import ConfigVersion
from telegraf_controller.configs.weighted_cache import WeightedCache
from telegraf_controller.db.engine import Database
from telegraf_controller.errors import ControllerError

TEMPLATE_CACHE_BYTES = 64 * 1024 * 1024
"""How much text is kept compiled."""

_READ_TOGETHER = 32
"""How many texts are read by one query: of a megabyte each, they are in memory twice for a moment."""

_ESCAPED = re.compile(rb"[%+]")

_BASE_WEIGHT = 1024
_SLOT_WEIGHT = 512

Key = Part | tuple[Part, ...]
"""A version of a configuration, or all those that a group is made of."""


class Bound(NamedTuple):
    """A template with the constants of one state in it."""

    constants: Mapping[str, str]
    template: Template
    digest: blake2b
    """Of the text and of the constants in it; not to be updated."""

    def fill(self, values: Mapping[str, str]) -> tuple[bytes, bytes]:
        """Return the document and its `ETag`: alike on all nodes, and after a text has come back.

        Raises what `render` raises. The tag is made from what the served bytes are made from: to digest a large text
        for each of a fleet's agents would cost more than to render it.
        """
        body = render(self.template, values, self.constants)
        digest = self.digest
        if values:
            digest = digest.copy()
            digest.update("".join([f"{name}={len(value)}:{value}" for name, value in sorted(values.items())]).encode())
        return body, b'"%b"' % digest.hexdigest().encode()


class Compiled:
    """A template with what the query of a URL is searched for."""

    __slots__ = ("_bound", "digest", "parameters", "template")

    def __init__(self, template: Template, digest: bytes) -> None:
        self.template = template
        self.parameters: Mapping[bytes, str] = names_in(template)
        """The parameters that the template uses, by their name as it stands in a decoded query."""
        self.digest = digest
        """Of the text."""
        self._bound: Bound | None = None

    def bound(self, constants: Mapping[str, str]) -> Bound:
        """Return the template with constants in it; asked again for the same mapping, the same."""
        if self._bound is None or self._bound.constants is not constants:
            digest = blake2b(self.digest, digest_size=16)
            for name in self.template.constants:
                constant = constants.get(name, "").encode()
                digest.update(b"%d:%b" % (len(constant), constant))
            self._bound = Bound(constants, with_constants(self.template, constants), digest)
        return self._bound


class TemplateCache:
    """Gives the compiled text of a document; each is read and compiled once, however many ask at the same time.

    Texts that are wanted together are read together: after a start a fleet asks for all of them at once.
    """

    def __init__(self, database: Database, *, capacity: int = TEMPLATE_CACHE_BYTES) -> None:
        self._database = database
        self._kept: WeightedCache[Key, Compiled] = WeightedCache(capacity)
        self._coming: dict[Key, asyncio.Future[Compiled | None]] = {}
        """Everything that somebody waits for."""
        self._wanted: list[Part] = []
        """What of it has not been asked of the database yet."""
        self._reading: asyncio.Task[None] | None = None

    def kept(self, document: Document) -> Compiled | None:
        """Return what is in memory, None when it is not there."""
        return self._kept.get(_key(document))

    async def get(self, document: Document) -> Compiled | None:
        """Return a document's template; None when a version is not there (any more). Raises StorageUnavailable."""
        key = _key(document)
        found = self._kept.get(key)
        if found is not None:
            return found
        return await (self._version(key) if isinstance(key, Part) else self._group(key))

    async def _group(self, parts: tuple[Part, ...]) -> Compiled | None:
        coming = self._coming.get(parts)
        if coming is None:
            coming = self._coming[parts] = asyncio.ensure_future(self._merged(parts))
            coming.add_done_callback(lambda _: self._coming.pop(parts, None))
        return await asyncio.shield(coming)

    async def _merged(self, parts: tuple[Part, ...]) -> Compiled | None:
        versions = [Part(part.config_id, part.version) for part in parts]
        members = await asyncio.gather(*(self._member(version) for version in versions))
        found = [(part.heading or "", one) for part, one in zip(parts, members, strict=True) if one is not None]
        if len(found) < len(parts):
            return None
        merged = merge_templates([(heading, member.template) for heading, member in found])
        digest = sha256()
        for heading, member in found:
            digest.update(b"%b%b" % (sha256(heading.encode()).digest(), member.digest))
        return self._keep(parts, merged, digest.digest())

    async def _member(self, version: Part) -> Compiled | None:
        return self._kept.get(version) or await self._version(version)

    async def _version(self, version: Part) -> Compiled | None:
        coming = self._coming.get(version)
        if coming is None:
            coming = self._coming[version] = asyncio.get_running_loop().create_future()
            self._wanted.append(version)
            if self._reading is None:
                self._reading = asyncio.create_task(self._read_wanted())
        return await asyncio.shield(coming)

    async def _read_wanted(self) -> None:
        """Read and compile what is wanted, step by step, until nothing is."""
        try:
            while self._wanted:
                step, self._wanted = self._wanted[:_READ_TOGETHER], self._wanted[_READ_TOGETHER:]
                try:
                    texts = await self._texts(step)
                    # A megabyte takes a while to compile, and heartbeats of the event loop must not stop for it.
                    compiled = await asyncio.to_thread(_compile_each, texts)
                except Exception as error:
                    for version in step:
                        self._coming.pop(version).set_exception(error)
                else:
                    for version in step:
                        found = compiled.get((version.config_id, version.version))
                        one = None if found is None else self._keep(version, *found)
                        self._coming.pop(version).set_result(one)
        finally:
            self._reading = None

    async def _texts(self, versions: list[Part]) -> dict[tuple[str, int], str]:
        # Said one by one: for a list of pairs SQLite would look through the whole table.
        wanted = [
            and_(ConfigVersion.config_id == UUID(one.config_id), ConfigVersion.version == one.version)
            for one in versions
        ]
        async with self._database.read() as session:
            found = await session.execute(
                select(ConfigVersion.config_id, ConfigVersion.version, ConfigVersion.toml).where(or_(*wanted))
            )
            return {(str(config_id), version): toml for config_id, version, toml in found}

    def _keep(self, key: Key, template: Template, digest: bytes) -> Compiled:
        compiled = Compiled(template, digest)
        # A group's parts are those of its members, yet it may outlive them in memory, so they count here as well.
        weight = _BASE_WEIGHT + sum(map(len, template.parts)) + _SLOT_WEIGHT * len(template.slots)
        self._kept.put(key, compiled, weight)
        return compiled


def _compile_each(texts: Mapping[tuple[str, int], str]) -> dict[tuple[str, int], tuple[Template, bytes]]:
    return {key: (compile_template(text), sha256(text.encode()).digest()) for key, text in texts.items()}


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
    for given, raw_value in pairs_of(query) if _ESCAPED.search(query) else _plain_pairs_of(query):
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


def _plain_pairs_of(query: bytes) -> list[tuple[bytes, bytes]]:
    """The same of a query in which nothing is escaped, as nearly all are."""
    return [(name, value) for name, _, value in [pair.partition(b"=") for pair in query.split(b"&")]]


def decoded(part: bytes) -> bytes:
    """Undo what a query string does to a name or value."""
    return unquote_to_bytes(part.replace(b"+", b" ")) if b"%" in part or b"+" in part else part
