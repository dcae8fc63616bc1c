"""What goes wrong in a page without anybody seeing it: messages in the console, errors, requests to elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

_REFUSED_BY_API = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
"""The browser says so of every answer that refuses; a page asks who is signed in, say, and shows what was refused."""


@dataclass
class Watch:
    """Collects the problems of all pages of some contexts; a test fails for those that it has not allowed."""

    origin: str
    """Of the controller; nothing may be loaded from anywhere else."""
    problems: list[str] = field(default_factory=list)
    _allowed: list[re.Pattern[str]] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        """Expect problems whose text matches: a test that takes the controller away expects errors."""
        self._allowed.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        """Return the problems that were not allowed."""
        return [problem for problem in self.problems if not any(one.search(problem) for one in self._allowed)]

    def attach(self, context: BrowserContext) -> None:
        """Watch every page of a context, also those that it opens later."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"exception: {error.error}"))
        context.on("request", self._request)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        url = str(message.location.get("url", ""))
        if _REFUSED_BY_API.match(message.text) and url.startswith(f"{self.origin}/api/"):
            return
        self.problems.append(f"console {message.type}: {message.text} ({url})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", "data:", "blob:")):
            self.problems.append(f"request to elsewhere: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.request.method} {response.url} answered {response.status}")


def page_is_settled(page: Page) -> None:
    """Wait until a page shows something and asks the server nothing more."""
    page.wait_for_load_state("networkidle")
