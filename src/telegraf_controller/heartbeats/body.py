"""What is wrong with a request's body before it is looked into, and its decompression (H3, H4)."""

from __future__ import annotations

import zlib

from telegraf_controller.errors import ControllerError

_GZIP = zlib.MAX_WBITS | 16


def decompressed(body: bytes, encoding: str, limit: int) -> bytes:
    """Return a body of a `Content-Encoding` in lower case, at most `limit` bytes of it.

    Raises ControllerError `body_too_large`, `invalid_heartbeat`, `unsupported_media_type`.
    """
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise ControllerError("unsupported_media_type", "The body may be compressed with gzip only.")
    decompressor = zlib.decompressobj(_GZIP)
    try:
        # Never more than one byte beyond the limit is unpacked, whatever a small body promises to become.
        plain = decompressor.decompress(body, limit + 1)
    except zlib.error:
        raise unreadable("it is not valid gzip") from None
    if len(plain) > limit:
        raise too_large(limit)
    if not decompressor.eof or decompressor.unused_data:
        raise unreadable("it is not one complete gzip stream")
    return plain


def too_large(limit: int) -> ControllerError:
    """Return what is raised for a body of more than `limit` bytes."""
    return ControllerError("body_too_large", f"A heartbeat has at most {limit} bytes.", limit=limit)


def unreadable(problem: str) -> ControllerError:
    """Return what is raised for a body of which not all is there, or that is not what its headers say."""
    return ControllerError("invalid_heartbeat", f"The body cannot be read: {problem}.", field=None, problem=problem)
