"""Groups on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, field_validator

from telegraf_controller.configs.schemas import AcceptImpact, ConfigName, Description, ProblemRecord
from telegraf_controller.groups.actions import GroupChange, NewGroup
from telegraf_controller.groups.check import GroupProblem, Merged
from telegraf_controller.groups.queries import GroupView, SortKey
from telegraf_controller.labels.schemas import LabelFilter, LabelTag
from telegraf_controller.web.schemas import Answer, Body, PageQuery, WireTime

MAX_MEMBERS = 100


def _each_once(members: list[UUID]) -> list[UUID]:
    if len(set(members)) < len(members):
        raise ValueError("must not name a configuration twice")
    return members


Members = Annotated[list[UUID], Field(max_length=MAX_MEMBERS), AfterValidator(_each_once)]


class GroupCreate(Body):
    """What a new group is to be (G1); members are ids of configurations in the order in which they are served."""

    name: ConfigName
    description: Description = ""
    members: Members = Field(default_factory=list)

    def wanted(self) -> NewGroup:
        """As the action takes it."""
        return NewGroup(self.name, self.description, self.members)


class GroupPatch(Body):
    """What is to change; what is left out stays. `members` is the whole new list."""

    name: ConfigName | None = None
    description: Description | None = None
    members: Members | None = None
    accept_impact: AcceptImpact = False

    @field_validator("*", mode="before")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        # Without this a null would pass for "not given": asked to clear a field, the server would silently keep it.
        if value is None:
            raise ValueError("must not be null; leave it out to keep what is there")
        return value

    def wanted(self) -> GroupChange:
        """As the action takes it."""
        return GroupChange(self.name, self.description, self.members, self.accept_impact)


class GroupImpact(Body):
    """A new list of members to ask about; null asks about deleting the group (V7)."""

    members: Members | None


class GroupQuery(PageQuery):
    """Which groups to list, and in what order."""

    search: Annotated[str, Field(max_length=100)] = ""
    label: LabelFilter = Field(default_factory=list)
    sort_by: SortKey = "name"
    sort_order: Literal["asc", "desc"] = "asc"


class GroupMemberRecord(Answer):
    """A configuration in a group."""

    id: UUID
    name: str


class GroupProblemRecord(ProblemRecord):
    """A problem of a group's text as a whole: `line` counts in that; and where it is in a member (G1, Q1)."""

    config_id: UUID | None
    config_line: int | None

    @classmethod
    def of(cls, found: GroupProblem) -> GroupProblemRecord:
        """Show a problem."""
        shown = ProblemRecord.model_validate(found.problem).model_dump()
        return cls.model_validate({**shown, "config_id": found.config_id, "config_line": found.config_line})


class GroupSummary(Answer):
    """A group as lists show it (G1)."""

    id: UUID
    name: str
    description: str
    members: list[UUID]
    """Ids of configurations, in the order in which they are served."""
    configs: list[GroupMemberRecord]
    """The same with their names."""
    labels: list[LabelTag]
    aliases: list[str]
    agent_count: int
    """How many agents have a URL that leads to this group."""
    created_at: WireTime
    created_by: str | None
    updated_at: WireTime
    updated_by: str | None

    @classmethod
    def of(cls, view: GroupView) -> GroupSummary:
        """Show a group."""
        return cls.model_validate(_fields(view))


class GroupRecord(GroupSummary):
    """A group and what is wrong with its text as a whole (G1, Q1)."""

    problems: list[GroupProblemRecord]

    @classmethod
    def of_checked(cls, view: GroupView, merged: Merged) -> GroupRecord:
        """Show a group."""
        return cls.model_validate({**_fields(view), "problems": _problems(merged.problems)})


class GroupPreview(Answer):
    """A group's whole text with placeholders as their authors wrote them, and what is wrong with it (G1, Q1)."""

    toml: str
    problems: list[GroupProblemRecord]

    @classmethod
    def of(cls, merged: Merged) -> GroupPreview:
        """Show a merged text."""
        return cls(toml=merged.toml, problems=_problems(merged.problems))


def _problems(found: Sequence[GroupProblem]) -> list[GroupProblemRecord]:
    return [GroupProblemRecord.of(problem) for problem in found]


def _fields(view: GroupView) -> dict[str, Any]:
    plain = ("id", "name", "description", "created_at", "created_by", "updated_at", "updated_by")
    return {
        **{name: getattr(view.group, name) for name in plain},
        "members": [member.id for member in view.members],
        "configs": view.members,
        "labels": LabelTag.of_all(view.labels),
        "aliases": view.aliases,
        "agent_count": view.agent_count,
    }
