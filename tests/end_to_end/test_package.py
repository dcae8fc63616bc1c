"""The built package: it contains the web interface, and needs no Node (O1)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.controller import Controller
from tests.processes.running import REPOSITORY
from tests.support.plain_http import NO_TLS

pytestmark = pytest.mark.timeout(600)

INTERFACE = "telegraf_controller/web/ui_dist/"


def build(source: Path, folder: Path, *targets: str, path: str = os.environ["PATH"]) -> None:
    """Run the build backend that `make wheel` and every packaging tool run."""
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    for target in targets:
        command += ["--target", target]
    done = subprocess.run(command, cwd=source, env={**os.environ, "PATH": path}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build(REPOSITORY, folder, "wheel", "sdist")
    return folder


def interface_in(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.startswith(INTERFACE)}


def test_a_wheel_contains_the_interface_and_nothing_that_it_was_built_from(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    files = interface_in(wheel)
    assert b'<div id="root">' in files[f"{INTERFACE}index.html"]
    assert f"{INTERFACE}reference.html" in files
    for suffix in (".js", ".js.br", ".js.gz", ".css", ".woff2"):
        assert any(name.endswith(suffix) for name in files), suffix
    with zipfile.ZipFile(wheel) as archive:
        assert [name for name in archive.namelist() if name.endswith((".ts", ".tsx")) or "node_modules" in name] == []
        assert {name.partition("/")[0].partition("-")[0] for name in archive.namelist()} == {"telegraf_controller"}


def test_a_wheel_from_the_source_distribution_is_the_same_without_node(dist: Path, tmp_path: Path) -> None:
    (source,) = dist.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert not (unpacked / "ui" / "node_modules").exists()
    assert (unpacked / "ui" / "src").is_dir()
    (tmp_path / "bin").mkdir()
    build(unpacked, tmp_path / "again", "wheel", path=str(tmp_path / "bin"))
    (wheel,) = dist.glob("*.whl")
    (again,) = (tmp_path / "again").glob("*.whl")
    assert interface_in(again) == interface_in(wheel)


@pytest.fixture
def installed(dist: Path, tmp_path: Path) -> Iterator[Controller]:
    """A controller from the wheel, in an environment of its own that has what it depends on."""
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (wheel,) = dist.glob("*.whl")
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(wheel)], check=True)
    (libraries,) = (environment / "lib").glob("python*/site-packages")
    # What stands in a .pth file comes after what is installed, and its own .pth files are not read: no checkout.
    (libraries / "dependencies.pth").write_text(str(Path(pytest.__file__).parent.parent))
    folder = tmp_path / "run"
    folder.mkdir()
    controller = Controller(folder, python=str(python))
    try:
        controller.launch(str(folder / "controller.db"))
        yield controller
    finally:
        controller.end()


def test_an_installed_wheel_serves_the_interface(installed: Controller) -> None:
    where = subprocess.run(
        [installed.python, "-c", "import telegraf_controller as t; print(t.__file__)"],
        cwd=installed.folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert where.startswith(str(installed.folder.parent)), where
    page = httpx.get(installed.url, headers={"Accept": "text/html"}, verify=NO_TLS)
    assert '<div id="root">' in page.text
    # The last is the largest; the smallest are not worth compressing.
    script = re.findall(r'<script type="module" crossorigin src="([^"]+)"', page.text)[-1]
    served = httpx.get(installed.url + script, verify=NO_TLS)
    assert served.headers["content-encoding"] in ("br", "gzip")
    assert served.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert httpx.get(f"{installed.url}/assets/of-an-older-version.js", verify=NO_TLS).status_code == 404
