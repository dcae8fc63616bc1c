"""What a plan would mean for today's agents, asked of the controller before anything is changed (V7)."""

from __future__ import annotations

from telegraf_controller.cli.config_plan import (
    AliasChange,
    Change,
    ConfigChange,
    ConstantChange,
    GroupChange,
    Owner,
    Plan,
)
from telegraf_controller.client import ControllerClient
from telegraf_controller.client.records import Impact


class ImpactOf:
    """Asks what each change of a plan would mean if it were made alone.

    Nothing is asked of what needs something that the same run makes before: the controller does not have that yet.
    """

    def __init__(self, client: ControllerClient, plan: Plan) -> None:
        self._client = client
        self._configs = {name: config.id for name, config in plan.state.configs.items()}
        self._groups = {name: group.id for name, group in plan.state.groups.items()}
        self._new_constants = [
            change.name for change in plan.changes if isinstance(change, ConstantChange) and change.current is None
        ]

    def __call__(self, change: Change) -> Impact | None:
        """Return the impact of a change, None when it has none or that cannot be known. Raises ClientError."""
        match change:
            case ConfigChange(action="update", current=current, toml=toml) if current is not None and toml is not None:
                return None if self._needs_new_constant(toml) else self._client.configs.impact(current.id, toml)
            case ConstantChange(action="update"):
                return self._client.constants.impact(change.name, change.value)
            case GroupChange(current=current) if current is not None:
                return self._of_group(change, current.id)
            case AliasChange(current=current) if current is not None:
                return self._of_alias(change)
        return None

    def _of_group(self, change: GroupChange, group_id: str) -> Impact | None:
        if change.action == "delete":
            return self._client.groups.impact(group_id, None)
        members = [self._configs.get(name) for name in change.members or ()]
        known = [member for member in members if member is not None]
        if change.members is None or len(known) < len(members):
            return None
        return self._client.groups.impact(group_id, known)

    def _of_alias(self, change: AliasChange) -> Impact | None:
        if change.wanted is None:
            return self._client.aliases.impact(change.name, None, None)
        owner_id = self._id_of(change.wanted)
        return None if owner_id is None else self._client.aliases.impact(change.name, change.wanted.kind, owner_id)

    def _id_of(self, owner: Owner) -> str | None:
        return (self._configs if owner.kind == "configs" else self._groups).get(owner.name)

    def _needs_new_constant(self, toml: str) -> bool:
        return any(f"::{{{name}}}" in toml for name in self._new_constants)
