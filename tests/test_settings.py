"""Settings: options over variables, one clear line for what cannot work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.cli.parser import command_parser
from flintt_mcp.errors import ConfigError
from flintt_mcp.settings import ROWS, Settings, is_loopback, load, parse, to_environment
from tests.page_tables import page, rows_of


def refusal(options: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        load(options, environment)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_everything_has_a_default_that_works() -> None:
    assert load({}, {}) == Settings()


def test_an_option_wins_over_its_variable() -> None:
    assert load({"port": 9000}, {"FLINTT_MCP_PORT": "9001"}).port == 9000
    assert load({"port": None}, {"FLINTT_MCP_PORT": "9001"}).port == 9001


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load({}, {"FLINTT_MCP_PORT": "", "FLINTT_MCP_SANDBOX": ""}) == Settings()


@pytest.mark.parametrize(
    ("name", "environment", "value"),
    [
        ("port", {"FLINTT_MCP_PORT": "0"}, 0),
        ("sandbox", {"FLINTT_MCP_SANDBOX": "TRUE"}, True),
        ("sandbox", {"FLINTT_MCP_SANDBOX": "off"}, False),
        ("toolsets", {"FLINTT_MCP_TOOLSETS": " flintt, docs,"}, ("flintt", "docs")),
        ("allowed_host", {"FLINTT_MCP_ALLOWED_HOST": ","}, ()),
    ],
)
def test_a_variable_is_read_with_patience(name: str, environment: dict[str, str], value: Any) -> None:
    assert load({}, environment) == Settings(**{name: value})


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"FLINTT_MCP_PORT": "eighty"}, "FLINTT_MCP_PORT: a whole number"),
        ({"FLINTT_MCP_PORT": "70000"}, "--port: from 0 to 65,535"),
        ({"FLINTT_MCP_CALL_DEADLINE": "soon"}, "FLINTT_MCP_CALL_DEADLINE: a number"),
        ({"FLINTT_MCP_CALL_DEADLINE": "nan"}, "--call-deadline: from 0.1 to 600"),
        ({"FLINTT_MCP_SANDBOX": "maybe"}, "FLINTT_MCP_SANDBOX: true or false"),
        ({"FLINTT_MCP_LOG_LEVEL": "loud"}, "--log-level: one of debug, info, warning, error"),
        ({"FLINTT_MCP_SECRET": "short"}, "FLINTT_MCP_SECRET: at least 32 characters"),
        ({"FLINTT_MCP_TOOLSETS": ","}, "--toolsets: the name of at least one; default and all are groups"),
        (
            {"FLINTT_MCP_HOST": "0.0.0.0"},
            "--host 0.0.0.0 can be reached from outside: name the Host headers to accept with --allowed-host",
        ),
        ({"FLINTT_MCP_PROT": "1"}, "FLINTT_MCP_PROT: no such setting; `flintt-mcp serve --help` lists them"),
    ],
)
def test_what_cannot_work_is_one_line_that_names_the_setting(environment: dict[str, str], message: str) -> None:
    assert refusal({}, environment) == message


@pytest.mark.parametrize(
    "prefix",
    [
        "flintt",
        "/flintt/",
        "/",
        "//evil",
        "/a//b",
        "/a/../b",
        "/..",
        "/./a",
        "/a b",
        "/a?b",
        "/a#b",
        "/%2e",
        "/é",
        "/a\n",
    ],
)
def test_a_path_prefix_that_another_program_might_read_as_another_is_refused(prefix: str) -> None:
    assert refusal({"path_prefix": prefix}, {}) == (
        "--path-prefix: starts with one / and does not end with it, of letters, digits and . _ ~ -, e.g. /flintt"
    )


@pytest.mark.parametrize("prefix", ["", "/flintt", "/apps/flintt-mcp", "/v1.0/~me", "/..a"])
def test_a_plain_path_prefix_is_taken(prefix: str) -> None:
    assert load({"path_prefix": prefix}, {}).path_prefix == prefix


@pytest.mark.parametrize(
    "proxies", [["nonsense"], ["10.0.0.7", "nginx"], ["10.0.0.7/8"], ["10.0.0"], ["*", "10.0.0.7"]]
)
def test_a_proxy_that_the_web_server_would_never_know_is_refused(proxies: list[str]) -> None:
    assert refusal({"trusted_proxy": tuple(proxies)}, {}) == (
        "--trusted-proxy: an address such as 10.0.0.7, a network such as 10.0.0.0/8, or * alone for any"
    )


@pytest.mark.parametrize("proxies", [[], ["*"], ["10.0.0.7", "::1"], ["10.0.0.0/8", "fd00::/8"]])
def test_addresses_and_networks_of_proxies_are_taken(proxies: list[str]) -> None:
    assert load({"trusted_proxy": tuple(proxies)}, {}).trusted_proxy == tuple(proxies)


def test_a_folder_of_sources_that_is_not_there_is_told_when_it_is_wanted(tmp_path: Path) -> None:
    assert Settings().source_path is None
    assert Settings(source_folder=str(tmp_path)).source_path == tmp_path
    with pytest.raises(ConfigError) as caught:
        _ = Settings(source_folder=str(tmp_path / "nowhere")).source_path
    assert caught.value.message == f"--source-folder: there is no folder {tmp_path}/nowhere"


def test_a_home_that_nobody_knows_is_told() -> None:
    with pytest.raises(ConfigError) as caught:
        _ = Settings(data_dir="~no-such-user/data").data_path
    assert caught.value.message == "--data-dir: the home folder is not known here; give a whole path"


OF_A_SERVICE = {
    "FLINTT_MCP_SERVICE_HOST": "10.0.0.11",
    "FLINTT_MCP_SERVICE_PORT": "8000",
    "FLINTT_MCP_SERVICE_PORT_HTTP_METRICS": "8000",
    "FLINTT_MCP_PORT": "tcp://10.0.0.11:8000",
    "FLINTT_MCP_PORT_8000_TCP": "tcp://10.0.0.11:8000",
    "FLINTT_MCP_PORT_8000_TCP_PROTO": "tcp",
    "FLINTT_MCP_PORT_8000_TCP_PORT": "8000",
    "FLINTT_MCP_PORT_8000_TCP_ADDR": "10.0.0.11",
    "FLINTT_MCP_REDIS_SERVICE_HOST": "10.0.0.12",
    "FLINTT_MCP_REDIS_PORT": "udp://10.0.0.12:6379",
    "FLINTT_MCP_REDIS_PORT_6379_UDP_ADDR": "10.0.0.12",
}
"""What a pod finds in its environment beside services named flintt-mcp and flintt-mcp-redis."""


def test_what_kubernetes_says_of_a_service_of_this_name_is_no_setting() -> None:
    assert load({}, OF_A_SERVICE) == Settings()
    assert load({"port": 9000}, OF_A_SERVICE) == Settings(port=9000)


@pytest.mark.parametrize(
    "name", ["FLINTT_MCP_SERVICE", "FLINTT_MCP_HOST_PORT", "FLINTT_MCP_PORTS", "FLINTT_MCP_PORT_8000"]
)
def test_what_only_looks_like_it_is_still_told(name: str) -> None:
    assert refusal({}, {**OF_A_SERVICE, name: "8000"}) == (
        f"{name}: no such setting; `flintt-mcp serve --help` lists them"
    )


def test_a_refused_secret_is_not_repeated() -> None:
    assert "tiny-secret" not in refusal({}, {"FLINTT_MCP_SECRET": "tiny-secret"})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "LOCALHOST", "::1"])
def test_loopback_needs_no_allow_list(host: str) -> None:
    assert load({"host": host}, {}).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.1", "localhost.example.com", "127.0.0.1.example.com"])
def test_any_other_host_needs_one(host: str) -> None:
    assert refusal({"host": host}, {}).startswith(f"--host {host} can be reached from outside: ")


def test_another_host_works_with_an_allow_list() -> None:
    assert load({"host": "0.0.0.0", "allowed_host": ("mcp.example.com",)}, {}).host == "0.0.0.0"


OTHER: dict[str, Any] = {
    "FLINTT_MCP_HOST": "localhost",
    "FLINTT_MCP_PORT": 9000,
    "FLINTT_MCP_WORKERS": 2,
    "FLINTT_MCP_SANDBOX": True,
    "FLINTT_MCP_DATA_DIR": "/srv/x y",
    "FLINTT_MCP_TOOLSETS": ("flintt", "docs"),
    "FLINTT_MCP_TOOLS": ("get_doc", "list_signals"),
    "FLINTT_MCP_EXCLUDE_TOOLS": ("delete_signal",),
    "FLINTT_MCP_READ_ONLY": True,
    "FLINTT_MCP_ALLOW_LOOPBACK": True,
    "FLINTT_MCP_SOURCE_FOLDER": "/srv/feeds",
    "FLINTT_MCP_SHOW_SECRETS": True,
    "FLINTT_MCP_ALLOW_SPEND": True,
    "FLINTT_MCP_ALLOW_LIVE": True,
    "FLINTT_MCP_APPROVE": ("create", "spend"),
    "FLINTT_MCP_POLICY": "/etc/policy.toml",
    "FLINTT_MCP_PUBLIC_URL": "https://mcp.example.com/flintt",
    "FLINTT_MCP_APPROVAL_SECRET": "x" * 16,
    "FLINTT_MCP_HIDE_UNSCOPED": True,
    "FLINTT_MCP_ALLOWED_HOST": ("mcp.example.com",),
    "FLINTT_MCP_ALLOWED_ORIGIN": ("https://a.example", "https://b.example"),
    "FLINTT_MCP_PATH_PREFIX": "/flintt",
    "FLINTT_MCP_TRUSTED_PROXY": ("10.0.0.1",),
    "FLINTT_MCP_LOG_LEVEL": "debug",
    "FLINTT_MCP_LOG_FORMAT": "json",
    "FLINTT_MCP_RESULT_LIMIT": 9000,
    "FLINTT_MCP_CALL_DEADLINE": 2.5,
    "FLINTT_MCP_ATTEMPT_TIMEOUT": 2.5,
    "FLINTT_MCP_REMEMBER_CREATES": 60.0,
    "FLINTT_MCP_REMEMBER_SPENDS": 60.0,
    "FLINTT_MCP_NO_DUPLICATE_CHECK": True,
    "FLINTT_MCP_AUDIT_ARGUMENTS": True,
    "FLINTT_MCP_CONNECT_TIMEOUT": 2.5,
    "FLINTT_MCP_ATTEMPTS": 1,
    "FLINTT_MCP_ANSWER_LIMIT": 20_000,
    "FLINTT_MCP_KEPT_RESULTS": 1_000_000,
    "FLINTT_MCP_CONNECTIONS": 7,
    "FLINTT_MCP_CALLS": 7,
    "FLINTT_MCP_CALLS_PER_KEY": 7,
    "FLINTT_MCP_CALLS_PER_MINUTE": 100,
    "FLINTT_MCP_BODY_LIMIT": 20_000,
    "FLINTT_MCP_BODY_TIMEOUT": 2.5,
    "FLINTT_MCP_SESSION_LIFETIME": 61.0,
    "FLINTT_MCP_STREAMS": 7,
    "FLINTT_MCP_STREAMS_PER_KEY": 7,
    "FLINTT_MCP_IDLE_TIMEOUT": 2.5,
    "FLINTT_MCP_SHUTDOWN_GRACE": 2.5,
    "FLINTT_MCP_SECRET": "x" * 32,
}
"""Every variable with a value that is not its default."""
DOCUMENTED = {row["variable"]: row for row in rows_of(page("settings.md"), "option")}


def text_of(value: Any) -> str:
    """How a person writes a value in a variable."""
    return "on" if value is True else ",".join(value) if isinstance(value, tuple) else str(value)


def changed(settings: Settings) -> list[Any]:
    """The values that are not the default's."""
    return [value for name, value in asdict(settings).items() if value != getattr(Settings(), name)]


