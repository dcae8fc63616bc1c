"""Tokens over the API: T1 to T13, T16, P1."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from telegraf_controller import clock
from tests.cast import (
    ADAM,
    AGENT_TOKEN,
    DORA,
    EXPIRED_TOKEN,
    MAX,
    MONA,
    OLIVIA,
    REVOKED_TOKEN,
    UNKNOWN_TOKEN,
    VICTOR,
    bearer,
    token_value,
)
from tests.support.api import Api, running_api


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


async def create(api: Api, who: str = "owner", **fields: Any) -> dict[str, Any]:
    body = {"name": "ci", "permissions": ["configs:read"], **fields}
    response = await api.http.post("/api/tokens", json=body, headers=api.cast.bearer(who))
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def status_of(api: Api, value: str) -> int:
    return (await api.http.get("/api/tokens/capabilities", headers=bearer(value))).status_code


async def test_the_value_is_in_the_answer_that_made_it_and_nowhere_else(api: Api) -> None:
    """T1, T2"""
    made = await create(api)
    assert made["hint"] == made["token"][-4:]
    owner = api.cast.bearer("owner")
    for url in (f"/api/tokens/{made['id']}", "/api/tokens?limit=500"):
        assert made["token"] not in (await api.http.get(url, headers=owner)).text
    async with api.database.read() as session:
        row = (await session.execute(text("SELECT * FROM tokens WHERE name = 'ci'"))).one()
    assert made["token"] not in str(row)
    assert made["token"][9:] not in str(row)


async def test_a_new_token_works_at_once_and_its_record_is_complete(api: Api) -> None:
    """T5"""
    made = await create(api, expiresAt="2100-01-01T00:00:00+01:00")
    assert await status_of(api, made["token"]) == 200
    response = await api.http.get(f"/api/tokens/{made['id']}", headers=api.cast.bearer("owner"))
    record = response.json()
    assert set(record) == {
        "id", "name", "userId", "username", "permissions", "status", "expired", "expiresAt", "createdAt", "createdBy",
        "revokedAt", "revokedBy", "lastUsedAt", "lastUsedIp", "hint", "source", "previousValueExpiresAt",
        "allowedNetworks", "agentIds", "configs",
    }  # fmt: skip
    assert record["expiresAt"] == "2099-12-31T23:00:00.000Z"
    assert (record["username"], record["createdBy"], record["source"]) == ("Olivia", "Olivia", "generated")
    assert (record["status"], record["expired"], record["revokedAt"]) == ("active", False, None)


@pytest.mark.parametrize(
    ("headers", "status", "error", "message"),
    [
        ({}, 401, "missing_credentials", "Missing or invalid Authorization header"),
        ({"Authorization": "Basic b2xpdmlh"}, 401, "missing_credentials", "Missing or invalid Authorization header"),
        (bearer("tc-apiv1_short"), 401, "invalid_token_format", "Invalid token format"),
        (bearer(UNKNOWN_TOKEN), 401, "invalid_token", "Invalid token"),
        (bearer(REVOKED_TOKEN), 401, "invalid_token", "Invalid token"),
        (bearer(DORA.token), 401, "invalid_token", "Invalid token"),
        (bearer(EXPIRED_TOKEN), 401, "token_expired", "Token expired"),
        (bearer(AGENT_TOKEN), 403, "insufficient_permissions", "Missing permission tokens:read"),
    ],
)
async def test_what_a_caller_hears(api: Api, headers: dict[str, str], status: int, error: str, message: str) -> None:
    """T4"""
    response = await api.http.get("/api/tokens", headers=headers)
    assert (response.status_code, response.json()["error"], response.json()["message"]) == (status, error, message)
    assert response.headers["www-authenticate"] == "Bearer"
    if status == 403:
        assert response.json()["required"] == "tokens:read"


async def test_two_authorization_headers_are_an_error(api: Api) -> None:
    """T3"""
    value = f"Bearer {OLIVIA.token}"
    headers = [("Authorization", value), ("Authorization", value)]
    response = await api.http.get("/api/tokens", headers=headers)
    assert (response.status_code, response.json()["error"]) == (401, "missing_credentials")


async def test_permissions_beyond_the_creators_are_dropped_and_said(api: Api) -> None:
    """T7"""
    made = await create(api, "manager", permissions=["users:read", "configs:read", "settings:write"])
    assert made["permissions"] == ["configs:read"]
    assert made["droppedPermissions"] == ["users:read", "settings:write"]


async def test_a_token_cannot_give_what_it_does_not_have_itself(api: Api) -> None:
    """T7"""
    narrow = await create(api, permissions=["tokens:write", "configs:read"])
    body = {"name": "wider", "permissions": ["configs:read", "users:delete"]}
    response = await api.http.post("/api/tokens", json=body, headers=bearer(narrow["token"]))
    assert response.json()["permissions"] == ["configs:read"]


async def test_an_empty_intersection_is_refused(api: Api) -> None:
    """T7"""
    body = {"name": "ci", "permissions": ["settings:write"]}
    response = await api.http.post("/api/tokens", json=body, headers=api.cast.bearer("manager"))
    assert (response.status_code, response.json()["error"]) == (400, "no_permissions")


async def test_permissions_may_be_written_as_one_string(api: Api) -> None:
    made = await create(api, permissions="configs:read, heartbeat:write")
    assert made["permissions"] == ["configs:read", "heartbeat:write"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"permissions": ["configs:fly"]}, "permissions.0"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "2100-01-01T00:00:00"}, "expiresAt"),
        ({"rawToken": "tc-apiv1_XYZ"}, "rawToken"),
        ({"allowedNetworks": ["10.0.0.0/33"]}, "allowedNetworks.0"),
        ({"agentIds": []}, "agentIds"),
        ({"expires": "never"}, "expires"),
    ],
)
async def test_wrong_input_names_the_field(api: Api, fields: dict[str, Any], field: str) -> None:
    """T5, T6, T11, T13"""
    body = {"name": "ci", "permissions": ["configs:read"], **fields}
    response = await api.http.post("/api/tokens", json=body, headers=api.cast.bearer("owner"))
    assert (response.status_code, response.json()["error"]) == (400, "validation_failed")
    assert [f["field"] for f in response.json()["details"]["fields"]] == [field]
    assert "tc-apiv1_XYZ" not in response.text


async def test_a_supplied_value_becomes_the_token_and_is_taken_only_once(api: Api) -> None:
    """T13"""
    value = token_value("supplied")
    made = await create(api, rawToken=value)
    assert (made["token"], made["source"]) == (value, "supplied")
    assert await status_of(api, value) == 200
    again = {"name": "other", "permissions": ["configs:read"], "rawToken": value}
    response = await api.http.post("/api/tokens", json=again, headers=api.cast.bearer("owner"))
    assert (response.status_code, response.json()["error"]) == (409, "token_value_conflict")
    assert value not in response.text


async def test_a_value_that_was_rotated_out_is_still_known(api: Api) -> None:
    """T12, T13"""
    value = token_value("supplied")
    made = await create(api, rawToken=value)
    await api.http.post(f"/api/tokens/{made['id']}/rotate", headers=api.cast.bearer("owner"))
    again = {"name": "other", "permissions": ["configs:read"], "rawToken": value}
    response = await api.http.post("/api/tokens", json=again, headers=api.cast.bearer("owner"))
    assert response.json()["error"] == "token_value_conflict"


async def test_a_name_is_taken_once_even_by_two_at_the_same_time(api: Api) -> None:
    """T5, T13"""
    body = {"name": "ci", "permissions": ["configs:read"]}
    owner = api.cast.bearer("owner")
    answers = await asyncio.gather(*(api.http.post("/api/tokens", json=body, headers=owner) for _ in range(5)))
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409, 409]
    assert {a.json()["error"] for a in answers if a.status_code == 409} == {"token_name_conflict"}


async def test_supplied_values_can_be_refused_altogether(migrated_database_url: str) -> None:
    """T13"""
    async with running_api(migrated_database_url, presharing_allowed=False) as api:
        owner = api.cast.bearer("owner")
        assert (await api.http.get("/api/tokens/capabilities", headers=owner)).json() == {
            "preSharedTokensEnabled": False
        }
        body = {"name": "ci", "permissions": ["configs:read"], "rawToken": token_value("supplied")}
        response = await api.http.post("/api/tokens", json=body, headers=owner)
        assert (response.status_code, response.json()["error"]) == (403, "preshared_tokens_disabled")


async def test_a_revoked_token_is_refused_at_once_by_every_node_and_keeps_its_record(
    api: Api, migrated_database_url: str
) -> None:
    """T9"""
    async with running_api(migrated_database_url, cast=api.cast) as other_node:
        made = await create(api)
        assert await status_of(other_node, made["token"]) == 200
        response = await api.http.post(f"/api/tokens/{made['id']}/revoke", headers=api.cast.bearer("owner"))
        assert (response.json()["status"], response.json()["revokedBy"]) == ("revoked", "Olivia")
        assert await status_of(other_node, made["token"]) == 401
        assert await status_of(api, made["token"]) == 401
        again = await api.http.post(f"/api/tokens/{made['id']}/revoke", headers=api.cast.bearer("administrator"))
        assert again.json()["revokedBy"] == "Olivia"


async def test_a_deleted_token_is_refused_and_forgotten(api: Api) -> None:
    """T9"""
    made = await create(api)
    owner = api.cast.bearer("owner")
    assert (await api.http.delete(f"/api/tokens/{made['id']}", headers=owner)).status_code == 204
    assert await status_of(api, made["token"]) == 401
    assert (await api.http.get(f"/api/tokens/{made['id']}", headers=owner)).status_code == 404


async def test_both_values_work_until_the_overlap_ends(api: Api) -> None:
    """T12"""
    made = await create(api)
    start = clock.now()
    with clock.replaced(start.timestamp):
        response = await api.http.post(
            f"/api/tokens/{made['id']}/rotate", json={"overlapSeconds": 60}, headers=api.cast.bearer("owner")
        )
    rotated = response.json()
    assert rotated["token"] != made["token"]
    assert rotated["previousValueExpiresAt"] == clock.to_wire(start + timedelta(seconds=60))
    with clock.replaced(lambda: start.timestamp() + 59.999):
        assert [await status_of(api, value) for value in (made["token"], rotated["token"])] == [200, 200]
    with clock.replaced(lambda: start.timestamp() + 60.001):
        assert [await status_of(api, value) for value in (made["token"], rotated["token"])] == [401, 200]


async def test_without_overlap_the_old_value_stops_at_once(api: Api) -> None:
    """T12"""
    made = await create(api)
    url = f"/api/tokens/{made['id']}/rotate"
    rotated = (await api.http.post(url, json={"overlapSeconds": 0}, headers=api.cast.bearer("owner"))).json()
    assert [await status_of(api, value) for value in (made["token"], rotated["token"])] == [401, 200]


async def test_revoking_ends_both_values_of_a_rotated_token(api: Api) -> None:
    """T12"""
    made = await create(api)
    owner = api.cast.bearer("owner")
    rotated = (await api.http.post(f"/api/tokens/{made['id']}/rotate", headers=owner)).json()
    await api.http.post(f"/api/tokens/{made['id']}/revoke", headers=owner)
    assert [await status_of(api, value) for value in (made["token"], rotated["token"])] == [401, 401]
    response = await api.http.post(f"/api/tokens/{made['id']}/rotate", headers=owner)
    assert (response.status_code, response.json()["error"]) == (409, "token_not_active")


async def test_nobody_learns_a_value_that_may_do_more_than_they_may(api: Api) -> None:
    """T12"""
    owners = await create(api, permissions=["settings:write", "auth-settings:write"])
    response = await api.http.post(f"/api/tokens/{owners['id']}/rotate", headers=api.cast.bearer("administrator"))
    assert (response.status_code, response.json()["error"]) == (403, "insufficient_permissions")
    assert await status_of(api, owners["token"]) == 200


async def test_revoking_while_rotating_leaves_no_working_value(api: Api) -> None:
    """T9, T12"""
    owner = api.cast.bearer("owner")
    for number in range(5):
        made = await create(api, name=f"raced-{number}")
        rotate, revoke = await asyncio.gather(
            api.http.post(f"/api/tokens/{made['id']}/rotate", headers=owner),
            api.http.post(f"/api/tokens/{made['id']}/revoke", headers=owner),
        )
        assert revoke.status_code == 200
        values = [made["token"]] + ([rotate.json()["token"]] if rotate.status_code == 200 else [])
        assert [await status_of(api, value) for value in values] == [401] * len(values)


async def test_a_reassigned_token_keeps_its_value_and_is_cut_to_the_new_role(api: Api) -> None:
    """T10"""
    made = await create(api, permissions=["configs:read", "configs:write", "heartbeat:write"])
    owner = api.cast.bearer("owner")
    url = f"/api/tokens/{made['id']}/reassign"
    record = (await api.http.post(url, json={"userId": str(VICTOR.id)}, headers=owner)).json()
    assert (record["username"], record["permissions"]) == ("Victor", ["configs:read"])
    assert await status_of(api, made["token"]) == 200
    refused = await api.http.post(url, json={"userId": str(MAX.id)}, headers=api.cast.bearer("manager"))
    assert refused.status_code == 403


async def test_an_administrator_cannot_act_through_the_owners_account(api: Api) -> None:
    """T7, T10"""
    adam = api.cast.bearer("administrator")
    body = {"name": "ci", "permissions": ["configs:read"], "userId": str(OLIVIA.id)}
    assert (await api.http.post("/api/tokens", json=body, headers=adam)).status_code == 403
    own = await create(api, "administrator")
    url = f"/api/tokens/{own['id']}/reassign"
    assert (await api.http.post(url, json={"userId": str(OLIVIA.id)}, headers=adam)).status_code == 403


async def test_managers_see_their_own_tokens_administrators_all_and_viewers_none(api: Api) -> None:
    """T16"""
    for who, expected in (("owner", None), ("administrator", None), ("manager", {"Mona"})):
        answer = (await api.http.get("/api/tokens?limit=500", headers=api.cast.bearer(who))).json()
        names = {item["username"] for item in answer["items"]}
        assert names == (expected or {"Olivia", "Adam", "Anna", "Mona", "Max", "Victor", "Dora"})
        assert answer["total"] == len(answer["items"])
    assert (await api.http.get("/api/tokens", headers=api.cast.bearer("viewer"))).status_code == 403


async def test_somebody_elses_token_does_not_exist_for_a_manager(api: Api) -> None:
    """T16"""
    made = await create(api)
    mona = api.cast.bearer("manager")
    answers = [
        await api.http.get(f"/api/tokens/{made['id']}", headers=mona),
        await api.http.delete(f"/api/tokens/{made['id']}", headers=mona),
        await api.http.post(f"/api/tokens/{made['id']}/revoke", headers=mona),
        await api.http.post(f"/api/tokens/{made['id']}/rotate", headers=mona),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert await status_of(api, made["token"]) == 200


async def test_a_bulk_call_says_for_each_token_what_happened(api: Api) -> None:
    """T9, T10"""
    owner = api.cast.bearer("owner")
    made = [await create(api, name=f"t{n}") for n in range(3)]
    missing = "00000000-0000-4000-8000-000000000000"
    ids = [token["id"] for token in made] + [missing, made[0]["id"]]
    for action, more in (("reassign", {"userId": str(ADAM.id)}), ("revoke", {}), ("delete", {})):
        answer = (await api.http.post(f"/api/tokens/bulk/{action}", json={"ids": ids, **more}, headers=owner)).json()
        assert (answer["succeeded"], answer["failed"]) == (3, 1)
        assert answer["results"][3] == {"id": missing, "ok": False, "error": "not_found"}


async def test_lists_filter_sort_and_page(api: Api) -> None:
    """T5"""
    now = datetime.now(UTC)
    for number, days in enumerate((1, 5, 40)):
        await create(api, name=f"Ex_{number}", expiresAt=(now + timedelta(days=days)).isoformat())
    owner = api.cast.bearer("owner")

    async def names(query: str) -> list[str]:
        response = await api.http.get(f"/api/tokens?{query}", headers=owner)
        return [item["name"] for item in response.json()["items"]]

    assert await names("expiringWithinDays=7&sortBy=expiresAt") == ["Ex_0", "Ex_1"]
    assert await names("search=ex_&sortBy=name&sortOrder=desc") == ["Ex_2", "Ex_1", "Ex_0"]
    assert await names("search=ex_&page=2&limit=2") == ["Ex_2"]
    assert await names("status=revoked") == ["revoked"]
    assert await names("status=expired") == ["expired"]
    assert await names(f"userId={MONA.id}&search=ag") == ["agent"]
    assert (await names("sortBy=expiresAt&limit=4"))[0] == "expired"


@pytest.mark.parametrize("query", ["limit=501", "limit=0", "page=0", "sortBy=digest", "stauts=active", "userId=me"])
async def test_a_query_that_is_not_understood_is_refused(api: Api, query: str) -> None:
    response = await api.http.get(f"/api/tokens?{query}", headers=api.cast.bearer("owner"))
    assert (response.status_code, response.json()["error"]) == (400, "validation_failed")


async def test_a_network_restriction_holds_on_the_api(api: Api) -> None:
    """T11"""
    inside = await create(api, name="inside", allowedNetworks=["127.0.0.0/8"])
    outside = await create(api, name="outside", allowedNetworks=["10.1.2.3/8"])
    assert outside["allowedNetworks"] == ["10.0.0.0/8"]
    assert await status_of(api, inside["token"]) == 200
    response = await api.http.get("/api/tokens/capabilities", headers=bearer(outside["token"]))
    assert (response.status_code, response.json()["error"]) == (403, "token_not_allowed_here")


async def test_the_permission_table_is_that_of_the_callers_role(api: Api) -> None:
    """P1"""
    answer = (await api.http.get("/api/tokens/permissions", headers=api.cast.bearer("viewer"))).json()
    assert answer["role"] == "viewer"
    granted = {row["resource"]: row["granted"] for row in answer["resources"]}
    assert (granted["agents"], granted["tokens"]) == (["read"], [])
    presets = {preset["id"]: preset for preset in answer["presets"]}
    assert presets["telegraf-agent"]["name"] == "Telegraf agent"
    assert presets["telegraf-agent"]["permissions"] == ["configs:read", "config-groups:read"]
    owner = (await api.http.get("/api/tokens/permissions", headers=api.cast.bearer("owner"))).json()
    presets = {preset["id"]: preset for preset in owner["presets"]}
    assert presets["telegraf-agent"]["permissions"] == ["configs:read", "config-groups:read", "heartbeat:write"]


async def test_the_last_use_is_kept_without_a_write_per_request(api: Api) -> None:
    """T15"""
    made = await create(api)
    await status_of(api, made["token"])
    record_url = f"/api/tokens/{made['id']}"
    owner = api.cast.bearer("owner")
    assert (await api.http.get(record_url, headers=owner)).json()["lastUsedAt"] is None
    await api.services.last_use.flush()
    record = (await api.http.get(record_url, headers=owner)).json()
    assert record["lastUsedIp"] == "127.0.0.1"
    assert record["lastUsedAt"] is not None


async def test_a_restricted_token_hands_its_restrictions_on(api: Api) -> None:
    """T11"""
    rights = ["tokens:write", "configs:read"]
    limits: dict[str, Any] = {
        "allowedNetworks": ["127.0.0.0/8"],
        "agentIds": ["web-*", "db-1"],
        "configs": ["web-servers", "common"],
    }
    narrow = await create(api, permissions=rights, **limits)

    async def make(name: str, **fields: Any) -> dict[str, Any]:
        body = {"name": name, "permissions": ["configs:read"], **fields}
        answer: dict[str, Any] = (await api.http.post("/api/tokens", json=body, headers=bearer(narrow["token"]))).json()
        return answer

    inherited = await make("inherited")
    assert {field: inherited[field] for field in limits} == limits
    within = {"allowedNetworks": ["127.0.0.1/32"], "agentIds": ["web-17", "db-1"], "configs": ["Common"]}
    narrower = await make("narrower", **within)
    assert {field: narrower[field] for field in within} == within
    for field, beyond in {
        "allowedNetworks": ["::1/128"],
        "agentIds": ["web-1*"],
        "configs": ["common", "secret"],
    }.items():
        refused = await make("beyond", **{field: beyond})
        assert (refused["error"], refused["details"]) == ("token_not_allowed_here", {"rule": field})


async def test_a_restricted_token_cannot_learn_the_value_of_a_free_one(api: Api) -> None:
    """T11, T12"""
    free = await create(api, name="free", permissions=["configs:read"])
    narrow = await create(api, permissions=["tokens:write", "configs:read"], agentIds=["web-*"])
    headers = bearer(narrow["token"])
    refused = await api.http.post(f"/api/tokens/{free['id']}/rotate", headers=headers)
    assert (refused.status_code, refused.json()["error"]) == (403, "token_not_allowed_here")
    own = await api.http.post(f"/api/tokens/{narrow['id']}/rotate", headers=headers)
    assert own.status_code == 200
