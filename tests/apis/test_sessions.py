"""The shell sessions on the pages of the three sibling APIs are run, line by line, and print what they promise.

In place of a shell: `export`, `NAME=value  # the id that was printed` and commands with `$NAME`. A line that sets a name takes
the id that the line before it printed, as the person would. Half a minute passes before each command.
"""

from __future__ import annotations

import re
import shlex
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

import flintt_mcp.cli.commands
import flintt_mcp.cli.deciding
import flintt_mcp.cli.main
import flintt_mcp.sandbox.at_work
import flintt_mcp.serving.logs
from flintt_mcp.catalogue import APIS, TOOLSETS
from flintt_mcp.offers.handbook.documents import default_folder
from flintt_mcp.sandbox.server import open_sandbox
from tests.apis.sessions import PRINTS, TITLES, session_of
from tests.clock import SetClock


class Shell:
    """As much of a shell as the sessions need."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], clock: SetClock) -> None:
        self.monkeypatch, self.capsys, self.clock = monkeypatch, capsys, clock
        self.names: dict[str, str] = {}
        self.printed = ""
        self.ran: list[str] = []

    def run(self, line: str) -> None:
        words = [self._filled(word) for word in shlex.split(line, comments=True)]
        if words[0] == "export":
            for word in words[1:]:
                self.monkeypatch.setenv(*word.split("=", 1))
        elif len(words) == 1 and "=" in words[0]:
            shown = re.search(r"^(?:job_)?id: (\S+)$", self.printed, re.MULTILINE)
            assert shown, f"{line}: nothing before it printed an id"
            self.names[words[0].split("=")[0]] = shown[1]
        else:
            assert words[0] == "flintt-mcp"
            self._command(words[1:], line)

    def _command(self, words: list[str], line: str) -> None:
        self.clock.forward(seconds=30)
        code = flintt_mcp.cli.main.run(words)
        self.printed, errors = self.capsys.readouterr()
        assert (code, errors) == (0, ""), f"{line}\n{errors}"
        self.ran.append(words[1])
        for wanted in PRINTS[words[1]]:
            assert re.search(wanted, self.printed, re.MULTILINE), f"{line} does not print {wanted}:\n{self.printed}"

    def _filled(self, word: str) -> str:
        return re.sub(r"\$(\w+)", lambda name: self.names[name[1]], word)


@pytest.fixture
def shell(
    data_dir: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    monkeypatch.setenv("FLINTT_MCP_DATA_DIR", str(data_dir))
    monkeypatch.setattr(flintt_mcp.sandbox.at_work, "open_sandbox", partial(open_sandbox, clock=clock))
    monkeypatch.setattr(flintt_mcp.serving.logs, "configure_logging", lambda level: None)
    # Somebody sits at a terminal, and says yes to what is asked there.
    monkeypatch.setattr(flintt_mcp.cli.commands, "at_a_terminal", lambda: True)
    monkeypatch.setattr(flintt_mcp.cli.deciding, "asked", lambda shown: True)
    return Shell(monkeypatch, capsys, clock)


@pytest.mark.parametrize("title", TITLES)
def test_every_line_of_a_session_runs_and_prints_what_it_promises(title: str, shell: Shell) -> None:
    for line in session_of(title):
        shell.run(line)
    assert len(shell.ran) >= 5


def test_the_same_job_asked_for_twice_is_the_same_job(shell: Shell) -> None:
    ids = []
    for line in session_of("FlowMaticX"):
        shell.run(line)
        ids += re.findall(r"^job_id: (\d+)$", shell.printed, re.MULTILINE) if "create_job" in line else []
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_an_approved_run_is_paid_from_the_wallet(shell: Shell) -> None:
    lines = session_of("FlowPilot")
    balances = []
    for line in [lines[0], lines[-1], *lines[1:]]:
        shell.run(line)
        balances += re.findall(r"^balance: (\S+)$", shell.printed, re.MULTILINE) if line == lines[-1] else []
    before, after = map(Decimal, balances)
    assert 0 < before - after <= Decimal("250000.00")


def test_a_sibling_api_has_a_session_and_no_line_is_very_long() -> None:
    assert set(TITLES) == {api.title for api in APIS} - {"Flintt"}
    assert [line for title in TITLES for line in session_of(title) if len(line) > 132] == []


@pytest.mark.parametrize("name", ["flowpilot", "flowmaticx", "flextell"])
def test_the_handbook_page_of_an_api_names_its_tools_keys_scopes_and_errors(name: str) -> None:
    page = (default_folder() / f"{name}.md").read_text("utf-8")
    toolset = next(toolset for toolset in TOOLSETS if toolset.name == name)
    api = toolset.api
    named = [api.own_header, f"{api.variable}_{api.secret}", api.sandbox_key, *(f"`{one}" for one in api.prefixes)]
    named += [operation.name for operation in toolset.operations]
    named += [scope for operation in toolset.operations for scope in operation.scopes]
    named += list(api.advice)
    assert [one for one in named if one not in page] == []
