"""The pieces of the command line that need no controller."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraf_controller.cli.config_files import file_name_of, name_of_file, read_documents, write_document
from telegraf_controller.cli.output import Column, cell, printable, show_list, to_json
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
    file = Path(file_name_of(name))
    assert not file.is_absolute()
    assert not any(part.startswith(".") for part in file.parts)
    assert name_of_file(file) == name


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("web", "web.toml"),
        ("linux/web", "linux/web.toml"),
        ("/web", "%2Fweb.toml"),
        ("a//b", "a%2F%2Fb.toml"),
        ("../x", "%2E%2E/x.toml"),
        ("100%", "100%25.toml"),
        ("v1.2", "v1.2.toml"),
        ("controller", "%63ontroller.toml"),
    ],
)
def test_a_plain_name_is_a_plain_file_name(name: str, file: str) -> None:
    assert file_name_of(name) == file


def test_names_that_differ_in_capitals_alone_get_files_that_do_not() -> None:
    names = ["AB", "Ab", "aB", "ab", "a/É", "a/é", "controller", "Controller"]
    taken: set[str] = set()
    files = [file_name_of(name, taken) for name in names]
    assert [name_of_file(Path(file)) for file in files] == names
    assert len({file.casefold() for file in files}) == len(names)


def test_a_folder_means_the_configurations_below_it_in_order(tmp_path: Path) -> None:
    for name in ("b.toml", "a.conf", "notes.md", ".hidden.toml", "controller.toml", "x/controller.toml", ".git/x.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "link.toml").symlink_to("b.toml")
    documents, refusals = read_documents([tmp_path])
    assert not refusals
    assert [(d.name, d.toml, Path(d.source).name) for d in documents] == [
        ("a", "a.conf", "a.conf"),
        ("b", "b.toml", "b.toml"),
        ("link", "b.toml", "link.toml"),
        ("x/controller", "x/controller.toml", "controller.toml"),
    ]


def test_line_ends_and_byte_order_marks_are_left_alone(tmp_path: Path) -> None:
    content = "\ufeff[agent]\r\nx = 1\rlast".encode()
    (tmp_path / "a.toml").write_bytes(content)
    [document], _ = read_documents([tmp_path / "a.toml"], "name")
    write_document(tmp_path / "b.toml", document.toml)
    assert (tmp_path / "b.toml").read_bytes() == content


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "holds no .toml or .conf file."),
        ({"a.toml": b"\xff"}, "is not UTF-8 text (byte 0)."),
        ({"a.toml": "[agent]".encode("utf-16")}, "is not UTF-8 text (byte 0), but looks like UTF-16."),
        ({"a.toml": b"", "a.conf": b""}, "stands for the configuration 'a', as"),
        ({"a.toml": b"#" * (1024 * 1024 + 1)}, "has more than 1048576 bytes"),
        ({"a%0Ab.toml": b""}, "makes no name"),
        ({f"{'a' * 101}.toml": b""}, "makes no name"),
        ({" .toml": b""}, "makes no name"),
    ],
)
def test_each_file_that_cannot_be_used_is_named(tmp_path: Path, files: dict[str, bytes], sentence: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    _, [refusal] = read_documents([tmp_path])
    assert str(tmp_path) in refusal.source
    assert sentence in refusal.message


def test_links_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    folder, outside = tmp_path / "in", tmp_path / "out"
    for path in (folder, outside):
        path.mkdir()
    (outside / "secret.toml").write_text("secret = 1")
    (folder / "a.toml").symlink_to(outside / "secret.toml")
    (folder / "b").symlink_to(outside)
    (folder / "c.toml").symlink_to("nothing")
    os.mkfifo(folder / "d.toml")
    (folder / "e.toml").write_text("")
    documents, refusals = read_documents([folder])
    assert [document.name for document in documents] == ["e"]
    assert [(Path(r.source).name, r.message) for r in refusals] == [
        ("b", "is a link to a folder, which is not followed."),
        ("a.toml", "is a link that leads out of the folder."),
        ("c.toml", "is no file, or a link to nothing."),
        ("d.toml", "is no file, or a link to nothing."),
    ]


def test_a_mounted_config_map_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "..2026_11_27").mkdir()
    (tmp_path / "..2026_11_27" / "web.toml").write_text("x = 1")
    (tmp_path / "..data").symlink_to("..2026_11_27")
    (tmp_path / "web.toml").symlink_to("..data/web.toml")
    [document], refusals = read_documents([tmp_path])
    assert (document.name, document.toml, refusals) == ("web", "x = 1", [])


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
