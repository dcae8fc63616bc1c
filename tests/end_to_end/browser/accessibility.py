"""What axe finds wrong with a page for people who cannot see it well, or use no mouse."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.processes.running import REPOSITORY

_AXE = REPOSITORY / "ui" / "node_modules" / "axe-core" / "axe.min.js"

_GRAVE = ("serious", "critical")


def assert_accessible(page: Page, *, within: str | None = None, but: Collection[str] = ()) -> None:
    """Fail when axe finds something serious in a page, or in the part that a selector names.

    `but` names axe's rules that are not asked for. Page.evaluate is no inline script: the page's policy stays in force.
    """
    page.evaluate(_axe())
    options = {"resultTypes": ["violations"], "rules": {rule: {"enabled": False} for rule in but}}
    found = page.evaluate(
        "([within, options]) => axe.run(within ?? document, options).then(({ violations }) => violations)",
        [within, options],
    )
    grave = [_sentence(violation) for violation in found if violation["impact"] in _GRAVE]
    assert not grave, "\n".join(grave)


@cache
def _axe() -> str:
    # Its value would be the whole library.
    return f"{_AXE.read_text('utf-8')};undefined"


def _sentence(violation: dict[str, Any]) -> str:
    places = "; ".join(f"{' '.join(map(str, node['target']))}: {node['failureSummary']}" for node in violation["nodes"])
    return f"{violation['id']} ({violation['impact']}): {violation['help']}. {places}"
