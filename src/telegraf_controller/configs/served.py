"""The answer that carries a document: headers, conditions, downloads (C1, C2)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from telegraf_controller.configs.content import Document
from telegraf_controller.web.plain import Headers, PlainAnswer, PlainRequest


def document_answer(
    request: PlainRequest, document: Document, body: bytes, etag: bytes, *, stale: bool = False
) -> PlainAnswer:
    """Answer 200 with a rendered document, or 304 to who says that they have it.

    304 carries `Last-Modified` too, the same as 200 would: a cache then keeps what Telegraf's watcher compares up to
    date. `stale` says that the document comes from memory while the database is away (C6).
    """
    headers: Headers = [
        (b"last-modified", document.last_modified),
        (b"etag", etag),
        (b"cache-control", b"no-cache"),
        (b"vary", b"Accept"),
    ]
    if stale:
        headers.append((b"warning", b'110 - "Response is stale"'))
    if _is_current(request, document, etag):
        return PlainAnswer(304, headers)
    accept = request.lines(b"accept")
    if len(accept) == 1 and accept[0].strip().lower() == "application/octet-stream":
        headers.append((b"content-type", b"application/octet-stream"))
        headers.append((b"content-disposition", b'attachment; filename="%b"' % _file_name(document.name)))
    else:
        headers.append((b"content-type", b"text/x-toml; charset=utf-8"))
    headers.append((b"content-length", b"%d" % len(body)))
    return PlainAnswer(200, headers, body)


def _is_current(request: PlainRequest, document: Document, etag: bytes) -> bool:
    """Tell whether the caller's conditions say that it has this very text."""
    none_match = request.lines(b"if-none-match")
    if none_match:
        return _names_tag(none_match, etag.decode())
    since = request.lines(b"if-modified-since")
    # Only the very date counts, not a later one: two changes within one second put `Last-Modified` ahead of the clock,
    # and a date that a client took from its own clock says nothing then.
    return len(since) == 1 and since[0].strip().encode("latin-1") == document.last_modified


def _names_tag(lines: Iterable[str], etag: str) -> bool:
    tags = (tag.strip() for line in lines for tag in line.split(","))
    return any(tag == "*" or tag.removeprefix("W/") == etag for tag in tags)


def _file_name(name: str) -> bytes:
    """Return a name for a download that no file system and no header takes offence at."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip(".-")[:80]
    return f"{safe or 'configuration'}.toml".encode()
