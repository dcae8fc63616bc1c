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

_REPORTED = {name: AgentStatus[name].value for name in ("OK", "WARN", "FAIL", "UNDEFINED")}
_OK = AgentStatus.OK.value

Count = Annotated[int, Meta(ge=0)]


class Statistics(Struct, gc=False):
    """What the agent counted since its last successful heartbeat."""

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
    statistics: Statistics | None = None
    logs: list[ReportedEntry] | None = None
    status: str | None = None


class Heartbeat(Struct, gc=False, eq=False, array_like=True):
    """One heartbeat, ready to be stored: within every limit, without characters that a database refuses."""

    agent_key: bytes
    """The agent's id (see `agents.identity.agent_key`)."""
    instance_id: str
    received_ms: int
    """When it arrived, by the server's clock."""
    build: str
    hostname: str | None
    address: str
    configurations: list[str]
    identity: int
    """A checksum of the four fields above: says whether any of them, or what is derived from them, has changed."""
    status: int
    """The AgentStatus that the agent counts as."""
    reported_status: int | None
    statistics: Statistics | None
    reported_logs: int
    logs: bytes | None
    """The log entries to store, as JSON; None when there were none."""
    size: int
    """Bytes that it takes in memory, roughly."""


_DERIVED = "2"
"""Raised with every change of what is stored about an agent beside its own words (sort keys, references, shapes): the
next heartbeat of every agent then writes it anew."""

_decoder = msgspec.json.Decoder(_Message)


def parse_heartbeat(body: bytes, *, address: str, received_ms: int) -> Heartbeat:
    """Read one heartbeat. Raises ControllerError `invalid_heartbeat` that says which field is wrong."""
    message = _decode(body)
    instance_id = message.id
    if not instance_id.isprintable() and _CONTROL.search(instance_id):
        raise _invalid("id", "it must not contain control characters")
    reported = _reported_status(message.status)
    build, hostname, configurations = message.version, message.hostname or None, message.configurations or []
    text = f"{build}{hostname}{''.join(configurations)}"
    # Mostly nothing has to be mended, and one look at all of it says so.
    if not (
        text.isprintable()
        and len(text) <= MAX_CONFIGURATION_LENGTH
        and len(build) <= MAX_BUILD_LENGTH
        and (hostname is None or len(hostname) <= MAX_HOSTNAME_LENGTH)
        and len(configurations) <= MAX_CONFIGURATIONS
    ):
        build = _clean(build, MAX_BUILD_LENGTH)
        hostname = None if hostname is None else _clean(hostname, MAX_HOSTNAME_LENGTH)
        configurations = [_clean(entry, MAX_CONFIGURATION_LENGTH) for entry in configurations[:MAX_CONFIGURATIONS]]
    return Heartbeat(
        agent_key=agent_key(instance_id),
        instance_id=instance_id,
        received_ms=received_ms,
        build=build,
        hostname=hostname,
        address=address,
        configurations=configurations,
        identity=_identity(build, hostname, address, configurations),
        status=_OK if reported is None else reported,
        reported_status=reported,
        statistics=message.statistics and _storable(message.statistics),
        reported_logs=len(message.logs) if message.logs else 0,
        logs=keep_worst(message.logs) if message.logs else None,
        size=len(body),
    )


def _decode(body: bytes) -> _Message:
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        field, problem = _where(str(error))
        raise _invalid(field, problem) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _invalid(None, "it is not valid JSON") from None


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
    if not status:
        return None
    reported = _REPORTED.get(status.upper())
    if reported is None:
        raise _invalid("status", f"it must be one of {', '.join(_REPORTED)}")
    return reported


def _clean(text: str, limit: int) -> str:
    """Cut a text, and replace control characters: PostgreSQL stores no NUL, and a log or page should show none."""
    text = text[:limit]
    return text if text.isprintable() else _CONTROL.sub(_REPLACEMENT, text)


def _storable(statistics: Statistics) -> Statistics:
    if statistics.errors > MAX_COUNT or statistics.warnings > MAX_COUNT or statistics.metrics > MAX_COUNT:
        return Statistics(
            min(statistics.errors, MAX_COUNT), min(statistics.warnings, MAX_COUNT), min(statistics.metrics, MAX_COUNT)
        )
    return statistics


def _identity(build: str, hostname: str | None, address: str, configurations: list[str]) -> int:
    # None of these contains the separator: it is a control character. A checksum is enough: whoever makes two with the
    # same one hides a change of their own agent, and nothing else.
    text = "\x1f".join((_DERIVED, build, hostname or "", address, *configurations)).encode()
    return len(text) << 32 | crc32(text)
