"""What `--database` may say, and what it means: a SQLite file or a PostgreSQL URL."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

_POSTGRES_SCHEMES = ("postgresql", "postgres")
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_KNOWN_QUERY = {"sslmode", "sslrootcert", "application_name", "connect_timeout", "options", "target_session_attrs"}


class DatabaseUrlError(ValueError):
    """`--database` cannot be understood; the message is one sentence and never holds the password."""


@dataclass(frozen=True, slots=True)
class DatabaseTarget:
    """A parsed database address. `display` is safe to print: it has no password."""

    dialect: Literal["sqlite", "postgresql"]
    path: Path | None = None
    host: str = ""
    port: int = 5432
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    name: str = ""
    ssl_mode: str = "prefer"
    ssl_root_cert: str | None = None

    @classmethod
    def parse(cls, value: str, *, ca_cert: str | None = None, no_verify: bool = False) -> DatabaseTarget:
        """Read a path, a `file:` path or a `postgresql://` URL.

        `ca_cert` (a file) and `no_verify` come from their own variables and give way to what the URL itself says.
        Raises DatabaseUrlError.
        """
        text = value.strip().strip("\"'")
        if not text:
            raise DatabaseUrlError("The database address is empty.")
        scheme = text.partition(":")[0].lower() if "://" in text else ""
        if scheme in _POSTGRES_SCHEMES:
            return _parse_postgres(text, ca_cert, no_verify)
        if scheme not in ("", "file", "sqlite"):
            raise DatabaseUrlError(
                f"The database address begins with {scheme!r}; a file path or a postgresql:// URL is needed."
            )
        return cls(dialect="sqlite", path=_file_path(text))

    @property
    def display(self) -> str:
        """The address as people may see it, without the password."""
        if self.dialect == "sqlite":
            return f"SQLite {self.path}"
        who = f"{self.user}@" if self.user else ""
        return f"PostgreSQL {who}{self.host}:{self.port}/{self.name}"

    @property
    def sqlalchemy_url(self) -> str:
        """The URL for SQLAlchemy's asynchronous engine; it holds the password, so never print it."""
        if self.dialect == "sqlite":
            return f"sqlite+aiosqlite:///{self.path}"
        return "postgresql+asyncpg://"

    def asyncpg_arguments(self) -> dict[str, Any]:
        """Keyword arguments for `asyncpg.connect`."""
        arguments: dict[str, Any] = {"host": self.host, "port": self.port, "database": self.name, "ssl": self._ssl()}
        if self.user is not None:
            arguments["user"] = self.user
        if self.password is not None:
            arguments["password"] = self.password
        return arguments

    def _ssl(self) -> ssl.SSLContext | str | bool:
        if self.ssl_mode in ("disable", "allow", "prefer") and self.ssl_root_cert is None:
            return self.ssl_mode
        context = ssl.create_default_context(cafile=self.ssl_root_cert)
        if self.ssl_mode != "verify-full":
            context.check_hostname = False
        if self.ssl_mode not in ("verify-ca", "verify-full"):
            context.verify_mode = ssl.CERT_NONE
        return context


def _file_path(text: str) -> Path:
    for prefix in ("sqlite:///", "file://", "file:"):
        if text.lower().startswith(prefix):
            text = unquote(text[len(prefix) :].partition("?")[0])
            break
    if not text or "\0" in text:
        raise DatabaseUrlError("The database path is empty.")
    return Path(text).expanduser().absolute()


def _parse_postgres(text: str, ca_cert: str | None, no_verify: bool) -> DatabaseTarget:
    try:
        parts = urlsplit(text)
        port = parts.port or 5432
    except ValueError:
        raise DatabaseUrlError("The PostgreSQL URL is malformed: check its host and port.") from None
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    name = unquote(parts.path.lstrip("/"))
    host = query.pop("host", None) or (unquote(parts.hostname) if parts.hostname else "")
    if not host:
        raise DatabaseUrlError("The PostgreSQL URL names no host.")
    if not name or "/" in name:
        raise DatabaseUrlError("The PostgreSQL URL names no database: it ends like …/telegraf_controller.")
    unknown = sorted(set(query) - _KNOWN_QUERY)
    if unknown:
        raise DatabaseUrlError(f"The PostgreSQL URL has a parameter that is not understood: {unknown[0]}.")
    mode = query.get("sslmode") or ("require" if no_verify else "verify-full" if ca_cert else "prefer")
    if mode not in _SSL_MODES:
        raise DatabaseUrlError(f"sslmode is one of {', '.join(_SSL_MODES)}.")
    root = query.get("sslrootcert") or ca_cert
    if root and not Path(root).is_file():
        raise DatabaseUrlError(f"The certificate file {root} of the database cannot be read.")
    return DatabaseTarget(
        dialect="postgresql",
        host=host,
        port=port,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        name=name,
        ssl_mode=mode,
        ssl_root_cert=root,
    )
