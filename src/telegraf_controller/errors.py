"""Every error a caller can hear: a code, a sentence, details; and the one table from code to HTTP status.

Rooms raise these; only `web/` and the heartbeat server turn them into answers. Nothing here imports anything of ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

STATUS_OF: dict[str, int] = {
    "validation_failed": 400,
    "invalid_json": 400,
    "invalid_heartbeat": 400,
    "invalid_toml": 400,
    "malformed_request": 400,
    "invalid_parameter_value": 400,
    "missing_parameters": 400,
    "undefined_constants": 400,
    "no_permissions": 400,
    "missing_credentials": 401,
    "invalid_token_format": 401,
    "invalid_token": 401,
    "token_expired": 401,
    "invalid_credentials": 401,
    "session_ended": 401,
    "insufficient_permissions": 403,
    "token_not_allowed_here": 403,
    "preshared_tokens_disabled": 403,
    "account_disabled": 403,
    "cross_site_request": 403,
    "invalid_setup_code": 403,
    "protected_user": 403,
    "session_required": 403,
    "setting_locked": 403,
    "wrong_password": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "agents_would_fail": 409,
    "alias_conflict": 409,
    "config_group_name_conflict": 409,
    "config_in_use": 409,
    "config_name_conflict": 409,
    "constant_in_use": 409,
    "constant_name_conflict": 409,
    "default_rule": 409,
    "edit_conflict": 409,
    "email_conflict": 409,
    "label_name_conflict": 409,
    "not_an_administrator": 409,
    "set_up_already": 409,
    "token_name_conflict": 409,
    "token_not_active": 409,
    "token_value_conflict": 409,
    "username_conflict": 409,
    "version_is_current": 409,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "account_locked": 423,
    "too_many_attempts": 429,
    "head_too_large": 431,
    "internal_error": 500,
    "overloaded": 503,
    "storage_unavailable": 503,
}
"""HTTP status of each error code; a code that is not here cannot be raised."""

RETRY_AFTER_SECONDS: dict[str, int] = {"overloaded": 1, "storage_unavailable": 5}
"""What `Retry-After` says with the codes that carry it, in seconds."""


class ControllerError(Exception):
    """An error with a code of `STATUS_OF`, one sentence for a person, and details for a program."""

    def __init__(self, code: str, message: str, **details: Any) -> None:
        if code not in STATUS_OF:
            raise ValueError(f"error code {code!r} has no status")
        super().__init__(message)
        self.code = code
        self.message = message
        self.details: dict[str, Any] = details

    @property
    def status(self) -> int:
        """The HTTP status that this error answers with."""
        return STATUS_OF[self.code]

    def envelope(self) -> dict[str, Any]:
        """The JSON body of the answer: `{"error", "message", "details"}`."""
        return {"error": self.code, "message": self.message, "details": self.details}


class NotFound(ControllerError):
    """There is no `what` (for example "agent") with that id here."""

    def __init__(self, what: str, key: object) -> None:
        super().__init__("not_found", f"There is no {what} {str(key)!r}.", what=what, id=str(key))


class Conflict(ControllerError):
    """What was asked contradicts what is stored (409)."""


class Unauthenticated(ControllerError):
    """The caller has not said who it is, or cannot prove it (401, T4)."""


class Forbidden(ControllerError):
    """The caller is known and may not do this (403)."""


class StorageUnavailable(ControllerError):
    """The database cannot be reached or cannot store now (503); nothing was stored."""

    def __init__(self, message: str = "The database is not reachable; nothing was stored.") -> None:
        super().__init__("storage_unavailable", message)


class ValidationFailed(ControllerError):
    """Input of the wrong shape (400): `fields` is a list of `(field, problem)`."""

    def __init__(self, fields: Sequence[tuple[str, str]] | Mapping[str, str]) -> None:
        pairs = list(fields.items()) if isinstance(fields, Mapping) else list(fields)
        listed = [{"field": field, "problem": problem} for field, problem in pairs]
        sentence = "; ".join(f"{field}: {problem}" for field, problem in pairs[:3]) or "The request is not valid"
        super().__init__("validation_failed", f"{sentence}.", fields=listed)
