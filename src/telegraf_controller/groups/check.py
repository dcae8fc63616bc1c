"""What is wrong with a group's text as a whole: members that are right by themselves may not go together (G1, Q1)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.configs.checks import Problem, problems_of
from telegraf_controller.configs.dialect import DialectError, KeyValue, parse
from telegraf_controller.configs.merge import merge_texts
from telegraf_controller.configs.tables import Config, ConfigVersion
from telegraf_controller.constants.tables import Constant
from telegraf_controller.groups.tables import ConfigGroup, GroupMember


@dataclass(frozen=True, slots=True)
class MemberText:
    """The text of a member and the name that stands above it."""

    config_id: UUID
    heading: str
    toml: str


@dataclass(frozen=True, slots=True)
class GroupProblem:
    """A problem of the whole, whose line counts in the merged text, and the member that it is in with the line there.

    Both are None where a problem has no line.
    """

    problem: Problem
    config_id: UUID | None
    config_line: int | None


@dataclass(frozen=True, slots=True)
class Merged:
    """The whole text with placeholders as their authors wrote them, and what is wrong with it."""

    toml: str
    problems: list[GroupProblem]


async def read_members(session: AsyncSession, group: ConfigGroup) -> list[MemberText]:
    """Return the texts of a group's members, in order."""
    rows = await session.execute(
        select(GroupMember.config_id, GroupMember.heading, ConfigVersion.toml)
        .join(Config, Config.id == GroupMember.config_id)
        .join(ConfigVersion, (ConfigVersion.config_id == Config.id) & (ConfigVersion.version == Config.current_version))
        .where(GroupMember.group_id == group.id)
        .order_by(GroupMember.position)
    )
    return [MemberText(*row) for row in rows]


async def defined_constants(session: AsyncSession) -> frozenset[str]:
    """Return the names of all constants."""
    return frozenset(await session.scalars(select(Constant.name)))


def check_merged(members: Sequence[MemberText], constants: Collection[str]) -> Merged:
    """Merge texts and check the whole. It takes time in proportion to their length: run it in a thread."""
    toml = ""
    starts: list[int] = []
    for member in members:
        # The line of the heading; the member's own first line is the next one.
        starts.append(toml.count("\n") + 1)
        toml += merge_texts([(member.heading, member.toml)])
    found = [*problems_of(toml, constants), *_keys_in_foreign_tables(members, starts)]
    return Merged(toml, [_in_member(problem, members, starts) for problem in found])


def _in_member(problem: Problem, members: Sequence[MemberText], starts: Sequence[int]) -> GroupProblem:
    if problem.line is None or not members:
        return GroupProblem(problem, None, None)
    number = max(bisect_right(starts, problem.line) - 1, 0)
    return GroupProblem(problem, members[number].config_id, max(problem.line - starts[number], 1))


def _keys_in_foreign_tables(members: Sequence[MemberText], starts: Sequence[int]) -> list[Problem]:
    """Find keys before a member's first table: there is no way in TOML to end the table of the member before."""
    problems: list[Problem] = []
    tables_before = False
    for member, start in zip(members, starts, strict=True):
        try:
            fields = parse(member.toml).fields.values()
        except DialectError:
            # With its placeholders as they are a text need not be readable; the check of the whole fills them.
            tables_before = True
            continue
        stray = next((node for node in fields if isinstance(node, KeyValue)), None)
        if stray is not None and tables_before:
            sentence = f"The key {stray.key!r} stands outside of any table, so it becomes part of the member before."
            line, column = start + stray.line, stray.column
            problems.append(Problem("error", "key_in_foreign_table", sentence, line, column))
        tables_before = tables_before or any(not isinstance(node, KeyValue) for node in fields)
    return problems
