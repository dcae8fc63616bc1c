"""What `--database` may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from telegraf_controller.db.url import DatabaseTarget, DatabaseUrlError


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("/var/lib/tc/tc.db", "/var/lib/tc/tc.db"),
        ("file:/var/lib/tc/tc.db", "/var/lib/tc/tc.db"),
        ("file:///var/lib/tc/tc.db", "/var/lib/tc/tc.db"),
        ("file:/var/lib/my%20db/tc.db?cache=shared", "/var/lib/my db/tc.db"),
        ("'/var/lib/tc/tc.db'", "/var/lib/tc/tc.db"),
        ('"/var/lib/tc/tc.db"', "/var/lib/tc/tc.db"),
    ],
)
def test_a_path_is_a_sqlite_file(value: str, path: str) -> None:
    target = DatabaseTarget.parse(value)
    assert (target.dialect, target.path) == ("sqlite", Path(path))


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert DatabaseTarget.parse("tc.db").path == tmp_path / "tc.db"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_a_postgresql_url_is_taken_apart(scheme: str) -> None:
    target = DatabaseTarget.parse(f'"{scheme}://ana:p%40ss@db.example:5433/tele%20graf?sslmode=disable"')
    assert (target.dialect, target.host, target.port, target.name) == ("postgresql", "db.example", 5433, "tele graf")
    assert (target.user, target.password, target.ssl_mode) == ("ana", "p@ss", "disable")


def test_neither_display_nor_repr_shows_the_password() -> None:
    target = DatabaseTarget.parse("postgresql://ana:hunter22@db.example/telegraf")
    assert "hunter22" not in target.display + repr(target) + str(target)
    assert target.display == "PostgreSQL ana@db.example:5432/telegraf"


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", "empty"),
        ("mysql://u:hunter22@h/db", "'mysql'"),
        ("postgresql://u:hunter22@h", "names no database"),
        ("postgresql:///db", "names no host"),
        ("postgresql://u:hunter22@h:99999/db", "malformed"),
        ("postgresql://u:hunter22@h:abc/db", "malformed"),
        ("postgresql://u:hunter22@h/db?sslmode=maybe", "sslmode is one of"),
        ("postgresql://u:hunter22@h/db?sslmod=require", "sslmod"),
        ("postgresql://u:hunter22@h/db?sslrootcert=/nowhere/ca.pem", "/nowhere/ca.pem"),
    ],
)
def test_what_cannot_be_understood_is_said_in_one_sentence_without_the_password(value: str, sentence: str) -> None:
    with pytest.raises(DatabaseUrlError) as error:
        DatabaseTarget.parse(value)
    assert sentence in str(error.value)
    assert "hunter22" not in str(error.value)


def test_certificate_variables_choose_how_tls_is_checked(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("")
    url = "postgresql://u@h/db"
    assert DatabaseTarget.parse(url).ssl_mode == "prefer"
    assert DatabaseTarget.parse(url, ca_cert=str(authority)).ssl_mode == "verify-full"
    assert DatabaseTarget.parse(url, ca_cert=str(authority), no_verify=True).ssl_mode == "require"
    assert DatabaseTarget.parse(url + "?sslmode=verify-ca", ca_cert=str(authority)).ssl_mode == "verify-ca"
