"""Whose turn it is to have a password checked: U10."""

from __future__ import annotations

import asyncio

import pytest

from telegraf_controller.errors import ControllerError
from telegraf_controller.users.turns import MAX_STRANGERS, Turns


async def _work(turns: Turns, done: list[str], name: str, *, familiar: bool = False) -> None:
    async with turns.turn(familiar=familiar):
        await asyncio.sleep(0)
        done.append(name)


async def test_who_is_familiar_goes_first() -> None:
    """U10"""
    turns, done = Turns(1), list[str]()
    strangers = [_work(turns, done, f"stranger {n}") for n in range(3)]
    await asyncio.gather(*strangers, _work(turns, done, "Mona", familiar=True))
    assert done == ["stranger 0", "Mona", "stranger 1", "stranger 2"]


async def test_a_crowd_of_strangers_is_refused_at_once_and_keeps_nobody_else_out() -> None:
    """U10"""
    turns, done = Turns(1), list[str]()
    crowd = [asyncio.create_task(_work(turns, done, "stranger")) for _ in range(MAX_STRANGERS + 5)]
    mona = asyncio.create_task(_work(turns, done, "Mona", familiar=True))
    results = await asyncio.gather(*crowd, mona, return_exceptions=True)
    refused = [result for result in results if isinstance(result, ControllerError)]
    assert [error.code for error in refused] == ["too_many_attempts"] * 4
    assert done[1] == "Mona"


@pytest.mark.parametrize("moment", [0, 1, 2, 3])
async def test_a_turn_that_nobody_wants_any_more_is_passed_on(moment: int) -> None:
    turns, done = Turns(1), list[str]()
    first = asyncio.create_task(_work(turns, done, "first"))
    gone = asyncio.create_task(_work(turns, done, "gone"))
    last = asyncio.create_task(_work(turns, done, "last"))
    for _ in range(moment):
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(first, gone, last, return_exceptions=True)
    assert done[-1] == "last"
    await asyncio.wait_for(_work(turns, done, "later"), 1)
    assert turns._free == 1