def test_every_variable_is_documented() -> None:
    assert list(DOCUMENTED) == list(OTHER)


@pytest.mark.parametrize("name", OTHER)
def test_a_variable_sets_one_setting_to_what_it_says(name: str) -> None:
    assert changed(load({}, {name: text_of(OTHER[name])})) == [OTHER[name]]


@pytest.mark.parametrize("name", [name for name, row in DOCUMENTED.items() if row["option"]])
def test_an_option_does_what_the_variable_beside_it_does(name: str) -> None:
    row, text = DOCUMENTED[name], text_of(OTHER[name])
    command = "serve" if row["commands"] == "all" else row["commands"].split(", ")[0]
    words = [row["option"]] if OTHER[name] is True else [row["option"], text]
    options = vars(command_parser().parse_args([command, *words]))
    sandbox = {"FLINTT_MCP_SANDBOX": "1"} if name != "FLINTT_MCP_SANDBOX" else {}
    assert load(options, sandbox) == load({}, {name: text, **sandbox})


@pytest.mark.parametrize("name", OTHER)
def test_a_default_is_the_documented_one(name: str) -> None:
    # "none" and words for a person stand for a variable that is not set.
    text = DOCUMENTED[name]["default"]
    unset = text == "none" or " " in text
    assert load({}, {} if unset else {name: text}) == Settings()


