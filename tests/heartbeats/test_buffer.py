"""How heartbeats are gathered into groups: H3."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Sequence
from typing import Any, cast

import pytest

from telegraf_controller.errors import ControllerError, StorageUnavailable
from telegraf_controller.heartbeats import buffer as buffer_module
from telegraf_controller.heartbeats.buffer import Buffer, Entry, Group
from tests.heartbeats.support import beat


@pytest.fixture
def told() -> list[Entry]:
    return []


@pytest.fixture
def buffer(told: list[Entry]) -> Buffer:
    def tell(entries: Sequence[Entry]) -> None:
        told.extend(entries)

    return Buffer(tell)


def submit(buffer: Buffer, count: int, *, size: int | None = None) -> None:
    for number in range(count):
        heartbeat = beat(f"agent-{number}")
        heartbeat.size = heartbeat.size if size is None else size
        buffer.submit(Entry(cast(Any, None), heartbeat, cast(Any, None), 1))


async def taken(buffer: Buffer) -> Group | None:
    """Take a group, if there is one to take."""
    try:
        async with asyncio.timeout(0.05):
            return await buffer.take()
    except TimeoutError:
        return None


async def test_what_has_gathered_is_one_group(buffer: Buffer) -> None:
    submit(buffer, 3)
    group = await taken(buffer)
    assert group is not None
    assert len(group.entries) == 3
    assert buffer.waiting == 0


async def test_a_second_group_follows_when_it_is_as_large_as_the_one_under_way(buffer: Buffer) -> None:
    """A smaller one would only wait, and not grow."""
    submit(buffer, 3)
    first = await taken(buffer)
    submit(buffer, 2)
    assert await taken(buffer) is None
    submit(buffer, 1)
    second = await taken(buffer)
    assert second is not None
    assert len(second.entries) == 3
    submit(buffer, 5)
    assert await taken(buffer) is None
    assert first is not None
    buffer.done(first)
    third = await taken(buffer)
    assert third is not None
    assert len(third.entries) == 5


async def test_a_small_group_is_taken_when_nothing_is_under_way_any_more(buffer: Buffer) -> None:
    submit(buffer, 3)
    first = await taken(buffer)
    submit(buffer, 1)
    waiting = asyncio.create_task(buffer.take())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    assert first is not None
    buffer.done(first)
    assert len((await waiting).entries) == 1


async def test_groups_have_limits(buffer: Buffer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer_module, "GROUP_HEARTBEATS", 4)
    monkeypatch.setattr(buffer_module, "GROUP_BYTES", 100)
    submit(buffer, 10, size=1)
    submit(buffer, 3, size=60)
    sizes = []
    while (group := await taken(buffer)) is not None:
        sizes.append(len(group.entries))
        buffer.done(group)
    assert sizes == [4, 4, 3, 1, 1]


async def test_beyond_the_limits_it_is_refused_and_nothing_is_lost(
    buffer: Buffer, told: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffer_module, "WAITING_HEARTBEATS", 5)
    submit(buffer, 5)
    with pytest.raises(ControllerError, match="Too many"):
        submit(buffer, 1)
    assert buffer.waiting == 5
    buffer.drain(StorageUnavailable())
    assert len(told) == 5
    assert {type(entry.error) for entry in told} == {StorageUnavailable}
    submit(buffer, 2)
    assert await taken(buffer) is not None


class Client:
    """In the place of a connection."""


async def test_whoever_waited_for_a_group_that_failed_is_forgotten() -> None:
    """Errors lead back to the group by their traceback; what cannot be collected would grow with every outage."""
    buffer, client = Buffer(lambda entries: None), Client()
    gone = weakref.ref(client)
    buffer.submit(Entry(cast(Any, client), beat(), cast(Any, None), 1))

    async def fail() -> None:
        group = await buffer.take()
        try:
            raise StorageUnavailable
        except StorageUnavailable as error:
            group.settle(error)

    await fail()
    del client
    gc.collect()
    assert gone() is None


async def test_everybody_is_told_once(buffer: Buffer, told: list[Entry]) -> None:
    submit(buffer, 2)
    group = await taken(buffer)
    assert group is not None
    group.settle()
    group.settle(StorageUnavailable())
    assert len(told) == 2
    assert told[0].error is None
