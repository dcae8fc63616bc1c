"""A folder of configurations and a controller: apply, dry run, prune, validate, export."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest

from telegraf_controller.client import ControllerClient
from tests.cli.conftest import OWNER_TOKEN, Controller
from tests.support.plain_http import NO_TLS

BASE = '\ufeff[agent]\r\n  interval = "&{interval:10s}"\n[[inputs.cpu]]\n[[outputs.discard]]\n# naïve 主机'
_numbers = count(1)


@pytest.fixture
def name() -> str:
    """A name that no other test uses, also good for aliases."""
    return f"fleet-{next(_numbers)}"


@pytest.fixture
def fleet(tmp_path: Path, name: str) -> Path:
    """A folder with two configurations, a group of both, and all else that a manifest can hold."""
    folder = tmp_path / "fleet"
    (folder / name).mkdir(parents=True)
    (folder / name / "base.toml").write_bytes(BASE.encode())
    (folder / name / "web.toml").write_text(f'[[inputs.nginx]]\n  urls = ["::{{{constant(name)}}}"]\n')
    _manifest(folder, name)
    return folder


@pytest.fixture
def token(controller: Controller, name: str) -> str:
    """A token of the preset that is meant for this."""
    made = controller.run("token", "create", f"pipeline {name}", "--preset=configuration-as-code", "-q")
    return made.out.strip()


@pytest.fixture
def client(controller: Controller) -> Iterator[ControllerClient]:
    with ControllerClient(controller.url, OWNER_TOKEN) as client:
        yield client


def constant(name: str) -> str:
    return name.replace("-", "_")


def _manifest(folder: Path, name: str, *, aliases: str = "group", members: str = "base web", more: str = "") -> None:
    alias = f'aliases = ["{name}-alias"]\n'
    listed = ", ".join(f'"{name}/{member}"' for member in members.split())
    (folder / "controller.toml").write_text(
        f'name = "{name}"\n{more}'
        f'[constants]\n{constant(name)} = "http://secret-of-{name}"\n'
        f'[labels."{name} linux"]\ncolor = "#2F9E44"\n'
        f'[configs."{name}/base"]\ndescription = "The base"\nlabels = ["{name} linux"]\n'
        + (alias if aliases == "config" else "")
        + f'[groups."{name}"]\nmembers = [{listed}]\nlabels = ["{name} linux"]\n'
        + (alias if aliases == "group" else "")
    )


def outcomes(done_out: str) -> dict[tuple[str, str], str]:
    return {(one["kind"], one["name"]): one["outcome"] for one in json.loads(done_out)}


def test_a_folder_is_applied_with_all_that_its_manifest_says_and_then_there_is_nothing_to_do(
    controller: Controller, client: ControllerClient, fleet: Path, name: str, token: str
) -> None:
    first = controller.run("config", "apply", fleet, "--json", "--note", "first", token=token)
    assert first.code == 0, first.err
    assert outcomes(first.out) == {
        ("label", f"{name} linux"): "created",
        ("label", f"managed: {name}"): "created",
        ("constant", constant(name)): "created",
        ("configuration", f"{name}/base"): "created",
        ("configuration", f"{name}/web"): "created",
        ("group", name): "created",
        ("alias", f"{name}-alias"): "created",
    }
    base = client.configs.find(f"{name}/base")
    assert base is not None
    assert (base.description, [label.name for label in base.labels]) == (
        "The base",
        [f"{name} linux", f"managed: {name}"],
    )
    [group] = client.groups.each(search=name)
    assert [member.name for member in group.configs] == [f"{name}/base", f"{name}/web"]
    assert group.aliases == [f"{name}-alias"]
    served = httpx.get(f"{controller.url}/c/{name}-alias", headers={"Authorization": f"Bearer {token}"}, verify=NO_TLS)
    assert f"http://secret-of-{name}" in served.text
    assert client.configs.read(base.id).toml == BASE
    again = controller.run("config", "apply", fleet, "--prune", token=token)
    assert (again.code, {row[0] for row in again.rows}) == (0, {"unchanged"})
    pending = controller.run("config", "apply", fleet, "--prune", "--dry-run", token=token)
    assert (pending.code, pending.out) == (0, "0 to create, 0 to update, 0 to delete.\n")


def test_a_dry_run_shows_a_diff_changes_nothing_and_ends_with_3(
    controller: Controller, client: ControllerClient, fleet: Path, name: str, token: str
) -> None:
    new = controller.run("config", "apply", fleet, "--dry-run", token=token)
    assert new.code == 3, new.err
    assert "--- /dev/null\n" in new.out
    assert "+[agent]\\r\n" in new.out.replace("\\ufeff", "")
    assert "\\ No newline at end of file" in new.out
    assert f"secret-of-{name}" not in new.out + new.err
    assert new.out.endswith("7 to create, 0 to update, 0 to delete.\n")
    assert client.configs.find(f"{name}/base") is None
    assert controller.run("config", "apply", fleet, token=token).code == 0
    (fleet / name / "base.toml").write_bytes(BASE.replace("cpu", "mem").encode())
    _manifest(fleet, name, members="web base")
    changed = controller.run("config", "apply", fleet, "--dry-run", token=token)
    assert changed.code == 3
    assert f"--- {name}/base (version 1 by Olivia)\n+++ {fleet}/{name}/base.toml\n" in changed.out
    assert "-[[inputs.cpu]]\n+[[inputs.mem]]\n" in changed.out
    assert f'-members = ["{name}/base", "{name}/web"]\n+members = ["{name}/web", "{name}/base"]\n' in changed.out
    assert changed.out.endswith("0 to create, 2 to update, 0 to delete.\n")
    as_json = controller.run("config", "apply", fleet, "--dry-run", "--json", token=token)
    assert as_json.code == 3
    assert outcomes(as_json.out)["configuration", f"{name}/base"] == "update"


def test_an_alias_moves_from_a_configuration_to_a_group_in_one_step(
    controller: Controller, fleet: Path, name: str, token: str
) -> None:
    _manifest(fleet, name, aliases="config")
    assert controller.run("config", "apply", fleet, token=token).code == 0
    headers = {"Authorization": f"Bearer {token}"}
    before = httpx.head(f"{controller.url}/c/{name}-alias", headers=headers, verify=NO_TLS)
    _manifest(fleet, name, aliases="group")
    moved = controller.run("config", "apply", fleet, "--json", token=token)
    assert moved.code == 0, moved.err
    assert outcomes(moved.out)["alias", f"{name}-alias"] == "updated"
    after = httpx.head(f"{controller.url}/c/{name}-alias", headers=headers, verify=NO_TLS)
    assert after.status_code == 200
    assert after.headers["Last-Modified"] != before.headers["Last-Modified"]


def test_an_alias_of_somebody_else_is_not_taken(controller: Controller, fleet: Path, name: str, token: str) -> None:
    other = fleet.parent / f"{name} by hand.toml"
    other.write_text("[agent]\n")
    controller.run("config", "apply", other)
    with ControllerClient(controller.url, OWNER_TOKEN) as client:
        found = client.configs.find(other.stem)
        assert found is not None
        client.aliases.create("configs", found.id, f"{name}-alias")
    done = controller.run("config", "apply", fleet, token=token)
    assert done.code == 1
    assert "is not managed here" in done.err
    assert "nothing was changed" in done.err


def test_prune_deletes_what_the_folder_managed_and_nothing_else(
    controller: Controller, client: ControllerClient, fleet: Path, name: str, token: str
) -> None:
    by_hand = client.configs.create(f"{name}/by hand", "[agent]\n")
    (fleet / name / "old.toml").write_text("[agent]\n")
    (fleet / name / "free.toml").write_text("[agent]\n")
    assert controller.run("config", "apply", fleet, token=token).code == 0
    free = client.configs.find(f"{name}/free")
    assert free is not None
    client.configs.update(free.id, label_ids=[])
    for gone in ("old", "free"):
        (fleet / name / f"{gone}.toml").unlink()
    assert (
        outcomes(controller.run("config", "apply", fleet, "--json", token=token).out).get(
            ("configuration", f"{name}/old")
        )
        is None
    )
    planned = controller.run("config", "apply", fleet, "--prune", "--dry-run", token=token)
    assert (planned.code, planned.out.endswith("0 to create, 0 to update, 1 to delete.\n")) == (3, True)
    assert client.configs.find(f"{name}/old") is not None
    pruned = controller.run("config", "apply", fleet, "--prune", "--json", token=token)
    assert outcomes(pruned.out)["configuration", f"{name}/old"] == "deleted"
    assert client.configs.find(f"{name}/old") is None
    assert client.configs.find(f"{name}/free") is not None
    assert client.configs.read(by_hand.id).toml == "[agent]\n"


def test_prune_leaves_a_configuration_that_a_foreign_group_has(
    controller: Controller, client: ControllerClient, fleet: Path, name: str, token: str
) -> None:
    (fleet / name / "old.toml").write_text("[agent]\n")
    assert controller.run("config", "apply", fleet, token=token).code == 0
    old = client.configs.find(f"{name}/old")
    assert old is not None
    client.groups.create(f"{name} by hand", [old.id])
    (fleet / name / "old.toml").unlink()
    done = controller.run("config", "apply", fleet, "--prune", token=token)
    assert done.code == 1
    assert "not managed here, has it" in done.err
    assert client.configs.find(f"{name}/old") is not None


def test_prune_needs_a_name_and_a_folder_that_is_not_empty(controller: Controller, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[agent]\n")
    assert controller.run("config", "apply", tmp_path, "--prune").code == 2
    (tmp_path / "controller.toml").write_text('name = "x"\n')
    (tmp_path / "a.toml").unlink()
    done = controller.run("config", "apply", tmp_path, "--prune")
    assert (done.code, "holds no .toml or .conf file" in done.err) == (1, True)


def test_two_folders_do_not_fight_over_a_configuration(
    controller: Controller, fleet: Path, name: str, token: str
) -> None:
    assert controller.run("config", "apply", fleet, token=token).code == 0
    manifest = fleet / "controller.toml"
    manifest.write_text(manifest.read_text().replace(f'name = "{name}"', f'name = "other-{name}"', 1))
    done = controller.run("config", "apply", fleet, token=token)
    assert done.code == 1
    assert done.err.count(f"is managed by '{name}' already") == 3


def test_a_save_between_reading_and_writing_is_not_overwritten(
    controller: Controller, client: ControllerClient, fleet: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """V2"""
    assert controller.run("config", "apply", fleet).code == 0
    (fleet / name / "base.toml").write_text("[agent]\n# by the pipeline\n")
    (fleet / name / "web.toml").write_text("[agent]\n# the other\n")
    base = client.configs.find(f"{name}/base")
    assert base is not None

    def saved_meanwhile(*arguments: object, **more: object) -> object:
        plan = make_plan(*arguments, **more)  # type: ignore[arg-type]
        client.configs.update(base.id, toml="[agent]\n# by hand\n")
        return plan

    from telegraf_controller.cli import configs
    from telegraf_controller.cli.config_plan import make_plan

    monkeypatch.setattr(configs, "make_plan", saved_meanwhile)
    done = controller.run("config", "apply", fleet, "--json")
    assert done.code == 1
    results = {one["name"]: one for one in json.loads(done.out)}
    assert (results[f"{name}/base"]["outcome"], results[f"{name}/base"]["error"]) == ("refused", "edit_conflict")
    assert results[f"{name}/web"]["outcome"] == "updated"
    assert "Run it again to see the difference." in done.err
    assert client.configs.read(base.id).toml == "[agent]\n# by hand\n"


def test_a_run_that_breaks_off_says_how_far_it_came_and_the_next_one_goes_on(
    controller: Controller, fleet: Path, name: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from telegraf_controller.client import Unreachable
    from telegraf_controller.client.content import Groups

    def broken(*_: object, **__: object) -> object:
        raise Unreachable("The connection broke.")

    with monkeypatch.context() as patched:
        patched.setattr(Groups, "create", broken)
        done = controller.run("config", "apply", fleet, token=token)
    assert done.code == 1
    assert done.err.splitlines()[-2:] == [
        "5 of 7 changes were made before that; run it again to make the rest.",
        "Error: The connection broke.",
    ]
    again = controller.run("config", "apply", fleet, "--json", token=token)
    assert again.code == 0
    assert [outcomes(again.out)[key] for key in (("group", name), ("configuration", f"{name}/base"))] == [
        "created",
        "unchanged",
    ]


def test_every_wrong_thing_is_named_and_nothing_is_changed(
    controller: Controller, client: ControllerClient, fleet: Path, name: str, token: str
) -> None:
    (fleet / name / "web.toml").write_text("[agent]\nx = = 1\n")
    _manifest(fleet, name, members="base nowhere", more="")
    with (fleet / "controller.toml").open("a") as manifest:
        manifest.write(f'[configs."{name}/typo"]\ndescription = "x"\n')
    done = controller.run("config", "apply", fleet, token=token)
    assert (done.code, done.out) == (1, "")
    assert f"{fleet}/{name}/web.toml:2:5: " in done.err
    assert f"there is no file for the configuration '{name}/typo'" in done.err
    assert f"wants the configuration '{name}/nowhere', which is nowhere" in done.err
    assert client.configs.find(f"{name}/base") is None


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        ("name = \n", "at line 1"),
        ('nam = "x"\n', "unknown field `nam`"),
        ('name = "a b"\n', "$.name"),
        ('[configs.a]\nlabel = ["x"]\n', "unknown field `label`"),
        ('[constants]\nA = { env = "NOT_SET_ANYWHERE" }\n', "NOT_SET_ANYWHERE is not set"),
        ('[configs.a]\nlabels = ["managed: b"]\n', "begin with 'managed: '"),
        ('[configs.a]\naliases = ["abc"]\n[groups.g]\nmembers = []\naliases = ["abc"]\n', "is given to"),
        ('[groups.g]\nmembers = ["a", "a"]\n', "twice"),
    ],
)
def test_a_manifest_that_cannot_be_meant_is_one_sentence(
    controller: Controller, tmp_path: Path, manifest: str, sentence: str
) -> None:
    (tmp_path / "a.toml").write_text("[agent]\n")
    (tmp_path / "controller.toml").write_text(manifest)
    done = controller.run("config", "apply", tmp_path, "--dry-run")
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert sentence in done.err


def test_constants_can_come_from_the_environment_and_are_never_printed(
    controller: Controller, fleet: Path, name: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fleet / "controller.toml"
    path.write_text(path.read_text().replace(f'"http://secret-of-{name}"', '{ env = "THE_SECRET" }'))
    monkeypatch.setenv("THE_SECRET", "swordfish")
    for arguments in (["--dry-run"], [], ["--json"]):
        done = controller.run("config", "apply", fleet, *arguments, token=token)
        assert "swordfish" not in done.out + done.err
    monkeypatch.setenv("THE_SECRET", "swordfysh")
    changed = controller.run("config", "apply", fleet, "--dry-run", token=token)
    assert changed.code == 3
    assert "-value = 9 characters\n+value = other 9 characters\n" in changed.out
    assert "swordf" not in changed.out + changed.err


def test_export_of_everything_makes_another_controller_alike(
    controller: Controller, client: ControllerClient, fleet: Path, name: str, tmp_path: Path
) -> None:
    assert controller.run("config", "apply", fleet).code == 0
    copy = tmp_path / "copy"
    assert controller.run("config", "export", "-o", copy).code == 0
    assert (copy / name / "base.toml").read_bytes() == BASE.encode()
    assert "managed:" not in (copy / "controller.toml").read_text()
    nothing = controller.run("config", "apply", copy, "--dry-run")
    assert (nothing.code, nothing.out) == (0, "0 to create, 0 to update, 0 to delete.\n")
    again = controller.run("config", "export", "-o", copy)
    assert {row[0] for row in again.rows} == {"unchanged"}
    (copy / "controller.toml").write_text("# mine\n")
    done = controller.run("config", "export", "-o", copy)
    assert (done.code, done.out) == (1, "")
    assert (copy / "controller.toml").read_text() == "# mine\n"


def test_validate_tells_lines_as_text_and_as_json_and_stores_nothing(
    controller: Controller, client: ControllerClient, fleet: Path, name: str, token: str
) -> None:
    good = controller.run("config", "validate", fleet, token=token)
    assert (good.code, good.out) == (0, ""), good.err
    (fleet / name / "bad.toml").write_text("[agent]\nx = = 1\n")
    (fleet / name / "latin.toml").write_bytes(b"# caf\xe9\n")
    (fleet / name / "unknown.toml").write_text('[agent]\nx = "::{NOT_DEFINED_ANYWHERE}"\n')
    done = controller.run("config", "validate", fleet, token=token)
    assert done.code == 1
    assert re.search(r"bad\.toml:2:5: error: ", done.out)
    assert re.search(r"latin\.toml: error: is not UTF-8", done.out)
    assert re.search(r"unknown\.toml:2:6: error: The constant 'NOT_DEFINED_ANYWHERE'", done.out)
    assert done.err == "Error: 3 of 5 files have errors.\n"
    as_json = controller.run("config", "validate", fleet, "--json", token=token)
    assert as_json.code == 1
    problems = {Path(one["file"]).name: [p["code"] for p in one["problems"]] for one in json.loads(as_json.out)}
    assert problems == {
        "bad.toml": ["invalid_toml"],
        "base.toml": [],
        "latin.toml": ["unusable_file"],
        "unknown.toml": ["undefined_constant"],
        "web.toml": [],
    }
    assert client.configs.find(f"{name}/base") is None


def test_agents_that_would_fail_are_told_of_and_protected_until_that_is_accepted(
    controller: Controller, client: ControllerClient, fleet: Path, name: str, token: str
) -> None:
    """V7"""
    assert controller.run("config", "apply", fleet, token=token).code == 0
    agent = client.tokens.create(f"agents of {name}", ["heartbeat:write"]).token
    beat = {
        "id": f"agent of {name}",
        "version": "Telegraf 1.40.0",
        "configurations": [f"{controller.url}/c/{name}-alias?interval=5s"],
    }
    headers = {"Authorization": f"Bearer {agent}"}
    assert httpx.post(controller.heartbeat_url, json=beat, headers=headers, verify=NO_TLS).status_code == 204
    (fleet / name / "base.toml").write_text('[agent]\n  hostname = "&{host}"\n')
    planned = controller.run("config", "apply", fleet, "--dry-run", token=token)
    assert planned.code == 3
    assert f"configuration '{name}/base': 1 reporting agent would get an error." in planned.err
    refused = controller.run("config", "apply", fleet, "--json", token=token)
    assert refused.code == 1
    [result] = [one for one in json.loads(refused.out) if one["name"] == f"{name}/base"]
    assert (result["outcome"], result["error"]) == ("refused", "agents_would_fail")
    assert result["details"]["wouldFail"] == 1
    assert "With --accept-impact" in refused.err
    accepted = controller.run("config", "apply", fleet, "--accept-impact", token=token)
    assert accepted.code == 0, accepted.err
    assert controller.run("config", "apply", fleet, "--dry-run", token=token).code == 0
