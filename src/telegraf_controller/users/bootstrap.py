"""The first owner, made at start-up from options or from what a person types (U1, U2)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from telegraf_controller.audit.record import SYSTEM, Target, record
from telegraf_controller.db.generations import raise_generation
from telegraf_controller.permissions import Role
from telegraf_controller.users.names import normal_email, username_problem
from telegraf_controller.users.owner import create_owner
from telegraf_controller.users.passwords import Complexity, hash_password, password_problem
from telegraf_controller.users.queries import find_owner
from telegraf_controller.users.sessions import end_sessions_of
from telegraf_controller.users.setup import forget_setup_codes
from telegraf_controller.users.tables import User


class BootstrapError(Exception):
    """The owner cannot be made as asked; the message is one sentence without the password."""


@dataclass(frozen=True, slots=True)
class OwnerOptions:
    """What the options say about the owner; all three or none."""

    username: str | None = None
    email: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def given(self) -> bool:
        """Whether anything is said at all."""
        return any((self.username, self.email, self.password))


def check_owner_options(options: OwnerOptions, complexity: Complexity) -> None:
    """Check what can be checked before anything starts. Raises BootstrapError."""
    if not options.given:
        return
    named = {"username": options.username, "email": options.email, "password": options.password}
    missing = [f"--owner-{name}" for name, value in named.items() if not value]
    if missing:
        raise BootstrapError(f"An owner needs a username, an e-mail address and a password: {missing[0]} is missing.")
    _checked(options, complexity)


async def ensure_owner(
    session: AsyncSession, options: OwnerOptions, *, complexity: Complexity, now: datetime
) -> Literal["exists", "created", "promoted", "missing"]:
    """Make the owner that the options describe unless there is one; say what happened (U1).

    An administrator with that username is promoted and keeps their password. Raises BootstrapError.
    """
    if await find_owner(session) is not None:
        return "exists"
    if not options.given:
        return "missing"
    username, email, password = _checked(options, complexity)
    known = await session.scalar(select(User).where(User.username_key == username.lower()))
    if known is not None:
        if known.role != Role.ADMINISTRATOR:
            raise BootstrapError(f"The user {username!r} exists and is no administrator, so cannot become the owner.")
        known.role = Role.OWNER
        known.updated_at = now
        await record(session, SYSTEM, "user.promote", target=Target("user", known.id, known.username), now=now)
        await forget_setup_codes(session)
        await raise_generation(session, "access")
        return "promoted"
    if await session.scalar(select(User.id).where(User.email_key == email.lower())) is not None:
        raise BootstrapError("The owner's e-mail address belongs to another user.")
    await create_owner(
        session, SYSTEM, username=username, email=email, password_hash=await hash_password(password), now=now
    )
    await forget_setup_codes(session)
    return "created"


async def reset_owner_password(session: AsyncSession, password: str, *, complexity: Complexity, now: datetime) -> bool:
    """Set the owner's password, unlock the account, end its sessions (U2); False when there is no owner.

    Raises BootstrapError.
    """
    problem = password_problem(password, complexity)
    if problem:
        raise BootstrapError(f"OWNER_PASSWORD {problem}.")
    owner = await find_owner(session)
    if owner is None:
        return False
    owner.password_hash = await hash_password(password)
    owner.failed_sign_ins = 0
    owner.locked_until = None
    owner.updated_at = now
    await end_sessions_of(session, owner.id)
    await record(session, SYSTEM, "user.password", target=Target("user", owner.id, owner.username), now=now)
    return True


def prompt_for_owner(ask: Callable[[str, bool], str], complexity: Complexity) -> OwnerOptions:
    """Ask a person for the owner's name, address and password, each until it is right.

    `ask(question, hidden)` shows a question and returns the answer. An empty username ends it: nothing is made.
    """
    username = _asked(
        lambda: ask("Owner username (empty to skip): ", False), lambda v: username_problem(v) if v else None
    )
    if not username:
        return OwnerOptions()
    email = _asked(lambda: ask("Owner e-mail: ", False), _email_problem)
    password = _asked(lambda: ask("Owner password: ", True), lambda v: password_problem(v, complexity))
    return OwnerOptions(username, email, password)


def _asked(ask: Callable[[], str], problem_of: Callable[[str], str | None]) -> str:
    while True:
        value = ask()
        problem = problem_of(value)
        if problem is None:
            return value
        sys.stderr.write(f"It {problem}.\n")


def _email_problem(value: str) -> str | None:
    try:
        normal_email(value)
    except ValueError as error:
        return str(error)
    return None


def _checked(options: OwnerOptions, complexity: Complexity) -> tuple[str, str, str]:
    username, email, password = options.username or "", options.email or "", options.password or ""
    for what, problem in (
        ("username", username_problem(username)),
        ("e-mail address", _email_problem(email)),
        ("password", password_problem(password, complexity)),
    ):
        if problem:
            raise BootstrapError(f"The owner's {what} {problem}.")
    return username, normal_email(email), password
