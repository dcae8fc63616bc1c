"""Rooms are asked only for paths that may be theirs, and then answer as the framework's own routers do."""

from __future__ import annotations

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Match

from telegraf_controller.web.routing import Router


def _app(kind: type[APIRouter]) -> FastAPI:
    things, others, every = kind(prefix="/things"), kind(), APIRouter()

    @things.get("")
    @things.get("/{name}/parts")
    async def show(name: str = "all") -> str:
        return name

    @others.get("/{name}")
    @others.post("/things")
    async def other(name: str = "made") -> str:
        return f"other {name}"

    for router in (things, others):
        every.include_router(router)
    app = FastAPI(redirect_slashes=False)
    app.router.routes.extend(every.routes)
    return app


@pytest.mark.parametrize("root_path", ["", "/behind"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_every_path_leads_where_the_framework_leads_it(method: str, root_path: str) -> None:
    for path in ("/things", "/things/red/parts", "/things/red", "/thing", "/th", "/", "", "/things/", "/a/b"):
        answers = []
        for kind in (APIRouter, Router):
            transport = httpx.ASGITransport(_app(kind), root_path=root_path)
            async with httpx.AsyncClient(transport=transport, base_url="http://controller.test") as http:
                answer = await http.request(method, root_path + path)
            answers.append((answer.status_code, answer.headers.get("allow"), answer.text))
        assert answers[0] == answers[1], path


def test_a_room_is_not_asked_for_what_cannot_be_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noted(self: APIRouter, scope: dict[str, str]) -> tuple[Match, dict[str, str]]:
        asked.append(scope["path"])
        return Match.NONE, {}

    monkeypatch.setattr(APIRouter, "matches", noted)
    router = Router(prefix="/things")

    @router.get("/{name}/parts")
    async def show(name: str) -> str:
        return name

    for path in ("/thing", "/", "/things/red/parts", "/things"):
        router.matches({"type": "http", "path": path})
    assert asked == ["/things/red/parts"]
