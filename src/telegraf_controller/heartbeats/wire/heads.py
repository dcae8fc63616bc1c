"""From the bytes of a request's head to what is needed of it; heads that come again are read once (H1, H4).

An agent's heartbeats have the same head each time but for the length of the body, and so have those of agents alike. A
head is remembered by a salted digest of its bytes, and what is remembered of its token is the token's digest: no token
value stays in memory.
"""

from __future__ import annotations

import re
import secrets
from hashlib import blake2b
from itertools import count
from typing import Final

import httptools
from msgspec import Struct
from msgspec.structs import replace

from telegraf_controller.errors import ControllerError, Unauthenticated
from telegraf_controller.tokens.check import bearer_digest

MAX_HEAD_BYTES: Final = 64 * 1024
MAX_HEADERS: Final = 100

REMEMBERED_HEADS: Final = 8192
REMEMBERED_BYTES: Final = 4096
"""A longer head is read each time: agents' are a few hundred bytes."""

# The parser also takes RTSP, ICE, two spaces, and a line without a version.
_FIRST_LINE = re.compile(rb"[A-Z-]+ [^ \r\n]+ HTTP/1\.[01]\r\n")

_numbers = count()

_LONGEST_LENGTH = 19
"""Digits of a `Content-Length` that any machine can count."""


class Head(Struct, gc=False, frozen=True):
    """What a request's head says, as far as this port cares."""

    method: str
    path: str
    """Without the query; of an address with a host (`http://…`) the path alone."""
    keep_alive: bool
    is_old: bool
    """Whether it is HTTP/1.0, which has to be told when its connection is kept."""
    length: int
    """Of the body; 0 when there is none or it is chunked."""
    chunked: bool
    expects_continue: bool
    encoding: str
    """The `Content-Encoding`, in lower case; empty when there is none."""
    digest: bytes | None
    """Of the token that was presented."""
    refusal: tuple[str, str] | None
    """Code and sentence of what is wrong with the `Authorization` header; None when there is a digest."""
    agent_addresses: tuple[str, ...]
    """The lines of `Telegraf-Agent-IP`."""
    forwarded_for: tuple[str, ...]
    """The lines of `X-Forwarded-For`."""
    number: int = 0
    """The same for remembered heads that differ in nothing but `length`; no other head has it."""


class HeadReader:
    """Reads heads, and remembers those that may come again."""

    def __init__(self) -> None:
        # Nobody outside can work out two heads with one digest; a salt costs half of what a key does.
        self._new_digest = blake2b(digest_size=16, salt=secrets.token_bytes(blake2b.SALT_SIZE)).copy
        self._remembered: dict[bytes, Head] = {}
        self._numbers: dict[Head, int] = {}
        """By heads without length and number."""

    def read(self, raw: bytes) -> Head:
        """Return what a head says; `raw` ends with its empty line. Raises ControllerError `malformed_request` or
        `head_too_large`."""
        head = self.remembered(raw)
        if head is not None:
            return head
        head = _parse(raw)
        if len(raw) > REMEMBERED_BYTES:
            return replace(head, number=next(_numbers))
        if len(self._remembered) >= REMEMBERED_HEADS:
            # Whoever sends a new head each time costs others one reading of theirs, and no memory.
            self._remembered.clear()
            self._numbers.clear()
        number = self._numbers.setdefault(replace(head, length=0), next(_numbers))
        head = self._remembered[self._key(raw)] = replace(head, number=number)
        return head

    def remembered(self, raw: bytes) -> Head | None:
        """Return what a head says that was read before; None if it was not, or is not remembered."""
        if len(raw) > REMEMBERED_BYTES:
            return None
        return self._remembered.get(self._key(raw))

    def _key(self, raw: bytes) -> bytes:
        digest = self._new_digest()
        digest.update(raw)
        return digest.digest()


