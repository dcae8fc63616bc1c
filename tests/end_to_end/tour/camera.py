"""Looks at the scenes with a real browser, takes their pictures, and notes what does not hold on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Error, Page

from telegraf_controller.access.browsers import COOKIE
from tests.end_to_end.browser.watch import Watch
from tests.end_to_end.tour.checks import WATCH_SHIFTS, accessibility_problems, focus_problems, layout_problems, settle
from tests.end_to_end.tour.instance import Instance
from tests.end_to_end.tour.scenes import Scene


@dataclass(frozen=True)
class Format:
    """How somebody looks at the interface."""

    width: int
    height: int
    dark: bool

    @property
    def name(self) -> str:
        """For file names: "1440-light"."""
        return f"{self.width}-{'dark' if self.dark else 'light'}"


DESK, PHONE = (1440, 900), (390, 844)

FORMATS = tuple(Format(*size, dark) for size in (DESK, PHONE) for dark in (False, True))


class Camera:
    """A browser's pages on one instance, one for each format and person.

    A page of its own for each scene would start a process, and take half as much processor time again.
    """

    def __init__(self, browser: Browser, instance: Instance) -> None:
        self._browser = browser
        self._instance = instance
        self._sessions: dict[str, str] = {}
        self._pages: dict[tuple[Format, str | None], tuple[Page, Watch]] = {}

    def look(self, scene: Scene, seen: Format, folder: Path, *, only_wrong: bool = False) -> list[str]:
        """Look at a scene, and put its picture into a folder, or only if something is wrong. Returns what is wrong."""
        page, watch = self._page(seen, scene.person)
        watch.problems.clear()
        problems = self._go(page, scene)
        problems += accessibility_problems(page)
        if problems or not only_wrong:
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"{scene.name}-{seen.name}.png", full_page=not scene.steps)
        if scene.opens:
            problems += focus_problems(page)
        return problems + watch.unexpected()

    def photograph(self, scene: Scene, seen: Format, picture: Path) -> None:
        """Take a picture of what fits into the window, and check nothing."""
        page, _ = self._page(seen, scene.person)
        self._go(page, scene)
        page.screenshot(path=picture)

    def _go(self, page: Page, scene: Scene) -> list[str]:
        page.goto(scene.path_on(self._instance))
        settle(page)
        problems = layout_problems(page)
        try:
            for step in scene.steps:
                step(page)
                settle(page)
        except Error as error:
            problems.append(f"could not go on: {str(error).splitlines()[0]}")
        return problems

    def _page(self, seen: Format, person: str | None) -> tuple[Page, Watch]:
        if (seen, person) not in self._pages:
            context = self._browser.new_context(
                base_url=self._instance.url,
                viewport={"width": seen.width, "height": seen.height},
                color_scheme="dark" if seen.dark else "light",
                reduced_motion="reduce",
            )
            context.set_default_timeout(20_000)
            context.add_init_script(WATCH_SHIFTS)
            if person is not None:
                if person not in self._sessions:
                    self._sessions[person] = self._instance.sign_in(person)
                context.add_cookies([{"name": COOKIE, "value": self._sessions[person], "url": self._instance.url}])
            watch = Watch(self._instance.url)
            watch.attach(context)
            page = context.new_page()
            # What somebody leaves unsaved is what a scene shows, and no reason to stay.
            page.on("dialog", lambda dialog: dialog.accept())
            self._pages[seen, person] = page, watch
        return self._pages[seen, person]
