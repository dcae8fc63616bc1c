"""What heartbeat processes and the storage process say to each other: length, then MessagePack."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from struct import Struct as Packing

import msgspec
from msgspec import Struct

from telegraf_controller.heartbeats.parse import Heartbeat, Liveness

_LENGTH = Packing("<I")

STREAM_BYTES = 1024 * 1024
"""How much of a message is taken before the other side has to wait: that of a large group."""


class Write(Struct, array_like=True, tag="Write", gc=False):
    """Store heartbeats in one transaction, if the access generation is this."""

    heartbeats: Sequence[Heartbeat]
    generation: int


class WriteLiveness(Struct, array_like=True, tag="Write", gc=False):
    """A `Write` of which only that is unpacked which nearly always suffices."""

    heartbeats: list[Liveness]
    generation: int


class Probe(Struct, array_like=True, tag=True, gc=False):
    """Prove that heartbeats can be written."""


class Done(Struct, array_like=True, tag=True, gc=False):
    """What was asked is done, and durable."""


class Moved(Struct, array_like=True, tag=True, gc=False):
    """The access generation is another one; nothing was written."""

    current: int


class Unavailable(Struct, array_like=True, tag=True, gc=False):
    """The database is away."""

    cause: str


class Refused(Struct, array_like=True, tag=True, gc=False):
    """The database took none of it: a heartbeat among them is bad."""

    cause: str


Request = Write | Probe
RequestInBrief = WriteLiveness | Probe
Answer = Done | Moved | Unavailable | Refused

_encode = msgspec.msgpack.Encoder().encode
_request = msgspec.msgpack.Decoder[RequestInBrief](RequestInBrief)
_write = msgspec.msgpack.Decoder(Write)
_answer = msgspec.msgpack.Decoder[Answer](Answer)


def send(writer: asyncio.StreamWriter, message: Request | Answer) -> None:
    """Begin to send a message. Raises whatever the encoder has against a heartbeat; nothing is sent then."""
    body = _encode(message)
    writer.write(_LENGTH.pack(len(body)))
    writer.write(body)


async def receive_request(reader: asyncio.StreamReader) -> tuple[RequestInBrief, bytes]:
    """Wait for a request, and return it in brief and as it came. Raises asyncio.IncompleteReadError when the other side
    is gone."""
    packed = await _receive(reader)
    request: RequestInBrief = _request.decode(packed)
    return request, packed


def whole_heartbeats(packed: bytes) -> Sequence[Heartbeat]:
    """Return the heartbeats of a `Write` as it came, with all that they say."""
    write: Write = _write.decode(packed)
    return write.heartbeats


async def receive_answer(reader: asyncio.StreamReader) -> Answer:
    """The same for an answer."""
    answer: Answer = _answer.decode(await _receive(reader))
    return answer


async def _receive(reader: asyncio.StreamReader) -> bytes:
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    return await reader.readexactly(length)
