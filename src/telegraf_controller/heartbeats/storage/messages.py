"""What heartbeat processes and the storage process say to each other: length, then MessagePack."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from struct import Struct as Packing

import msgspec
from msgspec import Struct

from telegraf_controller.heartbeats.parse import Heartbeat

_LENGTH = Packing("<I")

STREAM_BYTES = 1024 * 1024
"""How much of a message is taken before the other side has to wait: that of a large group."""


class Write(Struct, array_like=True, tag=True, gc=False):
    """Store heartbeats in one transaction, if the access generation is this."""

    heartbeats: Sequence[Heartbeat]
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
Answer = Done | Moved | Unavailable | Refused

_encode = msgspec.msgpack.Encoder().encode
_request = msgspec.msgpack.Decoder[Request](Request)
_answer = msgspec.msgpack.Decoder[Answer](Answer)


def send(writer: asyncio.StreamWriter, message: Request | Answer) -> None:
    """Begin to send a message. Raises whatever the encoder has against a heartbeat; nothing is sent then."""
    body = _encode(message)
    writer.write(_LENGTH.pack(len(body)))
    writer.write(body)


async def receive_request(reader: asyncio.StreamReader) -> Request:
    """Wait for a request. Raises asyncio.IncompleteReadError when the other side is gone."""
    request: Request = _request.decode(await _receive(reader))
    return request


async def receive_answer(reader: asyncio.StreamReader) -> Answer:
    """The same for an answer."""
    answer: Answer = _answer.decode(await _receive(reader))
    return answer


async def _receive(reader: asyncio.StreamReader) -> bytes:
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    return await reader.readexactly(length)
