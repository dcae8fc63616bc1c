"""What the OpenAPI document says beyond what the framework finds out by itself."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from telegraf_controller.web.schemas import ErrorAnswer

_SENTENCES = {
    404: "There is no such thing, or the caller may not see it.",
    409: "It contradicts what is stored.",
    423: "The account is locked after too many failed sign-ins.",
    429: "Too many attempts.",
}

_RETRY_AFTER = {"description": "Seconds until it is worth trying again.", "schema": {"type": "integer"}}


def also(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that may answer these errors too, beside those of every route."""
    declared: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        declared[status] = {"model": ErrorAnswer, "description": _SENTENCES[status]}
        if status in (423, 429):
            declared[status]["headers"] = {"Retry-After": _RETRY_AFTER}
    return declared


def install_openapi(app: FastAPI) -> None:
    """Make the application's document say how to authenticate, and what its errors really are."""
    made_by_framework = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(made_by_framework())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "An API token, `tc-apiv1_…`."},
        "session": {"type": "apiKey", "in": "cookie", "name": "tc_session", "description": "What signing in sets."},
    }
    for name in ("HTTPValidationError", "ValidationError"):
        components.get("schemas", {}).pop(name, None)
    error = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            # Invalid input is answered with 400 here.
            responses.pop("422", None)
            if "{" in path:
                responses.setdefault("404", {"description": _SENTENCES[404], **error})
            if method != "get" and operation.get("x-permission") != "public":
                responses.setdefault("409", {"description": _SENTENCES[409], **error})
            if "requestBody" in operation:
                responses.setdefault("413", {"description": "The body is too large.", **error})
