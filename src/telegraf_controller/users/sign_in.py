"""Signing in with a password, and confirming a password (U8, U10).

The order is what keeps a flood harmless: first the address's attempts (memory), then the lock (one read), then the
password (tens of milliseconds, in few threads of low priority, with a bounded queue), and only then a transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from telegraf_controller import clock
from telegraf_controller.access.identity import Identity
from telegraf_controller.audit.record import Actor, Target, Visitor, record
from telegraf_controller.db.engine import Database
from telegraf_controller.errors import Forbidden, Unauthenticated
from telegraf_controller.settings.queries import LoginSecurity, read_login_security
from telegraf_controller.users.lockout import (
    SIGN_IN,
    Guard,
    account_locked,
    forget_unknown_names,
    locked_until,
    note_refused,
    note_unknown_name,
    note_wrong_password,
    stranger,
)
from telegraf_controller.users.passwords import hash_password, is_outdated, password_matches
from telegraf_controller.users.queries import find_by_name, get_user
from telegraf_controller.users.sessions import StartedSession, end_session, start_session
from telegraf_controller.users.tables import User


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody types; `name` is a username or an e-mail address."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, and their new session."""

    user: User
    session: StartedSession


async def sign_in(
    database: Database, guard: Guard, typed: Credentials, visitor: Visitor, *, replaces: bytes | None = None
) -> SignedIn:
    """Start a session for who knows the password (U10, U11). The session `replaces`, of the same browser, ends.

    Raises Unauthenticated `invalid_credentials`; ControllerError `account_locked`, `too_many_attempts`; Forbidden
    `account_disabled`, which only who knows the password hears.
    """
    familiar = guard.sign_ins.take(visitor.address, typed.name)
    now = clock.now()
    async with database.read() as session:
        user = await find_by_name(session, typed.name)
        security = await read_login_security(session)
        locked = await locked_until(session, user, typed.name, now)
    if locked is not None:
        await note_refused(database, guard, visitor, user, now, reason="locked")
        raise account_locked(locked, now)
    stored = user.password_hash if user else None
    if not await password_matches(typed.password, stored, familiar=familiar):
        await _note_failure(database, guard, user, typed.name, security, visitor)
        raise _invalid_credentials()
    assert user is not None
    signed_in = await _start(database, guard, user, typed, visitor, replaces)
    guard.sign_ins.succeeded(visitor.address, typed.name, familiar=familiar)
    return signed_in


async def confirm_password(database: Database, guard: Guard, by: Identity, password: str, *, action: str) -> None:
    """Make sure that it is still the user who sits there. A wrong password counts towards the lock-out (U8, U10).

    `action` is what they want to do, for the audit trail.

    Raises Forbidden `wrong_password`; ControllerError `account_locked`, `too_many_attempts`.
    """
    if by.user_id is None:
        raise Forbidden("session_required", "This needs somebody who is signed in.")
    guard.confirmations.take(str(by.user_id))
    now = clock.now()
    async with database.read() as session:
        user = await get_user(session, by.user_id)
        security = await read_login_security(session)
        locked = await locked_until(session, user, "", now)
    if locked is not None:
        raise account_locked(locked, now)
    if not await password_matches(password, user.password_hash, familiar=True):
        async with database.write() as session:
            await note_wrong_password(session, by, user, security, now, action=action)
        raise Forbidden("wrong_password", "The password is wrong.")
    guard.confirmations.give_back(str(by.user_id))


async def _start(
    database: Database, guard: Guard, user: User, typed: Credentials, visitor: Visitor, replaces: bytes | None
) -> SignedIn:
    """Store the session, having looked again: while the password was checked, the account may have changed."""
    outdated = user.password_hash is not None and is_outdated(user.password_hash)
    new_hash = await hash_password(typed.password) if outdated else user.password_hash
    now = clock.now()
    async with database.write() as session:
        fresh = await get_user(session, user.id, to_change=True)
        locked = await locked_until(session, fresh, typed.name, now)
        refused = _refusal(fresh, checked=user.password_hash, locked=locked is not None)
        if refused is None:
            if replaces is not None:
                await end_session(session, replaces)
            fresh.password_hash = new_hash
            fresh.failed_sign_ins = 0
            fresh.locked_until = None
            fresh.last_sign_in_at = now
            started = await start_session(session, fresh.id, visitor, now)
            actor = Actor("user", fresh.username, fresh.id, visitor)
            await record(session, actor, SIGN_IN, target=Target("user", fresh.id, fresh.username), now=now)
    if refused is None:
        return SignedIn(fresh, started)
    await note_refused(database, guard, visitor, fresh, now, reason=refused)
    if locked is not None:
        raise account_locked(locked, now)
    if refused == "disabled":
        raise Forbidden("account_disabled", "This account is disabled.")
    raise _invalid_credentials()


def _refusal(fresh: User, *, checked: str | None, locked: bool) -> str | None:
    if locked:
        return "locked"
    if fresh.password_hash != checked:
        return "password changed meanwhile"
    return "disabled" if fresh.status != "active" else None


async def _note_failure(
    database: Database, guard: Guard, user: User | None, name: str, security: LoginSecurity, visitor: Visitor
) -> None:
    # Both ways are one transaction with as many statements: a name that nobody has must not be answered sooner.
    now = clock.now()
    async with database.write() as session:
        if user is not None:
            await note_wrong_password(session, stranger(visitor), user, security, now, action=SIGN_IN)
        else:
            await note_unknown_name(session, name, security, guard, visitor, now)
        await forget_unknown_names(session, now)


def _invalid_credentials() -> Unauthenticated:
    return Unauthenticated("invalid_credentials", "The username or the password is wrong.")
