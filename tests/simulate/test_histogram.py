"""Percentiles from buckets."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraf_controller.simulate.histogram import Histogram


@given(st.lists(st.floats(min_value=0, max_value=60_000), min_size=1), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_percentile_is_the_exact_one_to_within_a_bucket(durations: list[float], share: float) -> None:
    histogram = Histogram()
    for duration in durations:
        histogram.record(duration)
    exact = sorted(durations)[math.ceil(share * len(durations)) - 1]
    assert histogram.percentile(share) == pytest.approx(exact, rel=0.016, abs=1e-6)
    assert histogram.max_seconds == max(durations)
    assert histogram.count == len(durations)


def test_nothing_recorded_is_nothing() -> None:
    assert Histogram().percentile(0.99) == 0


def test_what_is_negative_or_endless_is_counted_at_the_ends() -> None:
    histogram = Histogram()
    for duration in (-1.0, 1e9):
        histogram.record(duration)
    assert histogram.percentile(0.5) == 0
    assert histogram.percentile(1.0) > 60_000
