"""What agents are served, as typed calls: configurations, groups, constants, labels and aliases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from telegraf_controller.client.records import (
    Alias,
    Config,
    ConfigVersion,
    Constant,
    Group,
    Impact,
    Label,
    Problem,
    Problems,
    ServedConfig,
)
from telegraf_controller.client.transport import Transport, given, part


class Configs:
    """`/api/configs`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        name: str,
        toml: str,
        *,
        description: str | None = None,
        note: str | None = None,
        label_ids: Sequence[str] | None = None,
    ) -> Config:
        """Store a new configuration as version 1 (V2)."""
        body = {"name": name, "toml": toml, "description": description, "note": note, "labelIds": label_ids}
        return self._transport.send("POST", "/api/configs", Config, given(body))

    def each(self, *, search: str | None = None) -> Iterator[Config]:
        """Go through the configurations, without their texts."""
        return self._transport.each("/api/configs", Config, {"search": search})

    def find(self, name: str) -> Config | None:
        """Return the configuration of that name, without its text."""
        return next((config for config in self.each(search=name) if config.name == name), None)

    def read(self, config_id: str) -> Config:
        """Return one configuration with its stored text."""
        return self._transport.get(f"/api/configs/{part(config_id)}", Config)

    def update(
        self,
        config_id: str,
        *,
        name: str | None = None,
        toml: str | None = None,
        description: str | None = None,
        note: str | None = None,
        label_ids: Sequence[str] | None = None,
        base_version: int | None = None,
        accept_impact: bool | None = None,
    ) -> Config:
        """Change what is given; changed text becomes the next version. 409 `edit_conflict` past `base_version` (V2)."""
        body = {
            "name": name,
            "toml": toml,
            "description": description,
            "note": note,
            "labelIds": label_ids,
            "baseVersion": base_version,
            "acceptImpact": accept_impact,
        }
        return self._transport.send("PATCH", f"/api/configs/{part(config_id)}", Config, given(body))

    def delete(self, config_id: str) -> None:
        """Remove a configuration with its versions (V4)."""
        self._transport.exchange("DELETE", f"/api/configs/{part(config_id)}")

    def validate(self, toml: str) -> list[Problem]:
        """Check a text as a save would, without storing it (Q1)."""
        return self._transport.send("POST", "/api/configs/validate", Problems, {"toml": toml}).problems

    def impact(self, config_id: str, toml: str) -> Impact:
        """Tell what another text would mean for agents (V7)."""
        return self._transport.send("POST", f"/api/configs/{part(config_id)}/impact", Impact, {"toml": toml})

    def versions(self, config_id: str) -> Iterator[ConfigVersion]:
        """Go through the versions of a configuration, without their texts (V3)."""
        return self._transport.each(f"/api/configs/{part(config_id)}/versions", ConfigVersion)

    def version(self, config_id: str, version: int) -> ConfigVersion:
        """Return one version with its text."""
        return self._transport.get(f"/api/configs/{part(config_id)}/versions/{version}", ConfigVersion)

    def toml(self, config_id: str, parameters: Mapping[str, str] | None = None) -> ServedConfig:
        """Return what an agent gets from the configuration's URL with these parameters (C1)."""
        path = f"/api/configs/{part(config_id)}/toml"
        answer = self._transport.exchange("GET", path, query=parameters, accept="application/toml")
        return ServedConfig(
            body=answer.content,
            last_modified=answer.headers.get("Last-Modified"),
            etag=answer.headers.get("ETag"),
        )

    def url(self, config: Config) -> str:
        """Return the URL that an agent fetches the configuration from: by its first alias when it has one."""
        return self._transport.base_url + _toml_path("configs", config.id, config.aliases)


