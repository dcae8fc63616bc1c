"""From the command line to running processes, or to one sentence that says why not (O2, O3).

Whatever can be wrong is found before anything starts: exit code 2 when what was given makes no sense here (an option, a
port, a certificate, a path), 1 when it does and still nothing works (a database that cannot be reached).
"""

from __future__ import annotations

import asyncio
import getpass
import resource
import signal
import socket
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from sqlalchemy.exc import SQLAlchemyError

from telegraf_controller import __version__
from telegraf_controller.db.engine import prepare_sqlite_file
from telegraf_controller.db.migrate import SchemaTooNew
from telegraf_controller.db.url import DatabaseTarget, DatabaseUrlError
from telegraf_controller.errors import StorageUnavailable
from telegraf_controller.options import Options, OptionsError, help_text
from telegraf_controller.processes import logs
from telegraf_controller.processes.connections import allowed_connections
from telegraf_controller.processes.database import target_of
from telegraf_controller.processes.preparation import Ask, Prepared, prepare
from telegraf_controller.processes.sockets import BindError, bind, bind_private
from telegraf_controller.processes.supervisor import Process, supervise
from telegraf_controller.processes.tls import tls_of
from telegraf_controller.settings.queries import in_group_order
from telegraf_controller.users.bootstrap import BootstrapError

log = structlog.get_logger(__name__)

ENTRIES = {kind: f"telegraf_controller.processes.{kind}:run" for kind in ("api", "heartbeat", "scheduler", "storage")}
"""What each kind of process does; imported by the fork server alone."""

MOST_OPEN_FILES = 1_048_576

PRIVATE_FOLDER = "telegraf-controller-"
"""What the name of the folder begins with in which the storage process has its socket: for this user alone."""


class StartError(Exception):
    """The program cannot start: one sentence without secrets, and the exit code."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Listeners:
    """The sockets of both ports; one heartbeat socket for each of its processes."""

    api: socket.socket
    heartbeat: list[socket.socket]
    storage: socket.socket | None
    """Of the storage process, which SQLite needs."""


def serve_command(argv: Sequence[str]) -> int:
    """Run the server with these flags until it is told to stop; return the exit code."""
    if "--help" in argv or "-h" in argv:
        sys.stdout.write(help_text())
        return 0
    try:
        return start(Options.load(argv))
    except OptionsError as error:
        return _complain(str(error), 2)
    except StartError as error:
        return _complain(str(error), error.exit_code)
    except KeyboardInterrupt:
        return 130


def start(options: Options) -> int:
    """Check, bind, prepare the database, say what starts, and supervise until told to stop. Raises StartError."""
    with ExitStack() as bound:
        with _sentences():
            target = target_of(options)
            _check_certificate(options)
            listeners = _bind(options, target, bound)
            _set_up_process(options)
            if target.dialect == "sqlite":
                _check_file(target)
        with _sentences(target):
            prepared = asyncio.run(prepare(options, target, _asker(options)))
        _announce(options, target, prepared)
        return asyncio.run(supervise(_plan(listeners), _for_children(options, prepared)))


def _bind(options: Options, target: DatabaseTarget, bound: ExitStack) -> Listeners:
    workers = options.heartbeat_processes()
    api = bind(options.host, options.port)
    bound.enter_context(api[0])
    heartbeat = bind(options.heartbeat_host, options.heartbeat_port, copies=workers)
    for listener in heartbeat:
        bound.enter_context(listener)
    return Listeners(api[0], heartbeat, _bind_storage(target.path, bound) if target.path is not None else None)


def _bind_storage(database: Path, bound: ExitStack) -> socket.socket:
    """Make the storage process's socket: among temporary files, or next to the database where these have no place."""
    for place in (None, database.parent):
        try:
            folder = TemporaryDirectory(prefix=PRIVATE_FOLDER, dir=place, ignore_cleanup_errors=True)
            return bound.enter_context(bind_private(bound.enter_context(folder)))
        except (OSError, BindError) as error:
            failure = error
    raise StartError(f"There is no place for a socket (TMPDIR): {str(failure).rstrip('.')}.", 2)


def _set_up_process(options: Options) -> None:
    logs.configure(
        form=options.log_format, level=options.log_level, process="supervisor", secrets=options.secret_values()
    )
    # Until the supervisor listens to it. As the first process of a container, this one would otherwise ignore it.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    _raise_open_files()


def _plan(listeners: Listeners) -> list[Process]:
    several = len(listeners.heartbeat) > 1
    storage = (listeners.storage,) if listeners.storage is not None else ()
    heartbeats = [
        Process(f"heartbeat-{number}" if several else "heartbeat", ENTRIES["heartbeat"], (listener, *storage))
        for number, listener in enumerate(listeners.heartbeat, start=1)
    ]
    return [
        *(Process("storage", ENTRIES["storage"], (one,)) for one in storage),
        Process("api", ENTRIES["api"], (listeners.api,)),
        *heartbeats,
        Process("scheduler", ENTRIES["scheduler"]),
    ]


