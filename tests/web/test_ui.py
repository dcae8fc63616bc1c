"""The built web interface as a browser gets it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from telegraf_controller.web.ui import NOT_PAGES, UserInterface

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding": "gzip, deflate, br"}


async def answers_itself(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands for the rest of the program: it says that it was asked."""
    await JSONResponse({"asked": scope["path"]}, status_code=404)(scope, receive, send)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "reference.html").write_text('<div id="reference">')
    (tmp_path / "index.html").write_text('<meta name="csp-nonce" content="CSP_NONCE"><div id="root">')
    for suffix, text in (("", "plain"), (".br", "as brotli"), (".gz", "as gzip")):
        (tmp_path / "assets" / f"index-B7gt.js{suffix}").write_text(text)
    (tmp_path / "assets" / "inter.woff2").write_bytes(b"font")
    return tmp_path


@pytest.fixture
async def browser(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(built) as client:
        yield client


def client_of(built: Path, base_url: str = "http://controller.test") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(UserInterface(answers_itself, built))
    return httpx.AsyncClient(transport=transport, base_url=base_url, headers=BROWSER)


@pytest.mark.parametrize("path", ["/", "/tokens", "/tokens/2b0c?status=active", "/invite/a.b-c_d", "/configurations"])
async def test_every_address_of_the_interface_is_its_page(browser: httpx.AsyncClient, path: str) -> None:
    page = await browser.get(path)
    assert page.status_code == 200
    assert '<div id="root">' in page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"


async def test_the_page_allows_nothing_inline_and_nothing_foreign(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    for part in ("default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"):
        assert part in policy
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in page.headers


async def test_the_api_reference_is_a_page_whose_components_may_style_themselves(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/api/docs")
    assert '<div id="reference">' in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'; style-src 'self' 'unsafe-inline'; " in policy
    assert policy.count("unsafe") == 1
    assert page.headers["cache-control"] == "no-cache"


async def test_the_page_over_tls_asks_for_tls_from_then_on(built: Path) -> None:
    async with client_of(built, "https://controller.test") as browser:
        assert (await browser.get("/")).headers["strict-transport-security"] == "max-age=31536000"


async def test_styles_are_allowed_by_a_word_that_is_never_the_same(browser: httpx.AsyncClient) -> None:
    words: set[str] = set()
    for _ in range(2):
        page = await browser.get("/")
        found = re.search(r"'nonce-([\w-]{24})'", page.headers["content-security-policy"])
        assert found is not None
        assert f'content="{found[1]}"' in page.text
        words.add(found[1])
    assert len(words) == 2


@pytest.mark.parametrize(
    ("accepted", "encoding", "text"),
    [
        ("gzip, deflate, br", "br", "as brotli"),
        ("gzip;q=1.0, br;q=0", "gzip", "as gzip"),
        ("identity", None, "plain"),
        ("", None, "plain"),
    ],
)
async def test_files_come_as_they_were_compressed_and_are_kept_for_ever(
    browser: httpx.AsyncClient, accepted: str, encoding: str | None, text: str
) -> None:
    async with browser.stream("GET", "/assets/index-B7gt.js", headers={"Accept-Encoding": accepted}) as file:
        raw = b"".join([chunk async for chunk in file.aiter_raw()])
    assert raw.decode() == text
    assert file.headers.get("content-encoding") == encoding
    assert file.headers["vary"] == "accept-encoding"
    assert file.headers["content-type"] == "text/javascript; charset=utf-8"
    assert file.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_what_is_compressed_already_is_sent_as_it_is(browser: httpx.AsyncClient) -> None:
    font = await browser.get("/assets/inter.woff2")
    assert font.content == b"font"
    assert font.headers["content-type"] == "font/woff2"
    assert "vary" not in font.headers


async def test_head_sends_the_headers_alone(browser: httpx.AsyncClient) -> None:
    head = await browser.head("/tokens")
    assert head.content == b""
    assert int(head.headers["content-length"]) > 0


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/tokens", {"Accept": "*/*"}),
        ("GET", "/tokens", {"Accept": "application/json"}),
        ("POST", "/tokens", {}),
        ("GET", "/assets/index-old.js", {}),
        ("GET", "/assets/%2e%2e/index.html", {}),
        ("GET", "/assets/index-B7gt.js.br", {}),
        *(("GET", f"{prefix}/nothing", {}) for prefix in NOT_PAGES),
    ],
)
async def test_everything_else_is_for_the_rest_of_the_program(
    browser: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = await browser.request(method, path, headers=headers)
    assert "asked" in answer.json()


async def test_without_a_build_nothing_is_taken(tmp_path: Path) -> None:
    async with client_of(tmp_path) as browser:
        assert (await browser.get("/")).json() == {"asked": "/"}
