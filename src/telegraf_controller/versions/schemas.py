"""What can be done with versions, on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from telegraf_controller.configs.schemas import AcceptImpact, Note, VersionSummary
from telegraf_controller.configs.tables import Config, ConfigVersion
from telegraf_controller.versions.actions import Pruned, Which, WhyKept
from telegraf_controller.versions.compare import Difference
from telegraf_controller.web.schemas import Answer, Body, WireTime

Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class VersionPatch(Body):
    """Another note for a version (V3)."""

    note: Note


class Rollback(Body):
    """How to go back to a version (V3)."""

    accept_impact: AcceptImpact = False


class CompareQuery(Body):
    """Which two versions to compare, in either order: the lower number is the base (V3)."""

    base: Number
    head: Number


class Comparison(Answer):
    """What differs between two versions (V3)."""

    base: VersionSummary
    head: VersionSummary
    diff: str
    """A unified diff; empty when the texts are alike."""
    added: int
    removed: int
    """How many lines."""

    @classmethod
    def of(cls, base: ConfigVersion, head: ConfigVersion, config: Config, difference: Difference) -> Comparison:
        """Show a comparison."""
        return cls(
            base=VersionSummary.of(base, config),
            head=VersionSummary.of(head, config),
            diff=difference.diff,
            added=difference.added,
            removed=difference.removed,
        )


class VersionPrune(Body):
    """Which versions to remove: exactly one of the three (V3)."""

    versions: Annotated[list[Number], Field(min_length=1, max_length=1000)] | None = None
    before_version: Number | None = None
    before: WireTime | None = None

    @model_validator(mode="before")
    @classmethod
    def _one(cls, given: Any) -> Any:
        if isinstance(given, dict):
            named = [key for key in ("versions", "beforeVersion", "before") if key in given]
            if len(named) != 1:
                raise ValueError("give exactly one of versions, beforeVersion, before")
            if given[named[0]] is None:
                raise ValueError(f"{named[0]} must not be null")
        return given

    def wanted(self) -> Which:
        """As the action takes it."""
        return Which(self.versions, self.before_version, self.before)


class KeptVersion(Answer):
    """A version that was meant and stays: it is served, or the only one, or not there."""

    version: int
    why: Literal["current", "only", "not_found"]


class PruneAnswer(Answer):
    """What was removed, and what stays and why (V3)."""

    pruned: list[int]
    kept: list[KeptVersion]

    @classmethod
    def of(cls, done: Pruned) -> PruneAnswer:
        """Show what was done."""
        return cls(pruned=done.pruned, kept=[_kept(version, why) for version, why in done.kept])


def _kept(version: int, why: WhyKept) -> KeptVersion:
    return KeptVersion(version=version, why=why)
