"""Everything that a handler can raise, as the one JSON envelope."""

from __future__ import annotations

from typing import cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from telegraf_controller.errors import ControllerError, ValidationFailed
from telegraf_controller.web.middleware import error_body, error_headers, internal_error

_BY_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 415: "unsupported_media_type"}


def install_error_handlers(app: FastAPI) -> None:
    """Make the application answer every error in the envelope."""
    app.add_exception_handler(ControllerError, _controller_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


def error_response(error: ControllerError) -> Response:
    """Return the answer for an error."""
    return Response(
        error_body(error), status_code=error.status, media_type="application/json", headers=error_headers(error)
    )


async def _controller_error(request: Request, error: Exception) -> Response:
    return error_response(cast(ControllerError, error))


async def _validation_error(request: Request, error: Exception) -> Response:
    fields: list[tuple[str, str]] = []
    for problem in cast(RequestValidationError, error).errors():
        if problem["type"] == "json_invalid":
            return error_response(ControllerError("invalid_json", "The body is not valid JSON."))
        # What was sent is not repeated: it may be a password or a token.
        where = ".".join(str(part) for part in problem["loc"][1:]) or str(problem["loc"][0])
        fields.append((where, problem["msg"].removeprefix("Value error, ")))
    return error_response(ValidationFailed(fields))


async def _unexpected(request: Request, error: Exception) -> Response:
    return error_response(internal_error(request.scope["request_id"]))


async def _http_error(request: Request, error: Exception) -> Response:
    failure = cast(HTTPException, error)
    code = _BY_STATUS.get(failure.status_code, "validation_failed")
    sentences = {
        "not_found": f"There is nothing at {request.url.path}.",
        "method_not_allowed": f"{request.method} is not possible at {request.url.path}.",
    }
    response = error_response(ControllerError(code, sentences.get(code, str(failure.detail))))
    for name, value in (failure.headers or {}).items():
        response.headers[name] = value
    return response
