"""A browser in which a measurement happens: the machine's Chromium, with somebody signed in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from tests.support.chromium import MISSING, QUIET, find_chromium

from bench.programs import CannotMeasure

_PATIENCE_MS = 20_000
_SCRIPT = Path(__file__).with_name("painted.js")
_WINDOW: Any = {"width": 1440, "height": 900}


@dataclass(frozen=True)
class Painted:
    """One thing that somebody did, until its outcome was on the screen."""

    took_ms: float
    awaited_ms: float
    """During which at least one answer of the API was awaited."""
    shown: str
    """What the page showed then: addresses of rows, or a heading."""


class Tab:
    """A page of somebody who is signed in, with nothing cached before."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        context.set_default_timeout(_PATIENCE_MS)
        context.add_init_script(path=_SCRIPT)
        self.page: Page = context.new_page()
        self.url = url
        self._answers: list[Response] = []
        self.page.on("response", self._note)

    def open(self, path: str, outcome: str) -> Painted:
        """Go to an address; the time begins with the navigation."""
        self.page.context.add_init_script(f"bench.watch({outcome!r})")
        self.page.goto(self.url + path)
        return self._painted(path)

    def watch(self, outcome: str, event: str) -> None:
        """Measure what follows from the next such event."""
        self.page.evaluate("([outcome, event]) => bench.watch(outcome, event)", [outcome, event])

    def painted(self, what: str) -> Painted:
        """Return what was measured."""
        return self._painted(what)

    def answers(self) -> list[tuple[str, int, int]]:
        """Return path, items and bytes of what the API has answered since the last call."""
        arrived, self._answers = self._answers, []
        return [
            (one.url.removeprefix(self.url), _items(body), len(body))
            for one in arrived
            if one.status == 200 and (body := _body(one)) is not None
        ]

    def _painted(self, what: str) -> Painted:
        late = f"new Promise((_, reject) => setTimeout(() => reject(new Error('late')), {_PATIENCE_MS}))"
        try:
            found = self.page.evaluate(f"() => Promise.race([bench.painted, {late}])")
        except PlaywrightError as error:
            raise CannotMeasure(f"{what}: nothing new was shown ({error}).") from None
        return Painted(found["took"], found["awaited"], found["shown"])

    def _note(self, response: Response) -> None:
        if response.url.startswith(f"{self.url}/api/"):
            self._answers.append(response)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the machine's Chromium without a window. Raises CannotMeasure when there is none."""
    path = find_chromium()
    if path is None:
        raise CannotMeasure(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


def sign_in(browser: Browser, url: str, username: str, password: str) -> Any:
    """Sign somebody in; return the cookies that a `tab` begins with."""
    context = browser.new_context()
    answer = context.request.post(
        f"{url}/api/auth/login/local", data={"username": username, "password": password}, headers={"Origin": url}
    )
    if not answer.ok:
        raise CannotMeasure(f"Signing in failed: {answer.status} {answer.text()[:200]}")
    state = context.storage_state()
    context.close()
    return state


@contextmanager
def tab(browser: Browser, url: str, signed_in: Any) -> Iterator[Tab]:
    """Open a page in a context of its own, which knows the cookies and nothing else."""
    context = browser.new_context(storage_state=signed_in, viewport=_WINDOW)
    try:
        yield Tab(context, url)
    finally:
        context.close()


def _body(response: Response) -> bytes | None:
    try:
        return response.body()
    except PlaywrightError:
        # The page was left before its last answers were there, and the browser keeps none of another page.
        return None


def _items(body: bytes) -> int:
    told = json.loads(body)
    return len(told["items"]) if isinstance(told, dict) and "items" in told else 0
