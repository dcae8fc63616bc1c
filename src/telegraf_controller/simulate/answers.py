"""Answers to heartbeats, as far as a simulation cares."""

from __future__ import annotations

import re
from typing import NamedTuple

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection:[ \t]*close", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] \d\d\d[ \r]")
_MAX_ANSWER_BYTES = 1 << 20


class AnswerRefused(Exception):
    """What arrived is no answer; the message is what it is."""


class Answer(NamedTuple):
    """What the controller said."""

    status: int
    body: bytes
    closes: bool
    """Whether it is the last one of its connection."""


class AnswerReader:
    """Reads answers. Acknowledgements are mostly alike, byte for byte: one like the last is not read again."""

    def __init__(self) -> None:
        self._last_read = b""
        self._last_answer: Answer | None = None

    def read(self, data: bytes) -> Answer | None:
        """Return the answer that has arrived, None while something of it is missing. Raises AnswerRefused."""
        if data == self._last_read:
            return self._last_answer
        answer = _read(data)
        if answer is not None and answer.status == 204:
            self._last_read, self._last_answer = data, answer
        return answer


def _read(data: bytes) -> Answer | None:
    end = data.find(b"\r\n\r\n")
    if end >= 0 and not _STATUS_LINE.match(data):
        raise AnswerRefused("answer that is not HTTP")
    status = int(data[9:12]) if end >= 0 else 0
    body = b"" if status == 204 else _body_of(data, end)
    if body is not None:
        return Answer(status, body, closes=_CLOSE.search(data, 0, end + 2) is not None)
    if len(data) > _MAX_ANSWER_BYTES:
        raise AnswerRefused("answer that is too large")
    return None


def _body_of(data: bytes, end: int) -> bytes | None:
    """Return the body of an answer whose head ends at `end`, None while something is missing."""
    if end < 0:
        return None
    body = data[end + 4 :]
    length = _LENGTH.search(data, 0, end + 2)
    if length is not None:
        return body if len(body) >= int(length[1]) else None
    if _CHUNKED.search(data, 0, end + 2):
        return body if body.endswith(b"0\r\n\r\n") else None
    return body
