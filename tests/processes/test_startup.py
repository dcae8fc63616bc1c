"""The way from the command line to running processes, and the sentences at which it ends (O2, O3)."""

from __future__ import annotations

import json
import logging
import os
import pty
import resource
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import structlog

from telegraf_controller import __version__
from telegraf_controller.options import without_options
from telegraf_controller.processes import startup
from tests.processes.running import REPOSITORY, is_alive, until, whole
from tests.support.certificates import make_certificate
from tests.support.ports import free_port

_FILES = resource.RLIMIT_NOFILE

TOKEN = "tc-apiv1_" + "0123456789abcdef" * 4
OWNER = {"OWNER_USERNAME": "olivia", "OWNER_EMAIL": "olivia@example.com", "OWNER_PASSWORD": "correct horse battery"}


@pytest.fixture(autouse=True)
def _leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start-up happens in an empty folder, and what it sets up for its process is undone."""
    monkeypatch.chdir(tmp_path)
    root, on_sigterm, limits = logging.getLogger(), signal.getsignal(signal.SIGTERM), resource.getrlimit(_FILES)
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()
    signal.signal(signal.SIGTERM, on_sigterm)
    resource.setrlimit(_FILES, limits)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    return make_certificate(tmp_path / "one")


def refused(capsys: pytest.CaptureFixture[str], *flags: str) -> tuple[int, str]:
    """Start with flags that cannot work; return the exit code and the one sentence."""
    own = ["--host=127.0.0.1", "--heartbeat-host=127.0.0.1", "--no-interactive"]
    ports = (
        [] if any("port" in flag for flag in flags) else [f"--port={free_port()}", f"--heartbeat-port={free_port()}"]
    )
    code = startup.serve_command([*own, *ports, *flags])
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("telegraf_controller: ")
    assert said.err.count("\n") == 1
    return code, said.err


def test_help_is_shown_without_starting_anything(capsys: pytest.CaptureFixture[str]) -> None:
    assert startup.serve_command(["--help"]) == 0
    assert "--heartbeat-port (HEARTBEAT_PORT)" in capsys.readouterr().out


def test_an_unknown_flag_ends_with_two_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = refused(capsys, "--prot=1")
    assert code == 2
    assert "did you mean --port?" in said


@pytest.mark.parametrize("flag", ["--port", "--heartbeat-port"])
def test_a_port_in_use_ends_with_two(capsys: pytest.CaptureFixture[str], flag: str) -> None:
    other = "--port" if flag == "--heartbeat-port" else "--heartbeat-port"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = refused(capsys, f"{flag}={port}", f"{other}={free_port()}", "--heartbeat-workers=2")
    assert code == 2
    assert f"Port {port} on 127.0.0.1 is in use by another program." in said


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("mysql://u:geheim@h/db", "begins with 'mysql'"),
        ("postgresql://u:geheim@/db", "names no host"),
        ("postgresql://u:geheim@h:port/db", "is malformed"),
        (".", "cannot be written: Is a directory"),
        ("file/below.db", "cannot be written"),
    ],
)
def test_a_database_address_that_makes_no_sense_ends_with_two(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, address: str, says: str
) -> None:
    (tmp_path / "file").touch()
    code, said = refused(capsys, f"--database={address}")
    assert code == 2
    assert says in said
    assert "geheim" not in said


def test_a_database_that_cannot_be_reached_ends_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = refused(capsys, f"--database=postgresql://u:geheim@127.0.0.1:{free_port()}/db")
    assert code == 1
    assert "cannot be used" in said
    assert "geheim" not in said


def test_a_file_that_is_no_database_ends_with_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("These are my notes, and they are long enough to be no empty database." * 20)
    code, said = refused(capsys, "--database=notes.txt")
    assert code == 1
    assert "file is not a database" in said


def test_certificates_that_cannot_work_end_with_two(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    good, key = certificate
    _, other_key = make_certificate(tmp_path / "other")
    encrypted, encrypted_key = make_certificate(tmp_path / "encrypted", "-passout", "pass:geheim")
    for cert_file, key_file, says in (
        (good, other_key, "does not belong to the certificate"),
        (good, tmp_path / "none.key", "of --ssl-key cannot be read: No such file or directory"),
        (tmp_path, key, "of --ssl-cert cannot be read: Is a directory"),
        (key, good, "are not a certificate and its key in PEM form"),
        (encrypted, encrypted_key, "is encrypted"),
    ):
        code, said = refused(capsys, f"--ssl-cert={cert_file}", f"--ssl-key={key_file}")
        assert code == 2
        assert says in said


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--owner-username=olivia"], "--owner-email is missing"),
        (["--owner-username=olivia", "--owner-email=o@example.com", "--owner-password=short"], "password"),
    ],
)
def test_an_owner_that_cannot_be_made_ends_with_two(
    capsys: pytest.CaptureFixture[str], flags: list[str], says: str
) -> None:
    code, said = refused(capsys, "--database=x.db", *flags)
    assert code == 2
    assert says in said
    assert "short" not in said.replace("too short", "")


def test_without_a_place_for_temporary_files_the_socket_is_next_to_the_database(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """O2: as in a container whose root cannot be written"""
    # Not pytest's folder: its path is longer than one of a socket can be.
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", f"{folder}/missing")
        with ExitStack() as bound:
            listener = startup._bind_storage(Path(folder, "controller.db"), bound)
            assert str(Path(listener.getsockname()).parent.parent) == folder
        assert os.listdir(folder) == []
        code, sentence = refused(capsys, f"--database={folder}/{'x' * 120}/controller.db")
    assert (code, "There is no place for a socket" in sentence) == (2, True)


def test_start_up_says_what_starts(tmp_path: Path) -> None:
    with whole(tmp_path, "--eula-accept", "--disable-auth-endpoints=heartbeat", **OWNER) as program:
        program.wait_until_serving()
        for fact in (
            __version__,
            f"SQLite {tmp_path / 'controller.db'}",
            f"http://127.0.0.1:{program.port}",
            f"http://127.0.0.1:{program.heartbeat_port}/agents/heartbeat",
            "owner       created",
            "WITHOUT CREDENTIALS: heartbeat",
        ):
            assert fact in program.out
        assert program.log.count("accepted for compatibility, without effect options=--eula-accept") == 1


def test_with_a_json_log_every_line_is_json_and_says_what_starts(tmp_path: Path) -> None:
    with whole(tmp_path, "--log-format=json", "--session-secret=geheimgeheim") as program:
        until(lambda: program.log.count("process started") >= 3)
        program.get()
        program.process.terminate()
        assert program.wait() == 0
        events = [json.loads(line) for line in program.log.splitlines()]
        assert program.out == ""
    starting = next(event for event in events if event["event"] == "starting")
    assert starting["owner"].startswith("none yet")
    assert any(event["event"].startswith("everybody on this machine") for event in events)


def test_no_secret_is_visible_in_the_log_or_the_process_list(tmp_path: Path) -> None:
    secrets = {**OWNER, "OWNER_TOKEN": TOKEN, "SESSION_SECRET": "s" * 40}
    with whole(tmp_path, "--log-level=debug", **secrets) as program:
        program.wait_until_serving()
        seen = program.log + program.out
        for pid in (program.fork_server(), *program.children().values()):
            assert is_alive(pid)
            seen += Path(f"/proc/{pid}/cmdline").read_text() + Path(f"/proc/{pid}/environ").read_text()
    assert "owner token provisioned" in seen
    for secret in (OWNER["OWNER_PASSWORD"], TOKEN, "s" * 40):
        assert secret not in seen


def test_both_ports_speak_https_from_tls_1_2_on(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    cert_file, key_file = certificate
    with whole(tmp_path, f"--ssl-cert={cert_file}", f"--ssl-key={key_file}") as program:
        until(lambda: program.log.count("process started") >= 3)
        context = ssl.create_default_context(cafile=cert_file)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        for port in (program.port, program.heartbeat_port):
            assert httpx.get(f"https://127.0.0.1:{port}/", verify=context, timeout=20).text.isdigit()
        assert f"https://127.0.0.1:{program.port}" in program.out
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"https://127.0.0.1:{program.port}/", verify=context)


def test_the_password_of_an_existing_owner_is_reset_when_asked(tmp_path: Path) -> None:
    with whole(tmp_path, **OWNER) as program:
        program.wait_until_serving()
        program.process.send_signal(signal.SIGTERM)
        assert program.wait() == 0
    with whole(tmp_path, OWNER_PASSWORD="another horse battery", RESET_OWNER_PASSWORD="true") as program:
        until(lambda: "the owner's password was reset; unset RESET_OWNER_PASSWORD now" in program.log)
        until(lambda: "exists" in program.out)


def test_on_a_terminal_the_owner_is_asked_for(tmp_path: Path) -> None:
    keyboard, terminal = pty.openpty()
    program = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.processes", "--database=controller.db", "--host=127.0.0.1"),
            *(f"--port={free_port()}", f"--heartbeat-port={free_port()}", "--heartbeat-host=127.0.0.1"),
        ],
        cwd=tmp_path,
        env={**without_options(os.environ), "PYTHONPATH": str(REPOSITORY)},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    try:
        for question, answer in (
            (b"username", "olivia"),
            (b"e-mail", "no address"),
            (b"e-mail", "olivia@example.com"),
            (b"password", "correct horse battery"),
        ):
            read_until(keyboard, question)
            os.write(keyboard, answer.encode() + b"\n")
        assert b"correct horse" not in read_until(keyboard, b"owner       created")
    finally:
        program.terminate()
        program.wait()
        os.close(keyboard)


def read_until(keyboard: int, wanted: bytes) -> bytes:
    """Read from a terminal until something stands there."""
    seen = b""
    while wanted not in seen:
        assert select.select([keyboard], [], [], 20)[0], seen
        seen += os.read(keyboard, 4096)
    return seen
