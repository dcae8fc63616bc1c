"""The pieces of the command line that need no controller."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraf_controller.cli.config_files import file_name_of, name_of_file, read_documents, write_document
from telegraf_controller.cli.output import Column, CommandFailed, cell, printable, show_list, to_json
from telegraf_controller.cli.times import parse_expiry
from telegraf_controller.cli.tokens import shown_permissions, wanted_permissions
from telegraf_controller.permissions import PRESETS

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Row(msgspec.Struct, rename="camel"):
    """Something to list."""

    host_name: str
    seen_at: datetime | None = None


ROW_COLUMNS = (Column[Row]("HOST", lambda row: row.host_name), Column[Row]("SEEN", lambda row: row.seen_at))


@pytest.mark.parametrize(
    ("text", "expiry"),
    [
        ("30d", "2026-12-23T12:00:00+00:00"),
        ("90m", "2026-11-23T13:30:00+00:00"),
        ("2W", "2026-12-07T12:00:00+00:00"),
        ("2026-11-23", "2026-11-24T00:00:00+00:00"),
        ("2026-11-23T13:00", "2026-11-23T13:00:00+00:00"),
        ("2026-11-23T13:00+01:00", None),
        ("2026-11-23T14:00:00+01:00", "2026-11-23T13:00:00+00:00"),
    ],
)
def test_an_expiry_is_a_span_a_date_or_an_instant(text: str, expiry: str | None) -> None:
    if expiry is None:
        with pytest.raises(ValueError, match="is in the past"):
            parse_expiry(text, NOON)
    else:
        assert parse_expiry(text, NOON) == datetime.fromisoformat(expiry)


def test_never_is_no_expiry() -> None:
    assert parse_expiry("Never", NOON) is None


@pytest.mark.parametrize("text", ["", "30", "30y", "-1d", "999999w", "tomorrow", "2026-13-01"])
def test_what_is_no_expiry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no expiry"):
        parse_expiry(text, NOON)


def test_a_preset_and_single_permissions_add_up_in_the_order_of_the_table() -> None:
    wanted = wanted_permissions("telegraf-agent", ["heartbeat:read, agents:read"])
    assert wanted == ["agents:read", "configs:read", "config-groups:read", "heartbeat:read", "heartbeat:write"]


def test_permissions_that_are_a_preset_are_shown_by_its_name() -> None:
    assert shown_permissions(list(reversed(PRESETS["telegraf-agent"]))) == "telegraf-agent"
    assert shown_permissions(["configs:read"]) == "configs:read"


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).filter(lambda n: n.strip() == n)
)
def test_a_name_survives_being_a_file_name(name: str) -> None:
    file = file_name_of(name)
    assert Path(file).name == file
    assert not file.startswith(".")
    assert name_of_file(Path("some/folder") / file) == name


@pytest.mark.parametrize(
    ("name", "file"),
    [("web", "web.toml"), ("a/b", "a%2Fb.toml"), ("..", "%2E%2E.toml"), ("100%", "100%25.toml"), ("v1.2", "v1.2.toml")],
)
def test_a_plain_name_is_a_plain_file_name(name: str, file: str) -> None:
    assert file_name_of(name) == file


def test_a_folder_means_its_configurations_in_order(tmp_path: Path) -> None:
    for name in ("b.toml", "a.conf", "notes.md", ".hidden"):
        (tmp_path / name).write_text(name)
    (tmp_path / "c.toml").mkdir()
    documents = read_documents([tmp_path], None)
    assert [(d.name, d.toml, Path(d.source).name) for d in documents] == [
        ("a", "a.conf", "a.conf"),
        ("b", "b.toml", "b.toml"),
    ]


def test_line_ends_and_byte_order_marks_are_left_alone(tmp_path: Path) -> None:
    content = "\ufeff[agent]\r\nx = 1\rlast".encode()
    (tmp_path / "a.toml").write_bytes(content)
    [document] = read_documents([tmp_path / "a.toml"], "name")
    write_document(tmp_path / "b.toml", document.toml)
    assert (tmp_path / "b.toml").read_bytes() == content


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "There is no .toml or .conf file in"),
        ({"a.toml": b"\xff"}, r"is not UTF-8 text \(byte 0\)"),
        ({"a.toml": b"", "a.conf": b""}, "both stand for the configuration 'a'"),
    ],
)
def test_files_that_cannot_be_applied_are_one_sentence(tmp_path: Path, files: dict[str, bytes], sentence: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CommandFailed, match=sentence):
        read_documents([tmp_path], None)


def test_a_file_that_is_as_it_should_be_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    assert write_document(path, "x") == "written"
    before = path.stat().st_mtime_ns
    assert write_document(path, "x") == "unchanged"
    assert path.stat().st_mtime_ns == before
    assert write_document(path, "y") == "written"
    assert [file.name for file in tmp_path.iterdir()] == ["a.toml"]


def test_control_characters_cannot_reach_the_terminal() -> None:
    assert printable("a\x1b[31mb\r\n\tc\x9b\u202e") == "a\\x1b[31mb\\r\\n\\tc\\x9b\\u202e"
    assert cell("naïve 主机") == "naïve 主机"


def test_a_list_in_a_pipe_is_tab_separated(capsys: pytest.CaptureFixture[str]) -> None:
    show_list([Row("web\t1", NOON), Row("x" * 300)], ROW_COLUMNS, as_json=False)
    assert capsys.readouterr().out == f"HOST\tSEEN\nweb\\t1\t2026-11-23T12:00:00.000Z\n{'x' * 300}\t\n"


def test_a_list_as_json_is_as_the_api_writes_it(capsys: pytest.CaptureFixture[str]) -> None:
    show_list([Row("web\t1", NOON), Row("主机")], ROW_COLUMNS, as_json=True)
    assert json.loads(capsys.readouterr().out) == [
        {"hostName": "web\t1", "seenAt": "2026-11-23T12:00:00.000Z"},
        {"hostName": "主机", "seenAt": None},
    ]
    show_list([], ROW_COLUMNS, as_json=True)
    assert json.loads(capsys.readouterr().out) == []


def test_one_record_as_json() -> None:
    assert to_json(Row("a", NOON)) == '{"hostName": "a", "seenAt": "2026-11-23T12:00:00.000Z"}'
