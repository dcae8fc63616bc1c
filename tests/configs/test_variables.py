"""What a text wants to know from whoever runs it: Q3."""

from __future__ import annotations

import time

from telegraf_controller.configs.variables import variables_of
from tests.configs.steps import Configs, error, record

TOML = """\
# $COMMENTED @{store:commented} &{commented} ::{commented}
[agent]
  interval = "&{interval:10s}"   # ${ALSO_COMMENTED}
[[inputs.&{plugin:cpu}]]
  urls = ["http://&{host}:$PORT", 'x', "${URL:-http://localhost}", "${A:-${B}}", "${C:?needed}", "${D:+given}"]
  port = &{port:9100}
  password = "@{vault:password}"
  token = '''${TOKEN} @{vault:password} @{vault:token} @{no-store:x}'''
  price = "$$HOME costs $1 ^$ ${}"
  site = "::{site}"
  default = "&{path:${HOME}/data}"
  host = "&{host:localhost}"
  ::{rest}
[outputs.discard]
"""


def environment(text: str) -> list[tuple[str, bool, str | None]]:
    return [(found.name, found.required, found.default) for found in variables_of(text, {}).environment]


async def test_the_variables_of_a_text_are_listed(configs: Configs) -> None:
    """Q3"""
    await configs.call("POST", "/api/constants", {"name": "site", "value": "${REGION}-1"})
    made = await configs.create(TOML)
    assert record(await configs.call("GET", f"/api/configs/{made['id']}/variables", who="viewer")) == {
        "parameters": [
            {"name": "interval", "required": False, "default": "10s"},
            {"name": "plugin", "required": False, "default": "cpu"},
            {"name": "host", "required": True, "default": None},
            {"name": "port", "required": False, "default": "9100"},
            {"name": "path", "required": False, "default": "${HOME}/data"},
        ],
        "environmentVariables": [
            {"name": "PORT", "required": True, "default": None},
            {"name": "URL", "required": False, "default": "http://localhost"},
            {"name": "A", "required": False, "default": None},
            {"name": "B", "required": True, "default": None},
            {"name": "C", "required": True, "default": None},
            {"name": "D", "required": False, "default": None},
            {"name": "TOKEN", "required": True, "default": None},
            {"name": "HOME", "required": True, "default": None},
            {"name": "REGION", "required": True, "default": None},
        ],
        "secrets": [{"store": "vault", "key": "password"}, {"store": "vault", "key": "token"}],
        "constants": [{"name": "site", "defined": True}, {"name": "rest", "defined": False}],
    }
    missing = f"/api/configs/{'0' * 8}-0000-4000-8000-{'0' * 12}/variables"
    assert error(await configs.call("GET", missing)) == (404, "not_found")


def test_the_decoded_string_counts_as_for_telegraf() -> None:
    """Q3"""
    assert environment('a = "\\u0024HOME"\n') == [("HOME", True, None)]
    assert environment('[[inputs.x]]\n  "$KEY" = 1\n') == []
    assert environment("a = 1 # $A\nb = '#$B'\n") == [("B", True, None)]


def test_required_anywhere_is_required() -> None:
    """Q3"""
    assert environment('a = "${X:-1} ${X}"\nb = "${Y-1} ${Y:-2}"\n') == [("X", True, None), ("Y", False, "1")]


def test_no_text_takes_long() -> None:
    """Q3"""
    for piece in ("${A:-", "${A", "$", "@{a:", "${A:-}", "@{a"):
        hostile = 'a = """' + piece * (1_000_000 // len(piece)) + '"""\n'
        began = time.process_time()
        variables_of(hostile, {})
        assert time.process_time() - began < 10, piece
