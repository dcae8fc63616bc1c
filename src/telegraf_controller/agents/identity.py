"""What follows from who an agent says it is: its id, how it is sorted and searched, its bare version."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

_new_digest = blake2b(digest_size=16, person=b"telegraf agent").copy
_VERSION = re.compile(r"\d+\.\d+[^\s()]*")
_NUMBER = re.compile(r"\d+")
_DIGITS = 5
_MAX_VERSION_LENGTH = 64
_MAX_NAME_KEY_LENGTH = 255


def agent_key(instance_id: str) -> bytes:
    """Return the sixteen bytes of an agent's id: a UUID of version 8 made from nothing but its instance id.

    A heartbeat therefore needs no look-up to know which rows are its agent's, an agent that was deleted comes back
    under the address it had, and it has the same id on every installation.
    """
    digest = _new_digest()
    digest.update(instance_id.encode())
    key = bytearray(digest.digest())
    key[6] = key[6] & 0x0F | 0x80  # the version
    key[8] = key[8] & 0x3F | 0x80  # the variant
    return bytes(key)


def agent_id_of(instance_id: str) -> UUID:
    """Return the id of the agent with an instance id, whether or not there is one."""
    return UUID(bytes=agent_key(instance_id))


def name_key(hostname: str | None, instance_id: str) -> str:
    """Return what an agent is sorted by: its host name, else its instance id, without case."""
    return (hostname or instance_id).casefold()[:_MAX_NAME_KEY_LENGTH]


def search_text(hostname: str | None, instance_id: str, address: str | None) -> str:
    """Return what a search looks into (A4). Lines, so that no hit runs from one of them into the next."""
    return "\n".join((hostname or "", instance_id, address or "")).casefold()


def search_pattern(wanted: str) -> str:
    """Return what to look for in `search_text` so that `wanted` is found without regard to case."""
    return wanted.replace("\n", " ").casefold()


@lru_cache(maxsize=1024)
def bare_version(build: str) -> str | None:
    """Return `1.40.0` from `Telegraf 1.40.0 (git: HEAD@b2726314)`; None when there is no version in it."""
    found = _VERSION.search(build)
    return found.group()[:_MAX_VERSION_LENGTH] if found else None


@lru_cache(maxsize=1024)
def version_key(version: str | None) -> str | None:
    """Return what a bare version is sorted by, so that 1.9.0 stands before 1.10.0."""
    if version is None:
        return None
    padded = _NUMBER.sub(lambda number: number.group().rjust(_DIGITS, "0")[-_DIGITS:], version)
    return padded[:_MAX_VERSION_LENGTH]
