"""Several files at once become configurations, and none is lost because another is refused (V6)."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.cast import MONA
from tests.end_to_end.browser.accessibility import assert_accessible
from tests.end_to_end.browser.conftest import OpenPage
from tests.end_to_end.browser.steps import dialog, editor, press
from tests.end_to_end.controller import Controller

CPU = "[[inputs.cpu]]\n"
BROKEN = "[[inputs.mem]\n"


def drop_files(target: Locator, **contents: str) -> None:
    """Drag files from the desktop onto something; `_` in their names is `.` here."""
    files = target.page.evaluate_handle(
        """files => {
            const dropped = new DataTransfer();
            for (const [name, text] of Object.entries(files)) dropped.items.add(new File([text], name));
            return dropped;
        }""",
        {name.replace("_", "."): text for name, text in contents.items()},
    )
    for event in ("dragover", "drop"):
        target.dispatch_event(event, {"dataTransfer": files})


def drop_on_list(page: Page, **contents: str) -> None:
    page.goto("/configurations")
    heading = page.get_by_role("heading", name="Configurations", level=1)
    expect(heading).to_be_visible()
    drop_files(heading, **contents)


def file_row(form: Locator, name: str) -> Locator:
    return form.get_by_role("listitem").filter(has_text=name)


def texts(controller: Controller) -> dict[str, str]:
    """Return the text of every configuration by its name."""
    with controller.api(MONA.token) as api:
        listed = api.get("/api/configs", params={"limit": 500}).raise_for_status().json()["items"]
        return {one["name"]: api.get(f"/api/configs/{one['id']}").raise_for_status().json()["toml"] for one in listed}


def test_several_files_become_configurations_and_what_is_refused_can_be_mended(
    controller: Controller, open_page: OpenPage
) -> None:
    with controller.api(MONA.token) as api:
        api.post("/api/configs", json={"name": "taken", "toml": CPU}).raise_for_status()
    page = open_page(MONA)
    drop_on_list(page, edge_toml=CPU + "# edge\n", taken_conf=CPU + "# mine\n", broken_toml=BROKEN, tool_exe="MZ")
    form = dialog(page, "Import 4 files")
    expect(file_row(form, "tool.exe")).to_contain_text("A configuration is a file that ends in .toml, .conf or .txt.")
    assert set(texts(controller)) == {"taken"}, "nothing is stored before somebody says so"
    assert_accessible(page)

    press(form, "Create 3 configurations")
    expect(form.get_by_role("status")).to_have_text("1 created, 2 not created")
    expect(file_row(form, "edge.toml").get_by_role("link", name="edge")).to_be_visible()
    expect(file_row(form, "taken.conf")).to_contain_text("taken")
    expect(form.get_by_role("textbox", name="Name for taken.conf")).to_have_attribute("aria-invalid", "true")
    expect(file_row(form, "broken.toml")).to_contain_text("Line 1")
    assert_accessible(page)
    form.get_by_role("textbox", name="Name for taken.conf").fill("taken no more")
    press(form, "Try again")
    expect(form.get_by_role("status")).to_have_text("2 created, 1 not created")
    assert texts(controller) == {"taken": CPU, "edge": CPU + "# edge\n", "taken no more": CPU + "# mine\n"}

    press(form, "Edit broken.toml")
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("broken")
    expect(editor(page)).to_contain_text("[[inputs.mem]")


def test_the_editor_takes_one_file_and_says_so(controller: Controller, open_page: OpenPage) -> None:
    page = open_page(MONA)
    page.goto("/configurations/new")
    expect(editor(page)).to_contain_text("[[inputs.cpu]]")
    drop_files(editor(page), one_toml="[[inputs.net]]\n", two_toml="[[inputs.swap]]\n")
    expect(page.get_by_role("alert")).to_contain_text("Drop several files onto the list of configurations.")
    expect(editor(page)).to_contain_text("[[inputs.cpu]]")
