"""What all of the API has in common: errors, headers, limits, the declaration of permissions (P2)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from telegraf_controller.access.require import KEY, PUBLIC, WORDS
from telegraf_controller.app import ROUTERS
from telegraf_controller.permissions import PERMISSIONS
from telegraf_controller.web.middleware import MAX_BODY_BYTES
from tests.support.api import Api, running_api


@pytest.fixture
async def api(migrated_database_url: str) -> AsyncIterator[Api]:
    async with running_api(migrated_database_url) as api:
        yield api


def every_route() -> list[APIRoute]:
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


@pytest.mark.parametrize("route", every_route(), ids=lambda route: f"{sorted(route.methods)[0]} {route.path}")
def test_every_route_declares_what_it_needs(route: APIRoute) -> None:
    """P2"""
    declared = (route.openapi_extra or {}).get(KEY)
    assert declared in (*WORDS, *PERMISSIONS)
    # The declaration alone protects nothing: the check has to be among the route's dependencies.
    assert bool(route.dependencies) is (declared != PUBLIC)


@pytest.mark.parametrize("route", every_route(), ids=lambda route: f"{sorted(route.methods)[0]} {route.path}")
def test_no_route_is_handed_to_a_thread(route: APIRoute) -> None:
    """The framework does that with every function that is no coroutine; on a busy machine it waits twice for a core."""
    for function in functions_of(route.dependant):
        assert iscoroutinefunction(function) or isasyncgenfunction(function), function


def functions_of(dependant: Dependant) -> list[Any]:
    return [dependant.call, *(function for needed in dependant.dependencies for function in functions_of(needed))]


async def test_the_openapi_document_shows_permissions(api: Api) -> None:
    """P2"""
    document = (await api.http.get("/api/openapi.json")).json()
    assert document["paths"]["/api/tokens"]["post"]["x-permission"] == "tokens:write"
    for operations in document["paths"].values():
        for operation in operations.values():
            assert "x-permission" in operation


@pytest.mark.parametrize(
    ("method", "url", "status", "error"),
    [
        ("GET", "/api/nothing", 404, "not_found"),
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/api/tokens/", 404, "not_found"),
        ("PUT", "/api/version", 405, "method_not_allowed"),
        ("GET", "/api/tokens/not-an-id", 400, "validation_failed"),
    ],
)
async def test_errors_have_one_shape(api: Api, method: str, url: str, status: int, error: str) -> None:
    response = await api.http.request(method, url, headers=api.cast.bearer("owner"))
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert set(response.json()) == {"error", "message", "details"}
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"


async def test_a_body_that_is_not_json_or_has_unknown_fields_is_refused(api: Api) -> None:
    owner = api.cast.bearer("owner")
    broken = await api.http.post("/api/tokens", content=b"{", headers={**owner, "Content-Type": "application/json"})
    assert (broken.status_code, broken.json()["error"]) == (400, "invalid_json")
    body = {"name": "ci", "permissions": ["configs:read"], "permisions": []}
    unknown = await api.http.post("/api/tokens", json=body, headers=owner)
    assert unknown.json()["details"]["fields"][0]["field"] == "permisions"


async def test_a_body_over_the_limit_is_refused_declared_or_not(api: Api) -> None:
    owner = api.cast.bearer("owner")
    declared = await api.http.post("/api/tokens", content=b" " * (MAX_BODY_BYTES + 1), headers=owner)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 65536 + 1):
            yield b" " * 65536

    streamed = await api.http.post("/api/tokens", content=chunks(), headers=owner)
    assert [r.status_code for r in (declared, streamed)] == [413, 413]
    assert [r.json()["error"] for r in (declared, streamed)] == ["body_too_large"] * 2


async def test_a_request_id_is_echoed_or_made_and_never_taken_blindly(api: Api) -> None:
    echoed = await api.http.get("/health/live", headers={"X-Request-Id": "deploy-17"})
    assert echoed.headers["x-request-id"] == "deploy-17"
    made = await api.http.get("/health/live", headers={"X-Request-Id": "a b<script>"})
    assert made.headers["x-request-id"] not in ("", "a b<script>")


async def test_a_failure_shows_its_request_id_and_nothing_else(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("the password is hunter22")

    monkeypatch.setattr(api.services.generations, "current", broken)
    response = await api.http.get("/api/tokens", headers=api.cast.bearer("owner") | {"X-Request-Id": "deploy-17"})
    assert (response.status_code, response.json()["error"]) == (500, "internal_error")
    assert response.json()["details"] == {"requestId": "deploy-17"}
    assert "hunter22" not in response.text


async def test_the_pages_name_what_runs_here_and_allow_nothing_foreign(api: Api) -> None:
    home = await api.http.get("/")
    assert "Telegraf Controller" in home.text
    assert 'href="/api/docs"' in home.text
    reference = await api.http.get("/api/docs/plain")
    assert "/api/tokens/{token_id}/revoke" in reference.text
    for page in (home, reference):
        policy = page.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "<script" not in page.text
        assert "style=" not in page.text
        assert page.headers["x-content-type-options"] == "nosniff"
        for name in re.findall(r'"/static/([\w.]+)"', page.text):
            assert (await api.http.get(f"/static/{name}")).status_code == 200
    assert (await api.http.get("/static/pages.css")).headers["content-type"].startswith("text/css")
    assert (await api.http.get("/static/home.py")).status_code == 404


async def test_health_tells_live_ready_and_leader(api: Api) -> None:
    assert (await api.http.get("/health/live")).json() == {"status": "ok"}
    assert (await api.http.get("/health/ready")).json() == {"ready": True}
    leader = await api.http.get("/health/leader")
    assert (leader.status_code, leader.json()) == (503, {"leader": False})
