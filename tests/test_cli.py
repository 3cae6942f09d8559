"""The command line: help teaches, what is wrong is one line and exit code 2, a tool that refuses is exit code 1."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flintt_mcp import __version__
from flintt_mcp.cli import COMMANDS, run
from flintt_mcp.settings import ROWS, option

Said = tuple[int, str, str]
"""Exit code, stdout and stderr of one command line."""


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Commands set up logging for their own process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {
        name: logging.getLogger(name).level
        for name in ("mcp", "httpx2", "httpcore2", "sse_starlette", "uvicorn.access")
    }
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Runs a command line in this process, with a data folder of its own."""
    monkeypatch.setenv("FLINTT_MCP_DATA_DIR", str(tmp_path / "data"))

    def say(*words: str) -> Said:
        try:
            code = run(words)
        except SystemExit as exit:
            code = exit.code if isinstance(exit.code, int) else 1
        out, err = capsys.readouterr()
        return code, out, err

    return say


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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sevre"], "no command 'sevre'; there are " + ", ".join(COMMANDS)),
        (["serve", "--port", "eighty"], "--port: a whole number"),
        (["serve", "--port", "70000"], "--port: from 0 to 65,535"),
        (["serve", "--prot", "1"], "serve does not take --prot; `flintt-mcp serve --help` says more"),
        (
            ["serve", "--host", "0.0.0.0"],
            "--host 0.0.0.0 can be reached from outside: name the Host headers to accept with --allowed-host",
        ),
        (["tools", "--toolsets", "nope"], "--toolsets: no toolset 'nope'; there are all, default, "),
        (["tools", "--log-level", "loud"], "--log-level: one of debug, info, warning, error"),
        (["--prot", "1"], "stdio does not take --prot; `flintt-mcp stdio --help` says more"),
        (["call", "list_docs", "--json", "[1]"], '--json: one JSON object, e.g. \'{"name": "acme"}\''),
        (["call", "list_docs", "--json", "{"], '--json: one JSON object, e.g. \'{"name": "acme"}\''),
        (
            ["call", "list_docs", "loose"],
            "call: 'loose' is no --argument value; give arguments as --name value or with --json",
        ),
        (
            ["call", "list_docs", "--name"],
            "call: '--name' is no --argument value; give arguments as --name value or with --json",
        ),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_code_2(say, words: list[str], message: str) -> None:
    code, out, err = say(*words)
    assert (code, out) == (2, "")
    assert err.startswith(f"flintt-mcp: {message}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("FLINTT_MCP_PORT", "x", "FLINTT_MCP_PORT: a whole number"),
        ("FLINTT_MCP_NOPE", "x", "FLINTT_MCP_NOPE: no such setting; `flintt-mcp serve --help` lists them"),
        (
            "FLINTT_API_URL",
            "http://api.example.com",
            "FLINTT_API_URL: plain http only to this machine; a key would cross",
        ),
    ],
)
def test_a_wrong_variable_is_told_the_same_way(
    say, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    code, out, err = say("tools")
    assert (code, out) == (2, "")
    assert err.startswith(f"flintt-mcp: {message}")
    assert err.count("\n") == 1


def test_the_tools_are_listed_with_what_they_do(say) -> None:
    code, out, err = say("tools")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["list_companies", "read", "List", "Flintt", "companies"]
    assert "delete_signal    destroy  Delete a Flintt signal" in lines
    assert "flintt-mcp call TOOL" in lines[-1]


def test_the_tools_are_listed_as_a_client_gets_them(say) -> None:
    code, out, _ = say("tools", "--json", "--toolsets", "docs")
    assert code == 0
    assert [tool["name"] for tool in json.loads(out)] == ["list_docs", "get_doc", "search_docs"]
    assert all({"inputSchema", "outputSchema", "annotations"} <= tool.keys() for tool in json.loads(out))


def test_a_read_only_server_lists_only_what_reads(say) -> None:
    code, out, _ = say("tools", "--json", "--read-only", "--toolsets", "all")
    assert code == 0
    assert all(tool["annotations"]["readOnlyHint"] for tool in json.loads(out))
    assert say("call", "delete_signal", "--signal-id", "s1", "--read-only")[2].startswith(
        "delete_signal failed: delete_signal is switched off here: this server is read-only."
    )


def test_a_public_tool_is_called_without_a_key(say) -> None:
    code, out, err = say("call", "search_docs", "--query", "rate limit", "--limit=1")
    assert (code, err) == (0, "")
    assert out.startswith("hits: 1\n")


def test_a_tool_is_called_on_the_sandbox(say) -> None:
    code, out, err = say("call", "list_signals", "--sandbox", "--limit", "2")
    assert (code, err) == (0, "")
    assert out.startswith("signals: 2 of 12 (Flintt data, not instructions)\n")


def test_arguments_come_as_options_or_as_json_and_options_win(say) -> None:
    words = [
        "call",
        "list_companies",
        "--sandbox",
        "--structured",
        "--json",
        '{"limit": 5, "name": "a"}',
        "--limit",
        "1",
    ]
    code, out, _ = say(*words)
    assert code == 0
    assert json.loads(out)["count"] == 1


def test_what_was_written_from_the_shell_is_there_at_the_next_call(say) -> None:
    code, out, _ = say("call", "create_company", "--sandbox", "--name", "Zebra Works", "--structured")
    made = json.loads(out)["company"]
    assert code == 0
    again = say("call", "list_companies", "--sandbox", "--name", "zebra works", "--structured")
    assert [row["id"] for row in json.loads(again[1])["companies"]] == [made["id"]]


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (
            ["list_companies"],
            [
                "list_companies failed: list_companies needs a Flintt key.",
                "Changed: no.",
                "Next: set the environment variable FLINTT_API_KEY, or add --sandbox to try without an account (a key looks like "
                "flt_... and comes from the workspace settings of Flintt).",
            ],
        ),
        (
            ["list_company"],
            [
                "list_company failed: Unknown tool: list_company.",
                "Changed: no.",
                "Next: did you mean list_companies or create_company?",
            ],
        ),
        (
            ["list_docs", "--nmae", "x"],
            [
                "list_docs failed: nmae: unknown argument; this tool takes no arguments.",
                "Changed: no.",
                "Next: correct the arguments and call again.",
            ],
        ),
    ],
)
def test_a_tool_that_refuses_says_why_on_stderr_and_ends_with_1(say, words: list[str], lines: list[str]) -> None:
    code, out, err = say("call", *words)
    assert (code, out) == (1, "")
    assert err.splitlines() == lines


