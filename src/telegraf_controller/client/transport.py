"""One HTTP exchange with a controller: where it goes, as whom, and what its failures mean."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from telegraf_controller import __version__
from telegraf_controller.client.errors import ApiError, Misconfigured, Unreachable
from telegraf_controller.client.records import Page

T = TypeVar("T")
Query = Mapping[str, str | int | None]
Json = Mapping[str, object]

PAGE_SIZE = 500
"""How many items one request for a list brings: the most that the API gives."""


class _Envelope(msgspec.Struct):
    error: str
    message: str
    details: dict[str, Any] = {}


class Transport:
    """Sends requests and turns answers into records, or into errors of one sentence."""

    def __init__(self, base_url: str, token: str | None, timeout_seconds: float) -> None:
        url = _checked_url(base_url)
        self.base_url = str(url).rstrip("/")
        headers = {"User-Agent": f"telegraf-controller/{__version__}", "Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {_checked_token(token)}"
        self._timeout_seconds = timeout_seconds
        self._http = httpx.Client(
            headers=headers,
            timeout=timeout_seconds,
            verify=_authorities(url),
            # A proxy in the environment cannot reach this machine's loopback.
            trust_env=not _is_loopback(url.host),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, kind: type[T], query: Query | None = None) -> T:
        """Return what `path` holds. Raises ClientError."""
        return self.decode(self.exchange("GET", path, query=query), kind)

    def send(self, method: str, path: str, kind: type[T], body: Json | None = None) -> T:
        """Send a change and return the record that answers it. Raises ClientError."""
        return self.decode(self.exchange(method, path, body=body), kind)

    def each(self, path: str, kind: type[T], query: Query | None = None) -> Iterator[T]:
        """Go through a whole list, a page at a time. Raises ClientError."""
        number = 0
        while True:
            number += 1
            page = self.page(path, kind, {**(query or {}), "page": number, "limit": PAGE_SIZE})
            yield from page.items
            if not page.items or number * PAGE_SIZE >= page.total:
                return

    def page(self, path: str, kind: type[T], query: Query) -> Page[T]:
        """Return one page of a list. Raises ClientError."""
        return self.get(path, Page[kind], query)  # type: ignore[valid-type]

    def exchange(
        self, method: str, path: str, *, query: Query | None = None, body: Json | None = None, accept: str | None = None
    ) -> httpx.Response:
        """Send one request and return its successful answer. Raises ClientError."""
        answer = self.attempt(method, path, query=query, body=body, accept=accept)
        if not answer.is_success:
            raise self._refusal(answer)
        return answer

    def attempt(
        self, method: str, path: str, *, query: Query | None = None, body: Json | None = None, accept: str | None = None
    ) -> httpx.Response:
        """Send one request and return its answer, whatever its status. Raises Unreachable."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if accept is not None:
            headers["Accept"] = accept
        try:
            return self._http.request(
                method,
                self.base_url + path,
                params={key: value for key, value in (query or {}).items() if value is not None},
                content=None if body is None else msgspec.json.encode(body),
                headers=headers,
            )
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Unreachable(self._why_unreachable(error)) from error

    def decode(self, answer: httpx.Response, kind: type[T]) -> T:
        """Read a successful answer as a record. Raises ApiError `unexpected_answer`."""
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ApiError(
                answer.status_code,
                "unexpected_answer",
                f"{self.base_url} answered, but not as a Telegraf Controller of this version does.",
            ) from error

    def _refusal(self, answer: httpx.Response) -> ApiError:
        status = answer.status_code
        try:
            envelope = msgspec.json.decode(answer.content, type=_Envelope)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ApiError(status, "unexpected_answer", self._foreign_answer(answer))
        return ApiError(status, envelope.error, envelope.message, envelope.details)

    def _foreign_answer(self, answer: httpx.Response) -> str:
        phrase = f"{answer.status_code} {_phrase(answer.status_code)}".strip()
        location = answer.headers.get("Location")
        if answer.is_redirect and location:
            return f"{self.base_url} answered {phrase} and points to {location[:200]!r}; use that address."
        return f"{self.base_url} answered {phrase}, and not as a Telegraf Controller does."

    def _why_unreachable(self, error: Exception) -> str:
        if isinstance(error, httpx.TimeoutException):
            return f"{self.base_url} did not answer within {self._timeout_seconds:g} s."
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return (
                f"The certificate of {self.base_url} is not trusted; "
                "set SSL_CERT_FILE to the certificate of the authority that signed it."
            )
        if isinstance(error, httpx.ConnectError):
            return f"No controller can be reached at {self.base_url} ({_reason(error)})."
        if isinstance(error, httpx.RemoteProtocolError):
            return f"What answers at {self.base_url} does not speak HTTP, or ended the connection (is it https?)."
        return f"The connection to {self.base_url} broke ({_reason(error)})."


def _reason(error: BaseException) -> str:
    """Return the operating system's words, which HTTP libraries wrap several times."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror.rstrip(".").lower()
        inner = inner.__cause__ or inner.__context__
    return str(error).rstrip(".") or type(error).__name__


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _checked_url(value: str) -> httpx.URL:
    try:
        url = httpx.URL(value.strip())
    except httpx.InvalidURL:
        raise Misconfigured(
            "The address of the controller is malformed; it looks like http://127.0.0.1:8888."
        ) from None
    if url.scheme not in ("http", "https") or not url.host:
        raise Misconfigured("The address of the controller begins with http:// or https://, and names a host.")
    if url.userinfo:
        raise Misconfigured("The address of the controller must not hold a user name or password.")
    if url.query or url.fragment:
        raise Misconfigured("The address of the controller ends before any '?' or '#'.")
    return url


def _checked_token(value: str) -> str:
    token = value.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Misconfigured("The token holds characters that no token has.")
    return token


def _authorities(url: httpx.URL) -> ssl.SSLContext:
    """Return whom to trust: the system's authorities and SSL_CERT_FILE.

    A list of public ones would not do: many controllers have private ones.
    """
    if url.scheme == "http" and _is_loopback(url.host):
        # Nobody shows a certificate, not even a proxy, and to read the authorities takes 50 ms.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return ssl.create_default_context()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def given(body: Mapping[str, object]) -> dict[str, object]:
    """Leave out what was not given: to the API an absent field means "as it is"."""
    return {key: value for key, value in body.items() if value is not None}


def part(value: str) -> str:
    """Write a value as one segment of a path."""
    return quote(value, safe="")
