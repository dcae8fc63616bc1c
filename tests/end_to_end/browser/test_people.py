"""People: invited, changed, signed out, locked out, let in again."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.cast import MAX, MONA, Person
from tests.end_to_end.browser.conftest import OpenPage
from tests.end_to_end.browser.steps import dialog, expect_said, press, row

NEW_PASSWORD = "Another-Secret-2026!"


def shown_link(shown: Locator) -> str:
    """Read the link that is shown this once, and close the dialog."""
    link = shown.locator("[data-secret]").inner_text()
    press(shown, "Done")
    expect(shown).to_be_hidden()
    return link


def invite(page: Page, username: str, role: str) -> str:
    """Invite somebody and return the link."""
    page.goto("/users")
    press(page, "Invite")
    form = dialog(page, "Invite a user")
    form.get_by_role("textbox", name="Username").fill(username)
    form.get_by_role("textbox", name="E-mail").fill(f"{username.lower()}@example.com")
    form.get_by_role("radio", name=role).check()
    press(form, "Create invite")
    return shown_link(dialog(page, f"Invite for {username}"))


def sign_in(page: Page, person: Person, password: str) -> None:
    page.get_by_role("textbox", name="Username or e-mail").fill(person.username)
    page.get_by_role("textbox", name="Password", exact=True).fill(password)
    press(page, "Sign in")


def test_somebody_is_invited_joins_and_is_signed_out_when_the_role_changes(
    open_page: OpenPage, owner_page: Page
) -> None:
    """U5, U7"""
    link = invite(owner_page, "Nora", "Manager")
    expect(owner_page.get_by_role("region", name="Pending invites")).to_contain_text("Nora")
    nora = open_page()
    nora.goto(link)
    expect(nora.get_by_role("heading", name="Welcome, Nora")).to_be_visible()
    password = nora.get_by_role("textbox", name="Choose a password")
    password.fill("short")
    expect(nora.get_by_role("list", name="Rules for the password")).to_contain_text("(not met yet)")
    password.fill(NEW_PASSWORD)
    expect(nora.get_by_role("list", name="Rules for the password")).not_to_contain_text("(not met yet)")
    press(nora, "Join")
    expect(nora.get_by_role("button", name="Account menu of Nora")).to_contain_text("manager")
    nora.goto("/labels")
    expect(nora.get_by_role("button", name="New label").first).to_be_visible()
    expect(open_page_at(open_page, link).get_by_role("heading", name="This invite is no longer valid")).to_be_visible()

    owner_page.goto("/users")
    owner_page.get_by_role("link", name="Nora").click()
    press(owner_page, "Change role…")
    form = dialog(owner_page, "Role of Nora")
    form.get_by_role("radio", name="Viewer").check()
    press(form, "Change role")
    expect_said(owner_page, "Nora is now viewer.")

    nora.get_by_role("link", name="Configurations").click()
    expect(nora.get_by_role("heading", name="Sign in")).to_be_visible()
    nora.get_by_role("textbox", name="Username or e-mail").fill("nora@example.com")
    nora.get_by_role("textbox", name="Password", exact=True).fill(NEW_PASSWORD)
    press(nora, "Sign in")
    expect(nora.get_by_role("heading", name="Configurations", level=1)).to_be_visible()
    expect(nora.get_by_role("link", name="New configuration")).to_have_count(0)


def open_page_at(open_page: OpenPage, address: str) -> Page:
    page = open_page()
    page.goto(address)
    return page


def test_an_invite_that_was_taken_back_is_worth_nothing(open_page: OpenPage, administrator_page: Page) -> None:
    """U5"""
    link = invite(administrator_page, "Ina", "Viewer")
    press(administrator_page, "Take back the invite of Ina")
    press(dialog(administrator_page, "Take the invite back?"), "Take back")
    expect(administrator_page.get_by_role("region", name="Pending invites")).to_have_count(0)
    stranger = open_page_at(open_page, link)
    expect(stranger.get_by_role("heading", name="This invite is no longer valid")).to_be_visible()


def test_whoever_is_disabled_is_out_at_once_and_comes_back_when_enabled(
    open_page: OpenPage, administrator_page: Page
) -> None:
    """U7"""
    max_page = open_page(MAX)
    max_page.goto("/labels")
    expect(max_page.get_by_role("heading", name="Labels", level=1)).to_be_visible()
    administrator_page.goto("/users")
    administrator_page.get_by_role("link", name="Max").click()
    press(administrator_page, "Disable…")
    press(dialog(administrator_page, "Disable Max?"), "Disable")
    expect(administrator_page.get_by_text("Disabled", exact=True)).to_be_visible()
    max_page.get_by_role("link", name="Groups").click()
    expect(max_page.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(max_page, MAX, MAX.password)
    expect(max_page.get_by_role("alert")).to_be_visible()

    press(administrator_page, "Enable…")
    press(dialog(administrator_page, "Enable Max?"), "Enable")
    expect(administrator_page.get_by_text("Active", exact=True)).to_be_visible()
    sign_in(max_page, MAX, MAX.password)
    expect(max_page.get_by_role("heading", name="Groups", level=1)).to_be_visible()


def test_the_rules_for_passwords_are_shown_as_they_are(open_page: OpenPage, owner_page: Page) -> None:
    """U9"""
    link = invite(owner_page, "Rita", "Viewer")
    owner_page.goto("/settings")
    owner_page.get_by_role("radio", name="High").check()
    press(owner_page.get_by_role("region", name="Login security"), "Save")
    expect_said(owner_page, "The login security is saved.")
    rules = re.compile("At least 12 characters")
    expect(open_page_at(open_page, link).get_by_role("list", name="Rules for the password")).to_have_text(rules)
    mona = open_page(MONA)
    mona.goto("/account")
    expect(mona.get_by_role("list", name="Rules for the password")).to_have_text(rules)


def test_too_many_wrong_passwords_lock_an_account_until_a_reset_link_opens_it(
    open_page: OpenPage, owner_page: Page
) -> None:
    """U6, U10"""
    mona = open_page()
    mona.goto("/sign-in")
    for _ in range(5):
        sign_in(mona, MONA, "guessed wrong")
        expect(mona.get_by_role("alert")).to_be_visible()
        expect(mona.get_by_role("button", name="Sign in")).not_to_have_attribute("data-loading", "true")
    sign_in(mona, MONA, MONA.password)
    locked = mona.get_by_role("alert").filter(has_text="This account is locked")
    expect(locked.get_by_role("timer")).to_have_text(re.compile(r"^1[45]:\d\d|1[45] min"))
    expect(mona.get_by_role("button", name="Sign in")).to_be_disabled()

    owner_page.goto("/users")
    expect(row(owner_page, "Mona")).to_contain_text("Locked")
    owner_page.get_by_role("link", name="Mona").click()
    press(owner_page, "Password reset link…")
    press(dialog(owner_page, "Password reset link for Mona"), "Create link")
    link = shown_link(dialog(owner_page, "Password reset link for Mona"))

    mona.goto(link)
    mona.get_by_role("textbox", name="New password").fill(NEW_PASSWORD)
    press(mona, "Set the password")
    expect(mona.get_by_text("The password of Mona is set.")).to_be_visible()
    sign_in(mona, MONA, NEW_PASSWORD)
    expect(mona.get_by_role("button", name="Account menu of Mona")).to_be_visible()
    stranger = open_page_at(open_page, link)
    stranger.get_by_role("textbox", name="New password").fill(NEW_PASSWORD)
    press(stranger, "Set the password")
    expect(stranger.get_by_role("heading", name="This link is no longer valid")).to_be_visible()
    owner_page.reload()
    expect(owner_page.get_by_text("Active", exact=True)).to_be_visible()
