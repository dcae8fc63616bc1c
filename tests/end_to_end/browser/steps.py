"""What people do on every page of the web interface, in the words that they see."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


def dialog(page: Page, title: str | re.Pattern[str]) -> Locator:
    """Return the dialog with this title, once it is there."""
    found = page.get_by_role("dialog", name=title)
    expect(found).to_be_visible()
    return found


def press(where: Page | Locator, button: str) -> None:
    """Press the button with exactly this name."""
    where.get_by_role("button", name=button, exact=True).click()


def press_first(page: Page, button: str) -> None:
    """Press a button that an empty page shows twice: above the list, and in its place."""
    page.get_by_role("main").get_by_role("button", name=button, exact=True).first.click()


def from_menu(page: Page, thing: str, entry: str) -> None:
    """Choose an entry from the menu of a row."""
    press(page, f"Actions for {thing}")
    page.get_by_role("menuitem", name=entry, exact=True).click()


def row(page: Page, text: str) -> Locator:
    """Return the row of a table in which a text stands."""
    return page.get_by_role("row").filter(has=page.get_by_text(text, exact=True))


def choose(where: Page | Locator, field: str, option: str) -> None:
    """Choose an option of a field; where there are many, type its beginning as people do."""
    page = where if isinstance(where, Page) else where.page
    box = where.get_by_role("combobox", name=field)
    box.click()
    if box.is_editable():
        box.fill(option)
    page.get_by_role("option", name=option).click()


def expect_said(page: Page, sentence: str | re.Pattern[str]) -> None:
    """Wait for a message that something was done."""
    expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()


def editor(page: Page) -> Locator:
    """Return the text field of the editor."""
    return page.get_by_role("textbox", name="Configuration", exact=True)


def write(page: Page, text: str) -> None:
    """Replace the whole text in the editor."""
    editor(page).click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(text)
