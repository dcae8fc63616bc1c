"""Passwords: argon2id, how strong a new one has to be (U9), and how much of the machine checking them may take."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from telegraf_controller.errors import ValidationFailed
from telegraf_controller.settings.queries import Complexity as Complexity
from telegraf_controller.users.turns import Turns

MAX_LENGTH = 1024

_MINIMUM: dict[Complexity, int] = {"low": 8, "medium": 10, "high": 12}

# What OWASP recommends as the least for argon2id. One lane: a check must not take all processors from the heartbeats.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def _step_back() -> None:
    # On Linux a thread has a priority of its own: password work gives way to everything else on the machine.
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


_AT_ONCE = max(1, (os.cpu_count() or 1) // 2)

# A pool of its own, so that a flood of sign-ins cannot fill the one that everything else shares.
_pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="passwords", initializer=_step_back)
_turns = Turns(_AT_ONCE)


def password_problem(password: str, complexity: Complexity) -> str | None:
    """Return what is wrong with a new password, as the end of a sentence, or None."""
    if len(password) > MAX_LENGTH:
        return f"must have at most {MAX_LENGTH:,} characters"
    if len(password) < _MINIMUM[complexity]:
        return f"must have at least {_MINIMUM[complexity]} characters"
    if complexity == "low":
        return None
    for kind, present in (
        ("an upper-case letter", any(c.isupper() for c in password)),
        ("a lower-case letter", any(c.islower() for c in password)),
        ("a digit", any(c.isdigit() for c in password)),
        ("a special character", complexity != "high" or any(not c.isalnum() for c in password)),
    ):
        if not present:
            return f"must contain {kind}"
    return None


def require_password(password: str, complexity: Complexity, field: str = "password") -> None:
    """Raise ValidationFailed when a new password is too weak (U9)."""
    problem = password_problem(password, complexity)
    if problem:
        raise ValidationFailed([(field, problem)])


async def hash_password(password: str) -> str:
    """Return the argon2id hash. It takes tens of milliseconds, so call it before a transaction begins to write."""
    return await asyncio.get_running_loop().run_in_executor(_pool, _hasher.hash, password)


def check_turn(*, familiar: bool) -> None:
    """Raise ControllerError `too_many_attempts` when `password_matches` would."""
    _turns.check(familiar=familiar)


async def password_matches(password: str, stored: str | None, *, familiar: bool = False) -> bool:
    """Tell whether a password is the stored one. Without a stored one the work is the same, and so the time (U10).

    Few are checked at once, and who is familiar goes first. Raises ControllerError `too_many_attempts` at once when too
    many wait already.
    """
    async with _turns.turn(familiar=familiar):
        return await asyncio.get_running_loop().run_in_executor(_pool, _matches, password, stored)


def is_outdated(stored: str) -> bool:
    """Tell whether a hash was made with other parameters than today's: checking it takes another time than a decoy."""
    return _hasher.check_needs_rehash(stored)


def _matches(password: str, stored: str | None) -> bool:
    if len(password) > MAX_LENGTH:
        return False
    try:
        return _hasher.verify(stored or _decoy(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _decoy() -> str:
    return _hasher.hash("a password that nobody has")
