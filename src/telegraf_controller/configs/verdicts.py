"""Whether a document can be served to a URL, before a change and after it (V7): asked of the renderer itself."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.configs.change import Change, Members
from telegraf_controller.configs.merge import merge_templates
from telegraf_controller.configs.placeholders import Template, compile_template
from telegraf_controller.configs.render import fill, parameters_of_mixed_words
from telegraf_controller.configs.reported import UNKNOWN_SHAPE, shape_of
from telegraf_controller.configs.scan import stays_in_place
from telegraf_controller.configs.tables import Config, ConfigVersion
from telegraf_controller.configs.templates import names_in, pairs_of, parameters_of
from telegraf_controller.constants.tables import Constant
from telegraf_controller.errors import ControllerError


class Outcome(Enum):
    """What a change means for a URL."""

    SERVED = "it is served afterwards"
    CUT_OFF = "it was served, and gets an error afterwards"
    UNSERVED = "it got an error before, and gets one afterwards"
    UNSURE = "that depends on more than the shape of its query"


@dataclass(frozen=True)
class Served:
    """A document with the constants that it is filled with."""

    template: Template
    constants: Mapping[str, str]

    @cached_property
    def names(self) -> dict[bytes, str]:
        """Its parameters."""
        return names_in(self.template)

    @cached_property
    def mixed(self) -> frozenset[str]:
        """The parameters whose values matter, and not only their classes."""
        return parameters_of_mixed_words(self.template)

    def refusal(self, query: bytes) -> ControllerError | None:
        """Return what a URL with this query is refused with; None when it is served (C3, C4)."""
        try:
            fill(self.template, parameters_of(query, self.names), self.constants)
        except ControllerError as error:
            return error
        return None

    def never_refuses_more_than(self, before: Served) -> bool:
        """Tell whether every query that `before` serves is surely served here: all that is demanded was demanded there.

        True spares looking at agents; False says nothing.
        """
        return (
            set(self.template.required) <= set(before.template.required)
            and all(name in self.constants for name in self.template.constants)
            and self._stay_in_place()
            and self._demands <= before._demands
        )

    def _stay_in_place(self) -> bool:
        holes = [slot.hole for slot in self.template.slots if slot.hole.is_constant]
        return all(stays_in_place(hole, self.constants[hole.name]) for hole in holes)

    @cached_property
    def _demands(self) -> set[object]:
        """What is demanded of values: by the places that they stand in, and by the words that they are part of."""
        demands: set[object] = set()
        pieces: list[object] = list(self.template.parts)
        for slot in self.template.slots:
            hole = slot.hole
            if hole.is_constant:
                pieces[slot.part] = self.constants.get(hole.name, "").encode()
            else:
                pieces[slot.part] = (hole.name, hole.default)
                demands.add((hole.name, hole.place, hole.never_empty))
        return demands | {tuple(pieces[word]) for word in self.template.words}


class Documents:
    """The documents of a change. Each text is read and compiled once."""

    def __init__(self, session: AsyncSession, change: Change) -> None:
        self._session = session
        self._change = change
        self._before: dict[UUID, Template] = {}
        self._after: dict[UUID, Template] = {}
        self._constants: dict[str, str] = {}

    async def load(self, members: Iterable[Members | None]) -> None:
        """Read what documents are made of."""
        wanted = {config_id for ids in members if ids is not None for config_id in ids} - self._before.keys()
        texts = await _texts(self._session, wanted)
        new = {config_id: text for config_id, text in self._change.texts.items() if config_id not in self._after}
        self._before |= await asyncio.to_thread(_compiled, texts)
        self._after |= await asyncio.to_thread(_compiled, new)
        used = {name for template in (*self._before.values(), *self._after.values()) for name in template.constants}
        self._constants = await _values(self._session, used)

    def before(self, members: Members) -> Served:
        """Return a loaded document as it is."""
        return Served(_merged([self._before[config_id] for config_id in members]), self._constants)

    def after(self, members: Members | None) -> Served | None:
        """Return a loaded document as it will be; None when it is not there any more."""
        if members is None:
            return None
        templates = [self._after.get(config_id) or self._before[config_id] for config_id in members]
        return Served(_merged(templates), {**self._constants, **self._change.constants})


@dataclass(frozen=True)
class Verdict:
    """What a change means for those who come to one document."""

    before: Served
    after: Served | None

    def of_shape(self, shape: str) -> Outcome:
        """Return what it means for all whose query has this shape."""
        if shape == UNKNOWN_SHAPE:
            return Outcome.UNSURE
        query = shape.encode()
        if self._mixed and not self._mixed.isdisjoint(name.decode() for name, _ in pairs_of(query)):
            return Outcome.UNSURE
        return self.of_query(query)

    def of_query(self, query: bytes) -> Outcome:
        """Return what it means for whoever comes with this query."""
        if self.after is not None and self.after.refusal(query) is None:
            return Outcome.SERVED
        return Outcome.CUT_OFF if self.before.refusal(query) is None else Outcome.UNSERVED

    def what_decides(self, query: bytes) -> object:
        """Return what is alike in queries that mean the same: to a fleet few of them differ in it."""
        shape = shape_of([query])
        if shape == UNKNOWN_SHAPE:
            return query
        names = {name.encode(): name for name in self._mixed}
        return shape, *((name, value) for name, value in pairs_of(query) if name in names)

    @cached_property
    def _mixed(self) -> frozenset[str]:
        return self.before.mixed if self.after is None else self.before.mixed | self.after.mixed


def _merged(templates: Sequence[Template]) -> Template:
    return templates[0] if len(templates) == 1 else merge_templates([("", template) for template in templates])


def _compiled(texts: Mapping[UUID, str]) -> dict[UUID, Template]:
    return {config_id: compile_template(text) for config_id, text in texts.items()}


async def _texts(session: AsyncSession, config_ids: Collection[UUID]) -> dict[UUID, str]:
    rows = await session.execute(
        select(ConfigVersion.config_id, ConfigVersion.toml)
        .join(Config, (ConfigVersion.config_id == Config.id) & (ConfigVersion.version == Config.current_version))
        .where(Config.id.in_(config_ids))
    )
    return {row.config_id: row.toml for row in rows}


async def _values(session: AsyncSession, names: Collection[str]) -> dict[str, str]:
    rows = await session.execute(select(Constant.name, Constant.value).where(Constant.name.in_(names)))
    return {row.name: row.value for row in rows}
