"""What agents share: aliases that move, groups in order, constants, labels."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.cast import AGENT_TOKEN, MONA
from tests.end_to_end.browser.agents import fetch, report
from tests.end_to_end.browser.conftest import OpenPage
from tests.end_to_end.browser.steps import choose, dialog, expect_said, from_menu, press, press_first, row
from tests.end_to_end.controller import Controller


def create_config(controller: Controller, name: str, toml: str) -> str:
    with controller.api(MONA.token) as api:
        return str(api.post("/api/configs", json={"name": name, "toml": toml}).raise_for_status().json()["id"])


def create_group(controller: Controller, name: str, *members: str) -> str:
    with controller.api(MONA.token) as api:
        made = api.post("/api/config-groups", json={"name": name, "members": list(members)})
    return str(made.raise_for_status().json()["id"])


def plugin(name: str) -> str:
    return f"[[inputs.{name}]]\n"


def move_alias(page: Page, alias: str, target: str) -> None:
    from_menu(page, alias, "Move…")
    form = dialog(page, f"Move the alias {alias}")
    choose(form, "To", target)
    press(form, "Move")
    expect_said(page, f"{alias} now stands for {target}.")


def members(page: Page) -> Locator:
    return page.get_by_role("list", name="Members in order").get_by_role("link")


def test_an_alias_moves_to_another_configuration_and_to_a_group_and_its_agents_follow(
    controller: Controller, open_page: OpenPage
) -> None:
    """L1"""
    old = create_config(controller, "old base", plugin("cpu"))
    new = create_config(controller, "new base", plugin("mem"))
    group = create_group(controller, "whole base", new, old)
    page = open_page(MONA)
    page.goto(f"/configurations/{old}/aliases")
    page.get_by_role("textbox", name="New alias").fill("Linux Base")
    press(page, "Add alias")
    expect(page.get_by_role("textbox", name="New alias")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("textbox", name="New alias").fill("linux-base")
    press(page, "Add alias")
    expect(row(page, "linux-base")).to_contain_text(f"{controller.url}/c/linux-base")
    assert fetch(controller, "/c/linux-base", AGENT_TOKEN).text == plugin("cpu")

    move_alias(page, "linux-base", "new base")
    expect(row(page, "linux-base")).to_have_count(0)
    assert fetch(controller, "/c/linux-base", AGENT_TOKEN).text == plugin("mem")
    page.goto(f"/configurations/{new}/aliases")
    move_alias(page, "linux-base", "whole base")
    text = fetch(controller, "/c/linux-base", AGENT_TOKEN).text
    assert text.index(plugin("mem")) < text.index(plugin("cpu"))

    page.goto(f"/configurations/{old}/aliases")
    page.get_by_role("textbox", name="New alias").fill("linux-base")
    press(page, "Add alias")
    expect(page.get_by_role("textbox", name="New alias")).to_have_attribute("aria-invalid", "true")
    page.goto(f"/groups/{group}/aliases")
    from_menu(page, "linux-base", "Delete…")
    press(dialog(page, "Delete the alias linux-base?"), "Delete")
    expect(row(page, "linux-base")).to_have_count(0)
    assert fetch(controller, "/c/linux-base", AGENT_TOKEN).status_code == 404


def test_members_of_a_group_are_ordered_by_keyboard_and_by_mouse(controller: Controller, open_page: OpenPage) -> None:
    """G1"""
    for number, name in enumerate(("disk", "net", "swap")):
        create_config(controller, f"{number} {name}", plugin(name))
    page = open_page(MONA)
    page.goto("/groups")
    press_first(page, "New group")
    form = dialog(page, "New group")
    form.get_by_role("textbox", name="Name").fill("ordered")
    press(form, "Create group")
    expect(page.get_by_role("heading", name="ordered", level=1)).to_be_visible()
    for name in ("0 disk", "1 net", "2 swap"):
        choose(page, "Add a configuration", name)
    expect(members(page)).to_have_text(["0 disk", "1 net", "2 swap"])

    page.get_by_role("button", name="Move 0 disk").focus()
    page.keyboard.press("Space")
    said = page.locator("[aria-live=assertive]")
    expect(said.filter(has_text="0 disk is over place 1.")).to_be_attached()
    page.keyboard.press("ArrowDown")
    expect(said.filter(has_text="0 disk is over place 2.")).to_be_attached()
    page.keyboard.press("Space")
    expect(members(page)).to_have_text(["1 net", "0 disk", "2 swap"])
    expect(page.get_by_role("button", name="Move 0 disk")).to_be_focused()

    drag(page, page.get_by_role("button", name="Move 2 swap"), page.get_by_role("button", name="Move 1 net"))
    expect(members(page)).to_have_text(["2 swap", "1 net", "0 disk"])
    # Right after a drop, what would be a click is taken for a part of the drag.
    page.wait_for_timeout(200)
    press(page, "Save")
    expect_said(page, "The members are saved.")
    page.reload()
    expect(members(page)).to_have_text(["2 swap", "1 net", "0 disk"])

    page.get_by_role("tab", name="Preview").click()
    preview = page.get_by_role("textbox", name="Merged text")
    expect(preview).to_contain_text("[[inputs.disk]]")
    shown = preview.inner_text()
    assert shown.index("inputs.swap") < shown.index("inputs.net") < shown.index("inputs.disk")


def drag(page: Page, grip: Locator, target: Locator) -> None:
    """Drag a grip onto another, as a hand does: in more than one step."""
    start, end = grip.bounding_box(), target.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(start["x"] + 5, start["y"] - 10)
    page.mouse.move(end["x"] + 5, end["y"] + 5, steps=5)
    page.mouse.move(end["x"] + 5, end["y"] + 4)
    page.mouse.up()


def test_a_group_whose_members_clash_says_where(controller: Controller, open_page: OpenPage) -> None:
    """G1"""
    first = create_config(controller, "agent once", '[agent]\n  interval = "10s"\n')
    second = create_config(controller, "agent twice", '[agent]\n  interval = "20s"\n')
    group = create_group(controller, "clash", first, second)
    page = open_page(MONA)
    page.goto(f"/groups/{group}")
    problems = page.get_by_role("region", name="Problems of the whole")
    problems.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="agent", level=1)).to_be_visible()


def test_a_constant_reaches_those_who_use_it_and_stays_while_they_do(
    controller: Controller, open_page: OpenPage
) -> None:
    """K1"""
    page = open_page(MONA)
    page.goto("/constants")
    press_first(page, "New constant")
    form = dialog(page, "New constant")
    form.get_by_role("textbox", name="Name").fill("BUCKET")
    form.get_by_role("textbox", name="Value").fill("blue")
    press(form, "Create constant")
    expect_said(page, "BUCKET is created.")
    config = create_config(controller, "uses a constant", '[[outputs.influxdb_v2]]\n  bucket = "::{BUCKET}"\n')
    page.reload()
    expect(row(page, "BUCKET")).to_contain_text("1 configuration")

    from_menu(page, "BUCKET", "Change value…")
    form = dialog(page, "BUCKET")
    expect(form).to_contain_text("uses a constant")
    form.get_by_role("textbox", name="Value").fill("red")
    press(form, "Save")
    expect_said(page, "BUCKET is saved.")
    assert 'bucket = "red"' in fetch(controller, config, AGENT_TOKEN).text

    from_menu(page, "BUCKET", "Delete…")
    question = dialog(page, "Delete BUCKET?")
    expect(question).to_contain_text("uses a constant")
    expect(question.get_by_role("button", name="Delete")).to_have_count(0)
    page.keyboard.press("Escape")
    with controller.api(MONA.token) as api:
        api.delete(f"/api/configs/{config}").raise_for_status()
    page.reload()
    from_menu(page, "BUCKET", "Delete…")
    press(dialog(page, "Delete BUCKET?"), "Delete")
    expect_said(page, "BUCKET is deleted.")
    expect(page.get_by_role("heading", name="No constants yet")).to_be_visible()


def test_labels_are_made_put_on_many_and_found_again(controller: Controller, open_page: OpenPage) -> None:
    """L1"""
    for name in ("berlin one", "berlin two", "paris"):
        create_config(controller, name, plugin("cpu"))
    page = open_page(MONA)
    page.goto("/labels")
    press_first(page, "New label")
    form = dialog(page, "New label")
    form.get_by_role("textbox", name="Name").fill("Berlin")
    press(form, "Create label")
    expect_said(page, "Berlin is created.")

    page.goto("/configurations?search=berlin")
    for name in ("berlin one", "berlin two"):
        page.get_by_role("checkbox", name=f"Choose {name}").check()
    press(page.get_by_role("toolbar", name="Chosen rows"), "Labels…")
    form = dialog(page, "Labels of 2 configurations")
    form.get_by_role("checkbox", name="Berlin").check()
    press(form, "Save")
    expect(form).to_be_hidden()
    page.get_by_role("button", name="Clear search").click()
    press(page, "Filter by label")
    page.get_by_role("menuitemcheckbox", name="Berlin").click()
    page.keyboard.press("Escape")
    table = page.get_by_role("table", name="configurations")
    expect(table.get_by_role("row")).to_have_count(3)
    expect(row(page, "paris")).to_have_count(0)
    press(page, "Remove filter label Berlin")
    expect(row(page, "paris")).to_be_visible()

    page.goto("/labels")
    from_menu(page, "Berlin", "Delete…")
    press(dialog(page, "Delete this label?"), "Delete")
    expect(page.get_by_role("heading", name="No labels yet")).to_be_visible()
    with controller.api(MONA.token) as api:
        found = api.get("/api/configs", params={"search": "berlin"}).json()["items"]
    assert [config["labels"] for config in found] == [[], []]


def test_agents_are_labelled_and_forgotten_together(controller: Controller, open_page: OpenPage) -> None:
    with controller.api(MONA.token) as api:
        api.post("/api/labels", json={"name": "edge", "color": "#2f9e63"}).raise_for_status()
    for agent in ("edge-1", "edge-2"):
        assert report(controller, agent, AGENT_TOKEN).status_code == 204
    page = open_page(MONA)
    page.goto("/agents")
    page.get_by_role("checkbox", name="Choose all agents of this page").check()
    press(page.get_by_role("toolbar", name="Chosen rows"), "Labels…")
    form = dialog(page, "Labels of 2 agents")
    form.get_by_role("checkbox", name="edge").check()
    press(form, "Save")
    expect(page.get_by_role("table", name="agents").get_by_title("edge", exact=True)).to_have_count(2)
    page.get_by_role("checkbox", name="Choose all agents of this page").check()
    press(page.get_by_role("toolbar", name="Chosen rows"), "Delete…")
    press(dialog(page, "Delete 2 agents?"), "Delete")
    expect(page.get_by_role("table", name="agents")).to_have_count(0)


def test_agents_follow_another_rule_and_the_default_again_when_it_goes(
    controller: Controller, open_page: OpenPage
) -> None:
    """R1, R2"""
    assert report(controller, "laptop-1", AGENT_TOKEN).status_code == 204
    page = open_page(MONA)
    page.goto("/reporting-rules")
    press_first(page, "New rule")
    form = dialog(page, "New reporting rule")
    form.get_by_role("textbox", name="Description").fill("Laptops")
    form.get_by_label("Not reporting after", exact=True).fill("2")
    form.get_by_label("Not reporting after: unit").select_option("hours")
    press(form, "Create rule")
    expect_said(page, "Laptops is created.")

    page.goto("/agents?search=laptop-1")
    from_menu(page, "laptop-1", "Reporting rule…")
    form = dialog(page, "Reporting rule of laptop-1")
    form.locator("[aria-haspopup=listbox]").click()
    page.get_by_role("option", name="Laptops").click()
    expect(form).to_contain_text("Not reporting after 2 h of silence.")
    press(form, "Assign")
    expect(row(page, "Laptops")).to_contain_text("laptop-1")

    page.goto("/reporting-rules")
    from_menu(page, "Laptops", "Delete…")
    question = dialog(page, "Delete this rule?")
    expect(question).to_contain_text("1 agent follows it")
    press(question, "Delete")
    expect(row(page, "Laptops")).to_have_count(0)
    page.goto("/agents?search=laptop-1")
    expect(page.get_by_role("table", name="agents")).to_contain_text("laptop-1")
    expect(page.get_by_role("table", name="agents")).not_to_contain_text("Laptops")
