"""A real controller with the built web interface, and real browsers of the people of the cast.

    def test_a_viewer_sees_no_button_to_create_a_token(viewer_page: Page) -> None:
        viewer_page.goto("/tokens")

Each file has a controller of its own (SQLite, with everybody of `tests.cast`) and one browser; each test has contexts
of its own. A message of the console, an exception in a page and a request to another host fail the test; after a
failure pictures of the pages are in `test-results/`. Playwright's event loop runs in the thread of the tests: they are
plain functions, and do asynchronous work with `people.run`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.cast import ADAM, MONA, OLIVIA, VICTOR, Person
from tests.end_to_end.browser.people import session_cookie, store_cast
from tests.end_to_end.browser.watch import Watch
from tests.end_to_end.controller import Controller, running_controller
from tests.end_to_end.tour.camera import Camera
from tests.end_to_end.tour.instance import filled_instance
from tests.processes.running import REPOSITORY
from tests.support.chromium import MISSING, QUIET, UNOPTIMIZED, find_chromium

_PATIENCE_MS = 20_000

_HANGS_AFTER_SECONDS = 400

_RESULTS = REPOSITORY / "test-results"

_outcome: pytest.StashKey[bool] = pytest.StashKey()

expect.set_options(timeout=_PATIENCE_MS)


class OpenPage(Protocol):
    """Opens a page in a browser context of its own."""

    def __call__(self, person: Person | None = None, **context_options: Any) -> Page:
        """Return an empty page of somebody who is signed in, or of a stranger; `goto("/tokens")` knows the controller.

        `context_options` are Playwright's: `color_scheme="dark"`, `viewport={"width": 390, "height": 844}`.
        """


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether the test failed, for the fixture that keeps pictures of it."""
    report = yield
    if report.failed:
        item.stash[_outcome] = True
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the first test of a file the time that its controller takes to start, and the interface to be built."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(_HANGS_AFTER_SECONDS))


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser of this machine. Without one these tests are skipped; in continuous integration they fail (O1)."""
    path = find_chromium()
    if path is not None:
        return path
    if os.environ.get("CI") == "true":
        pytest.fail(MISSING)
    pytest.skip(MISSING)


@pytest.fixture(scope="session")
def _built_interface() -> None:
    done = subprocess.run([sys.executable, REPOSITORY / "ui" / "build.py", "build"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="module")
def controller(
    chromium_path: str, _built_interface: None, _migrated_sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Controller]:
    """A running controller on SQLite, in which everybody of `tests.cast` is known."""
    folder = tmp_path_factory.mktemp("controller")
    database = str(folder / "controller.db")
    shutil.copy(_migrated_sqlite_file, database)
    store_cast(database)
    with running_controller(folder, database, make_owner=False) as controller:
        yield controller


@pytest.fixture
def new_controller(chromium_path: str, _built_interface: None, tmp_path: Path) -> Iterator[Controller]:
    """A controller that was started for the first time: it has no owner."""
    with running_controller(tmp_path, str(tmp_path / "controller.db"), make_owner=False) as controller:
        yield controller


@pytest.fixture(scope="module")
def chromium(chromium_path: str, _migrated_sqlite_file: Path) -> Iterator[Browser]:
    """A browser for the length of a file. While it runs, its event loop is in the way of everybody else's.

    Hence it ends with the file, and begins after the migrations, which need a loop.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=[*QUIET, UNOPTIMIZED])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def camera(chromium: Browser, _built_interface: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    """Looks at the pages of an instance with believable contents, one for each file."""
    with filled_instance(tmp_path_factory.mktemp("instance")) as instance:
        yield Camera(chromium, instance)


@pytest.fixture
def watch(request: pytest.FixtureRequest) -> Watch:
    """What the pages of this test complain of; `watch.allow("…")` expects something."""
    name = "new_controller" if "new_controller" in request.fixturenames else "controller"
    controller: Controller = request.getfixturevalue(name)
    return Watch(controller.url)


@pytest.fixture
def open_page(request: pytest.FixtureRequest, chromium: Browser, watch: Watch) -> Iterator[OpenPage]:
    """Opens pages of people; `open_page(MONA)` twice is Mona at two browsers."""
    contexts: list[BrowserContext] = []

    def open_one(person: Person | None = None, **context_options: Any) -> Page:
        context = chromium.new_context(base_url=watch.origin, **{"reduced_motion": "reduce", **context_options})
        context.set_default_timeout(_PATIENCE_MS)
        contexts.append(context)
        watch.attach(context)
        if person is not None:
            controller: Controller = request.getfixturevalue("controller")
            context.add_cookies([session_cookie(controller.database, controller.url, person)])
        return context.new_page()

    yield open_one
    problems = watch.unexpected()
    if problems or request.node.stash.get(_outcome, False):
        _keep_pictures(request.node.nodeid, contexts)
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def visitor_page(open_page: OpenPage) -> Page:
    """Of somebody who is not signed in."""
    return open_page()


@pytest.fixture
def owner_page(open_page: OpenPage) -> Page:
    """Olivia's."""
    return open_page(OLIVIA)


@pytest.fixture
def administrator_page(open_page: OpenPage) -> Page:
    """Adam's."""
    return open_page(ADAM)


@pytest.fixture
def manager_page(open_page: OpenPage) -> Page:
    """Mona's."""
    return open_page(MONA)


@pytest.fixture
def viewer_page(open_page: OpenPage) -> Page:
    """Victor's."""
    return open_page(VICTOR)


def _keep_pictures(test: str, contexts: list[BrowserContext]) -> None:
    _RESULTS.mkdir(exist_ok=True)
    name = re.sub(r"[^\w.-]+", "-", test.rpartition("/")[2])
    for number, page in enumerate(page for context in contexts for page in context.pages):
        page.screenshot(path=_RESULTS / f"{name}-{number}.png", full_page=True)
