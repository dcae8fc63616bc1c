"""The browser of this machine, for tests, pictures and measurements."""

from __future__ import annotations

import shutil

_PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The shell is Chromium without a window's own interface, which would be drawn for each page, seen by nobody: a page
costs it a sixth of the processor time (measured)."""

QUIET = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update", "--disable-sync")
"""What a browser does on its own leaves the machine, and is no concern of ours."""

UNOPTIMIZED = "--js-flags=--no-maglev --no-opt"
"""For many short visits: what is compiled for speed would not run long enough to pay. Renderers take a seventh less."""

MISSING = "CHROMIUM IS MISSING: install it (Debian: apt install chromium-headless-shell, or chromium)"


def find_chromium() -> str | None:
    """Return the path of the browser, None when there is none."""
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)
