"""The first owner, made in a browser (U1): who sets up has the code that start-up printed, or sits at the machine."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller import clock
from telegraf_controller.audit.record import Actor, Target, Visitor, record
from telegraf_controller.db.engine import Database
from telegraf_controller.errors import Forbidden
from telegraf_controller.settings.actions import hold_settings, store_setting
from telegraf_controller.settings.queries import read_login_security
from telegraf_controller.settings.tables import Setting
from telegraf_controller.users.lockout import SIGN_IN, Guard, stranger
from telegraf_controller.users.owner import create_owner, set_up_already
from telegraf_controller.users.passwords import hash_password, require_password
from telegraf_controller.users.queries import find_owner
from telegraf_controller.users.secrets import digest_of
from telegraf_controller.users.sessions import start_session
from telegraf_controller.users.sign_in import SignedIn
from telegraf_controller.users.throttle import network_of

KEY = "setup-codes"

KEPT_CODES = 5
"""Several nodes may start together, and each prints a code of its own; the newest few are good."""

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""What nobody mistakes for something else."""


@dataclass(frozen=True, slots=True)
class NewOwner:
    """What the set-up page asks for; username and e-mail address are checked already."""

    username: str
    email: str
    password: str = field(repr=False)


async def issue_setup_code(session: AsyncSession, now: datetime) -> str:
    """Store a new code and return it, for start-up to print: `7KQM-…`, sixteen characters, about 78 random bits.

    Only digests are stored, in the database: every process and node can check what any of them printed.
    """
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    await hold_settings(session, now)
    digests = [*await _digests(session), _digest(letters)]
    await store_setting(session, KEY, {"digests": digests[-KEPT_CODES:]}, by=None, now=now)
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


async def forget_setup_codes(session: AsyncSession) -> None:
    """Make every code useless: there is an owner now."""
    await session.execute(delete(Setting).where(Setting.key == KEY))


async def set_up(
    database: Database, guard: Guard, wanted: NewOwner, visitor: Visitor, *, code: str, trusted: bool
) -> SignedIn:
    """Make the owner and sign them in (U1). `trusted` is a browser on this machine, which needs no code.

    Of several at once one wins. Raises Conflict `set_up_already`; Forbidden `invalid_setup_code`; ValidationFailed;
    ControllerError `too_many_attempts`.
    """
    guard.links.take(network_of(visitor.address))
    async with database.read() as session:
        if await find_owner(session) is not None:
            raise set_up_already()
        if not trusted and not await _is_setup_code(session, code):
            raise Forbidden("invalid_setup_code", "Set-up needs the code that the program printed when it started.")
        security = await read_login_security(session)
    require_password(wanted.password, security.password_complexity)
    password_hash = await hash_password(wanted.password)
    now = clock.now()
    async with database.write() as session:
        if await find_owner(session) is not None:
            raise set_up_already()
        owner = await create_owner(
            session,
            stranger(visitor),
            username=wanted.username,
            email=wanted.email,
            password_hash=password_hash,
            now=now,
        )
        owner.last_sign_in_at = now
        await forget_setup_codes(session)
        started = await start_session(session, owner.id, visitor, now)
        actor = Actor("user", owner.username, owner.id, visitor)
        await record(session, actor, SIGN_IN, target=Target("user", owner.id, owner.username), now=now)
    guard.links.give_back(network_of(visitor.address))
    return SignedIn(owner, started)


async def _is_setup_code(session: AsyncSession, typed: str) -> bool:
    """Tell whether this is a code that start-up printed; case, spaces and hyphens do not matter."""
    wanted = _digest("".join(c for c in typed.upper() if c.isalnum()))
    return any(hmac.compare_digest(wanted, digest) for digest in await _digests(session))


async def _digests(session: AsyncSession) -> list[str]:
    row = await session.get(Setting, KEY, populate_existing=True)
    return [] if row is None else [str(digest) for digest in row.value["digests"]]


def _digest(letters: str) -> str:
    return digest_of(letters).hex()
