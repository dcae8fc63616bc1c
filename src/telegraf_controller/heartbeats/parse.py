"""From the bytes on the wire to a Heartbeat: what Telegraf's `outputs.heartbeat` sends, checked and cut (H1)."""

from __future__ import annotations

import re
from typing import Annotated
from zlib import crc32

import msgspec
from msgspec import Meta, Struct

from telegraf_controller.agents.identity import agent_key
from telegraf_controller.agents.status import AgentStatus
from telegraf_controller.errors import ControllerError
from telegraf_controller.heartbeats.log_entries import ReportedEntry, keep_worst

MAX_INSTANCE_ID_LENGTH = 255
MAX_HOSTNAME_LENGTH = 255
MAX_BUILD_LENGTH = 200
MAX_CONFIGURATION_LENGTH = 2048
MAX_CONFIGURATIONS = 100
MAX_COUNT = 2**63 - 1
"""What the databases' widest integer holds; a larger count is stored as this."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_STATUSES = ("OK", "WARN", "FAIL", "UNDEFINED")
_REPORTED: dict[str | None, int | None] = {
    None: None,
    "": None,
    **{name: AgentStatus[name].value for name in _STATUSES},
}
_OK = AgentStatus.OK.value

Count = Annotated[int, Meta(ge=0)]


class _Statistics(Struct, gc=False):
    errors: Count = 0
    warnings: Count = 0
    metrics: Count = 0


class _Message(Struct, gc=False):
    """The message as it is sent. Unknown fields are ignored: a newer Telegraf must not break."""

    id: Annotated[str, Meta(min_length=1, max_length=MAX_INSTANCE_ID_LENGTH)]
    version: str
    schema: int = 1
    last: int | None = None
    hostname: str | None = None
    configurations: list[str] | None = None
    statistics: _Statistics | None = None
    logs: list[ReportedEntry] | None = None
    status: str | None = None


class Liveness(Struct, gc=False, eq=False, array_like=True):
    """What each heartbeat tells anew about its agent."""

    agent_key: bytes
    """The agent's id (see `agents.identity.agent_key`)."""
    received_ms: int
    """When it arrived, by the server's clock."""
    identity: int
    """A checksum of who the agent says it is: says whether any of that, or what is derived from it, has changed."""
    errors: int | None
    warnings: int | None
    metrics: int | None
    """What the agent counted since its last successful heartbeat; all three or none of them."""
    status: int
    """The AgentStatus that the agent counts as."""
    reported_status: int | None
    reported_logs: int
    logs: bytes | None
    """The log entries to store, as JSON; None when there were none."""


class Heartbeat(Liveness, gc=False, eq=False, array_like=True):
    """One heartbeat, ready to be stored: within every limit, without characters that a database refuses.

    Packed as an array, it begins as its `Liveness`: who needs no more need not unpack the rest.
    """

    instance_id: str
    build: str
    hostname: str | None
    address: str
    configurations: list[str]
    size: int
    """Bytes that it takes in memory, roughly."""


_SEPARATOR = "|"
_DERIVED = "3"
"""Raised with every change of what is stored about an agent beside its own words (sort keys, references, shapes): the
next heartbeat of every agent then writes it anew."""

_decode = msgspec.json.Decoder(_Message).decode


def parse_heartbeat(body: bytes, *, address: str, received_ms: int) -> Heartbeat:
    """Read one heartbeat. Raises ControllerError `invalid_heartbeat` that says which field is wrong."""
    # Every heartbeat takes this way: what mostly holds is asked with as few calls as possible.
    try:
        message = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(error) from None
    instance_id = message.id
    if not instance_id.isprintable() and _CONTROL.search(instance_id):
        raise _invalid("id", "it must not contain control characters")
    status = message.status
    reported = _REPORTED[status] if status in _REPORTED else _reported_status(status)
    build, hostname, configurations = message.version, message.hostname or None, message.configurations or []
    who = _who(build, hostname, address, configurations)
    # Mostly nothing has to be mended, and one look at all of it says so.
    if not (
        who.isprintable()
        and len(who) <= MAX_CONFIGURATION_LENGTH
        and len(build) <= MAX_BUILD_LENGTH
        and (hostname is None or len(hostname) <= MAX_HOSTNAME_LENGTH)
        and len(configurations) <= MAX_CONFIGURATIONS
    ):
        build = _clean(build, MAX_BUILD_LENGTH)
        hostname = None if hostname is None else _clean(hostname, MAX_HOSTNAME_LENGTH)
        configurations = [_clean(entry, MAX_CONFIGURATION_LENGTH) for entry in configurations[:MAX_CONFIGURATIONS]]
        who = _who(build, hostname, address, configurations)
    encoded = who.encode()
    errors: int | None
    warnings: int | None
    metrics: int | None
    errors = warnings = metrics = None
    counts = message.statistics
    if counts is not None:
        errors, warnings, metrics = counts.errors, counts.warnings, counts.metrics
        if errors > MAX_COUNT or warnings > MAX_COUNT or metrics > MAX_COUNT:
            errors, warnings, metrics = min(errors, MAX_COUNT), min(warnings, MAX_COUNT), min(metrics, MAX_COUNT)
    logs = message.logs
    return Heartbeat(
        agent_key(instance_id),
        received_ms,
        # A checksum is enough: whoever makes two with the same one hides a change of their own agent, and nothing else.
        len(encoded) << 32 | crc32(encoded),
        errors,
        warnings,
        metrics,
        _OK if reported is None else reported,
        reported,
        len(logs) if logs else 0,
        keep_worst(logs) if logs else None,
        instance_id,
        build,
        hostname,
        address,
        configurations,
        len(body),
    )


def _unreadable(error: Exception) -> ControllerError:
    if isinstance(error, msgspec.ValidationError):
        field, problem = _where(str(error))
        return _invalid(field, problem)
    return _invalid(None, "it is not valid JSON")


def _where(text: str) -> tuple[str | None, str]:
    """Take msgspec's "Expected `str`, got `int` - at `$.logs[0].time`" apart. It repeats nothing of the body."""
    problem, _, path = text.partition(" - at ")
    field = path.strip("`").removeprefix("$").removeprefix(".")
    missing = re.fullmatch(r"Object missing required field `(\w+)`", problem)
    if missing:
        field, problem = ".".join(filter(None, (field, missing.group(1)))), "it is missing"
    return field or None, problem.replace("`", "")


def _invalid(field: str | None, problem: str) -> ControllerError:
    where = f"{field}:" if field else "The body is no heartbeat:"
    return ControllerError("invalid_heartbeat", f"{where} {problem}.", field=field, problem=problem)


def _reported_status(status: str | None) -> int | None:
    name = (status or "").upper()
    if name not in _REPORTED:
        raise _invalid("status", f"it must be one of {', '.join(_STATUSES)}")
    return _REPORTED[name]


def _clean(text: str, limit: int) -> str:
    """Cut a text, and replace control characters: PostgreSQL stores no NUL, and a log or page should show none."""
    text = text[:limit]
    return text if text.isprintable() else _CONTROL.sub(_REPLACEMENT, text)


def _who(build: str, hostname: str | None, address: str, configurations: list[str]) -> str:
    """Return what an agent's identity is made of, printable when its parts are."""
    return _SEPARATOR.join((_DERIVED, build, hostname or "", address, *configurations))
