"""Every start-up option: flag, variable, type, unit, default, help. Nothing here imports anything of ours.

One declaration serves the command line, the environment, `.env`, `--help` and `docs/options.md`. Flags win over the
environment, the environment over `.env` in the working directory; a variable that is set but empty counts as unset.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any, Literal, Self

from platformdirs import user_data_path
from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import to_json
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

ENDPOINT_GROUPS = ("agents", "configs", "labels", "reporting-rules", "heartbeat")
"""The names that `--disable-auth-endpoints` takes; a test holds them to `permissions.ENDPOINT_GROUPS`."""

_SECTIONS = {
    "port": "Listening",
    "database": "Database",
    "ssl_cert": "TLS",
    "owner_username": "First owner",
    "disable_auth_endpoints": "Access",
    "heartbeat_workers": "Heartbeats and connections",
    "log_format": "Log and metrics",
    "session_secret": "Accepted, without effect",
}
"""The field with which each section of the help and the documentation begins."""

_PORT = "a port from 1 to 65535"
_BOOLEAN = "true or false"
_ALL_ADDRESSES = "0.0.0.0"  # noqa: S104 - other machines are whom it serves

_SWITCH_WORDS = frozenset({"true", "false", "1", "0", "yes", "no", "on", "off", "accept"})


class OptionsError(Exception):
    """The program cannot start with these options. The message is one sentence and holds no secret."""


@dataclass(frozen=True, slots=True)
class Option:
    """How one option is given and what it means; the declarations below carry one each."""

    help: str
    accepts: str
    flag: str | None
    variables: tuple[str, ...]
    shown_default: str | None
    switch: bool
    """May stand without a value, which means true."""
    ignored: bool
    """Accepted for compatibility; it changes nothing."""

    @property
    def names(self) -> str:
        """How people know it: `--port (APP_PORT)`."""
        variables = ", ".join(self.variables)
        return f"{self.flag} ({variables})" if self.flag and variables else self.flag or variables


def _option(
    flag: str | None,
    variable: str | tuple[str, ...] | None,
    default: Any,
    accepts: str,
    help: str,
    *,
    shown: str | None = None,
    switch: bool = False,
    ignored: bool = False,
) -> Any:
    """Declare an option. `shown` says in words what the default is when its value does not."""
    variables = (variable,) if isinstance(variable, str) else variable or ()
    value: dict[str, Any] = {"default_factory": default} if callable(default) else {"default": default}
    alias: dict[str, Any] = {"validation_alias": AliasChoices(*variables)} if variables else {}
    field: Any = Field(**value, **alias)
    field.metadata.append(Option(help, accepts, flag, variables, shown, switch, ignored))
    return field


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part for part in (part.strip() for part in value.split(",")) if part)


def _endpoint_groups(value: object) -> object:
    names = _split(value)
    if not isinstance(names, tuple):
        return names
    if "*" in names:
        return ENDPOINT_GROUPS
    unknown = next((name for name in names if name not in ENDPOINT_GROUPS), None)
    if unknown is not None:
        raise ValueError(f"there is no endpoint group {unknown!r}: they are {', '.join(ENDPOINT_GROUPS)}, or * for all")
    return tuple(name for name in ENDPOINT_GROUPS if name in names)


def _networks(value: object) -> object:
    parts = _split(value)
    if not isinstance(parts, tuple):
        return parts
    return tuple(_network(part) for part in parts)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is no address or network such as 10.0.0.0/8") from None


def _unquoted(value: object) -> object:
    # Shells and .env files leave quotes in place more often than people expect.
    return value.strip().strip("\"'") if isinstance(value, str) else value


def _log_level(value: object) -> object:
    return {"warn": "warning"}.get(value.lower(), value.lower()) if isinstance(value, str) else value


def _default_database() -> SecretStr:
    return SecretStr(str(user_data_path("telegraf-controller", appauthor=False) / "sqlite.db"))


def _make_node_id() -> str:
    return f"{socket.gethostname()[:40]}-{secrets.token_hex(4)}"


Port = Annotated[int, Field(ge=1, le=65535)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]
EndpointGroups = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_endpoint_groups)]
File = Annotated[Path, BeforeValidator(lambda value: Path(value).expanduser())]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_log_level)]
Address = Annotated[SecretStr, BeforeValidator(_unquoted), Field(min_length=1)]


class Options(BaseSettings):
    """What the program was started with. `load` reads it; the constructor itself looks at nothing but its arguments."""

    model_config = SettingsConfigDict(
        frozen=True,
        case_sensitive=True,
        validate_by_name=True,
        validate_by_alias=True,
        env_ignore_empty=True,
        extra="forbid",
    )

    # A table reads better when a row is not torn into one argument a line:
    # flag, variable, default, what it takes, what it is for.
    # fmt: off

    port: Port = _option(
        "--port", "APP_PORT", 8888, _PORT, "Port of the API and the web interface."
    )
    heartbeat_port: Port = _option(
        "--heartbeat-port", "HEARTBEAT_PORT", 8000, _PORT, "Port that takes the agents' heartbeats."
    )
    host: str = _option(
        "--host", "HOST", _ALL_ADDRESSES, "an address or host name",
        "Address that the API listens on; `::` takes IPv6 and IPv4."
    )
    heartbeat_host: str = _option(
        "--heartbeat-host", "HEARTBEAT_HOST", _ALL_ADDRESSES, "an address or host name",
        "Address that the heartbeat server listens on."
    )
    trusted_proxies: Networks = _option(
        "--trusted-proxies", "TRUSTED_PROXIES", (), "a comma list of addresses and networks (CIDR)",
        "Proxies whose `X-Forwarded-For` is believed."
    )

    database: Address = _option(
        "--database", "DATABASE_URL", _default_database,
        "a path, a `file:` path, or a `postgresql://` or `postgres://` URL",
        "SQLite file, or PostgreSQL. Surrounding quotes are removed; `sslmode` and `sslrootcert` are honoured.",
        shown="`~/.local/share/telegraf-controller/sqlite.db` (macOS: below `~/Library/Application Support`)"
    )
    database_ca_cert: File | None = _option(
        None, ("DATABASE_CA_CERT", "PGSSLROOTCERT"), None, "a PEM file",
        "Certificate authority that PostgreSQL's certificate is checked with; `sslrootcert` in the URL wins."
    )
    database_ssl_no_verify: bool = _option(
        None, "DATABASE_SSL_NO_VERIFY", False, _BOOLEAN,
        "Encrypt the connection to PostgreSQL without checking its certificate."
    )

    ssl_cert: File | None = _option(
        "--ssl-cert", "SSL_CERT_PATH", None, "a PEM file",
        "Certificate chain; together with `--ssl-key` it makes both ports HTTPS (TLS 1.2 or newer)."
    )
    ssl_key: File | None = _option(
        "--ssl-key", "SSL_KEY_PATH", None, "a PEM file", "Private key of the certificate, without a passphrase."
    )

    owner_username: str | None = _option(
        "--owner-username", "OWNER_USERNAME", None, "text", "Name of the owner to make while there is none."
    )
    owner_email: str | None = _option(
        "--owner-email", "OWNER_EMAIL", None, "an e-mail address", "E-mail address of that owner."
    )
    owner_password: SecretStr | None = _option(
        "--owner-password", "OWNER_PASSWORD", None, "text", "Password of that owner."
    )
    owner_token: SecretStr | None = _option(
        "--owner-token", "OWNER_TOKEN", None, "`tc-apiv1_` and 64 hexadecimal characters",
        "Token value that the owner gets at start-up; a new value replaces the one before."
    )
    reset_owner_password: bool = _option(
        None, "RESET_OWNER_PASSWORD", False, _BOOLEAN,
        "Set the owner's password to `OWNER_PASSWORD` and unlock the account at this start. Unset it afterwards."
    )
    no_interactive: bool = _option(
        "--no-interactive", None, False, _BOOLEAN, "Never ask for anything, even on a terminal.", switch=True
    )

    disable_auth_endpoints: EndpointGroups = _option(
        "--disable-auth-endpoints", "DISABLED_AUTH_ENDPOINTS", (),
        f"a comma list of {', '.join(f'`{name}`' for name in ENDPOINT_GROUPS)}, or `*`",
        "Endpoint groups that need no credentials; read on the first start only, unless locked."
    )
    lock_auth_endpoints: bool = _option(
        "--lock-auth-endpoints", "LOCK_AUTH_ENDPOINTS", False, _BOOLEAN,
        "Make `--disable-auth-endpoints` the only truth: it cannot be changed while running.", switch=True
    )
    disable_preshared_tokens: bool = _option(
        "--disable-preshared-tokens", "DISABLE_PRESHARED_TOKENS", False, _BOOLEAN,
        "Refuse token values that the caller supplies.", switch=True
    )
    login_lockout_attempts: Annotated[int, Field(ge=1, le=100)] = _option(
        None, "LOGIN_LOCKOUT_ATTEMPTS", 5, "a number from 1 to 100",
        "Failed sign-ins that lock an account; read on the first start only."
    )
    login_lockout_minutes: Annotated[int, Field(ge=1, le=10_080)] = _option(
        None, "LOGIN_LOCKOUT_MINUTES", 15, "minutes, from 1 to 10080",
        "How long an account stays locked; read on the first start only."
    )
    password_complexity: Literal["low", "medium", "high"] = _option(
        None, "PASSWORD_COMPLEXITY", "low", "low, medium or high",
        "What new passwords need; read on the first start only."
    )

    heartbeat_workers: Annotated[int, Field(ge=1, le=64)] | None = _option(
        "--heartbeat-workers", "HEARTBEAT_WORKERS", None, "a number from 1 to 64", "Heartbeat processes.",
        shown="half of the cores, from 1 to 4"
    )
    heartbeat_max_body: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = _option(
        "--heartbeat-max-body", "HEARTBEAT_MAX_BODY", 1024 * 1024, "bytes, from 1024 to 67108864",
        "Largest heartbeat, as sent and decompressed."
    )
    heartbeat_history: Annotated[int, Field(ge=0, le=8784)] = _option(
        "--heartbeat-history", "HEARTBEAT_HISTORY", 24, "hours, from 0 to 8784",
        "How long the statistics of heartbeats are kept; 0 keeps only the latest."
    )
    keep_alive_timeout: Annotated[int, Field(ge=1, le=3600)] = _option(
        "--keep-alive-timeout", "KEEP_ALIVE_TIMEOUT", 75, "seconds, from 1 to 3600",
        "How long a connection may wait for its next request, and a request for the last of its headers."
    )
    max_connections: Annotated[int, Field(ge=16, le=1_000_000)] = _option(
        "--max-connections", "MAX_CONNECTIONS", 50_000, "a number from 16 to 1000000",
        "Connections to each port, as far as the limit on open files allows. From four fifths on, answers close "
        "their connection; beyond it, new ones hear 503."
    )

    log_format: Literal["text", "json"] = _option(
        "--log-format", "LOG_FORMAT", "text", "text or json", "Form of the log; it goes to standard error."
    )
    log_level: LogLevel = _option(
        "--log-level", "LOG_LEVEL", "info", "debug, info, warning or error", "The least that is logged."
    )
    metrics_public: bool = _option(
        "--metrics-public", "METRICS_PUBLIC", False, _BOOLEAN, "Show `/metrics` without credentials.", switch=True
    )

    session_secret: SecretStr | None = _option(
        "--session-secret", "SESSION_SECRET", None, "text", "Not needed: sessions live in the database.", ignored=True
    )
    eula_accept: str | None = _option(
        "--eula-accept", "TELEGRAF_CONTROLLER_EULA", None, "anything", "There is nothing to accept.",
        switch=True, ignored=True
    )
    logs_dir: str | None = _option(
        "--logs-dir", "LOGS_DIR", None, "anything", "The log goes to standard error.", ignored=True
    )
    rust_log: str | None = _option(None, "RUST_LOG", None, "anything", "See `--log-level`.", ignored=True)

    # fmt: on

    node_id: str = Field(default_factory=_make_node_id)
    """The name under which this node takes the leader's lease: new at each start, shared by its processes."""

    ignored_given: tuple[str, ...] = ()
    """Options that were given and have no effect, as they were given; start-up says so once."""

    secrets_in_arguments: tuple[str, ...] = ()
    """Flags that carried a secret, which any user of this machine can read in the process list."""

    @classmethod
    def load(cls, argv: Sequence[str]) -> Self:
        """Read flags (without the program's name), environment and `.env`. Raises OptionsError."""
        flags = _parse_flags(argv)
        environment = _variables(EnvSettingsSource(cls)())
        dotenv = _variables(_read_dotenv(cls))
        given = {**dotenv, **environment, **flags}
        where = {
            **{name: f"{name} in .env" for name in dotenv},
            **dict.fromkeys(environment),
            **{name: _OPTION_AT[name].flag for name in flags},
        }
        options = {name: where[name] or name for name in given}
        try:
            return cls(
                **given,
                ignored_given=tuple(options[name] for name in given if _OPTION_AT[name].ignored),
                secrets_in_arguments=tuple(options[name] for name in flags if _is_secret(name, flags[name])),
            )
        except ValidationError as error:
            raise OptionsError(_sentence(error, options)) from None

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote."""
        return cls.model_validate_json(text)

    def to_json(self) -> bytes:
        """Write everything, secrets included, for a child process. Never log it."""
        values = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in self.model_dump(by_alias=False).items()
        }
        return to_json(values)

    def secret_values(self) -> tuple[str, ...]:
        """Return every secret in here, for the log to hide; an address counts for its password alone."""
        values = (self.owner_password, self.owner_token, self.session_secret)
        password = re.search(r"://[^:@/\s]*:(.+)@", self.database.get_secret_value())
        return tuple(v.get_secret_value() for v in values if v) + ((password[1],) if password else ())

    def heartbeat_processes(self) -> int:
        """How many heartbeat processes to run."""
        if self.heartbeat_workers is not None:
            return self.heartbeat_workers
        # A process takes what one core can; what they take has to be stored, which needs up to as much.
        return max(1, min(4, (os.cpu_count() or 1) // 2))

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.port == self.heartbeat_port:
            raise ValueError(f"--port and --heartbeat-port are both {self.port}: each needs a port of its own.")
        if (self.ssl_cert is None) != (self.ssl_key is None):
            missing = "--ssl-key (SSL_KEY_PATH)" if self.ssl_key is None else "--ssl-cert (SSL_CERT_PATH)"
            raise ValueError(f"HTTPS needs a certificate and its key: {missing} is missing.")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave the environment to `load`: a child process or a test gets exactly what it was given."""
        return (init_settings,)


