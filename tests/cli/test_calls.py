"""Which arguments start the server (O2)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

from telegraf_controller import __version__
from telegraf_controller.cli.main import main, means_serve
from tests.cli.command import clean_environment, run, run_process
from tests.simulate.heartbeat_server import heartbeat_server


@pytest.mark.parametrize(
    "arguments", ["", "serve", "serve --help", "--port 9000", "--port=9000", "-x", "--no-interactive"]
)
def test_no_command_or_a_flag_starts_the_server(arguments: str) -> None:
    assert means_serve(arguments.split())


@pytest.mark.parametrize("arguments", ["--help", "-h", "--version", "token list", "version", "servee"])
def test_a_command_and_the_programs_own_flags_do_not(arguments: str) -> None:
    assert not means_serve(arguments.split())


@pytest.mark.parametrize("arguments", [["--prot", "9000"], ["serve", "--prot=9000"]])
def test_the_servers_flags_reach_the_server(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "did you mean --port?" in capsys.readouterr().err


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in ("serve", "token", "config", "agents", "db", "simulate", "version"):
        assert f"\n  {command} " in shown


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("token create", "config apply", "agents list", "db backup", "simulate", "version"):
        assert main([*command.split(), "--help"]) == 0
        assert f"Usage: telegraf_controller {command} [OPTIONS]" in capsys.readouterr().out


def test_the_version_is_told_with_and_without_a_server() -> None:
    assert run_process("--version").out == f"telegraf_controller {__version__}\n"
    assert run("version").out.startswith(f"telegraf_controller {__version__}\n")
    asked = run("version", "--url", "http://127.0.0.1:1")
    assert (asked.code, asked.out) == (1, f"telegraf_controller {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("tokne list", "No such command 'tokne'"),
        ("token list --statsu x", "No such option: --statsu"),
        ("token create", "Missing argument"),
        ("token create x", "say what the token may do, with --preset or --permission."),
        ("token create x --preset superuser", "'superuser' is none of telegraf-agent"),
        ("token create x --permission configs:raed", "there is no permission 'configs:raed'."),
        ("token create x --preset read-only --expires soon", "'soon' is no expiry"),
        ("token create x --preset read-only --expires 2001-01-01", "'2001-01-01' is in the past."),
        ("token create x --preset read-only --raw-token tc-apiv1_5e5e", "other users of this machine can read flags"),
        ("token create x --preset read-only --raw-token env:NOT_THERE", "there is no value."),
        ("token rotate x --overlap soon", "'soon' is no span such as 30m, 24h or 7d."),
        ("config apply - ", "a configuration from standard input needs one."),
        ("db check --database mysql://x", "The database address begins with 'mysql'"),
        ("simulate --rate 5", "it is max, or left out"),
        ("simulate http://192.0.2.1:8000", "192.0.2.1 is another machine"),
    ],
)
def test_a_wrong_call_ends_with_two_and_one_sentence(
    arguments: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments.split()) == 2
    captured = capsys.readouterr()
    assert sentence in " ".join(captured.err.split())
    assert "tc-apiv1_5e5e" not in captured.err
    assert captured.out == ""


def test_interrupting_a_simulation_ends_it_with_its_report() -> None:
    with heartbeat_server() as heard:
        process = subprocess.Popen(
            [sys.executable, "-m", "telegraf_controller.cli.main", "simulate", heard.url, "--rate=max", "--json"],
            env=clean_environment(),
            stdout=subprocess.PIPE,
            # Whoever runs the tests may ignore the signal, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        while not heard.bodies:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["acknowledged"] == len(heard.bodies)


def test_an_unreachable_controller_ends_with_one_and_one_sentence() -> None:
    done = run("token", "list", "--url", "http://127.0.0.1:1")
    assert (done.code, done.out) == (1, "")
    assert done.err == "Error: No controller can be reached at http://127.0.0.1:1 (connection refused).\n"
