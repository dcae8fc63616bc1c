"""Configurations on the wire."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, field_validator

from telegraf_controller.configs.actions import MAX_NAME_LENGTH, ConfigChange, NewConfig
from telegraf_controller.configs.around import Arounds
from telegraf_controller.configs.checks import MAX_TOML_BYTES, Problem
from telegraf_controller.configs.queries import CurrentConfig, SortKey
from telegraf_controller.configs.tables import Config, ConfigVersion
from telegraf_controller.configs.variables import Variables
from telegraf_controller.labels.schemas import LabelFilter, LabelIds, LabelTag
from telegraf_controller.web.schemas import Answer, Body, PageQuery, WireTime


def _printable_name(value: str) -> str:
    value = value.strip()
    if not value:
        raise ValueError("must not be empty")
    if not value.isprintable():
        raise ValueError("must not contain control characters")
    return value


def _storable(value: str) -> str:
    # PostgreSQL keeps no NUL, and no TOML reader takes one.
    if "\0" in value:
        raise ValueError("must not contain a NUL character")
    return value


def _bounded_toml(value: str) -> str:
    if len(value.encode()) > MAX_TOML_BYTES:
        raise ValueError(f"must not have more than {MAX_TOML_BYTES} bytes in UTF-8")
    return _storable(value)


ConfigName = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH), AfterValidator(_printable_name)]
Description = Annotated[str, Field(max_length=1000), AfterValidator(_storable)]
Note = Annotated[str, Field(max_length=1000), AfterValidator(_storable)]
Toml = Annotated[str, Field(max_length=MAX_TOML_BYTES), AfterValidator(_bounded_toml)]
EditorMode = Literal["code", "builder"]
AcceptImpact = Annotated[
    bool, Field(description="Whether the change is made also when agents would fail by it (409 `agents_would_fail`).")
]


class ConfigCreate(Body):
    """What a new configuration is to be (V1)."""

    name: ConfigName
    toml: Toml
    description: Description = ""
    editor_mode: EditorMode = "code"
    note: Note | None = None
    label_ids: LabelIds = Field(default_factory=list)

    def wanted(self) -> NewConfig:
        """As the action takes it."""
        return NewConfig(self.name, self.toml, self.description, self.editor_mode, self.note, self.label_ids)


class ConfigPatch(Body):
    """What is to change; what is left out stays (V2)."""

    name: ConfigName | None = None
    toml: Toml | None = None
    description: Description | None = None
    editor_mode: EditorMode | None = None
    note: Note | None = None
    base_version: Annotated[int, Field(ge=1)] | None = None
    label_ids: LabelIds | None = None
    accept_impact: AcceptImpact = False

    @field_validator("*", mode="before")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        # Without this a null would pass for "not given": asked to clear a field, the server would silently keep it.
        if value is None:
            raise ValueError("must not be null; leave it out to keep what is there")
        return value

    def wanted(self) -> ConfigChange:
        """As the action takes it."""
        return ConfigChange(
            name=self.name,
            toml=self.toml,
            description=self.description,
            editor_mode=self.editor_mode,
            note=self.note,
            base_version=self.base_version,
            label_ids=self.label_ids,
            accept_impact=self.accept_impact,
        )


class ConfigQuery(PageQuery):
    """Which configurations to list, and in what order."""

    search: Annotated[str, Field(max_length=100)] = ""
    label: LabelFilter = Field(default_factory=list)
    sort_by: SortKey = "name"
    sort_order: Literal["asc", "desc"] = "asc"


class ConfigValidate(Body):
    """A text to check without storing it (Q1)."""

    toml: Toml


class ConfigBulk(Body):
    """Which configurations a bulk call means."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]


class ParameterRecord(Answer):
    """A parameter of a text; one that is not required has a default."""

    name: str
    required: bool
    default: str | None


class EnvironmentVariableRecord(Answer):
    """A variable of the agent's environment."""

    name: str
    required: bool
    """Whether it stands anywhere without a default."""
    default: str | None


class SecretRecord(Answer):
    """A key in one of the agent's secret stores."""

    store: str
    key: str


