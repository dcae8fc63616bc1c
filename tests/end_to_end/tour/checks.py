"""What has to hold on every page: nothing moves or overflows, axe finds nothing serious, the focus is never lost."""

from __future__ import annotations

from playwright.sync_api import Error, Page, expect

from tests.end_to_end.browser.accessibility import assert_accessible

WATCH_SHIFTS = """
window.layoutShift = 0;
window.layoutShifts = [];
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput, sources } of list.getEntries()) {
    if (hadRecentInput) continue;
    window.layoutShift += value;
    window.layoutShifts.push(...sources.map(({ node, previousRect: { x, y }, currentRect }) =>
      `${node?.nodeName} ${node?.className ?? ""} from ${x},${y} to ${currentRect.x},${currentRect.y}`));
  }
}).observe({ type: "layout-shift", buffered: true });
"""
"""Runs before a page's own scripts and adds up by how much the page moves while nobody touches it."""

_MOST_SHIFT = 0.05
"""Half of what counts as good: on a busy machine what belongs together may come in two pieces."""

_OPEN = "[role=dialog], [role=menu]"


def settle(page: Page) -> None:
    """Wait until a page has loaded what it shows."""
    page.wait_for_load_state("networkidle")
    page.locator("[aria-busy=true], [role=status][aria-label=Loading]").first.wait_for(state="detached")
    page.evaluate("document.fonts.ready.then(() => null)")
    # What fades in and out does so within 150 ms, and its contrast counts when it is there.
    page.wait_for_timeout(180)


def page_problems(page: Page) -> list[str]:
    """Return what is wrong with a page that has just loaded: how it moved, how wide it is, what axe finds serious."""
    return [*layout_problems(page), *accessibility_problems(page)]


def layout_problems(page: Page) -> list[str]:
    """Return how a page moved while it loaded, and whether it is wider than the window."""
    problems = []
    shift = page.evaluate("window.layoutShift")
    if shift > _MOST_SHIFT:
        problems.append(f"layout shift of {shift:.3f}: {page.evaluate('window.layoutShifts.slice(0, 3)')}")
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wider > 0:
        problems.append(f"the page scrolls sideways by {wider} px")
    return problems


def accessibility_problems(page: Page) -> list[str]:
    """Return what axe finds serious or worse."""
    try:
        assert_accessible(page)
    except AssertionError as problem:
        return str(problem).splitlines()
    return []


def focus_problems(page: Page) -> list[str]:
    """Close what is open with Escape; return whether the focus was inside before, and where it is after."""
    problems = []
    if not page.evaluate("document.activeElement.closest('[role=dialog], [role=menu]') !== null"):
        problems.append("the focus was not inside of what opened")
    for _ in range(2):
        # The first one may close a list of choices within.
        page.keyboard.press("Escape")
        page.wait_for_timeout(250)
    try:
        expect(page.locator(_OPEN)).to_have_count(0, timeout=2_000)
    except (AssertionError, Error):
        problems.append("Escape does not close it")
    if page.evaluate("document.activeElement === document.body"):
        problems.append("the focus is lost after closing")
    return problems
