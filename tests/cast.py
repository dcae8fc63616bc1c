"""The people and tokens that tests speak of, with values that are known in advance.

    cast = await cast_users(database)
    await client.get("/api/tokens", headers=cast.bearer("manager"))
    assert agent.owner_id == MONA.id

Olivia is the owner; Adam and Anna are administrators; Mona and Max are managers; Victor is a viewer; Dora was a manager
and is disabled. Each has a password (`MONA.password`) and one token with all that the role grants; Mona has more.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from uuid import NAMESPACE_URL, UUID, uuid5

from argon2 import PasswordHasher

from telegraf_controller.db.engine import Database
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.permissions import PRESETS, ROLE_GRANTS, Role, in_table_order
from telegraf_controller.tokens.mint import PREFIX, from_value
from telegraf_controller.tokens.tables import Token
from telegraf_controller.users.tables import User

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
"""When everybody and everything of the cast was made."""

CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The real algorithm with parameters for tests: a hash costs microseconds."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in."""

    name: str
    role: Role
    status: str = "active"

    @property
    def username(self) -> str:
        """As it is shown; people may type it in any case."""
        return self.name

    @property
    def email(self) -> str:
        """Their address."""
        return f"{self.name.lower()}@example.com"

    @property
    def id(self) -> UUID:
        """Alike in every test."""
        return uuid5(NAMESPACE_URL, f"person:{self.name}")

    @property
    def password(self) -> str:
        """What they type to sign in; strong enough for every complexity."""
        return f"{self.name}-Secret-2026!"

    @property
    def token(self) -> str:
        """The value of the token that has all that their role grants."""
        return token_value(self.name)


OLIVIA = Person("Olivia", Role.OWNER)
ADAM = Person("Adam", Role.ADMINISTRATOR)
ANNA = Person("Anna", Role.ADMINISTRATOR)
MONA = Person("Mona", Role.MANAGER)
MAX = Person("Max", Role.MANAGER)
VICTOR = Person("Victor", Role.VIEWER)
DORA = Person("Dora", Role.MANAGER, status="disabled")

PEOPLE: tuple[Person, ...] = (OLIVIA, ADAM, ANNA, MONA, MAX, VICTOR, DORA)

_BY_ROLE: dict[str, Person] = {"owner": OLIVIA, "administrator": ADAM, "manager": MONA, "viewer": VICTOR}


def token_value(name: str) -> str:
    """Return the token value that belongs to a name: always the same, of the right shape."""
    return PREFIX + hashlib.sha256(f"token:{name}".encode()).hexdigest()


AGENT_TOKEN = token_value("agent")
"""Mona's, with the preset "Telegraf agent"."""

READ_TOKEN = token_value("read")
"""Mona's, with the preset "Read only"."""

EXPIRED_TOKEN = token_value("expired")
"""Mona's, past its expiry."""

REVOKED_TOKEN = token_value("revoked")
"""Mona's, revoked."""

UNKNOWN_TOKEN = token_value("unknown")
"""Nobody's: the right shape, but not stored."""


class Cast:
    """Everybody above, as stored in one database."""

    def bearer(self, who: str | Role | Person) -> dict[str, str]:
        """Return the headers that present a token: a person's, a role's ("manager"), or a value's own."""
        if isinstance(who, Person):
            return bearer(who.token)
        person = _BY_ROLE.get(who)
        return bearer(who if person is None else person.token)


def bearer(value: str) -> dict[str, str]:
    """Return the headers that present a token value."""
    return {"Authorization": f"Bearer {value}"}


async def cast_users(database: Database) -> Cast:
    """Store everybody and their tokens in a database with nothing in it."""
    async with database.write() as session:
        session.add_all(_user(person) for person in PEOPLE)
        await session.flush()
        session.add_all(_token(person.token, person, person.name, ROLE_GRANTS[person.role]) for person in PEOPLE)
        session.add_all(
            [
                _token(AGENT_TOKEN, MONA, "agent", frozenset(PRESETS["telegraf-agent"])),
                _token(READ_TOKEN, MONA, "read", frozenset(PRESETS["read-only"])),
                _token(EXPIRED_TOKEN, MONA, "expired", ROLE_GRANTS[Role.MANAGER], expires_at=LONG_AGO),
                _token(REVOKED_TOKEN, MONA, "revoked", ROLE_GRANTS[Role.MANAGER], status="revoked"),
            ]
        )
        await session.flush()
        await raise_generation(session, "access")
    return Cast()


@lru_cache
def _password_hash(password: str) -> str:
    return CHEAP_HASHER.hash(password)


def _user(person: Person) -> User:
    return User(
        id=person.id,
        username=person.username,
        username_key=person.username.lower(),
        email=person.email,
        email_key=person.email,
        role=person.role,
        status=person.status,
        password_hash=_password_hash(person.password),
        created_at=LONG_AGO,
        updated_at=LONG_AGO,
    )


def _token(
    value: str,
    person: Person,
    name: str,
    permissions: frozenset[str],
    *,
    status: str = "active",
    expires_at: datetime | None = None,
) -> Token:
    minted = from_value(value)
    return Token(
        id=uuid5(NAMESPACE_URL, f"token:{name}"),
        name=name,
        user_id=person.id,
        digest=minted.digest,
        hint=minted.hint,
        permissions=in_table_order(permissions),
        source="generated",
        status=status,
        expires_at=expires_at,
        revoked_at=LONG_AGO if status == "revoked" else None,
        revoked_by=person.username if status == "revoked" else None,
        created_at=LONG_AGO,
        created_by=person.username,
    )
