"""What belongs to a configuration beside its own row, as its record shows it (V1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.configs.agent_use import count_agents_by_references, references_to
from telegraf_controller.configs.names import surroundings_of
from telegraf_controller.configs.tables import Config
from telegraf_controller.labels.carriers import CONFIGS
from telegraf_controller.labels.queries import labels_of
from telegraf_controller.labels.tables import Label


@dataclass(frozen=True, slots=True)
class Around:
    """Labels by name, aliases in order, ids of groups by their names, and how many agents use it under any name."""

    labels: list[Label] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    groups: list[UUID] = field(default_factory=list)
    agent_count: int = 0


Arounds = dict[UUID, Around]


async def around(session: AsyncSession, configs: Sequence[Config]) -> Arounds:
    """Return what belongs to each configuration, by its id."""
    ids = [config.id for config in configs]
    labels = await labels_of(session, CONFIGS, ids)
    names = await surroundings_of(session, ids)
    references = {key: references_to("config", key, found.aliases) for key, found in names.items()}
    agents = await count_agents_by_references(session, references)
    return {key: Around(labels.get(key, []), found.aliases, found.groups, agents[key]) for key, found in names.items()}
