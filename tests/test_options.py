"""Options: where they come from, who wins, and what is said about those that make no sense."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import SecretStr

from telegraf_controller import options, permissions
from telegraf_controller.options import Options, OptionsError, declared

DOCUMENTATION = Path(__file__).parent.parent / "docs" / "options.md"
TOKEN = "tc-apiv1_" + "ab" * 32


@pytest.fixture(autouse=True)
def _clean_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _, option in declared():
        for variable in option.variables:
            monkeypatch.delenv(variable, raising=False)


def refusal(*argv: str) -> str:
    """What start-up says about flags that it refuses."""
    with pytest.raises(OptionsError) as caught:
        Options.load(argv)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_without_anything_given_the_documented_defaults_hold() -> None:
    loaded = Options.load([])
    assert (loaded.port, loaded.heartbeat_port, loaded.host, loaded.heartbeat_host) == (
        8888,
        8000,
        "0.0.0.0",
        "0.0.0.0",
    )
    assert loaded.keep_alive_timeout == 75
    assert loaded.heartbeat_history == 24
    assert loaded.heartbeat_max_body == 1024 * 1024
    assert loaded.database.get_secret_value().endswith("telegraf-controller/sqlite.db")
    assert loaded.ignored_given == ()


def test_flags_win_over_the_environment_and_the_environment_over_dotenv(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("APP_PORT=1001\nHEARTBEAT_PORT=1002\nLOGIN_LOCKOUT_ATTEMPTS=7\nPATH=ignored\n")
    monkeypatch.setenv("APP_PORT", "2001")
    monkeypatch.setenv("HEARTBEAT_PORT", "2002")
    loaded = Options.load(["--port", "3001"])
    assert (loaded.port, loaded.heartbeat_port, loaded.login_lockout_attempts) == (3001, 2002, 7)


def test_flags_take_their_value_after_a_space_or_an_equals_sign() -> None:
    loaded = Options.load(["--port", "9000", "--host=::1", "--owner-password=a=b", "--port=9001"])
    assert (loaded.port, loaded.host) == (9001, "::1")
    assert loaded.owner_password == SecretStr("a=b")


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ([], False),
        (["--lock-auth-endpoints"], True),
        (["--lock-auth-endpoints=false"], False),
        (["--lock-auth-endpoints", "no", "--port=9"], False),
        (["--lock-auth-endpoints", "--port=9"], True),
    ],
)
def test_switches_work_with_and_without_a_value(argv: list[str], expected: bool) -> None:
    assert Options.load(argv).lock_auth_endpoints is expected


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for _, option in declared():
        for variable in option.variables:
            monkeypatch.setenv(variable, "")
    assert Options.load([]).port == 8888


def test_quotes_around_the_database_address_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", '"postgresql://u:p@h/db"')
    assert Options.load([]).database == SecretStr("postgresql://u:p@h/db")


def test_the_certificate_authority_may_come_from_the_variable_of_libpq(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLROOTCERT", "/etc/ca.pem")
    assert Options.load([]).database_ca_cert == Path("/etc/ca.pem")
    monkeypatch.setenv("DATABASE_CA_CERT", "/etc/other.pem")
    assert Options.load([]).database_ca_cert == Path("/etc/other.pem")


def test_lists_are_split_at_commas() -> None:
    loaded = Options.load(["--trusted-proxies=10.0.0.0/8, ::1", "--disable-auth-endpoints", "heartbeat,agents"])
    assert loaded.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1"))
    assert loaded.disable_auth_endpoints == ("agents", "heartbeat")


def test_a_star_opens_every_endpoint_group() -> None:
    assert Options.load(["--disable-auth-endpoints=*"]).disable_auth_endpoints == tuple(permissions.ENDPOINT_GROUPS)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--prot", "1"], "There is no flag --prot; did you mean --port?"),
        (["--xyzzy"], "There is no flag --xyzzy; --help lists them all."),
        (["--port", "0"], "--port must be a port from 1 to 65535, not '0'."),
        (["--port=65536"], "--port must be a port from 1 to 65535, not '65536'."),
        (["--heartbeat-port=http"], "--heartbeat-port must be a port from 1 to 65535, not 'http'."),
        (["--port=8000"], "--port and --heartbeat-port are both 8000: each needs a port of its own."),
        (["--trusted-proxies=10.0.0.0/33"], "--trusted-proxies: '10.0.0.0/33' is no address or network"),
        (["--disable-auth-endpoints=agent"], "there is no endpoint group 'agent'"),
        (["--ssl-cert=a.pem"], "--ssl-key (SSL_KEY_PATH) is missing."),
        (["--ssl-key=a.pem"], "--ssl-cert (SSL_CERT_PATH) is missing."),
        (["--log-level=loud"], "--log-level must be debug, info, warning or error, not 'loud'."),
        (["--lock-auth-endpoints=perhaps"], "--lock-auth-endpoints must be true or false, not 'perhaps'."),
        (["--host="], "--host needs a value"),
        (["--host", "--port=1"], "--host needs a value"),
        (["--owner-password"], "--owner-password needs a value: text."),
        (["serve"], "Argument 1 belongs to no flag"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(argv: list[str], says: str) -> None:
    assert says in refusal(*argv)


def test_a_refused_variable_is_named_as_where_it_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("HEARTBEAT_PORT=x\n")
    assert refusal().startswith("HEARTBEAT_PORT in .env must be")
    monkeypatch.setenv("HEARTBEAT_PORT", "y")
    assert refusal().startswith("HEARTBEAT_PORT must be")
    assert refusal("--heartbeat-port=z").startswith("--heartbeat-port must be")


@pytest.mark.parametrize(
    "argv",
    [
        ["--owner-pasword=geheimnis"],
        ["--owner-password", "mein", "geheimnis"],
        ["--database=postgresql://u:geheimnis@h/db", "--port=x"],
        ["--owner-password=geheimnis", "--owner-password="],
    ],
)
def test_a_refusal_never_repeats_a_secret(argv: list[str]) -> None:
    assert "geheimnis" not in refusal(*argv)


def test_a_dotenv_file_that_cannot_be_read_is_refused() -> None:
    Path(".env").write_bytes(b"HOST=\xff\xfe\n")
    assert refusal() == "The file .env in the working directory cannot be read: it is not UTF-8 text."


def test_options_kept_for_compatibility_are_accepted_and_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUST_LOG", "debug")
    monkeypatch.setenv("TELEGRAF_CONTROLLER_EULA", "accept")
    loaded = Options.load(["--session-secret", "x" * 32, "--logs-dir=/var/log", "--eula-accept"])
    assert set(loaded.ignored_given) == {"RUST_LOG", "--session-secret", "--logs-dir", "--eula-accept"}


def test_secrets_given_as_flags_are_listed_so_that_start_up_can_warn() -> None:
    loaded = Options.load(["--owner-password=x", "--database=postgresql://u:p@h/db", "--port=9"])
    assert loaded.secrets_in_arguments == ("--owner-password", "--database")
    assert Options.load(["--database=/tmp/x.db"]).secrets_in_arguments == ()


def test_secrets_do_not_show_when_options_are_printed() -> None:
    loaded = Options.load(
        [f"--owner-token={TOKEN}", "--owner-password=geheim", "--database=postgresql://u:geheim@h/db"]
    )
    assert "geheim" not in repr(loaded) + str(loaded)
    assert TOKEN not in repr(loaded)
    assert set(loaded.secret_values()) == {TOKEN, "geheim"}


def test_options_survive_the_way_to_a_child_process(monkeypatch: pytest.MonkeyPatch) -> None:
    argv = [f"--owner-token={TOKEN}", "--trusted-proxies=10.0.0.0/8", "--eula-accept", "--ssl-cert=a", "--ssl-key=b"]
    loaded = Options.load(argv)
    monkeypatch.setenv("APP_PORT", "1234")
    assert Options.from_json(loaded.to_json()) == loaded


def test_a_constructor_call_looks_at_nothing_but_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_PORT", "1234")
    Path(".env").write_text("HEARTBEAT_PORT=1235\n")
    assert (Options().port, Options().heartbeat_port) == (8888, 8000)


def test_an_environment_for_children_has_no_option_in_it() -> None:
    environment = {"PATH": "/bin", "OWNER_PASSWORD": "geheim", "DATABASE_URL": "postgresql://u:p@h/db", "LANG": "C"}
    assert options.without_options(environment) == {"PATH": "/bin", "LANG": "C"}


@pytest.mark.parametrize(("cores", "expected"), [(None, 1), (1, 1), (2, 1), (3, 1), (4, 2), (8, 4), (64, 4)])
def test_there_is_a_heartbeat_process_for_every_two_cores_unless_told(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, expected: int
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert Options().heartbeat_processes() == expected
    assert Options(heartbeat_workers=8).heartbeat_processes() == 8


def test_endpoint_groups_are_those_of_the_permissions() -> None:
    assert set(options.ENDPOINT_GROUPS) == set(permissions.ENDPOINT_GROUPS)


def test_every_option_is_documented() -> None:
    text = DOCUMENTATION.read_text("utf-8")
    assert text == options.markdown(), "run: python -m telegraf_controller.options > docs/options.md"
    for _, option in declared():
        for name in (option.flag, *option.variables):
            assert name is None or f"`{name}`" in text


def test_help_names_every_option() -> None:
    text = options.help_text()
    for _, option in declared():
        assert option.names in text
