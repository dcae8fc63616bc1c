"""What a new password has to be: U9."""

from __future__ import annotations

import pytest

from telegraf_controller.users.passwords import Complexity, hash_password, password_problem


@pytest.mark.parametrize(
    ("complexity", "password", "problem"),
    [
        ("low", "1234567", "at least 8"),
        ("low", "12345678", None),
        ("medium", "Abcdefgh1", "at least 10"),
        ("medium", "abcdefgh12", "upper-case"),
        ("medium", "ABCDEFGH12", "lower-case"),
        ("medium", "Abcdefghij", "digit"),
        ("medium", "Abcdefgh12", None),
        ("high", "Abcdefgh12!", "at least 12"),
        ("high", "Abcdefgh1234", "special"),
        ("high", "Abcdefgh123!", None),
        ("high", "Äbcdefgh 123", None),
        ("low", "x" * 1024, None),
        ("low", "x" * 1025, "at most 1,024"),
    ],
)
def test_complexity_decides_what_a_new_password_needs(
    complexity: Complexity, password: str, problem: str | None
) -> None:
    """U9"""
    found = password_problem(password, complexity)
    assert (found is None) is (problem is None)
    assert problem is None or problem in str(found)


async def test_what_is_stored_is_argon2id_with_a_salt_of_its_own() -> None:
    """U9"""
    first, second = await hash_password("x"), await hash_password("x")
    assert first.startswith("$argon2id$")
    assert first != second
