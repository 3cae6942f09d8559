"""Settings: options over variables, one clear line for what cannot work."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.cli.parser import command_parser
from flintt_mcp.errors import ConfigError
from flintt_mcp.settings import ROWS, Settings, base_url, load, parse, to_environment
from tests.page_tables import page, rows_of


def refusal(options: dict[str, Any] | None = None, **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(options or {}, environment)
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
        ("toolsets", {"FLINTT_MCP_TOOLSETS": ","}, ()),
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
        ({"FLINTT_MCP_PATH_PREFIX": "flintt"}, "--path-prefix: starts with / and does not end with it, e.g. /flintt"),
        ({"FLINTT_MCP_PATH_PREFIX": "/flintt/"}, "--path-prefix: starts with / and does not end with it, e.g. /flintt"),
        (
            {"FLINTT_MCP_HOST": "0.0.0.0"},
            "--host 0.0.0.0 can be reached from outside: name the Host headers to accept with --allowed-host",
        ),
        ({"FLINTT_MCP_PROT": "1"}, "FLINTT_MCP_PROT: no such setting; `flintt-mcp serve --help` lists them"),
    ],
)
def test_what_cannot_work_is_one_line_that_names_the_setting(environment: dict[str, str], message: str) -> None:
    assert refusal(**environment) == message


def test_a_refused_secret_is_not_repeated() -> None:
    assert "tiny-secret" not in refusal(FLINTT_MCP_SECRET="tiny-secret")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_needs_no_allow_list(host: str) -> None:
    assert load({"host": host}, {}).host == host


def test_another_host_works_with_an_allow_list() -> None:
    assert load({"host": "0.0.0.0", "allowed_host": ("mcp.example.com",)}, {}).host == "0.0.0.0"


OTHER: dict[str, Any] = {
    "FLINTT_MCP_HOST": "localhost",
    "FLINTT_MCP_PORT": 9000,
    "FLINTT_MCP_WORKERS": 2,
    "FLINTT_MCP_SANDBOX": True,
    "FLINTT_MCP_DATA_DIR": "/srv/x y",
    "FLINTT_MCP_TOOLSETS": ("flintt", "docs"),
    "FLINTT_MCP_READ_ONLY": True,
    "FLINTT_MCP_ALLOW_LOOPBACK": True,
    "FLINTT_MCP_SOURCE_FOLDER": "/srv/feeds",
    "FLINTT_MCP_SHOW_SECRETS": True,
    "FLINTT_MCP_ALLOW_SPEND": True,
    "FLINTT_MCP_ALLOW_LIVE": True,
    "FLINTT_MCP_HIDE_UNSCOPED": True,
    "FLINTT_MCP_ALLOWED_HOST": ("mcp.example.com",),
    "FLINTT_MCP_ALLOWED_ORIGIN": ("https://a.example", "https://b.example"),
    "FLINTT_MCP_PATH_PREFIX": "/flintt",
    "FLINTT_MCP_TRUSTED_PROXY": ("10.0.0.1",),
    "FLINTT_MCP_LOG_LEVEL": "debug",
    "FLINTT_MCP_RESULT_LIMIT": 9000,
    "FLINTT_MCP_CALL_DEADLINE": 2.5,
    "FLINTT_MCP_ATTEMPT_TIMEOUT": 2.5,
    "FLINTT_MCP_CONNECT_TIMEOUT": 2.5,
    "FLINTT_MCP_ATTEMPTS": 1,
    "FLINTT_MCP_ANSWER_LIMIT": 20_000,
    "FLINTT_MCP_CONNECTIONS": 7,
    "FLINTT_MCP_CALLS": 7,
    "FLINTT_MCP_CALLS_PER_KEY": 7,
    "FLINTT_MCP_BODY_LIMIT": 20_000,
    "FLINTT_MCP_BODY_TIMEOUT": 2.5,
    "FLINTT_MCP_SESSIONS": 7,
    "FLINTT_MCP_SESSIONS_PER_KEY": 7,
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
    assert load(vars(command_parser().parse_args([command, *words])), {}) == load({}, {name: text})


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
        assert getattr(Settings(**{name: type(ROWS[name].default)(value)}), name) == value
    for value in (low - 1, high + 1):
        with pytest.raises(ConfigError):
            Settings(**{name: value})


@given(
    st.builds(
        Settings,
        port=st.integers(0, 65535),
        sandbox=st.booleans(),
        read_only=st.booleans(),
        toolsets=st.lists(st.sampled_from(["default", "all", "flintt", "docs"]), max_size=3).map(tuple),
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
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1


def test_a_value_is_read_by_its_kind() -> None:
    assert parse("port", "1", "--port", int) == 1
    with pytest.raises(ConfigError) as caught:
        parse("sandbox", "2", "--sandbox", bool)
    assert caught.value.message == "--sandbox: true or false"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.flintt.co", "https://api.flintt.co"),
        (" https://api.example.com/base/ ", "https://api.example.com/base"),
        ("http://127.0.0.1:8080/flintt", "http://127.0.0.1:8080/flintt"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_a_base_url_is_cleaned_of_its_last_slash(text: str, url: str) -> None:
    assert base_url(text, "X_URL") == url


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("api.flintt.co", "X_URL: a URL such as https://api.example.com"),
        ("ftp://x", "X_URL: a URL such as https://api.example.com"),
        ("https://", "X_URL: a URL such as https://api.example.com"),
        ("https://[", "X_URL: not a URL"),
        ("https://x:99999", "X_URL: not a URL"),
        ("https://user:pass@x", "X_URL: without user, password, query or fragment"),
        ("https://@x", "X_URL: without user, password, query or fragment"),
        ("https://x?key=1", "X_URL: without user, password, query or fragment"),
        ("https://x?", "X_URL: without user, password, query or fragment"),
        ("https://x#y", "X_URL: without user, password, query or fragment"),
        ("http://api.flintt.co", "X_URL: plain http only to this machine; a key would cross the network in the clear"),
        ("https://x/a/../b", "X_URL: a path without . and .. and nothing that has to be encoded"),
        ("https://x/a b", "X_URL: a path without . and .. and nothing that has to be encoded"),
        ("https://x/a\nb", "X_URL: a path without . and .. and nothing that has to be encoded"),
    ],
)
def test_a_url_that_cannot_be_a_base_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        base_url(text, "X_URL")
    assert caught.value.message == message
