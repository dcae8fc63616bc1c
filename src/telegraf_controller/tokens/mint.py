"""Where a token value is born, together with its digest; only the digest travels on (T1, T2)."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field

PREFIX = "tc-apiv1_"
SHAPE = re.compile(rf"{PREFIX}[0-9a-f]{{64}}")
HINT_LENGTH = 4


@dataclass(frozen=True, slots=True)
class MintedToken:
    """A value that is shown once, its digest and its hint. Printing it shows neither."""

    value: str = field(repr=False)
    digest: bytes = field(repr=False)
    hint: str


def mint() -> MintedToken:
    """Make a new value from 32 random bytes of the operating system."""
    return from_value(PREFIX + secrets.token_hex(32))


def from_value(value: str) -> MintedToken:
    """Take over a supplied value of the exact shape (T13). Raises ValueError, which never repeats the value."""
    if not is_token_shape(value):
        raise ValueError(f"a token value is {PREFIX} followed by 64 lowercase hexadecimal characters")
    return MintedToken(value=value, digest=digest_of(value), hint=value[-HINT_LENGTH:])


def is_token_shape(value: str) -> bool:
    """Tell whether a string has the exact shape of a token value."""
    return SHAPE.fullmatch(value) is not None


def digest_of(value: str) -> bytes:
    """Return the SHA-256 digest by which a value is stored and looked up."""
    return hashlib.sha256(value.encode()).digest()