class ConstantUseRecord(Answer):
    """A constant that a text uses; while it is not defined, the text cannot be served."""

    name: str
    defined: bool


class VariablesRecord(Answer):
    """What a text wants to know from whoever runs it (Q3)."""

    parameters: list[ParameterRecord]
    environment_variables: list[EnvironmentVariableRecord]
    secrets: list[SecretRecord]
    constants: list[ConstantUseRecord]

    @classmethod
    def of(cls, found: Variables, defined: Collection[str]) -> VariablesRecord:
        """Show what a text uses."""
        return cls.model_validate(
            {
                "parameters": found.parameters,
                "environment_variables": found.environment,
                "secrets": found.secrets,
                "constants": [{"name": name, "defined": name in defined} for name in found.constants],
            }
        )


class ProblemRecord(Answer):
    """Something that the check of a text found (Q1)."""

    severity: Literal["error", "warning", "info"]
    code: str
    message: str
    line: int | None
    column: int | None
    plugin: str | None


class Problems(Answer):
    """What the check of a text found (Q1)."""

    problems: list[ProblemRecord]

    @classmethod
    def of(cls, problems: list[Problem]) -> Problems:
        """Show what a check found."""
        return cls.model_validate({"problems": problems})


class ConfigSummary(Answer):
    """A configuration as lists show it (V1): without its text."""

    id: UUID
    name: str
    description: str
    editor_mode: EditorMode
    labels: list[LabelTag]
    aliases: list[str]
    groups: list[UUID]
    agent_count: int
    """How many agents report a URL that leads to it."""
    current_version: int
    created_at: WireTime
    created_by: str | None
    updated_at: WireTime
    updated_by: str | None

    @classmethod
    def of(cls, config: Config, arounds: Arounds) -> ConfigSummary:
        """Show a configuration without its text."""
        return cls.model_validate(_fields(config, arounds))


class ConfigRecord(ConfigSummary):
    """A configuration with the text of its current version (V1)."""

    toml: str

    @classmethod
    def of_current(cls, current: CurrentConfig, arounds: Arounds) -> ConfigRecord:
        """Show a configuration."""
        return cls.model_validate({**_fields(current.config, arounds), "toml": current.toml})


class ConfigSaved(ConfigRecord):
    """A configuration that was just stored, and what the check of its text found (Q1)."""

    problems: list[ProblemRecord]

    @classmethod
    def of_saved(cls, current: CurrentConfig, arounds: Arounds, problems: list[Problem]) -> ConfigSaved:
        """Show a stored configuration."""
        return cls.model_validate({**_fields(current.config, arounds), "toml": current.toml, "problems": problems})


class VersionSummary(Answer):
    """A version as lists show it (V3): without its text."""

    version: int
    current: bool
    """Whether this is the version that is served."""
    note: str
    created_at: WireTime
    created_by: str | None

    @classmethod
    def of(cls, version: ConfigVersion, config: Config) -> VersionSummary:
        """Show a version of a configuration without its text."""
        return cls.model_validate(_version_fields(version, config))


class VersionRecord(VersionSummary):
    """A version with its text (V3)."""

    toml: str

    @classmethod
    def of_whole(cls, version: ConfigVersion, config: Config) -> VersionRecord:
        """Show a version of a configuration."""
        return cls.model_validate({**_version_fields(version, config), "toml": version.toml})


def _fields(config: Config, arounds: Arounds) -> dict[str, Any]:
    plain = (
        "id", "name", "description", "editor_mode", "current_version", "created_at", "created_by", "updated_at",
        "updated_by",
    )  # fmt: skip
    around = arounds[config.id]
    return {
        **{name: getattr(config, name) for name in plain},
        "labels": LabelTag.of_all(around.labels),
        "aliases": around.aliases,
        "groups": around.groups,
        "agent_count": around.agent_count,
    }


def _version_fields(version: ConfigVersion, config: Config) -> dict[str, Any]:
    plain = ("version", "note", "created_at", "created_by")
    return {
        **{name: getattr(version, name) for name in plain},
        "current": version.version == config.current_version,
    }
