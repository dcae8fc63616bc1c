"""Passwords: argon2id, and how strong a new one has to be (U9)."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

Complexity = Literal["low", "medium", "high"]

MAX_LENGTH = 1024

_MINIMUM: dict[Complexity, int] = {"low": 8, "medium": 10, "high": 12}

_hasher = PasswordHasher()


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


async def hash_password(password: str) -> str:
    """Return the argon2id hash. It takes tens of milliseconds, so it runs in a thread."""
    return await asyncio.to_thread(_hasher.hash, password)


async def password_matches(password: str, stored: str | None) -> bool:
    """Tell whether a password is the stored one. Without a stored one the work is the same, and so the time (U10)."""
    return await asyncio.to_thread(_matches, password, stored)


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
