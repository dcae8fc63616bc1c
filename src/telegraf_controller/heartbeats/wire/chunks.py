"""Bodies whose length nobody has announced: they come in chunks that say how long they are (RFC 9112, 7.1)."""

from __future__ import annotations

import re

from telegraf_controller.heartbeats.wire.heads import malformed

MAX_LINE_BYTES = 1024
"""Of a chunk's length with its extensions."""

MAX_TRAILER_BYTES = 16 * 1024

# Nothing that somebody else could read as another number: no sign, no space, no `0x`. Extensions are left out.
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")
_END = b"\r\n"


class ChunkReader:
    """Takes the chunks of one body as they arrive. `body` holds what there is of it."""

    def __init__(self) -> None:
        self.body = bytearray()
        self._left = 0
        """What is still to come of the chunk at hand, and of the line end behind it."""
        self._in_trailers = False
        self._trailer_bytes = 0

    def take(self, data: bytearray) -> bool:
        """Take from the start of `data` what belongs to the body; tell whether this was all of it.

        Raises ControllerError `malformed_request`.
        """
        while not self._in_trailers:
            if self._left:
                if not self._take_chunk(data):
                    return False
            elif not self._take_size(data):
                return False
        return self._take_trailers(data)

    def _take_chunk(self, data: bytearray) -> bool:
        taken = min(self._left - len(_END), len(data))
        if taken > 0:
            self.body += data[:taken]
            del data[:taken]
            self._left -= taken
        if self._left > len(_END) or len(data) < len(_END):
            return False
        if data[: len(_END)] != _END:
            raise malformed("a chunk of its body is not as long as it says")
        del data[: len(_END)]
        self._left = 0
        return True

    def _take_size(self, data: bytearray) -> bool:
        end = data.find(b"\n", 0, MAX_LINE_BYTES) + 1
        if not end:
            if len(data) >= MAX_LINE_BYTES:
                raise malformed("a chunk of its body does not say how long it is")
            return False
        found = _SIZE.fullmatch(data, 0, end)
        if found is None:
            raise malformed("a chunk of its body does not say how long it is")
        size = int(found[1], 16)
        del data[:end]
        if size:
            self._left = size + len(_END)
        else:
            self._in_trailers = True
        return True

    def _take_trailers(self, data: bytearray) -> bool:
        while True:
            end = data.find(b"\n") + 1
            if self._trailer_bytes + (end or len(data)) > MAX_TRAILER_BYTES:
                raise malformed("what follows its body is too long")
            if not end:
                return False
            line = bytes(data[:end])
            if not line.endswith(_END) or line.count(b"\r") > 1 or b"\0" in line:
                raise malformed("what follows its body is not HTTP/1.1")
            del data[:end]
            if line == _END:
                return True
            self._trailer_bytes += end
