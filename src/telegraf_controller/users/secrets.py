"""Secrets that people carry for us: a session's cookie, an invite's or a reset's link. Only the digest is stored."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

MAX_LENGTH = 200
"""No secret of ours is longer; what is need not be looked at."""


@dataclass(frozen=True, slots=True)
class MintedSecret:
    """A value that goes out once, and its digest. Printing it shows neither."""

    value: str = field(repr=False)
    digest: bytes = field(repr=False)


def mint_secret() -> MintedSecret:
    """Make a value from 32 random bytes of the operating system, fit for URLs and cookies."""
    value = secrets.token_urlsafe(32)
    return MintedSecret(value, digest_of(value))


def digest_of(value: str) -> bytes:
    """Return the SHA-256 digest by which a value is stored and looked up, so that comparison leaks nothing."""
    return hashlib.sha256(value.encode()).digest()
