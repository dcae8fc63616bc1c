"""Changing aliases. Each function works in the caller's transaction and records its change in the audit trail.

What an alias serves changes with where it leads to, and `Last-Modified` there moves forward whatever the new target's
own value is (C2).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.access.identity import Identity
from telegraf_controller.aliases.queries import Owner, get_alias, owner_change, owner_of, views_of
from telegraf_controller.aliases.rules import problem_with
from telegraf_controller.aliases.tables import Alias
from telegraf_controller.audit.record import Target, record
from telegraf_controller.configs.impact import require_acceptance
from telegraf_controller.configs.moves import next_last_modified
from telegraf_controller.configs.names import require_names
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.errors import Conflict, Forbidden, ValidationFailed


async def create_alias(session: AsyncSession, by: Identity, alias: str, owner: Owner, *, now: datetime) -> Alias:
    """Make an alias lead to `owner`, which was read with `lock`. Raises ValidationFailed, Conflict `alias_conflict`."""
    _require_group_write(by, owner)
    problem = problem_with(alias)
    if problem is not None:
        raise ValidationFailed([("alias", problem)])
    known = await session.get(Alias, alias)
    if known is not None:
        await _refuse_taken(session, by, known)
    created = known or Alias(alias=alias, last_modified=int(now.timestamp()))
    if known is not None:
        # The name had been given up: who still holds its last `Last-Modified` must see another one (C2).
        created.last_modified = next_last_modified(known.last_modified, now)
    _lead_to(created, owner)
    created.created_at = now
    created.created_by = by.username
    session.add(created)
    await record(session, by, "alias.create", target=_target(alias), changes={"owner": [None, _shown(owner)]}, now=now)
    await raise_generation(session, "content")
    return created


async def transfer_alias(
    session: AsyncSession, by: Identity, alias: str, owner: Owner, *, accept_impact: bool = False, now: datetime
) -> Alias:
    """Make an alias lead to another configuration or group in one step (L1); `owner` was read with `lock`.

    Raises NotFound, Forbidden, Conflict `agents_would_fail` (V7).
    """
    moved = await get_alias(session, by, alias)
    before = await owner_of(session, moved)
    _require_group_write(by, before, owner)
    if before is not None and before.id == owner.id:
        return moved
    accepted = await _require_acceptance(session, by, alias, before, owner, accept_impact)
    _lead_to(moved, owner)
    moved.last_modified = next_last_modified(moved.last_modified, now)
    changes = {"owner": [None if before is None else _shown(before), _shown(owner)], **accepted}
    await record(session, by, "alias.transfer", target=_target(alias), changes=changes, now=now)
    await raise_generation(session, "content")
    return moved


async def delete_alias(
    session: AsyncSession, by: Identity, alias: str, *, accept_impact: bool = False, now: datetime
) -> None:
    """Give up an alias. Raises NotFound, Forbidden, Conflict `agents_would_fail` (V7)."""
    given_up = await get_alias(session, by, alias)
    before = await owner_of(session, given_up)
    _require_group_write(by, before)
    accepted = await _require_acceptance(session, by, alias, before, None, accept_impact)
    given_up.config_id = given_up.group_id = None
    changes = {"owner": [None if before is None else _shown(before), None], **accepted}
    await record(session, by, "alias.delete", target=_target(alias), changes=changes, now=now)
    await raise_generation(session, "content")


async def _require_acceptance(
    session: AsyncSession, by: Identity, alias: str, before: Owner | None, after: Owner | None, accepted: bool
) -> dict[str, int]:
    if before is None:
        return {}
    return await require_acceptance(session, by, await owner_change(session, alias, before, after), accepted=accepted)


async def _refuse_taken(session: AsyncSession, by: Identity, alias: Alias) -> None:
    """Raise Conflict `alias_conflict` if an alias leads somewhere, with the owner if the caller may know it (T11)."""
    owner = await owner_of(session, alias)
    if owner is None:
        return
    agents = (await views_of(session, [alias]))[0].agent_count
    try:
        await require_names(session, by, str(owner.id), owner.id)
    except Forbidden:
        raise Conflict("alias_conflict", f"The alias {alias.alias!r} is taken.", owner=None, agentCount=None) from None
    what = "configuration" if owner.type == "config" else "group"
    raise Conflict(
        "alias_conflict",
        f"The alias {alias.alias!r} leads to the {what} {owner.name!r}, and {agents} agents use it.",
        alias=alias.alias,
        owner=_shown(owner),
        agentCount=agents,
    )


def _require_group_write(by: Identity, *owners: Owner | None) -> None:
    """Raise Forbidden unless the caller may change groups, where one is concerned."""
    if any(owner is not None and owner.group is not None for owner in owners):
        by.require("config-groups:write")


def _lead_to(alias: Alias, owner: Owner) -> None:
    alias.config_id = None if owner.config is None else owner.config.id
    alias.group_id = None if owner.group is None else owner.group.id


def _shown(owner: Owner) -> dict[str, str]:
    return {"type": owner.type, "id": str(owner.id), "name": owner.name}


def _target(alias: str) -> Target:
    return Target("alias", alias, alias)
