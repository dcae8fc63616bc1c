"""Lists of values in statements."""

from __future__ import annotations

from telegraf_controller.db.lengths import few_lengths


def test_a_list_keeps_its_values_and_gets_one_of_few_lengths() -> None:
    for count in range(70):
        values = range(count)
        assert set(few_lengths(values)) == set(values)
        assert count <= len(few_lengths(values)) <= max(2 * count - 1, 0)
    assert {len(few_lengths(range(count))) for count in range(65)} == {0, 1, 2, 4, 8, 16, 32, 64}