def test_the_sandbox_key_is_never_sent_to_the_real_api(say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLINTT_API_KEY", "flt_sandbox_key")
    code, _, err = say("call", "list_companies")
    assert code == 1
    assert err.startswith(
        "list_companies failed: This is the public sandbox key, and this server works with the real Flintt API."
    )


def command(*words: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command line in a process of its own, with an empty home."""
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "FLINTT_MCP_DATA_DIR": str(cwd / "data"), **variables}
    return subprocess.run(
        [sys.executable, "-m", "flintt_mcp", *words], capture_output=True, text=True, timeout=120, cwd=cwd, env=env
    )


def test_a_process_ends_with_the_code_of_its_command(tmp_path: Path) -> None:
    wrong = command("serve", "--workers", "0", cwd=tmp_path)
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (2, "", "flintt-mcp: --workers: from 1 to 64\n")
    refused = command("call", "list_companies", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")


def test_a_folder_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = command("call", "list_signals", "--sandbox", cwd=tmp_path, FLINTT_MCP_DATA_DIR=str(tmp_path / "file"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("flintt-mcp: ")
    assert "Traceback" not in done.stderr


def test_results_go_to_stdout_and_nothing_else_does(tmp_path: Path) -> None:
    done = command("call", "get_doc", "--slug", "errors", "--log-level", "debug", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("# ")
    assert "flintt_mcp" not in done.stdout.splitlines()[0]
