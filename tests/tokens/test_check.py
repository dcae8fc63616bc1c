"""Where a token is checked: T3, T4, T7, T11."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraf_controller.errors import ControllerError
from telegraf_controller.permissions import Role
from telegraf_controller.tokens.check import (
    AccessState,
    TokenGrant,
    bearer_value,
    require_agent,
    require_config,
    require_network,
    require_permission,
)
from telegraf_controller.tokens.mint import digest_of, from_value, mint

VALUE = "tc-apiv1_" + "0123456789abcdef" * 4


def _grant(**changes: object) -> TokenGrant:
    fields: dict[str, object] = {
        "token_id": uuid4(),
        "token_name": "t",
        "user_id": uuid4(),
        "username": "olivia",
        "role": Role.OWNER,
        "permissions": frozenset({"heartbeat:write"}),
        "expires_at_ms": None,
        **changes,
    }
    return TokenGrant(**fields)  # type: ignore[arg-type]


def _code(error: pytest.ExceptionInfo[ControllerError]) -> str:
    return error.value.code


def test_a_minted_value_has_the_documented_shape_and_hint() -> None:
    """T1, T2"""
    minted = mint()
    assert minted.value.startswith("tc-apiv1_")
    assert len(minted.value) == 9 + 64
    assert minted.hint == minted.value[-4:]
    assert minted.digest == digest_of(minted.value)
    assert mint().value != minted.value


def test_printing_a_minted_token_shows_neither_value_nor_digest() -> None:
    """T1"""
    minted = mint()
    assert minted.value not in repr(minted)
    assert repr(minted.digest) not in repr(minted)


@pytest.mark.parametrize(
    "value",
    ["", VALUE.upper(), VALUE + "0", VALUE[:-1], VALUE[:-1] + "g", " " + VALUE, VALUE + "\n", "tc-apiv2_" + VALUE[9:]],
)
def test_another_shape_is_no_token_value_and_the_error_does_not_repeat_it(value: str) -> None:
    """T13"""
    with pytest.raises(ValueError) as error:
        from_value(value)
    assert not value or value.strip() not in str(error.value)


@pytest.mark.parametrize(
    "line",
    [
        f"Bearer {VALUE}",
        f"Token {VALUE}",
        f"bearer {VALUE}",
        f"TOKEN {VALUE}",
        f"Bearer   {VALUE} ",
        f"  Token {VALUE}",
    ],
)
def test_both_schemes_are_understood_without_regard_to_case_and_spaces(line: str) -> None:
    """T3"""
    assert bearer_value([line]) == VALUE


@pytest.mark.parametrize(
    "lines",
    [[], [""], ["Basic dXNlcjpwYXNz"], [VALUE], [f"Bearer {VALUE}", f"Bearer {VALUE}"], [f"Bearer {VALUE}", "Basic x"]],
)
def test_no_header_another_scheme_and_two_headers_are_missing_credentials(lines: list[str]) -> None:
    """T3, T4"""
    with pytest.raises(ControllerError) as error:
        bearer_value(lines)
    assert _code(error) == "missing_credentials"
    assert error.value.message == "Missing or invalid Authorization header"


@given(st.text(max_size=100))
def test_a_value_of_any_other_shape_is_an_invalid_format(value: str) -> None:
    """T4"""
    with pytest.raises(ControllerError) as error:
        bearer_value([f"Bearer {value}"])
    assert _code(error) == "invalid_token_format"


def test_an_unknown_digest_is_an_invalid_token() -> None:
    """T4"""
    with pytest.raises(ControllerError) as error:
        AccessState(0, {}).grant_of(digest_of(VALUE), 0)
    assert _code(error) == "invalid_token"


def test_a_token_expires_at_the_very_millisecond_it_says() -> None:
    """T4, T6"""
    access = AccessState(0, {digest_of(VALUE): _grant(expires_at_ms=1000)})
    assert access.grant_of(digest_of(VALUE), 999).token_name == "t"
    with pytest.raises(ControllerError) as error:
        access.grant_of(digest_of(VALUE), 1000)
    assert _code(error) == "token_expired"


def test_a_missing_permission_is_named() -> None:
    """T4"""
    with pytest.raises(ControllerError) as error:
        require_permission(_grant(), "configs:read")
    assert (_code(error), error.value.details["required"]) == ("insufficient_permissions", "configs:read")
    assert "configs:read" in error.value.message


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("2001:db8::5", True),
        ("11.0.0.1", False),
        ("garbage", False),
        ("", False),
    ],
)
def test_a_network_restriction_is_checked_against_the_address(address: str, allowed: bool) -> None:
    """T11"""
    from ipaddress import ip_network

    grant = _grant(allowed_networks=(ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")))
    assert grant.allows_network(address) is allowed
    if not allowed:
        with pytest.raises(ControllerError) as error:
            require_network(grant, address)
        assert (_code(error), error.value.details["rule"]) == ("token_not_allowed_here", "allowedNetworks")


@pytest.mark.parametrize(
    ("patterns", "instance_id", "allowed"),
    [
        (("web-*",), "web-17", True),
        (("web-*",), "db-web-17", False),
        (("web-*",), "web-17\nx", True),
        (("web-?", "db-1"), "db-1", True),
        (("web-?",), "web-17", False),
        (("[ab]-1",), "b-1", True),
        (("WEB-1",), "web-1", False),
        (("*",), "", True),
        ((), "web-1", False),
        (("a.b",), "axb", False),
    ],
)
def test_agent_patterns_are_globs_over_the_whole_id(patterns: tuple[str, ...], instance_id: str, allowed: bool) -> None:
    """T11"""
    grant = _grant(agent_ids=patterns)
    assert grant.allows_agent(instance_id) is allowed
    if not allowed:
        with pytest.raises(ControllerError) as error:
            require_agent(grant, instance_id)
        assert (_code(error), error.value.details["rule"]) == ("token_not_allowed_here", "agentIds")


def test_a_configuration_is_allowed_by_any_of_its_names() -> None:
    """T11"""
    grant = _grant(configs=("web-servers",))
    require_config(grant, ["0b0e8a3e-0000-4000-8000-000000000000", "Web-Servers"])
    with pytest.raises(ControllerError) as error:
        require_config(grant, ["0b0e8a3e-0000-4000-8000-000000000000"])
    assert (_code(error), error.value.details["rule"]) == ("token_not_allowed_here", "configs")


def test_a_grant_without_restrictions_is_allowed_everywhere() -> None:
    """T11"""
    grant = _grant()
    assert grant.allows_network("anything")
    assert grant.allows_agent("anything")
    assert grant.allows_config([])
