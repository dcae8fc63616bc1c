"""The settings on the wire."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from telegraf_controller.settings.actions import SettingsChange
from telegraf_controller.settings.queries import Complexity, Settings
from telegraf_controller.web.schemas import Answer, Body

_GROUP_OF_FIELD = {
    "agents": "agents",
    "configs": "configs",
    "labels": "labels",
    "reporting_rules": "reporting-rules",
    "heartbeat": "heartbeat",
}


def _public_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    if not (port_is_fine and value.isprintable() and value.isascii() and " " not in value and "\\" not in value):
        raise ValueError("is no URL")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must begin with http:// or https:// and name a host")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must hold no user, query or fragment")
    return value.rstrip("/")


PublicUrl = Annotated[str, Field(max_length=1000), AfterValidator(_public_url)]


class PublicEndpoints(Answer):
    """Under which URLs this instance is reached from outside; null: as the request was addressed."""

    ui_url: str | None
    api_url: str | None
    heartbeat_url: str | None


class Endpoints(PublicEndpoints):
    """How agents and programs reach this instance."""

    heartbeat_port: int
    """The port for heartbeats, which with the host of the request makes an unset `heartbeatUrl`."""


class LoginSecurity(Answer):
    """What protects accounts from guessing."""

    attempts: int
    lockout_minutes: int
    password_complexity: Complexity


class EndpointAuth(Answer):
    """Per endpoint group: true when credentials are required, false when anybody gets in (E1)."""

    agents: bool
    configs: bool
    labels: bool
    reporting_rules: bool
    heartbeat: bool
    locked: bool
    """Start-up decided it, and nothing changes it while the program runs (E3)."""


class SettingsRecord(Answer):
    """Everything on the Settings page; `endpointAuth` is null for who may not see it."""

    public_endpoints: PublicEndpoints
    login_security: LoginSecurity
    endpoint_auth: EndpointAuth | None

    @classmethod
    def of(cls, settings: Settings, *, locked_open_groups: frozenset[str] | None, shows_auth: bool) -> SettingsRecord:
        """Show the settings; groups that start-up locked are shown as it locked them."""
        locked = locked_open_groups is not None
        opened = settings.open_groups if locked_open_groups is None else locked_open_groups
        required = {field: group not in opened for field, group in _GROUP_OF_FIELD.items()}
        return cls(
            public_endpoints=PublicEndpoints.model_validate(settings.public_endpoints),
            login_security=LoginSecurity.model_validate(settings.login_security),
            endpoint_auth=EndpointAuth(**required, locked=locked) if shows_auth else None,
        )


class PublicEndpointsChange(Body):
    """URLs to set; null takes one away, what is left out stays."""

    ui_url: PublicUrl | None = None
    api_url: PublicUrl | None = None
    heartbeat_url: PublicUrl | None = None


class _NoNulls(Body):
    @model_validator(mode="before")
    @classmethod
    def _refuse_null(cls, value: Any) -> Any:
        if isinstance(value, dict) and any(given is None for given in value.values()):
            raise ValueError("null is no value here; leave out what is to stay")
        return value


class LoginSecurityChange(_NoNulls):
    """What to set; what is left out stays."""

    attempts: Annotated[int, Field(ge=1, le=100)] = 5
    lockout_minutes: Annotated[int, Field(ge=1, le=10_080)] = 15
    password_complexity: Complexity = "low"  # noqa: S105 - no password


class EndpointAuthChange(_NoNulls):
    """Per endpoint group: true requires credentials, false lets anybody in; what is left out stays (E1)."""

    agents: bool = True
    configs: bool = True
    labels: bool = True
    reporting_rules: bool = True
    heartbeat: bool = True


class SettingsPatch(Body):
    """What is to change. `password` is needed when `endpointAuth` changes (E2)."""

    public_endpoints: PublicEndpointsChange | None = None
    login_security: LoginSecurityChange | None = None
    endpoint_auth: EndpointAuthChange | None = None
    password: Annotated[str | None, Field(max_length=1024, repr=False)] = None

    def wanted(self) -> SettingsChange:
        """As the action takes it: only what was given."""
        groups = _given(self.endpoint_auth)
        return SettingsChange(
            public_endpoints=_given(self.public_endpoints),
            login_security=_given(self.login_security),
            groups={_GROUP_OF_FIELD[field]: not required for field, required in groups.items()},
        )


def _given(part: Body | None) -> dict[str, Any]:
    return {} if part is None else part.model_dump(exclude_unset=True)
