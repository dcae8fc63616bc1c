"""`token create|list|rotate|revoke`."""

from __future__ import annotations

import os
import sys
from typing import Annotated
from uuid import UUID

import typer

from telegraf_controller import clock
from telegraf_controller.cli.connection import DEFAULT_URL, Json, Token, Url, connect
from telegraf_controller.cli.output import Column, CommandFailed, complain, say, show_json, show_list
from telegraf_controller.cli.times import parse_expiry, parse_span
from telegraf_controller.client import ApiError, ControllerClient
from telegraf_controller.client.records import NewToken
from telegraf_controller.client.records import Token as TokenRecord
from telegraf_controller.permissions import PERMISSIONS, PRESETS, in_table_order

app = typer.Typer(no_args_is_help=True, help="API tokens: who may fetch configurations, send heartbeats, call the API.")

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the value and nothing else.")]

COLUMNS: tuple[Column[TokenRecord], ...] = (
    Column("NAME", lambda token: token.name),
    Column("STATUS", lambda token: shown_status(token)),
    Column("USER", lambda token: token.username),
    Column("PERMISSIONS", lambda token: shown_permissions(token.permissions)),
    Column("EXPIRES", lambda token: token.expires_at or "never"),
    Column("LAST USED", lambda token: token.last_used_at or "never"),
    Column("HINT", lambda token: token.hint),
    Column("ID", lambda token: token.id),
)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the token is for; unique on the controller.")],
    preset: Annotated[
        str | None, typer.Option("--preset", help=f"Ready-made permissions: {', '.join(PRESETS)}.")
    ] = None,
    permission: Annotated[
        list[str] | None, typer.Option("--permission", help="A permission such as configs:read; may be repeated.")
    ] = None,
    expires: Annotated[
        str, typer.Option("--expires", metavar="WHEN", help="30d (or m, h, w), a date (its end, UTC), or never.")
    ] = "never",
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME|ID", help="Whom the token acts for; by default you.")
    ] = None,
    raw_token: Annotated[
        str | None,
        typer.Option("--raw-token", metavar="SOURCE", help="Take the value from env:NAME or - (standard input)."),
    ] = None,
    network: Annotated[
        list[str] | None, typer.Option("--network", metavar="CIDR", help="Allow use from here only; may be repeated.")
    ] = None,
    agent_id: Annotated[
        list[str] | None,
        typer.Option("--agent-id", metavar="PATTERN", help="Allow these instance ids only (`web-*`); may be repeated."),
    ] = None,
    config: Annotated[
        list[str] | None,
        typer.Option("--config", metavar="ID", help="Allow reading these configurations only; may be repeated."),
    ] = None,
    quiet: Quiet = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Create a token and print its value, this once."""
    permissions = wanted_permissions(preset, permission or [])
    try:
        expires_at = parse_expiry(expires, clock.now())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--expires") from None
    value = None if raw_token is None else _supplied_value(raw_token)
    with connect(url, token) as client:
        created = client.tokens.create(
            name,
            permissions,
            expires_at=expires_at,
            user_id=None if user is None else find_user_id(client, user),
            raw_token=value,
            allowed_networks=network or None,
            agent_ids=agent_id or None,
            configs=config or None,
        )
    if created.dropped_permissions:
        complain(f"Left out, because your role does not grant them: {', '.join(created.dropped_permissions)}.")
    end = f"ends {clock.to_wire(created.expires_at)}" if created.expires_at else "never ends"
    sentence = f"Created {created.name}: {shown_permissions(created.permissions)}; {end}."
    _show_value(created, sentence, quiet=quiet, as_json=as_json)


@app.command("list")
def list_tokens(
    status: Annotated[str | None, typer.Option("--status", help="active, revoked or expired.")] = None,
    search: Annotated[str | None, typer.Option("--search", help="Part of a token's or user's name.")] = None,
    expiring_within_days: Annotated[
        int | None, typer.Option("--expiring-within-days", metavar="DAYS", min=0, help="Those that end soon.")
    ] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """List tokens, never their values."""
    with connect(url, token) as client:
        found = client.tokens.each(status=status, search=search, expiring_within_days=expiring_within_days)
        show_list(found, COLUMNS, as_json=as_json)


@app.command("rotate")
def rotate(
    which: Annotated[str, typer.Argument(metavar="ID|NAME", help="Which token.")],
    overlap: Annotated[
        str, typer.Option("--overlap", metavar="SPAN", help="How long the old value works on: 0s to 7d.")
    ] = "24h",
    quiet: Quiet = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Give a token a new value and print it, this once; the old one works on for the overlap."""
    overlap_seconds = parse_span(overlap)
    if overlap_seconds is None:
        raise typer.BadParameter(f"{overlap!r} is no span such as 30m, 24h or 7d.", param_hint="--overlap")
    with connect(url, token) as client:
        rotated = client.tokens.rotate(find_token(client, which).id, overlap_seconds=overlap_seconds)
    until = rotated.previous_value_expires_at
    what = f"the old value works until {clock.to_wire(until)}" if until else "the old value has stopped working"
    _show_value(rotated, f"Rotated {rotated.name}: {what}.", quiet=quiet, as_json=as_json)


