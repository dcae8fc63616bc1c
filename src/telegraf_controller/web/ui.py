"""The built web interface: its files, compressed when it was built, and its one page for every address it has.

`npm run build` in `ui/` puts the files beside this module. Without them the plain page of `home.py` stays.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from telegraf_controller.web.plain import ASGIApp, Headers, PlainAnswer, PlainRequest, Receive, Scope, Send, send_answer

BUILT = Path(__file__).with_name("ui_dist")

NOT_PAGES = ("/api", "/assets", "/c", "/health", "/metrics", "/static")
"""Below these the server itself answers, also where there is nothing."""

REFERENCE = "/api/docs"
"""The address of the API reference: a page of its own, which the application does not know."""

NONCE_MARK = b"CSP_NONCE"
"""What stands in the page for the word that allows its styles; it is another one in every answer."""

_TYPES = MappingProxyType(
    {
        ".css": b"text/css; charset=utf-8",
        ".js": b"text/javascript; charset=utf-8",
        ".json": b"application/json",
        ".png": b"image/png",
        ".svg": b"image/svg+xml",
        ".woff2": b"font/woff2",
    }
)

_ENCODINGS = ((b"br", ".br"), (b"gzip", ".gz"))

# The name of a file has a digest of its content in it.
_FOR_EVER = (b"cache-control", b"public, max-age=31536000, immutable")


@dataclass(frozen=True, slots=True)
class _Asset:
    media_type: bytes
    plain: bytes
    compressed: dict[bytes, bytes] = field(default_factory=dict)

    def answer(self, accepted: str) -> PlainAnswer:
        headers: Headers = [(b"content-type", self.media_type), _FOR_EVER, (b"x-content-type-options", b"nosniff")]
        body = self.plain
        if self.compressed:
            headers.append((b"vary", b"accept-encoding"))
            for encoding, variant in self.compressed.items():
                if _accepts(accepted, encoding.decode()):
                    headers.append((b"content-encoding", encoding))
                    body = variant
                    break
        headers.append((b"content-length", str(len(body)).encode()))
        return PlainAnswer(200, headers, body)


class UserInterface:
    """Answers the interface's files and addresses; everything else goes on to `app`."""

    def __init__(self, app: ASGIApp, built: Path = BUILT) -> None:
        self._app = app
        self._page = _read(built / "index.html")
        self._reference = _read(built / "reference.html")
        self._assets = _read_assets(built) if self._page is not None else {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answer(scope) if scope["type"] == "http" else None
        if answer is None:
            await self._app(scope, receive, send)
        else:
            await send_answer(send, answer, method=scope["method"])

    def _answer(self, scope: Scope) -> PlainAnswer | None:
        if self._page is None or scope["method"] not in ("GET", "HEAD"):
            return None
        request = PlainRequest(scope)
        path: str = scope["path"]
        over_tls = scope.get("scheme") == "https"
        asset = self._assets.get(path)
        if asset is not None:
            return asset.answer(",".join(request.lines(b"accept-encoding")))
        # Its components style themselves, without a nonce.
        if path == REFERENCE and self._reference is not None:
            return _answer_of(self._reference, page_headers("'unsafe-inline'", over_tls=over_tls))
        # Programs take JSON, also of an address that does not exist; only who asks for a page gets one.
        if _is_page(path) and "text/html" in ",".join(request.lines(b"accept")):
            nonce = secrets.token_urlsafe(18)
            page = self._page.replace(NONCE_MARK, nonce.encode())
            return _answer_of(page, page_headers(f"'nonce-{nonce}'", over_tls=over_tls))
        return None


def page_headers(styles: str, *, over_tls: bool) -> Headers:
    """Return the headers of a page: no inline script, nothing from elsewhere, only the inline styles that are named."""
    policy = (
        f"default-src 'self'; style-src 'self' {styles}; img-src 'self' data:; object-src 'none'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )
    headers: Headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        # It names the files of this version, and its nonce is for one answer: it is never taken from a cache.
        (b"cache-control", b"no-cache"),
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", b"same-origin"),
        (b"x-content-type-options", b"nosniff"),
        (b"cross-origin-opener-policy", b"same-origin"),
    ]
    if over_tls:
        headers.append((b"strict-transport-security", b"max-age=31536000"))
    return headers


def _answer_of(page: bytes, headers: Headers) -> PlainAnswer:
    return PlainAnswer(200, [*headers, (b"content-length", str(len(page)).encode())], page)


def _read(page: Path) -> bytes | None:
    return page.read_bytes() if page.is_file() else None


def _is_page(path: str) -> bool:
    return not any(path == prefix or path.startswith(f"{prefix}/") for prefix in NOT_PAGES)


def _read_assets(built: Path) -> dict[str, _Asset]:
    assets: dict[str, _Asset] = {}
    for file in sorted((built / "assets").rglob("*")):
        media_type = _TYPES.get(file.suffix)
        if media_type is None or not file.is_file():
            continue
        variants = {encoding: Path(f"{file}{suffix}") for encoding, suffix in _ENCODINGS}
        compressed = {encoding: path.read_bytes() for encoding, path in variants.items() if path.is_file()}
        assets[f"/{file.relative_to(built).as_posix()}"] = _Asset(media_type, file.read_bytes(), compressed)
    return assets


def _accepts(accepted: str, encoding: str) -> bool:
    for part in accepted.split(","):
        name, _, parameters = part.strip().partition(";")
        if name.strip().lower() == encoding:
            return parameters.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
