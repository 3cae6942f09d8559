"""Help teaches: the commands, how to begin, and every setting of a command with its default."""

from __future__ import annotations

import re

import pytest

from flintt_mcp import __version__
from flintt_mcp.cli.parser import COMMANDS
from flintt_mcp.settings import ROWS, option


def test_help_teaches_the_commands_and_how_to_begin(say) -> None:
    code, out, err = say("--help")
    assert (code, err) == (0, "")
    assert all(re.search(rf"^    {command}\s", out, re.MULTILINE) for command in COMMANDS)
    assert "flintt-mcp serve --sandbox" in out
    assert "FLINTT_API_KEY" in out


def test_the_version_is_told(say) -> None:
    assert say("--version") == (0, f"flintt-mcp {__version__}\n", "")


@pytest.mark.parametrize(
    "words",
    [
        ["--sandbox", "tools", "--json"],
        ["--sandbox", "--toolsets", "default", "tools", "--json"],
        ["--toolsets=default", "--log-level", "error", "tools", "--sandbox", "--json"],
    ],
)
def test_a_command_may_come_behind_options(say, words: list[str]) -> None:
    assert say(*words) == say("tools", "--json", "--sandbox")


def test_a_name_of_a_command_as_the_value_of_an_option_is_no_command(say) -> None:
    code, out, err = say("--toolsets", "tools", "tools")
    assert (code, out) == (2, "")
    assert err.startswith("flintt-mcp: --toolsets: no toolset 'tools'; there are ")


@pytest.mark.parametrize("words", [["--help", "serve"], ["-h", "serve"], ["--sandbox", "--help", "serve"]])
def test_help_asked_for_before_a_command_is_the_help_of_that_command(say, words: list[str]) -> None:
    assert say(*words) == say("serve", "--help")


@pytest.mark.parametrize("words", [["--sandbox", "--help"], ["-h"], ["--port", "1", "--help"]])
def test_help_without_a_command_is_the_help_of_all(say, words: list[str]) -> None:
    assert say(*words) == say("--help")


@pytest.mark.parametrize("words", [["--version", "serve"], ["--sandbox", "--version"], ["--version", "--help"]])
def test_the_version_is_told_whatever_stands_beside_it(say, words: list[str]) -> None:
    assert say(*words) == say("--version")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_names_its_settings_with_their_defaults(say, command: str) -> None:
    code, out, err = say(command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: flintt-mcp {command} ")
    settings = out.split("\nsettings:\n")[1]
    for name, row in ROWS.items():
        shown = row.metadata.get("option", True) and command in row.metadata.get("commands", COMMANDS)
        assert bool(re.search(rf"^  {option(name)}\b", settings, re.MULTILINE)) is shown, name


@pytest.mark.parametrize(
    ("words", "same"), [(["version"], ["--version"]), (["help"], ["--help"]), (["help", "serve"], ["serve", "--help"])]
)
def test_what_people_type_as_a_command_is_understood(say, words: list[str], same: list[str]) -> None:
    assert say(*words) == say(*same)


def test_a_command_that_is_nearly_one_gets_a_suggestion(say) -> None:
    assert say("servee")[2].endswith("did you mean `flintt-mcp serve`?\n")
    assert "did you mean" not in say("xyz")[2]
