"""Serving TOML to agents: C1, C3, C4, C5, T4, T11, E1. What `Last-Modified` says is in `test_last_modified.py`."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from telegraf_controller.web.middleware import MAX_BODY_BYTES
from tests.cast import AGENT_TOKEN, DORA, EXPIRED_TOKEN, REVOKED_TOKEN, UNKNOWN_TOKEN, VICTOR, bearer, token_value
from tests.configs.steps import TOML, Configs, error, on_one_database
from tests.support.api import running_api
from tests.support.people import browser_of, cookie

PORT = '[[inputs.http]]\n  url = "http://&{host:localhost}/"\n  port = &{port}\n'


async def held_token(configs: Configs, /, **restrictions: object) -> str:
    """Make a token for agents that is held to something, and return its value."""
    body = {"name": "held", "permissions": ["configs:read"], "rawToken": token_value("held"), **restrictions}
    response = await configs.call("POST", "/api/tokens", body)
    assert response.status_code == 201, response.text
    return token_value("held")


async def test_the_text_comes_back_byte_for_byte(configs: Configs) -> None:
    """C1, C5"""
    toml = '\ufeff# &{not} a ::{hole}\r\n[agent]\t\r\n  "\u00e4" = "${HOME} @{store:key} \u6f22" # ${x}\n\n\n'
    made = await configs.create(toml)
    response = await configs.fetch(made["id"])
    assert response.status_code == 200
    assert response.content == toml.encode()
    assert response.headers["content-type"] == "text/x-toml; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["content-length"] == str(len(toml.encode()))


@on_one_database
@pytest.mark.parametrize("accept", ["application/octet-stream", " Application/Octet-Stream "])
async def test_it_can_be_downloaded(configs: Configs, accept: str) -> None:
    """C1"""
    made = await configs.create(name='W\u00e9b "servers" / ../\u6f22 1')
    response = await configs.fetch(made["id"], headers={"Accept": accept})
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"] == 'attachment; filename="Web-servers-..-1.toml"'
    assert response.text == TOML
    await configs.change(made["id"], name="\u6f22")
    response = await configs.fetch(made["id"], headers={"Accept": accept})
    assert response.headers["content-disposition"] == 'attachment; filename="configuration.toml"'


@on_one_database
@pytest.mark.parametrize("accept", ["application/toml", "*/*", "text/html, application/octet-stream", ""])
async def test_whoever_does_not_ask_for_a_download_gets_text(configs: Configs, accept: str) -> None:
    """C1"""
    made = await configs.create()
    response = await configs.fetch(made["id"], headers={"Accept": accept})
    assert response.headers["content-type"] == "text/x-toml; charset=utf-8"
    assert "content-disposition" not in response.headers


@on_one_database
async def test_query_parameters_are_filled_in(configs: Configs) -> None:
    """C3"""
    made = await configs.create('a = "&{a}"\nb = "&{b:2}"\nc = &{c:3}\n')
    served = {
        "a=1": 'a = "1"\nb = "2"\nc = 3\n',
        "a=&b=": 'a = ""\nb = ""\nc = 3\n',
        "a": 'a = ""\nb = "2"\nc = 3\n',
        "a=first&a=second": 'a = "first"\nb = "2"\nc = 3\n',
        "a=one+two%2B%26%3D%22": 'a = "one two+&=\\""\nb = "2"\nc = 3\n',
        "%61=%C3%A4&c=4": 'a = "\u00e4"\nb = "2"\nc = 4\n',
        "a=x=y&unused=1&b%20=no&&=&;": 'a = "x=y"\nb = "2"\nc = 3\n',
        "a=%zz%": 'a = "%zz%"\nb = "2"\nc = 3\n',
        "a=%26%7Bb%7D": 'a = "&{b}"\nb = "2"\nc = 3\n',
        "unused=%FF&a=1": 'a = "1"\nb = "2"\nc = 3\n',
    }
    for query, text in served.items():
        response = await configs.fetch(made["id"], query=query)
        assert (response.status_code, response.text) == (200, text), query


@on_one_database
async def test_all_missing_parameters_are_listed(configs: Configs) -> None:
    """C3"""
    made = await configs.create('a = "&{one}&{two:2}"\nb = &{three}\n')
    response = await configs.fetch(made["id"], two="2")
    assert error(response) == (400, "missing_parameters")
    assert response.json()["details"] == {"parameters": ["one", "three"]}


@on_one_database
async def test_all_undefined_constants_are_listed(configs: Configs) -> None:
    """C3"""
    made = await configs.create('a = "::{one}"\nb = "::{two}"\n')
    response = await configs.fetch(made["id"])
    assert error(response) == (400, "undefined_constants")
    assert response.json()["details"] == {"constants": ["one", "two"]}


@on_one_database
@pytest.mark.parametrize(
    ("toml", "query"),
    [
        ("a = &{a}\n", "a=1%0Ab%3D2"),
        ("a = &{a}\n", "a=[1]"),
        ("a = '&{a}'\n", "a=it's"),
        ("a = '''&{a}'''\n", "a=%00"),
        ('a = "&{a}"\n', "a=%FF"),
        ('a = "&{a}"\n', "a=%ED%A0%80"),
    ],
)
async def test_a_value_that_cannot_be_put_there_is_refused_by_its_parameter(
    configs: Configs, toml: str, query: str
) -> None:
    """C4, C3"""
    made = await configs.create(toml)
    response = await configs.fetch(made["id"], query=query)
    assert error(response) == (400, "invalid_parameter_value")
    assert response.json()["details"] == {"parameter": "a"}


async def test_wrong_credentials_are_refused(configs: Configs) -> None:
    """T4"""
    made = await configs.create()
    wrong: dict[str | None, str] = {
        None: "missing_credentials",
        "abc": "invalid_token_format",
        UNKNOWN_TOKEN: "invalid_token",
        REVOKED_TOKEN: "invalid_token",
        DORA.token: "invalid_token",
        EXPIRED_TOKEN: "token_expired",
    }
    for token, code in wrong.items():
        response = await configs.fetch(made["id"], token=token)
        assert error(response) == (401, code)
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.headers["cache-control"] == "no-store"
        response = await configs.api.http.get("/c/anything", headers=bearer(token) if token else {})
        assert error(response) == (401, code)


@on_one_database
@pytest.mark.parametrize("scheme", ["Bearer ", "Token ", "token  ", "BEARER "])
async def test_a_token_comes_as_either_telegraf_sends_it(configs: Configs, scheme: str) -> None:
    """T3"""
    made = await configs.create()
    response = await configs.fetch(made["id"], token=None, headers={"Authorization": scheme + AGENT_TOKEN + " "})
    assert response.status_code == 200


@on_one_database
async def test_two_authorization_headers_are_an_error(configs: Configs) -> None:
    """T3"""
    made = await configs.create()
    line = ("Authorization", f"Bearer {AGENT_TOKEN}")
    response = await configs.api.http.get(f"/api/configs/{made['id']}/toml", headers=[line, line])
    assert error(response) == (401, "missing_credentials")


async def test_a_token_without_the_permission_is_refused(configs: Configs) -> None:
    """T4"""
    made = await configs.create()
    token = await held_token(configs, permissions=["heartbeat:write"])
    response = await configs.fetch(made["id"], token=token)
    assert error(response) == (403, "insufficient_permissions")
    assert response.json()["required"] == "configs:read"


async def test_a_revoked_token_is_refused_at_once(configs: Configs) -> None:
    """T9"""
    made = await configs.create()
    token = await held_token(configs)
    assert (await configs.fetch(made["id"], token=token)).status_code == 200
    held = (await configs.call("GET", "/api/tokens?search=held")).json()["items"][0]
    await configs.call("POST", f"/api/tokens/{held['id']}/revoke")
    assert error(await configs.fetch(made["id"], token=token)) == (401, "invalid_token")


async def test_a_token_held_to_networks_is_refused_elsewhere(configs: Configs) -> None:
    """T11"""
    made = await configs.create()
    token = await held_token(configs, allowedNetworks=["10.0.0.0/8"])
    response = await configs.fetch(made["id"], token=token)
    assert error(response) == (403, "token_not_allowed_here")
    assert response.json()["details"]["rule"] == "allowedNetworks"


async def test_a_token_held_to_configurations_is_refused_for_others(configs: Configs) -> None:
    """T11"""
    mine, other = await configs.create(name="mine"), await configs.create(name="other")
    token = await held_token(configs, configs=[mine["id"]])
    assert (await configs.fetch(mine["id"], token=token)).status_code == 200
    assert (await configs.fetch(mine["id"].upper(), token=token)).status_code == 200
    for config_id in (other["id"], "00000000-0000-0000-0000-000000000000", "alias"):
        response = await configs.fetch(config_id, token=token)
        assert error(response) == (403, "token_not_allowed_here")
        assert response.json()["details"]["rule"] == "configs"


@on_one_database
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("agent_id=web-1", 200),
        ("agent_id=db-1", 403),
        ("agent_id=db-1&agent_id=web-1", 403),
        ("agent_id=", 403),
        ("agent_id=%FF", 400),
        ("agent=web-1", 403),
        ("", 403),
    ],
)
async def test_a_token_held_to_agents_fetches_for_those_only(configs: Configs, query: str, status: int) -> None:
    """T11: an agent_id parameter must match to fetch"""
    made = await configs.create()
    token = await held_token(configs, agentIds=["web-*"])
    response = await configs.fetch(made["id"], token=token, query=query)
    assert response.status_code == status
    if status == 403:
        assert response.json()["details"]["rule"] == "agentIds"


@on_one_database
async def test_the_agent_that_is_checked_is_the_one_that_is_filled_in(configs: Configs) -> None:
    """T11, C3"""
    made = await configs.create('id = "&{agent_id}"\n')
    token = await held_token(configs, agentIds=["web-1"])
    response = await configs.fetch(made["id"], token=token, query="agent%5Fid=web-1&agent_id=db-1")
    assert response.text == 'id = "web-1"\n'


async def test_fetching_is_noted_as_use_of_the_token(configs: Configs) -> None:
    """T15"""
    made = await configs.create()
    token = await held_token(configs)
    await configs.fetch(made["id"], token=token, method="HEAD")
    await configs.api.services.last_use.flush()
    held = (await configs.call("GET", "/api/tokens?search=held")).json()["items"][0]
    assert held["lastUsedIp"] == "127.0.0.1"


@on_one_database
async def test_an_open_group_needs_no_credentials_and_ignores_those_there_are(migrated_database_url: str) -> None:
    """E1"""
    async with running_api(migrated_database_url, locked_open_groups=frozenset({"configs"})) as api:
        configs = Configs(api)
        made = await configs.create()
        for token in (None, UNKNOWN_TOKEN, "abc", AGENT_TOKEN):
            assert (await configs.fetch(made["id"], token=token)).text == TOML
            assert error(await configs.fetch("nothing", token=token)) == (404, "not_found")


@on_one_database
async def test_another_group_being_open_changes_nothing(migrated_database_url: str) -> None:
    """E1"""
    others = frozenset({"agents", "labels", "heartbeat", "reporting-rules"})
    async with running_api(migrated_database_url, locked_open_groups=others) as api:
        configs = Configs(api)
        made = await configs.create()
        assert error(await configs.fetch(made["id"], token=None)) == (401, "missing_credentials")


async def test_who_is_signed_in_with_a_browser_downloads_what_agents_get(configs: Configs) -> None:
    """C1, U11"""
    made = await configs.create(PORT)
    browser = await browser_of(configs.api, VICTOR)
    agent = await configs.fetch(made["id"], port="80")
    for method in ("GET", "HEAD"):
        response = await configs.fetch(made["id"], method=method, token=None, headers=browser, port="80")
        assert (response.status_code, response.content) == (200, agent.content if method == "GET" else b"")
        assert comparable(response) == comparable(agent)
    assert error(await configs.fetch(made["id"], token=None, headers=browser)) == (400, "missing_parameters")
    assert error(await configs.fetch("none", token=None, headers=browser)) == (404, "not_found")
    assert error(await configs.call("GET", "/c/none")) == (404, "not_found")
    etag = {"If-None-Match": agent.headers["etag"]}
    assert (await configs.fetch(made["id"], token=None, headers={**browser, **etag}, port="80")).status_code == 304


async def test_a_cookie_that_is_no_session_opens_nothing(configs: Configs) -> None:
    """T4, U11"""
    made = await configs.create()
    for wrong, code in ((cookie("x"), "session_ended"), ({"Cookie": "other=1"}, "missing_credentials")):
        response = await configs.fetch(made["id"], token=None, headers=wrong)
        assert error(response) == (401, code)
        assert "last-modified" not in response.headers
    response = await configs.fetch(made["id"], token=UNKNOWN_TOKEN, headers=await browser_of(configs.api, VICTOR))
    assert error(response) == (401, "invalid_token")


@on_one_database
@pytest.mark.parametrize("path", ["/api/configs//toml", "/api/configs/a/b/toml", "/c/", "/c/a/b", "/c"])
async def test_other_paths_are_not_for_serving(configs: Configs, path: str) -> None:
    response = await configs.call("GET", path)
    assert error(response) == (404, "not_found")


@on_one_database
@pytest.mark.parametrize("name", ["none", "%FF", "%00", "%ED%A0%80", "x" * 3000, "%F0%9F%90%8E", "a%20b"])
async def test_a_name_that_is_none_is_not_found(configs: Configs, name: str) -> None:
    """L1"""
    assert error(await configs.call("GET", f"/c/{name}")) == (404, "not_found")
    assert error(await configs.call("GET", f"/api/configs/{name}/toml")) == (404, "not_found")


@on_one_database
async def test_short_urls_take_no_ids(configs: Configs) -> None:
    """C1: what an agent reports as its source names a configuration in one way"""
    made = await configs.create()
    assert error(await configs.call("GET", f"/c/{made['id']}")) == (404, "not_found")


@on_one_database
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_serving_knows_get_and_head_only(configs: Configs, method: str) -> None:
    made = await configs.create()
    response = await configs.fetch(made["id"], method=method)
    assert error(response) == (405, "method_not_allowed")
    assert response.headers["allow"] == "GET, HEAD"


@on_one_database
async def test_a_request_id_is_echoed(configs: Configs) -> None:
    made = await configs.create()
    response = await configs.fetch(made["id"], headers={"X-Request-Id": "abc-1"})
    assert response.headers["x-request-id"] == "abc-1"


@on_one_database
async def test_who_gives_no_request_id_or_an_unfit_one_gets_one(configs: Configs) -> None:
    made = await configs.create()
    answers = [
        await configs.fetch(made["id"]),
        await configs.fetch(made["id"], headers={"X-Request-Id": "a b<script>"}),
    ]
    answers.append(await configs.fetch("no-such-alias"))
    given = {answer.headers["x-request-id"] for answer in answers}
    assert len(given - {"", "a b<script>"}) == 3


@on_one_database
async def test_a_body_that_is_said_to_be_too_large_is_refused(configs: Configs) -> None:
    made = await configs.create()
    response = await configs.fetch(made["id"], headers={"Content-Length": str(MAX_BODY_BYTES + 1)})
    assert error(response) == (413, "body_too_large")
    assert "last-modified" not in response.headers
    assert (await configs.fetch(made["id"], headers={"Content-Length": str(MAX_BODY_BYTES)})).status_code == 200


async def test_who_has_this_very_text_hears_that_it_is_current(configs: Configs) -> None:
    """C2"""
    made = await configs.create('a = "&{a:1}"\n')
    whole = await configs.fetch(made["id"])
    etag, since = whole.headers["etag"], whole.headers["last-modified"]
    for condition in (
        {"If-None-Match": etag},
        {"If-None-Match": f'"x", W/{etag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": since},
        {"If-None-Match": etag, "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    ):
        response = await configs.fetch(made["id"], headers=condition)
        assert (response.status_code, response.content) == (304, b""), condition
        assert response.headers["etag"] == etag
        assert response.headers["last-modified"] == since
    for condition in (
        {"If-None-Match": '"x"'},
        {"If-None-Match": etag.strip('"')},
        {"If-None-Match": '"x"', "If-Modified-Since": since},
        {"If-Modified-Since": "Fri, 31 Dec 9999 23:59:59 GMT"},
        {"If-Modified-Since": "yesterday"},
    ):
        assert (await configs.fetch(made["id"], headers=condition)).status_code == 200, condition
    assert (await configs.fetch(made["id"], query="a=2", headers={"If-None-Match": etag})).status_code == 200


@on_one_database
async def test_a_condition_cannot_hide_an_error(configs: Configs) -> None:
    """C2"""
    made = await configs.create(PORT)
    response = await configs.fetch(made["id"], headers={"If-None-Match": "*"})
    assert error(response) == (400, "missing_parameters")


VARYING = ("x-request-id",)

NAMES = st.sampled_from(["plain", "filled", "undefined", "deleted", "unknown", "not-an-id", "x/y"])
TOKENS = st.sampled_from([AGENT_TOKEN, REVOKED_TOKEN, EXPIRED_TOKEN, UNKNOWN_TOKEN, "tc-apiv1_short", None])
QUERIES = st.lists(
    st.tuples(
        st.sampled_from(["port", "host", "agent_id", "x"]),
        st.sampled_from(["1", "", "a b", '"', "%FF", "%0A", "[[a]]"]),
    ).map("=".join),
    max_size=3,
).map("&".join)
CONDITIONS = st.sampled_from(
    [{}, {"If-None-Match": "*"}, {"If-None-Match": '"x"'}, {"Accept": "application/octet-stream"}]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES, token=TOKENS, query=QUERIES, condition=CONDITIONS)
@example(name="filled", token=AGENT_TOKEN, query="port=1&host=%22", condition={})
@example(name="filled", token=AGENT_TOKEN, query="port=x", condition={})
@example(name="plain", token=AGENT_TOKEN, query="", condition={"If-None-Match": "*"})
async def test_head_and_get_agree_in_every_state(
    configs: Configs, name: str, token: str | None, query: str, condition: dict[str, str]
) -> None:
    """C2: HEAD answers what GET would; and only what Telegraf can load carries `Last-Modified`"""
    config_id = (await states(configs)).get(name, name)
    got = await configs.fetch(config_id, token=token, query=query, headers=condition)
    asked = await configs.fetch(config_id, method="HEAD", token=token, query=query, headers=condition)
    assert asked.status_code == got.status_code
    assert comparable(asked) == comparable(got)
    assert asked.content == b""
    assert ("last-modified" in got.headers) is (got.status_code in (200, 304))
    if got.status_code == 200:
        assert got.headers["content-length"] == str(len(got.content))


def comparable(response: httpx.Response) -> list[tuple[str, str]]:
    return [(name, value) for name, value in response.headers.multi_items() if name not in VARYING]


async def states(configs: Configs) -> dict[str, str]:
    """Return the id of a configuration in each state; make them the first time."""
    listed = (await configs.call("GET", "/api/configs")).json()["items"]
    if not listed:
        await configs.create(name="plain")
        await configs.create(PORT, name="filled")
        await configs.create('a = "::{a}"\n', name="undefined")
        gone = await configs.create(name="deleted")
        await configs.call("DELETE", f"/api/configs/{gone['id']}")
        return await states(configs)
    return {item["name"]: item["id"] for item in listed} | {"unknown": "00000000-0000-0000-0000-000000000000"}
