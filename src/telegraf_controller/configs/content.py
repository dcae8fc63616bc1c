"""What configuration URLs serve, as of one content generation: small facts about every configuration, without texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.configs.tables import Config


@dataclass(frozen=True, slots=True)
class Document:
    """What one URL serves: a version, which is never changed once written, and when its text last changed."""

    config_id: str
    """As the API writes it."""
    name: str
    version: int
    last_modified: bytes
    """The header's value, such as `Mon, 23 Nov 2026 17:10:02 GMT`."""
    names: tuple[str, ...]
    """Every name under which it can be asked for; a token may be held to some of them (T11)."""


@dataclass(frozen=True, slots=True)
class ContentState:
    """Every document by the name in its URL."""

    by_id: Mapping[str, Document]
    by_alias: Mapping[str, Document] = field(default_factory=dict)
    """By alias a document has a `last_modified` of its own: it also moves when the alias goes to another one (C2)."""

    def find(self, name: str) -> Document | None:
        """Return what an id or alias names, None when there is nothing."""
        return self.by_id.get(name) or self.by_alias.get(name) or self.by_id.get(name.lower())


async def load_content(session: AsyncSession) -> ContentState:
    """Build the state from the database, in the caller's transaction."""
    rows = await session.execute(select(Config.id, Config.name, Config.current_version, Config.last_modified))
    documents = (
        Document(str(config_id), name, version, http_date(last_modified), names=(str(config_id),))
        for config_id, name, version, last_modified in rows
    )
    return ContentState({document.config_id: document for document in documents})


def http_date(seconds: int) -> bytes:
    """Format seconds since the epoch as HTTP does."""
    return formatdate(seconds, usegmt=True).encode()
