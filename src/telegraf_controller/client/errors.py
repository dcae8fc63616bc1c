"""What can go wrong when speaking to a controller, each in one sentence for a person. None of them holds a token."""

from __future__ import annotations

from collections.abc import Mapping


class ClientError(Exception):
    """A call to the controller did not succeed; the message is one sentence."""


class Misconfigured(ClientError):
    """The call cannot be made as asked: the address or the token has an impossible form."""


class Unreachable(ClientError):
    """No answer came: nobody listens, the name is unknown, the certificate is not trusted, or it took too long."""


class ApiError(ClientError):
    """The controller refused. `status` is HTTP's, `code` and `details` are the error envelope's.

    An answer that is not a controller's has the code `unexpected_answer`.
    """

    def __init__(self, status: int, code: str, message: str, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = dict(details or {})