def declared() -> Iterator[tuple[str, Option]]:
    """Yield every option with the name of its field, in the order of the documentation."""
    for name, field in Options.model_fields.items():
        for found in field.metadata:
            if isinstance(found, Option):
                yield name, found


def without_options(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without any option in it: what a child process may see (its options come by a pipe)."""
    variables = {variable for _, option in declared() for variable in option.variables}
    return {name: value for name, value in environment.items() if name not in variables}


def help_text(program: str = "telegraf_controller") -> str:
    """Return what `--help` says about starting the server."""
    lines = [f"Usage: {program} [serve] [--flag value | --flag=value] ..."]
    for name, option in declared():
        if name in _SECTIONS:
            lines += ["", f"{_SECTIONS[name]}:"]
        what = f"{option.help} Takes {option.accepts}. Default: {_default_of(name, option)}."
        lines += [f"  {option.names}", *wrap(_plain(what), 110, initial_indent=" " * 6, subsequent_indent=" " * 6)]
    lines += ["", "Flags win over the environment, the environment over .env in the working directory."]
    return "\n".join(lines) + "\n"


def markdown() -> str:
    """Return the text of `docs/options.md`."""
    lines = [_MARKDOWN_HEAD]
    for name, option in declared():
        if name in _SECTIONS:
            lines += ["", f"## {_SECTIONS[name]}", "", "| flag | variable | default | takes | |", "| --- " * 5 + "|"]
        flag = f"`{option.flag}`" if option.flag else ""
        variables = ", ".join(f"`{variable}`" for variable in option.variables)
        lines.append(f"| {flag} | {variables} | {_default_of(name, option)} | {option.accepts} | {option.help} |")
    return "\n".join(lines) + "\n"


_MARKDOWN_HEAD = """\
# Options

<!-- Made from src/telegraf_controller/options.py: python -m telegraf_controller.options > docs/options.md -->

Flags are written `--flag value` or `--flag=value`; a flag that takes true or false may stand alone, which means true.
Flags win over the environment, the environment over `.env` in the working directory. A variable that is set but empty
counts as unset. Whatever cannot be understood (an unknown flag, a port out of range, a certificate that cannot be read)
ends the program with exit code 2 and one sentence, before anything starts.

Secrets belong in the environment or in `.env`: flags are visible to every user of the machine."""


def _default_of(name: str, option: Option) -> str:
    value = Options.model_fields[name].default
    return option.shown_default or (str(value).lower() if isinstance(value, bool) else str(value or "none"))


def _plain(text: str) -> str:
    return text.replace("`", "")


def _read_dotenv(cls: type[Options]) -> dict[str, Any]:
    try:
        return DotEnvSettingsSource(cls, env_file=".env", env_file_encoding="utf-8")()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise OptionsError(f"The file .env in the working directory cannot be read: {reason}.") from None


def _variables(values: Mapping[str, Any]) -> dict[str, Any]:
    # Keyed by the first variable of each option. What else a .env file holds belongs to other programs.
    return {name: value for name, value in values.items() if name in _OPTION_AT and _OPTION_AT[name].variables}


def _parse_flags(argv: Sequence[str]) -> dict[str, Any]:
    """Return values by key of `_OPTION_AT`. The last of a repeated flag wins. Raises OptionsError."""
    values: dict[str, Any] = {}
    rest = list(argv)
    while rest:
        argument = rest.pop(0)
        if not argument.startswith("--") or argument == "--":
            # Not repeated here: it may be the second half of a password that was not quoted.
            position = len(argv) - len(rest)
            raise OptionsError(f"Argument {position} belongs to no flag; a value with spaces needs quotes.")
        flag, equals, value = argument.partition("=")
        key = _KEY_OF_FLAG.get(flag)
        if key is None:
            raise OptionsError(_unknown_flag(flag))
        if not equals:
            value = _following_value(_OPTION_AT[key], rest)
        if not value:
            raise OptionsError(f"{flag} needs a value: {_plain(_OPTION_AT[key].accepts)}.")
        values[key] = value
    return values


def _following_value(option: Option, rest: list[str]) -> str:
    if option.switch:
        return rest.pop(0) if rest and rest[0].lower() in _SWITCH_WORDS else "true"
    return rest.pop(0) if rest and not rest[0].startswith("--") else ""


def _unknown_flag(flag: str) -> str:
    close = get_close_matches(flag, _KEY_OF_FLAG, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]}?" if close else "--help lists them all."
    return f"There is no flag {flag}; {hint}"


def _is_secret(key: str, value: str) -> bool:
    annotation = str(Options.model_fields[_FIELD_OF_KEY[key]].annotation)
    if "SecretStr" not in annotation:
        return False
    # A database address is a secret only when a password stands in it.
    return key != "DATABASE_URL" or re.search(r"://[^/\s]*:[^/\s]*@", value) is not None


def _sentence(error: ValidationError, where: Mapping[str, str]) -> str:
    """Say in one sentence what is wrong with the first wrong option; pydantic's own words are for programmers."""
    first = error.errors()[0]
    reason = first.get("ctx", {}).get("error")
    if not first["loc"]:
        return str(reason)
    key = str(first["loc"][0])
    option = _OPTION_AT[key]
    source = where.get(key, option.names)
    if first["type"] == "value_error":
        return f"{source}: {reason}."
    shown = (
        "" if "SecretStr" in str(Options.model_fields[_FIELD_OF_KEY[key]].annotation) else f", not {first['input']!r}"
    )
    return f"{source} must be {_plain(option.accepts)}{shown}."


_FIELD_OF_KEY = {option.variables[0] if option.variables else name: name for name, option in declared()}
"""An option's key is its first variable, else its field: what pydantic takes as a keyword."""

_OPTION_AT = {key: dict(declared())[name] for key, name in _FIELD_OF_KEY.items()}

_KEY_OF_FLAG = {option.flag: key for key, option in _OPTION_AT.items() if option.flag}


if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown())
