"""People and what belongs to them: sessions, invites, password reset links. Exactly one is the owner (U1)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from telegraf_controller.db.base import Base, Id, Instant


class User(Base):
    """A person who may sign in, and for whom tokens act (U4)."""

    __tablename__ = "users"
    __table_args__ = (
        Index(
            "uq_users_owner", "role", unique=True,
            sqlite_where=text("role = 'owner'"), postgresql_where=text("role = 'owner'"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=uuid4)
    username: Mapped[str] = mapped_column(String(50))
    username_key: Mapped[str] = mapped_column(String(50), unique=True)
    """The name in lower case: names are unique without regard to case."""
    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str] = mapped_column(String(320), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16), default="active")
    auth_provider: Mapped[str] = mapped_column(String(16), default="local")
    external_id: Mapped[str | None] = mapped_column(String(255))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    failed_sign_ins: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class UserSession(Base):
    """Somebody who is signed in with a browser (U11). The cookie's value is nowhere; its digest is the key."""

    __tablename__ = "sessions"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    """To the minute: it is not written with every request."""
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    """When it ends however busy it is."""
    address: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(255))


class Invite(Base):
    """Somebody who was asked to join and has not yet (U5). The row goes when it is used."""

    __tablename__ = "invites"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=uuid4)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    username: Mapped[str] = mapped_column(String(50))
    username_key: Mapped[str] = mapped_column(String(50), unique=True)
    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str] = mapped_column(String(320), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    provider: Mapped[str] = mapped_column(String(16), default="local")
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(50))
    expires_at: Mapped[datetime] = mapped_column(Instant)


class PasswordReset(Base):
    """A link with which a user may set a new password (U6). A user has one at the most; it goes when it is used."""

    __tablename__ = "password_resets"

    user_id: Mapped[UUID] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(50))
    expires_at: Mapped[datetime] = mapped_column(Instant)


class UnknownName(Base):
    """Failed sign-ins under a name that nobody has: it locks like a real one, so that locks do not tell who exists."""

    __tablename__ = "unknown_names"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """Of the name: what people mistype there may be a password."""
    failed_sign_ins: Mapped[int] = mapped_column(Integer)
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
    last_failed_at: Mapped[datetime] = mapped_column(Instant, index=True)
