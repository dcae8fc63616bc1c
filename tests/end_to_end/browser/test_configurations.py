"""Configurations at work: written, checked, fought over, compared, rolled back."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from telegraf_controller import clock
from tests.cast import ADAM, MONA, Person
from tests.end_to_end.browser.conftest import OpenPage
from tests.end_to_end.browser.steps import dialog, editor, expect_said, from_menu, press, row, write
from tests.end_to_end.controller import Controller

FIRST = '[agent]\n  interval = "10s"\n\n[[inputs.cpu]]\n'
SLOWER = FIRST.replace("10s", "20s")
LARGER = FIRST + "\n[[inputs.mem]]\n"
BOTH = LARGER.replace("10s", "20s")


def create(controller: Controller, name: str, *later: str) -> str:
    """Create a configuration with a version for each text; return its id."""
    with controller.api(ADAM.token) as api:
        made = api.post("/api/configs", json={"name": name, "toml": FIRST}).raise_for_status().json()
        for toml in later:
            api.patch(f"/api/configs/{made['id']}", json={"toml": toml}).raise_for_status()
    return str(made["id"])


def served(controller: Controller, config: str) -> str:
    """Return what agents get."""
    with controller.api(ADAM.token) as api:
        return api.get(f"/api/configs/{config}/toml").raise_for_status().text


def open_config(open_page: OpenPage, person: Person, config: str, tab: str = "") -> Page:
    page = open_page(person)
    page.goto(f"/configurations/{config}/{tab}")
    return page


def save(page: Page, version: int) -> None:
    press(page, "Save")
    expect_said(page, f"Saved as version {version}.")


def drop_file(page: Page, name: str, content: str) -> None:
    """Drag a file from the desktop onto the editor."""
    files = page.evaluate_handle(
        "([name, text]) => { const d = new DataTransfer(); d.items.add(new File([text], name)); return d; }",
        [name, content],
    )
    for event in ("dragover", "drop"):
        editor(page).dispatch_event(event, {"dataTransfer": files})


def test_of_two_who_edit_at_once_the_second_sees_both_texts_and_loses_nothing(
    controller: Controller, open_page: OpenPage
) -> None:
    """V2"""
    config = create(controller, "contested")
    mona, adam = (open_config(open_page, person, config) for person in (MONA, ADAM))
    write(mona, SLOWER)
    write(adam, LARGER)
    save(adam, 2)

    mona.get_by_role("textbox", name="Change note").fill("Slower")
    press(mona, "Save")
    conflict = dialog(mona, "Somebody saved meanwhile")
    expect(conflict).to_contain_text("Adam saved version 2 while you were editing version 1.")
    differences = conflict.get_by_role("region", name="Differences")
    for text in ("[[inputs.mem]]", 'interval = "20s"'):
        expect(differences).to_contain_text(text)
    press(conflict, "Back to editing")
    expect(conflict).to_be_hidden()
    expect(editor(mona)).to_contain_text('interval = "20s"')
    expect(mona.get_by_role("textbox", name="Change note")).to_have_value("Slower")

    write(mona, BOTH)
    press(mona, "Save")
    press(dialog(mona, "Somebody saved meanwhile"), "Save mine as version 3")
    expect_said(mona, "Saved as version 3.")
    assert served(controller, config) == BOTH


def test_whoever_finds_the_other_text_better_takes_it(controller: Controller, open_page: OpenPage) -> None:
    """V2. What they dropped for it comes back, however quick they were."""
    config = create(controller, "given up")
    mona = open_config(open_page, MONA, config)
    mona.clock.set_fixed_time(clock.now())
    write(mona, SLOWER)
    with controller.api(ADAM.token) as api:
        api.patch(f"/api/configs/{config}", json={"toml": LARGER}).raise_for_status()
    press(mona, "Save")
    press(dialog(mona, "Somebody saved meanwhile"), "Take theirs, drop mine")
    expect_said(mona, "This is version 2.")
    expect(editor(mona)).to_contain_text("[[inputs.mem]]")
    expect(editor(mona)).to_contain_text('interval = "10s"')
    expect(mona.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    expect(mona.get_by_role("dialog")).to_have_count(0)

    expect(editor(mona)).to_be_focused()
    mona.keyboard.press("ControlOrMeta+z")
    expect(editor(mona)).to_contain_text('interval = "20s"')
    expect(editor(mona)).not_to_contain_text("[[inputs.mem]]")
    save(mona, 3)
    assert served(controller, config) == SLOWER


def test_versions_are_compared_and_an_old_one_comes_back(controller: Controller, open_page: OpenPage) -> None:
    """V3"""
    config = create(controller, "with a past", SLOWER, BOTH)
    page = open_config(open_page, MONA, config, "versions")
    for version in (1, 3):
        page.get_by_role("checkbox", name=f"Choose version {version}").check()
    press(page, "Compare")
    differences = dialog(page, "Version 1 and version 3").get_by_role("region", name="Differences")
    for text in ('interval = "10s"', 'interval = "20s"', "[[inputs.mem]]"):
        expect(differences).to_contain_text(text)
    page.keyboard.press("Escape")

    from_menu(page, "version 1", "Roll back to this…")
    press(dialog(page, "Roll back to version 1?"), "Roll back")
    expect_said(page, "Version 4 has the text of version 1.")
    expect(row(page, "4")).to_contain_text("Current")
    assert served(controller, config) == FIRST
    page.get_by_role("tab", name="Editor").click()
    expect(editor(page)).to_contain_text('interval = "10s"')
    expect(editor(page)).not_to_contain_text("[[inputs.mem]]")


def test_unsaved_work_is_not_left_behind_by_mistake(controller: Controller, open_page: OpenPage) -> None:
    config = create(controller, "half done")
    page = open_page(MONA)
    page.goto("/configurations")
    page.get_by_role("link", name="half done").click()
    write(page, SLOWER)
    leave = page.get_by_role("dialog", name="Leave without saving?")
    page.get_by_role("link", name="Labels").click()
    press(leave, "Cancel")
    expect(leave).to_be_hidden()
    page.go_back()
    press(leave, "Cancel")
    expect(leave).to_be_hidden()
    expect(editor(page)).to_contain_text('interval = "20s"')
    page.get_by_role("link", name="Labels").click()
    press(leave, "Leave")
    expect(page.get_by_role("heading", name="Labels", level=1)).to_be_visible()
    assert served(controller, config) == FIRST


def test_closing_the_window_with_unsaved_work_asks_the_browser_to_ask(
    controller: Controller, open_page: OpenPage
) -> None:
    page = open_config(open_page, MONA, create(controller, "closed too early"))
    write(page, SLOWER)
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    expect(editor(page)).to_contain_text('interval = "20s"')


def test_what_is_typed_is_checked_at_once_and_saved_by_control_s(controller: Controller, open_page: OpenPage) -> None:
    """V6"""
    config = create(controller, "mistyped")
    page = open_config(open_page, MONA, config)
    write(page, FIRST + "\n[[inputs.mem]\n")
    problems = page.get_by_role("list", name="Problems")
    expect(problems.get_by_role("button")).to_have_count(1)
    expect(problems).to_contain_text("line 6")
    expect(page.get_by_role("status").filter(has_text="1 error")).to_be_visible()

    page.keyboard.press("ControlOrMeta+s")
    expect(page.get_by_role("alert")).to_be_visible()
    assert served(controller, config) == FIRST
    problems.get_by_role("button").click()
    expect(editor(page)).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type("]")
    expect(problems).to_have_count(0)
    page.keyboard.press("ControlOrMeta+s")
    expect_said(page, "Saved as version 2.")
    assert served(controller, config) == LARGER


def test_a_file_that_is_dropped_on_the_editor_becomes_its_text(controller: Controller, open_page: OpenPage) -> None:
    config = create(controller, "from a file")
    page = open_config(open_page, MONA, config)
    expect(editor(page)).to_contain_text("[[inputs.cpu]]")
    drop_file(page, "telegraf.conf", LARGER)
    expect(editor(page)).to_contain_text("[[inputs.mem]]")
    save(page, 2)
    assert served(controller, config) == LARGER


def test_a_new_configuration_is_written_in_one_go(controller: Controller, open_page: OpenPage) -> None:
    """V1"""
    page = open_page(MONA)
    page.goto("/configurations")
    page.get_by_role("link", name="New configuration").first.click()
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_be_focused()
    page.keyboard.type("edge")
    write(page, LARGER)
    press(page, "Create configuration")
    expect_said(page, "edge is created.")
    expect(page.get_by_role("heading", name="edge", level=1)).to_be_visible()
    assert served(controller, page.url.rpartition("/")[2]) == LARGER