def malformed(problem: str) -> ControllerError:
    """Return what is raised for a request that is not HTTP/1.1 as it should be."""
    return ControllerError("malformed_request", f"This is no request that can be answered: {problem}.")


def too_large() -> ControllerError:
    """Return what is raised for a head beyond the limits."""
    return ControllerError(
        "head_too_large", f"The head of a request has at most {MAX_HEAD_BYTES} bytes and {MAX_HEADERS} headers."
    )


class _Parts:
    """What httptools tells of a head."""

    def __init__(self) -> None:
        self.target = b""
        self.lines: dict[str, list[str]] = {}
        self.count = 0
        self.parser: httptools.HttpRequestParser | None = None
        self.keep_alive: bool | None = None
        """None until the head is complete. Has to be asked then: the parser forgets it with the end of the request."""

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.count += 1
        # No byte is left out, also of those that are no text: nothing may hide in a line that nobody looks at.
        self.lines.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1").strip(" \t"))

    def on_headers_complete(self) -> None:
        assert self.parser is not None
        self.keep_alive = bool(self.parser.should_keep_alive())


def _parse(raw: bytes) -> Head:
    if not _FIRST_LINE.match(raw):
        raise malformed("its first line is not that of HTTP/1.1")
    parts = _Parts()
    parser = parts.parser = httptools.HttpRequestParser(parts)
    try:
        parser.feed_data(raw)
    except httptools.HttpParserUpgrade:
        pass  # to another protocol, which is ours to ignore
    except httptools.HttpParserCallbackError:
        raise malformed("its head cannot be read") from None
    except httptools.HttpParserError:
        raise malformed("its head is not HTTP/1.1") from None
    finally:
        # Each knows the other, and garbage is looked for rarely.
        parts.parser = None
    if parts.keep_alive is None:
        raise malformed("its head is not HTTP/1.1")
    if parts.count > MAX_HEADERS:
        raise too_large()
    version = parser.get_http_version()
    lines = parts.lines
    if len(lines.get("host", ())) > 1:
        raise malformed("it has two Host headers")
    chunked = _is_chunked(lines.get("transfer-encoding", ()), version, has_length="content-length" in lines)
    digest, refusal = _credentials(lines.get("authorization", []))
    return Head(
        method=parser.get_method().decode("ascii"),
        path=_path(parts.target),
        keep_alive=parts.keep_alive,
        is_old=version == "1.0",
        length=_length(lines.get("content-length", ())),
        chunked=chunked,
        expects_continue=version == "1.1" and [line.lower() for line in lines.get("expect", ())] == ["100-continue"],
        encoding=", ".join(lines.get("content-encoding", ())).lower(),
        digest=digest,
        refusal=refusal,
        agent_addresses=tuple(lines.get("telegraf-agent-ip", ())),
        forwarded_for=tuple(lines.get("x-forwarded-for", ())),
    )


def _length(lines: list[str] | tuple[()]) -> int:
    if not lines:
        return 0
    text = lines[0]
    if len(lines) > 1 or not (text.isascii() and text.isdigit()) or len(text) > _LONGEST_LENGTH:
        raise malformed("its Content-Length is not one number")
    return int(text)


def _is_chunked(lines: list[str] | tuple[()], version: str, *, has_length: bool) -> bool:
    if not lines:
        return False
    # Who stands before us could see another end of the body than we do, and so another next request.
    if has_length or version == "1.0" or [line.lower() for line in lines] != ["chunked"]:
        raise malformed("the length of its body is not clear")
    return True


def _path(target: bytes) -> str:
    try:
        return (httptools.parse_url(target).path or b"/").decode("latin-1")
    except httptools.HttpParserInvalidURLError:
        return target.decode("latin-1")


def _credentials(lines: list[str]) -> tuple[bytes | None, tuple[str, str] | None]:
    try:
        return bearer_digest(lines), None
    except Unauthenticated as refusal:
        return None, (refusal.code, refusal.message)