@pytest.mark.parametrize("name", ROWS)
def test_every_setting_says_in_sentences_what_it_does(name: str) -> None:
    about = ROWS[name].metadata["about"]
    assert about.endswith(".")
    assert about[0].isupper()


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.metadata["low"] is not None])
def test_the_bounds_of_a_setting_are_allowed_and_nothing_beyond(name: str) -> None:
    low, high = ROWS[name].metadata["low"], ROWS[name].metadata["high"]
    for value in (low, high):
        assert getattr(Settings(**{name: value}), name) == value
    for value in (low - 1, high + 1):
        with pytest.raises(ConfigError):
            Settings(**{name: value})


@given(
    st.builds(
        Settings,
        port=st.integers(0, 65535),
        sandbox=st.booleans(),
        read_only=st.booleans(),
        toolsets=st.lists(st.sampled_from(["default", "all", "flintt", "docs"]), min_size=1, max_size=3).map(tuple),
        call_deadline=st.floats(0.1, 600),
        data_dir=st.sampled_from(["", "/srv/data", "with space"]),
        workers=st.integers(1, 64),
    )
)
def test_another_process_gets_the_same_settings_from_the_environment(settings: Settings) -> None:
    assert load({}, to_environment(settings)) == settings


def test_an_option_wins_over_its_variable_in_worker_processes_too() -> None:
    variables = {
        "FLINTT_MCP_TOOLSETS": "all",
        "FLINTT_MCP_LOG_LEVEL": "debug",
        "FLINTT_MCP_ALLOWED_ORIGIN": "https://a.b",
    }
    settings = load({"toolsets": ("default",), "log_level": "warning", "allowed_origin": ()}, variables)
    assert load({}, {**variables, **to_environment(settings)}) == settings


def test_settings_cannot_be_changed() -> None:
    settings: Any = Settings()
    with pytest.raises(FrozenInstanceError):
        settings.port = 1


def test_a_value_is_read_by_its_kind() -> None:
    assert parse("port", "1", "--port", int) == 1
    with pytest.raises(ConfigError) as caught:
        parse("sandbox", "2", "--sandbox", bool)
    assert caught.value.message == "--sandbox: true or false"


def test_loopback_addresses_are_told_from_others() -> None:
    assert [host for host in ("127.0.0.1", "127.0.0.2", "127.9.9.9", "::1", "LOCALHOST") if not is_loopback(host)] == []
    assert [host for host in ("0.0.0.0", "::", "10.0.0.1", "example.com", "") if is_loopback(host)] == []
