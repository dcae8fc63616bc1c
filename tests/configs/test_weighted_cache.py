"""The cache that is bounded by weight."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from telegraf_controller.configs.weighted_cache import WeightedCache


def test_what_was_not_used_for_longest_goes_first() -> None:
    cache: WeightedCache[str, int] = WeightedCache(3)
    for number, key in enumerate("abc"):
        cache.put(key, number, 1)
    assert cache.get("a") == 0
    cache.put("d", 3, 1)
    assert [cache.get(key) for key in "abcd"] == [0, None, 2, 3]


def test_what_is_too_heavy_by_itself_is_not_kept_and_drives_nothing_out() -> None:
    cache: WeightedCache[str, int] = WeightedCache(3)
    cache.put("a", 1, 3)
    cache.put("b", 2, 4)
    assert (cache.get("a"), cache.get("b")) == (1, None)
    cache.put("a", 1, 4)
    assert cache.get("a") is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30))))
def test_it_never_holds_more_than_its_capacity(puts: list[tuple[int, int]]) -> None:
    cache: WeightedCache[int, int] = WeightedCache(50)
    for key, weight in puts:
        cache.put(key, weight, weight)
    kept = {key: cache.get(key) for key in range(10)}
    assert sum(weight for weight in kept.values() if weight is not None) <= 50
    if puts:
        assert kept[puts[-1][0]] == puts[-1][1]