def _for_children(options: Options, prepared: Prepared) -> Options:
    """Leave out the secrets that were for start-up alone."""
    done = {"owner_password": None, "session_secret": None}
    return options.model_copy(update={**done, "owner_token": None} if prepared.token_provisioned else done)


def _check_certificate(options: Options) -> None:
    tls = tls_of(options)
    if tls is None:
        return
    for flag, path in (("--ssl-cert", tls.certificate), ("--ssl-key", tls.key)):
        try:
            path.read_bytes()
        except OSError as error:
            raise StartError(f"The file {path} of {flag} cannot be read: {error.strerror}.", 2) from None
    try:
        tls.context()
    except ValueError:
        raise StartError(f"The key {tls.key} is encrypted; a key without a passphrase is needed.", 2) from None
    except OSError as error:
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            raise StartError(f"The key {tls.key} does not belong to the certificate {tls.certificate}.", 2) from None
        raise StartError(f"{tls.certificate} and {tls.key} are not a certificate and its key in PEM form.", 2) from None


def _check_file(target: DatabaseTarget) -> None:
    try:
        prepare_sqlite_file(target)
    except OSError as error:
        raise StartError(f"The database file {target.path} cannot be written: {error.strerror}.", 2) from None


def _raise_open_files() -> None:
    """Allow as many open files as this user may have; each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # macOS allows less than it says.
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _warn_about_open_files(options: Options) -> None:
    allowed = allowed_connections(options.max_connections)
    if allowed < options.max_connections:
        log.info("open files (ulimit -n) limit the connections", allowed=allowed, wanted=options.max_connections)


def _asker(options: Options) -> Ask | None:
    if options.no_interactive or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None

    def ask(question: str, hidden: bool) -> str:
        try:
            return getpass.getpass(question) if hidden else input(question)
        except EOFError:
            raise KeyboardInterrupt from None

    return ask


@contextmanager
def _sentences(target: DatabaseTarget | None = None) -> Iterator[None]:
    """Turn everything that start-up can run into to a StartError."""
    try:
        yield
    except (DatabaseUrlError, BindError, BootstrapError) as error:
        raise StartError(str(error), 2) from None
    except SchemaTooNew as error:
        raise StartError(str(error), 1) from None
    except (StorageUnavailable, SQLAlchemyError, sqlite3.Error, OSError) as error:
        if target is None:
            raise
        raise StartError(f"{target.display} cannot be used: {_reason(error)}.", 1) from None


def _reason(error: BaseException) -> str:
    """Return the innermost thing that was said, on one line, without its full stop."""
    while error.__cause__ is not None:
        error = error.__cause__
    text = (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
    return logs.mask(text).rstrip(".")


def _announce(options: Options, target: DatabaseTarget, prepared: Prepared) -> None:
    """Say what starts: for people on standard output, for programs as one event of the JSON log (O3)."""
    facts = {
        "version": __version__,
        "database": target.display,
        "api": _url(options, options.host, options.port),
        "heartbeats": _url(options, options.heartbeat_host, options.heartbeat_port) + "/agents/heartbeat",
        "owner": _owner_sentence(prepared),
        "open": _open_sentence(prepared),
    }
    if options.log_format == "json":
        log.info("starting", **facts)
    else:
        rows = "".join(f"  {name:<12}{fact}\n" for name, fact in facts.items())
        sys.stdout.write(f"Telegraf Controller\n{rows}")
        sys.stdout.flush()
    if options.ignored_given:
        log.warning("accepted for compatibility, without effect", options=", ".join(options.ignored_given))
    if options.secrets_in_arguments:
        flags = ", ".join(options.secrets_in_arguments)
        log.warning("everybody on this machine can read these flags; use variables or .env instead", flags=flags)
    _warn_about_open_files(options)


def _url(options: Options, host: str, port: int) -> str:
    scheme = "https" if options.ssl_cert else "http"
    bare = host.strip("[]")
    everywhere = bare in ("0.0.0.0", "::", "")  # noqa: S104
    name = "localhost" if everywhere else f"[{bare}]" if ":" in bare else bare
    return f"{scheme}://{name}:{port}"


def _owner_sentence(prepared: Prepared) -> str:
    if prepared.owner == "missing":
        return f"none yet: open the API's address in a browser and set one up; the code is {prepared.setup_code}"
    return {
        "exists": "exists",
        "created": "created",
        "promoted": "an administrator became the owner, as the options say",
    }[prepared.owner]


def _open_sentence(prepared: Prepared) -> str:
    groups = in_group_order(prepared.open_groups)
    return f"WITHOUT CREDENTIALS: {', '.join(groups)}" if groups else "nothing: every request needs credentials"


def _complain(sentence: str, exit_code: int) -> int:
    sys.stderr.write(f"telegraf_controller: {sentence}\n")
    return exit_code
