"""Finding the route of a request."""

from __future__ import annotations

from functools import cached_property

from fastapi import APIRouter
from starlette.routing import BaseRoute, Match
from starlette.types import Scope


class Router(APIRouter):
    """The routes of a room, which are tried one by one only for a path that begins like one of theirs.

    The framework tries all routes of all rooms in turn, which takes as long as reading what the answer is about.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for one of the routes."""
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        return super().matches(scope) if path.startswith(self._beginnings) else (Match.NONE, {})

    @cached_property
    def _beginnings(self) -> tuple[str, ...]:
        """What paths begin with, up to the first parameter."""
        return tuple({_path_of(route).partition("{")[0] for route in self.routes})


def _path_of(route: BaseRoute) -> str:
    path: str = getattr(route, "path", "")
    return path