@app.command("revoke")
def revoke(
    tokens: Annotated[list[str], typer.Argument(metavar="ID|NAME...", help="Which tokens.")],
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Make tokens useless at once and for good; their records stay. Revoking one again changes nothing."""
    with connect(url, token) as client:
        # All are looked up first, so that a mistyped name revokes nothing.
        found = [find_token(client, wanted) for wanted in tokens]
        revoked = [client.tokens.revoke(each.id) for each in found]
    if as_json:
        show_json(revoked)
        return
    for each in revoked:
        say(f"Revoked {each.name} (…{each.hint}).")


def find_token(client: ControllerClient, wanted: str) -> TokenRecord:
    """Return the token with this id or exact name. Raises CommandFailed when there is none."""
    if _is_uuid(wanted):
        try:
            return client.tokens.read(wanted)
        except ApiError as error:
            if error.status != 404:
                raise
    found = client.tokens.find(wanted)
    if found is None:
        raise CommandFailed(f"There is no token {wanted!r}.")
    return found


def find_user_id(client: ControllerClient, wanted: str) -> str:
    """Return the id of the user with this name, or the id itself. Raises CommandFailed when there is none."""
    if _is_uuid(wanted):
        return wanted
    found = client.users.find(wanted)
    if found is None:
        raise CommandFailed(f"There is no user {wanted!r}.")
    return found.id


def wanted_permissions(preset: str | None, permissions: list[str]) -> list[str]:
    """Return the permissions of a preset and those given one by one. Raises typer.BadParameter."""
    if preset is not None and preset not in PRESETS:
        raise typer.BadParameter(f"{preset!r} is none of {', '.join(PRESETS)}.", param_hint="--preset")
    wanted = {part.strip() for given in permissions for part in given.split(",") if part.strip()}
    unknown = sorted(wanted - set(PERMISSIONS))
    if unknown:
        raise typer.BadParameter(f"there is no permission {unknown[0]!r}.", param_hint="--permission")
    wanted.update(PRESETS[preset] if preset else ())
    if not wanted:
        raise typer.BadParameter("say what the token may do, with --preset or --permission.")
    return in_table_order(wanted)


def shown_permissions(permissions: list[str]) -> str:
    """Name the preset that permissions are, or list them."""
    for preset, wanted in PRESETS.items():
        if set(permissions) == set(wanted):
            return preset
    return ",".join(permissions)


def shown_status(token: TokenRecord) -> str:
    """Say in one word whether the token works."""
    return "expired" if token.expired and token.status == "active" else token.status


def _show_value(token: NewToken, sentence: str, *, quiet: bool, as_json: bool) -> None:
    if as_json:
        show_json(token)
        return
    if not quiet:
        say(sentence)
    say(token.token)
    if not quiet:
        complain("The value is shown this once and cannot be read again.")


def _supplied_value(source: str) -> str:
    """Read a token value from where the caller says: it must not stand on the command line itself."""
    if source == "-":
        value = sys.stdin.readline()
    elif source.startswith("env:"):
        value = os.environ.get(source[4:], "")
    else:
        raise typer.BadParameter(
            "other users of this machine can read flags: name a source, env:NAME or - (standard input).",
            param_hint="--raw-token",
        )
    if not value.strip():
        raise typer.BadParameter("there is no value.", param_hint="--raw-token")
    return value.strip()


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
