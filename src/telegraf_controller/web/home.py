"""The pages that need no application: what runs here, and the API reference made from our own OpenAPI document."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from telegraf_controller import __version__
from telegraf_controller.access.require import KEY, PUBLIC, requires
from telegraf_controller.errors import NotFound
from telegraf_controller.web.routing import Router

router = Router(tags=["instance"])

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""What every HTML page carries: nothing inline, no outside host, no frame."""

_STATIC = {
    "app.webmanifest": "application/manifest+json",
    "favicon.svg": "image/svg+xml",
    "pages.css": "text/css",
}


@router.get("/", include_in_schema=False, **requires(PUBLIC))
async def home() -> HTMLResponse:
    """Say what runs here."""
    return _page(
        "Telegraf Controller",
        f"""<main class="home"><h1>Telegraf Controller</h1>
<p>Version {escape(__version__)} is running here. It keeps the configurations of Telegraf agents,
takes their heartbeats, and knows who has fallen silent.</p>
<p class="links"><a href="/api/docs">API reference</a><a href="/api/openapi.json">OpenAPI document</a>
<a href="/health/ready">Health</a></p></main>""",
    )


@router.get("/api/openapi.json", include_in_schema=False, **requires(PUBLIC))
async def openapi(request: Request) -> JSONResponse:
    """The OpenAPI document of this version."""
    return JSONResponse(request.app.openapi())


@router.get("/api/docs/plain", include_in_schema=False, **requires(PUBLIC))
@router.get("/api/docs", include_in_schema=False, **requires(PUBLIC))
async def reference(request: Request) -> HTMLResponse:
    """The API reference, readable without scripts; the built web interface has another one at `/api/docs`."""
    document = request.app.openapi()
    return _page("API reference · Telegraf Controller", _reference(document))


@router.get("/static/{name}", include_in_schema=False, **requires(PUBLIC))
async def static_file(name: str) -> Response:
    """How these pages look, and the icon of all pages."""
    media_type = _STATIC.get(name)
    if media_type is None:
        raise NotFound("file", name)
    content = files("telegraf_controller.web").joinpath("static", name).read_bytes()
    return Response(content, media_type=media_type, headers={"Cache-Control": "public, max-age=3600"})


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><link rel="stylesheet" href="/static/pages.css">
<link rel="icon" href="/static/favicon.svg" type="image/svg+xml"></head>
<body>{body}</body></html>""",
        headers=PAGE_HEADERS,
    )


def _reference(document: dict[str, Any]) -> str:
    groups: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(_operation(document, path, method, operation))
    sections = "".join(
        f'<section id="{escape(tag)}"><h2>{escape(tag)}</h2>{"".join(entries)}</section>'
        for tag, entries in groups.items()
    )
    links = "".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in groups)
    return f"""<main class="reference"><h1>API reference</h1>
<p>Present a token as <code>Authorization: Bearer tc-apiv1_…</code>. Times are UTC, keys are camelCase,
errors are <code>{{"error", "message", "details"}}</code>. The whole document:
<a href="/api/openapi.json">openapi.json</a>.</p><nav>{links}</nav>{sections}</main>"""


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        _row(p["name"], p["in"], _type_of(document, p.get("schema", {})), p.get("required", False))
        for p in operation.get("parameters", [])
    )
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    for name, schema, required in _fields(document, content.get("schema", {})):
        rows += _row(name, "body", schema, required)
    table = f"<table><tbody>{rows}</tbody></table>" if rows else ""
    return f"""<details><summary><b class="{escape(method)}">{escape(method.upper())}</b>
<code>{escape(path)}</code><span>{escape(str(operation.get(KEY, "")))}</span></summary>
<p>{escape(str(operation.get("description") or operation.get("summary") or ""))}</p>{table}</details>"""


def _row(name: str, where: str, kind: str, required: bool) -> str:
    optional = "" if required else " <em>optional</em>"
    return f"<tr><td><code>{escape(name)}</code></td><td>{where}</td><td>{escape(kind)}{optional}</td></tr>"


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> list[tuple[str, str, bool]]:
    schema = _resolved(document, schema)
    required = set(schema.get("required", []))
    return [(name, _type_of(document, of), name in required) for name, of in schema.get("properties", {}).items()]


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for option in schema.get("anyOf", []):
        if option.get("type") != "null":
            schema = option
            break
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][reference.rsplit("/", 1)[1]]
    return found


def _type_of(document: dict[str, Any], schema: dict[str, Any]) -> str:
    schema = _resolved(document, schema)
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_type_of(document, schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "object")
