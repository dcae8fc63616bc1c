"""The commands in the documents, run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.controller import OWNER_TOKEN, Controller, running_controller
from tests.processes.running import REPOSITORY
from tests.support.plain_http import NO_TLS

_BLOCK = re.compile(r"^( *)```(\w+)( test)?\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    folder = tmp_path_factory.mktemp("documented")
    with running_controller(folder, str(folder / "controller.db")) as controller:
        yield controller


def blocks(document: str, *, tested_only: bool = True) -> list[tuple[str, str]]:
    """Return language and text of a document's code blocks."""
    found = _BLOCK.findall((REPOSITORY / document).read_text())
    return [
        (language, re.sub(f"^{indent}", "", text, flags=re.MULTILINE))
        for indent, language, tested, text in found
        if tested or not tested_only
    ]


def run(controller: Controller, script: str, folder: Path, language: str = "sh") -> str:
    """Run a script as the owner, with the commands of this installation; return what it printed."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TELEGRAF_CONTROLLER_URL": controller.url,
        "TELEGRAF_CONTROLLER_TOKEN": OWNER_TOKEN,
    }
    command = ["bash", "-euo", "pipefail", "-c", script] if language == "sh" else [sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_every_command_about_tokens_works(controller: Controller, tmp_path: Path) -> None:
    """T1, T11, T12, T13"""
    found = blocks("docs/tokens.md")
    shell = "\n".join(text for language, text in found if language == "sh")
    assert shell.count("telegraf_controller token ") >= 8
    run(controller, shell, tmp_path)
    for language, text in found:
        if language == "python":
            run(controller, text, tmp_path, "python")


def test_the_pipeline_for_configuration_as_code_works(controller: Controller, tmp_path: Path) -> None:
    """V8"""
    document = (REPOSITORY / "docs/configuration-as-code.md").read_text()
    files = re.findall(r"^`(fleet/\S+)`\n\n```toml\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    assert len(files) == 3
    for name, text in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    create = re.search(r"^telegraf_controller token create fleet-pipeline .*$", document, re.MULTILINE)
    assert create is not None
    token = run(controller, f"{create.group()} --quiet", tmp_path).strip()
    variables = f"export TELEGRAF_CONTROLLER_TOKEN={token} INFLUX_TOKEN=not-for-the-log COMMIT=5eed\n"
    proposed, merged = [variables + text for language, text in blocks("docs/configuration-as-code.md")]
    plan = run(controller, proposed, tmp_path)
    assert "+[[inputs.nginx]]\n" in plan
    made = run(controller, merged, tmp_path)
    assert f"{controller.url}/c/web" in made
    assert "has all of this already" in run(controller, proposed, tmp_path)
    assert "not-for-the-log" not in plan + made
    served = httpx.get(f"{controller.url}/c/web", headers={"Authorization": f"Bearer {token}"}, verify=NO_TLS)
    assert 'token = "not-for-the-log"' in served.text
    assert "[[inputs.nginx]]" in served.text
    # Somebody saves by hand: the pipeline for the next change shows it.
    with controller.api() as api:
        [nginx] = api.get("/api/configs", params={"search": "nginx"}).json()["items"]
        api.patch(f"/api/configs/{nginx['id']}", json={"toml": "[[inputs.nginx]]\n# by hand\n"})
    assert "-# by hand\n" in run(controller, proposed, tmp_path)


def test_the_readme_leads_from_nothing_to_an_agent_in_the_list(controller: Controller, tmp_path: Path) -> None:
    """H1"""
    commands = [
        line.strip()
        for language, text in blocks("README.md", tested_only=False)
        if language == "sh"
        for line in text.splitlines()
        if line.startswith(".venv/bin/telegraf_controller ")
    ]
    apply, create, show = (command.removeprefix(".venv/bin/") for command in commands)
    applied = run(controller, f"cd {REPOSITORY} && {apply}", tmp_path)
    token = run(controller, create, tmp_path)
    config_url = re.search(r"http://\S+/toml", applied)
    value = re.search(r"tc-apiv1_[0-9a-f]{64}", token)
    assert config_url is not None
    assert value is not None
    # What Telegraf does with them, for a machine that has none.
    agent = {"Authorization": f"Token {value.group()}"}
    configuration = httpx.get(f"{config_url.group()}?agent_id=web-1", headers=agent, verify=NO_TLS)
    assert 'instance_id = "web-1"' in configuration.text
    message = {"id": "web-1", "version": "Telegraf 1.40.0", "configurations": [f"{config_url.group()}?agent_id=web-1"]}
    assert httpx.post(controller.heartbeat_url, json=message, headers=agent, verify=NO_TLS).status_code == 204
    assert "web-1" in run(controller, show, tmp_path)
