"""`token create|list|rotate|revoke` against a real controller."""

from __future__ import annotations

import json
import re
import secrets
from itertools import count

import pytest

from telegraf_controller.client import ApiError, ControllerClient
from tests.cli.conftest import OWNER_TOKEN, Controller

_numbers = count(1)


@pytest.fixture
def name() -> str:
    """A token name that no other test uses."""
    return f"token {next(_numbers)}"


def test_quiet_creation_prints_the_value_and_nothing_else(controller: Controller, name: str) -> None:
    done = controller.run("token", "create", name, "--preset", "read-only", "-q")
    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(r"tc-apiv1_[0-9a-f]{64}\n", done.out)
    assert controller.run("config", "list", token=done.out.strip()).code == 0


def test_a_created_token_is_described_with_its_value_once(controller: Controller, name: str) -> None:
    done = controller.run("token", "create", name, "--preset", "telegraf-agent", "--expires", "30d")
    first, value, *rest = done.out.splitlines()
    assert re.fullmatch(rf"Created {name}: telegraf-agent; ends 20\d\d-.*Z\.", first)
    assert (value[:9], len(value), rest) == ("tc-apiv1_", 73, [])
    listed = controller.run("token", "list", "--search", name)
    assert value not in listed.out
    assert [row[0] for row in listed.rows] == [name]
    assert listed.rows[0][6] == value[-4:]


def test_restrictions_arrive(controller: Controller, name: str) -> None:
    flags = ["--network=10.0.0.0/8", "--network=::1/128", "--agent-id=web-*", "--config=web"]
    done = controller.run("token", "create", name, "--permission=configs:read,agents:read", *flags, "--json")
    created = json.loads(done.out)
    assert created["allowedNetworks"] == ["10.0.0.0/8", "::1/128"]
    assert (created["agentIds"], created["configs"]) == (["web-*"], ["web"])
    assert created["permissions"] == ["agents:read", "configs:read"]


def test_a_value_can_be_supplied_by_standard_input(controller: Controller, name: str) -> None:
    value = f"tc-apiv1_{secrets.token_hex(32)}"
    arguments = ["token", "create", name, "--preset=read-only", "-q", "--raw-token=-"]
    done = controller.run(*arguments, stdin=f"{value}\n".encode())
    assert done.out == f"{value}\n"
    again = controller.run(*arguments, stdin=f"{value}\n".encode())
    assert (again.code, again.err) == (1, "Error: This token value is already known here.\n")


def test_a_name_that_is_taken_is_one_sentence(controller: Controller, name: str) -> None:
    assert controller.run("token", "create", name, "--preset=read-only").code == 0
    done = controller.run("token", "create", name, "--preset=read-only")
    assert (done.code, done.out, done.err) == (1, "", f"Error: There is already a token named {name!r}.\n")


def test_a_token_is_made_for_the_user_that_is_named(controller: Controller, name: str) -> None:
    done = controller.run("token", "create", name, "--preset=read-only", "--user=olivia", "--json")
    assert json.loads(done.out)["username"] == "Olivia"
    unknown = controller.run("token", "create", name, "--preset=read-only", "--user=nobody")
    assert (unknown.code, unknown.err) == (1, "Error: There is no user 'nobody'.\n")


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_revoked_token_is_refused_at_once(controller: Controller, name: str, by: str) -> None:
    created = json.loads(controller.run("token", "create", name, "--preset=read-only", "--json").out)
    done = controller.run("token", "revoke", created[by])
    assert (done.code, done.out) == (0, f"Revoked {name} (…{created['hint']}).\n")
    refused = controller.run("config", "list", token=created["token"])
    assert (refused.code, refused.out, refused.err) == (1, "", "Error: Invalid token\n")
    assert controller.run("token", "list", "--search", name).rows[0][1] == "revoked"
    assert controller.run("token", "revoke", name).code == 0, "again changes nothing"


def test_a_mistyped_name_revokes_nothing(controller: Controller, name: str) -> None:
    controller.run("token", "create", name, "--preset=read-only")
    done = controller.run("token", "revoke", name, f"{name}x")
    assert (done.code, done.err) == (1, f"Error: There is no token '{name}x'.\n")
    assert controller.run("token", "list", "--search", name).rows[0][1] == "active"


def test_without_a_token_the_error_says_how_to_give_one(controller: Controller) -> None:
    done = controller.run("token", "list", token="")
    assert done.code == 1
    assert done.err.startswith("Error: Missing or invalid Authorization header: set TELEGRAF_CONTROLLER_TOKEN")


def test_a_rotated_token_has_two_values_for_the_overlap(controller: Controller, name: str) -> None:
    old = controller.run("token", "create", name, "--preset=read-only", "-q").out.strip()
    done = controller.run("token", "rotate", name, "--overlap", "1h")
    assert done.out.startswith(f"Rotated {name}: the old value works until 20")
    assert controller.run("config", "list", token=old).code == 0
    assert controller.run("config", "list", token=done.out.splitlines()[1]).code == 0


def test_a_rotation_without_overlap_ends_the_old_value_at_once(controller: Controller, name: str) -> None:
    old = controller.run("token", "create", name, "--preset=read-only", "-q").out.strip()
    new = controller.run("token", "rotate", name, "--overlap=0s", "--quiet")
    assert (new.code, new.err) == (0, "")
    assert controller.run("config", "list", token=old).err == "Error: Invalid token\n"
    assert controller.run("config", "list", token=new.out.strip()).code == 0


def test_the_client_rotates_and_deletes(controller: Controller, name: str) -> None:
    with ControllerClient(controller.url, OWNER_TOKEN) as owner:
        created = owner.tokens.create(name, ["configs:read"])
        rotated = owner.tokens.rotate(created.id, overlap_seconds=0)
        assert rotated.token != created.token
        owner.tokens.delete(created.id)
        assert owner.tokens.find(name) is None
        with pytest.raises(ApiError, match="There is no token") as caught:
            owner.tokens.read(created.id)
    assert caught.value.status == 404
