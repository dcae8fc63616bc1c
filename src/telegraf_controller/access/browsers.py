"""What is special about a browser: its cookie, and that other pages can make it send requests (U11)."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request, Response

from telegraf_controller.access.services import Services
from telegraf_controller.addresses import client_address, parse_address
from telegraf_controller.audit.record import Visitor
from telegraf_controller.errors import Forbidden
from telegraf_controller.settings.queries import read_settings
from telegraf_controller.users.secrets import MAX_LENGTH, digest_of
from telegraf_controller.users.sessions import ABSOLUTE_SECONDS, StartedSession

COOKIE = "tc_session"

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FORWARDING_HEADERS = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via")


def address_of(request: Request) -> str:
    """Return the client's address, behind trusted proxies if any."""
    trusted = _services(request).trusted_proxies
    return client_address(_peer(request), request.headers.getlist("x-forwarded-for"), trusted)


def visitor_of(request: Request) -> Visitor:
    """Return where a request comes from."""
    return Visitor(address_of(request), request.headers.get("user-agent", "")[:255])


def session_digest(request: Request) -> bytes | None:
    """Return the digest of the session that a request's cookie names, None without one."""
    value = request.cookies.get(COOKIE)
    return digest_of(value) if value and len(value) <= MAX_LENGTH else None


def set_session_cookie(request: Request, response: Response, started: StartedSession) -> None:
    """Give the browser its session."""
    _set_cookie(request, response, started.secret.value, ABSOLUTE_SECONDS)


def clear_session_cookie(request: Request, response: Response) -> None:
    """Take the session's cookie from the browser."""
    _set_cookie(request, response, "", 0)


def _set_cookie(request: Request, response: Response, value: str, max_age_seconds: int) -> None:
    secure = scheme_of(request) == "https"
    response.set_cookie(COOKIE, value, max_age=max_age_seconds, path="/", secure=secure, httponly=True, samesite="lax")


def scheme_of(request: Request) -> str:
    """Return `http` or `https` as the browser sees it."""
    if _peer_is_trusted(request):
        said = request.headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        if said in _DEFAULT_PORTS:
            return said
    return request.url.scheme


def base_url_of(request: Request) -> str:
    """Return the URL of this instance as the browser addressed it, without a slash at the end."""
    return f"{scheme_of(request)}://{_host(request)}"


async def require_same_origin(request: Request) -> None:
    """Refuse a change that another page made the browser send with its cookie (U11).

    Every present browser says by `Sec-Fetch-Site` who made it send the request, over plain HTTP by `Origin`. Raises
    Forbidden `cross_site_request`.
    """
    if request.method in _SAFE_METHODS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site == "same-origin":
        return
    # A browser that says another site (or nothing of a site) is believed; only without its word the origin decides.
    if site is None and origin is not None and await _is_our_origin(request, origin):
        return
    raise _cross_site()


def refuse_other_sites(request: Request) -> None:
    """Refuse a sign-in that another page made the browser send: it would sign people in as somebody else.

    A program that is no browser sends none of these headers. Raises Forbidden `cross_site_request`.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise _cross_site()


def is_on_this_machine(request: Request) -> bool:
    """Tell whether a browser on this very machine asks, addressing it as such (U1).

    A proxy on this machine makes everybody look local; so does a page elsewhere whose name was pointed at us. Hence no
    forwarding header of a proxy that is not trusted, and a host that only this machine means.
    """
    if not _peer_is_trusted(request) and any(name in request.headers for name in _FORWARDING_HEADERS):
        return False
    address = parse_address(address_of(request))
    host = urlsplit(f"//{_host(request)}").hostname or ""
    named = parse_address(host)
    local_name = host == "localhost" or (named is not None and named.is_loopback)
    return address is not None and address.is_loopback and local_name


async def _is_our_origin(request: Request, origin: str) -> bool:
    wanted = _origin_of(origin)
    if wanted is None:
        return False
    if wanted == _origin_of(base_url_of(request)):
        return True
    # Behind a proxy that changes the host, people say on the Settings page under which URL they reach us.
    async with _services(request).database.glance() as session:
        ui_url = (await read_settings(session)).public_endpoints.ui_url
    return ui_url is not None and wanted == _origin_of(ui_url)


def _origin_of(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def _peer_is_trusted(request: Request) -> bool:
    peer = parse_address(_peer(request))
    return peer is not None and any(peer in network for network in _services(request).trusted_proxies)


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


def _host(request: Request) -> str:
    return request.headers.get("host", "") or "localhost"


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _cross_site() -> Forbidden:
    return Forbidden("cross_site_request", "This request came from another site's page.")
