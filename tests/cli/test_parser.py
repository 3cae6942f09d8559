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
    assert all(f"    {command} " in out for command in COMMANDS)
    assert "flintt-mcp serve --sandbox" in out
    assert "FLINTT_API_KEY" in out


def test_the_version_is_told(say) -> None:
    assert say("--version") == (0, f"flintt-mcp {__version__}\n", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_names_its_settings_with_their_defaults(say, command: str) -> None:
    code, out, err = say(command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: flintt-mcp {command} ")
    for name, row in ROWS.items():
        shown = row.metadata.get("option", True) and command in row.metadata.get("commands", COMMANDS)
        assert bool(re.search(rf"^  {option(name)}\b", out, re.MULTILINE)) is shown, name
