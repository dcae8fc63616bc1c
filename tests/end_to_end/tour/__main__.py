"""Takes pictures of every page and dialog of the web interface, light and dark, at a desk and on a phone.

    python -m tests.end_to_end.tour                       all of them, into screenshots/
    python -m tests.end_to_end.tour --only 'token.*'      the scenes whose whole name fits
    python -m tests.end_to_end.tour --format 390-dark     one format
    python -m tests.end_to_end.tour --guide               those of the documentation anew, into docs/screenshots/

Ends with 1 when something does not hold on a page: a message in the console, something serious that axe finds, a page
that moves while it loads or is wider than the window, a dialog that loses the focus.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.end_to_end.tour.camera import DESK, FORMATS, Camera, Format
from tests.end_to_end.tour.instance import filled_instance, new_instance
from tests.end_to_end.tour.scenes import DIALOGS, FIRST, GUIDE, PAGES
from tests.processes.running import REPOSITORY
from tests.support.chromium import MISSING, QUIET, find_chromium

GUIDE_FOLDER = REPOSITORY / "docs" / "screenshots"


def main() -> int:
    """Take the pictures. Returns the exit code."""
    wanted = _arguments()
    browser_path = find_chromium()
    if browser_path is None:
        print(MISSING, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=[*QUIET, "--no-sandbox"])
        if wanted.guide:
            _take_guide(browser, Path(folder))
            return 0
        wrong = _take_all(browser, Path(folder), wanted)
    print(f"The pictures are in {wanted.out}. {wrong or 'No'} problem{'' if wrong == 1 else 's'}.")
    return 1 if wrong else 0


def _take_all(browser: Browser, folder: Path, wanted: argparse.Namespace) -> int:
    formats = [one for one in FORMATS if wanted.format in (None, one.name)]
    wrong = 0
    for make, scenes in ((new_instance, FIRST), (filled_instance, (*PAGES, *DIALOGS))):
        chosen = [scene for scene in scenes if wanted.only.fullmatch(scene.name)]
        if not chosen:
            continue
        with make(folder / make.__name__) as instance:
            camera = Camera(browser, instance)
            for scene, seen in product(chosen, formats):
                for problem in camera.look(scene, seen, wanted.out):
                    wrong += 1
                    print(f"{scene.name} {seen.name}: {problem}", flush=True)
    return wrong


def _take_guide(browser: Browser, folder: Path) -> None:
    with filled_instance(folder / "guide") as instance:
        camera = Camera(browser, instance)
        for scene, dark in product((*PAGES, *DIALOGS), (False, True)):
            name = GUIDE.get(scene.name)
            if name is not None:
                picture = GUIDE_FOLDER / f"{name}-{'dark' if dark else 'light'}.png"
                camera.photograph(scene, Format(*DESK, dark), picture)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.end_to_end.tour", description="Take pictures of every page.")
    parser.add_argument("--out", type=Path, default=Path("screenshots"), help="folder for the pictures")
    parser.add_argument("--only", type=re.compile, default=re.compile(".*"), metavar="PATTERN", help="which scenes")
    parser.add_argument("--guide", action="store_true", help="the pictures of the documentation instead")
    parser.add_argument("--format", choices=[one.name for one in FORMATS], help="one format instead of all")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
