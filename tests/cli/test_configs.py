"""`config apply|list|export` against a real controller."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from telegraf_controller.client import ControllerClient
from tests.cli.conftest import OWNER_TOKEN, Controller

DOCUMENT = '[agent]\r\n  interval = "&{interval:10s}"\n[[inputs.cpu]]\n[[outputs.discard]]\n# naïve 主机'
_numbers = count(1)


@pytest.fixture
def name() -> str:
    """A configuration name that no other test uses."""
    return f"config {next(_numbers)}"


@pytest.fixture
def file(tmp_path: Path, name: str) -> Path:
    """A configuration in a file of that name."""
    path = tmp_path / f"{name}.toml"
    path.write_bytes(DOCUMENT.encode())
    return path


def test_applying_creates_then_changes_nothing_then_updates(controller: Controller, file: Path, name: str) -> None:
    first = controller.run("config", "apply", file)
    assert first.code == 0, first.err
    [[outcome, kind, named, version, replaced, url]] = first.rows
    assert (outcome, kind, named, version, replaced) == ("created", "configuration", name, "1", "")
    assert url.startswith(f"{controller.url}/api/configs/")
    again = controller.run("config", "apply", file, "--note", "again")
    assert again.rows == [["unchanged", "configuration", name, "1", "", url]]
    file.write_bytes(DOCUMENT.encode() + b"\n")
    updated = controller.run("config", "apply", file, "--note", "an end")
    assert updated.rows == [["updated", "configuration", name, "2", "version 1 by Olivia", url]]
    with ControllerClient(controller.url, OWNER_TOKEN) as client:
        config = client.configs.find(name)
        assert config is not None
        assert [version.note for version in client.configs.versions(config.id)] == ["an end", "Initial version"]
        assert client.configs.version(config.id, 1).toml == DOCUMENT
        served = client.configs.toml(config.id, {"interval": "5s"})
    assert served.body.decode() == DOCUMENT.replace("&{interval:10s}", "5s") + "\n"
    assert served.last_modified


def test_export_and_apply_are_each_others_inverse_to_the_byte(
    controller: Controller, file: Path, name: str, tmp_path: Path
) -> None:
    odd = f"{name}/../a:b"
    assert controller.run("config", "apply", file).code == 0
    assert controller.run("config", "apply", file, "--name", odd).code == 0
    folder = tmp_path / "new" / "folder"
    done = controller.run("config", "export", name, odd, "--output", folder)
    assert [row[:2] for row in done.rows] == [["written", name], ["written", odd]]
    assert {path.read_bytes() for path in folder.rglob("*.toml")} == {DOCUMENT.encode()}
    assert [row[0] for row in controller.run("config", "apply", folder).rows] == ["unchanged", "unchanged"]
    again = controller.run("config", "export", name, "-o", folder)
    assert [row[0] for row in again.rows] == ["unchanged"]


def test_export_without_names_means_all(controller: Controller, file: Path, name: str, tmp_path: Path) -> None:
    controller.run("config", "apply", file)
    everything = controller.run("config", "export", "-o", tmp_path / "all")
    listed = controller.run("config", "list")
    assert sorted(row[1] for row in everything.rows[:-1]) == sorted(row[0] for row in listed.rows)
    assert everything.rows[-1][1] == "controller.toml"
    assert name in [row[0] for row in listed.rows]


def test_a_document_that_is_refused_names_its_place_and_nothing_is_changed(
    controller: Controller, file: Path, name: str
) -> None:
    bad = file.with_name(f"{name} bad.toml")
    bad.write_text("[agent]\nx = = 1\n")
    done = controller.run("config", "apply", file.parent, "--json")
    assert (done.code, done.out) == (1, "")
    first, last = done.err.splitlines()
    assert first.startswith(f"{bad}:2:")
    assert last == "Error: 1 thing cannot be had as wanted; nothing was changed."
    assert controller.run("config", "list", "--search", name).rows == []


def test_standard_input_can_be_applied(controller: Controller, name: str) -> None:
    done = controller.run("config", "apply", "-", "--name", name, stdin=DOCUMENT.encode())
    assert done.rows[0][:3] == ["created", "configuration", name]
    assert controller.run("config", "apply", "-", "--name", name, stdin=DOCUMENT.encode()).rows[0][0] == "unchanged"


def test_what_is_not_there_cannot_be_exported(controller: Controller, tmp_path: Path) -> None:
    done = controller.run("config", "export", "no such", "-o", tmp_path / "x")
    assert (done.code, done.err) == (1, "Error: There is no configuration 'no such'.\n")
    assert not (tmp_path / "x").exists()


def test_a_token_that_may_not_write_is_told_so_once(controller: Controller, file: Path, name: str) -> None:
    reader = controller.run("token", "create", f"reader for {name}", "--preset=read-only", "-q").out.strip()
    done = controller.run("config", "apply", file, token=reader)
    assert (done.code, done.out) == (1, "")
    assert "configs:write" in done.err
    assert len(done.err.splitlines()) == 1


def test_an_export_that_cannot_be_written_is_one_sentence(controller: Controller, file: Path, tmp_path: Path) -> None:
    controller.run("config", "apply", file)
    (tmp_path / "taken").write_text("")
    done = controller.run("config", "export", "-o", tmp_path / "taken")
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert "cannot be written" in done.err