class Groups:
    """`/api/config-groups`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def each(self, *, search: str | None = None) -> Iterator[Group]:
        """Go through the groups, by name."""
        return self._transport.each("/api/config-groups", Group, {"search": search})

    def read(self, group_id: str) -> Group:
        """Return one group, and what is wrong with its text as a whole (G1)."""
        return self._transport.get(f"/api/config-groups/{part(group_id)}", Group)

    def create(self, name: str, members: Sequence[str], *, description: str | None = None) -> Group:
        """Store a group of these configurations, by id, in the order in which they are served (G1)."""
        body = {"name": name, "members": members, "description": description}
        return self._transport.send("POST", "/api/config-groups", Group, given(body))

    def update(
        self,
        group_id: str,
        *,
        description: str | None = None,
        members: Sequence[str] | None = None,
        accept_impact: bool | None = None,
    ) -> Group:
        """Change what is given."""
        body = {"description": description, "members": members, "acceptImpact": accept_impact}
        return self._transport.send("PATCH", f"/api/config-groups/{part(group_id)}", Group, given(body))

    def delete(self, group_id: str, *, accept_impact: bool | None = None) -> None:
        """Remove a group; its members stay (G1)."""
        self._transport.exchange("DELETE", f"/api/config-groups/{part(group_id)}", query=_accepting(accept_impact))

    def impact(self, group_id: str, members: Sequence[str] | None) -> Impact:
        """Tell what other members would mean for agents; None for those of a group that is deleted (V7)."""
        return self._transport.send("POST", f"/api/config-groups/{part(group_id)}/impact", Impact, {"members": members})

    def add_label(self, group_id: str, label_id: str) -> None:
        """Put a label on a group (B1)."""
        self._transport.exchange("POST", f"/api/config-groups/{part(group_id)}/assign/{part(label_id)}")

    def remove_label(self, group_id: str, label_id: str) -> None:
        """Take a label off a group (B1)."""
        self._transport.exchange("DELETE", f"/api/config-groups/{part(group_id)}/labels/{part(label_id)}")

    def url(self, group: Group) -> str:
        """Return the URL that an agent fetches the group from: by its first alias when it has one."""
        return self._transport.base_url + _toml_path("config-groups", group.id, group.aliases)


class Constants:
    """`/api/constants`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def each(self) -> Iterator[Constant]:
        """Go through the constants, by name."""
        return self._transport.each("/api/constants", Constant)

    def create(self, name: str, value: str) -> Constant:
        """Define a constant (K1)."""
        return self._transport.send("POST", "/api/constants", Constant, {"name": name, "value": value})

    def update(self, name: str, value: str, *, accept_impact: bool | None = None) -> Constant:
        """Give a constant another value (K1)."""
        body = given({"value": value, "acceptImpact": accept_impact})
        return self._transport.send("PATCH", f"/api/constants/{part(name)}", Constant, body)

    def impact(self, name: str, value: str) -> Impact:
        """Tell what another value would mean for agents (V7)."""
        return self._transport.send("POST", f"/api/constants/{part(name)}/impact", Impact, {"value": value})


class Labels:
    """`/api/labels`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def each(self) -> Iterator[Label]:
        """Go through the labels, by name."""
        return self._transport.each("/api/labels", Label)

    def create(self, name: str, *, description: str | None = None, color: str | None = None) -> Label:
        """Store a label (B1)."""
        body = given({"name": name, "description": description, "color": color})
        return self._transport.send("POST", "/api/labels", Label, body)

    def update(self, label_id: str, *, description: str | None = None, color: str | None = None) -> Label:
        """Change what is given."""
        body = given({"description": description, "color": color})
        return self._transport.send("PATCH", f"/api/labels/{part(label_id)}", Label, body)


class Aliases:
    """Aliases of configurations and groups (L1). `kind` is `configs` or `config-groups`, as in the paths."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, kind: str, owner_id: str, alias: str) -> Alias:
        """Make an alias lead to a configuration or group. 409 `alias_conflict` when it leads elsewhere."""
        return self._transport.send("POST", f"/api/{kind}/{part(owner_id)}/aliases", Alias, {"alias": alias})

    def transfer(self, alias: str, kind: str, owner_id: str, *, accept_impact: bool | None = None) -> Alias:
        """Make an alias lead to another configuration or group in one step."""
        target = "configId" if kind == "configs" else "groupId"
        body = given({target: owner_id, "acceptImpact": accept_impact})
        return self._transport.send("POST", f"/api/aliases/{part(alias)}/transfer", Alias, body)

    def impact(self, alias: str, kind: str | None, owner_id: str | None) -> Impact:
        """Tell what it would mean for agents if the alias led there; without an owner, if it were given up (V7)."""
        body = {} if kind is None else {"configId" if kind == "configs" else "groupId": owner_id}
        return self._transport.send("POST", f"/api/aliases/{part(alias)}/impact", Impact, body)

    def delete(self, alias: str, *, accept_impact: bool | None = None) -> None:
        """Give up an alias."""
        self._transport.exchange("DELETE", f"/api/aliases/{part(alias)}", query=_accepting(accept_impact))


def _accepting(accept_impact: bool | None) -> dict[str, str]:
    return {"acceptImpact": "true"} if accept_impact else {}


def _toml_path(kind: str, owner_id: str, aliases: Sequence[str]) -> str:
    return f"/c/{aliases[0]}" if aliases else f"/api/{kind}/{owner_id}/toml"
