"""One command line: what is wrong is one line and exit code 2, and nothing but results goes to stdout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flintt_mcp.cli.parser import COMMANDS


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sevre"], "no command 'sevre'; there are " + ", ".join(COMMANDS)),
        (["--sandbox", "sevre"], "no command 'sevre'; there are " + ", ".join(COMMANDS)),
        (["--port", "1", "sevre"], "no command 'sevre'; there are " + ", ".join(COMMANDS)),
        (["--port"], "stdio does not take --port; "),
        (["--prot", "1", "serve"], "stdio does not take --prot; "),
        (["tools", "--toolsets", ","], "--toolsets: the name of at least one; default and all are groups"),
        (["call", "list_docs", "--arguments", '{"a":' * 5000], "--arguments: one JSON object, e.g. "),
        (["call", "list_docs", "--arguments", "[" * 100_000], "--arguments: one JSON object, e.g. "),
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
        (["call", "list_docs", "--arguments", "[1]"], '--arguments: one JSON object, e.g. \'{"name": "acme"}\''),
        (["call", "list_docs", "--arguments", "{"], '--arguments: one JSON object, e.g. \'{"name": "acme"}\''),
        (
            ["call", "list_docs", "loose"],
            "call: 'loose' is no --argument value; give arguments as --name value or with --arguments",
        ),
        (
            ["call", "list_docs", "--name"],
            "call: '--name' is no --argument value; give arguments as --name value or with --arguments",
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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["serve", "--sandbox", "--allowed-host", "*"], "allowed host '*' must be an exact name, name:port or name:*"),
        (["sandbox", "--allowed-host", "*"], "allowed host '*' must be an exact name, name:port or name:*"),
        (["serve", "--sandbox", "--source-folder", "nowhere"], "--source-folder: there is no folder nowhere\n"),
        (["sandbox", "token", "--source-folder", "nowhere"], "--source-folder: there is no folder nowhere\n"),
        (
            ["serve", "--allow-loopback"],
            "--allow-loopback says something of a sandbox, and none is opened. add --sandbox\n",
        ),
        (
            ["stdio", "--source-folder", "."],
            "--source-folder says something of a sandbox, and none is opened. add --sandbox\n",
        ),
        (["stdio", "--sandbox", "--data-dir", "~nobody-here/x"], "--data-dir: the home folder is not known here; "),
        (["stdio", "--sandbox", "--toolsets", "nope"], "--toolsets: no toolset 'nope'; there are all, default, "),
        (["call", "list_docs", "--sandbox", "--toolsets", "nope"], "--toolsets: no toolset 'nope'; there are "),
        (["tools", "--sandbox", "--toolsets", "nope"], "--toolsets: no toolset 'nope'; there are all, default, "),
    ],
)
def test_with_a_sandbox_a_wrong_setting_is_one_line_too(tmp_path: Path, words: list[str], message: str) -> None:
    done = command(*words, cwd=tmp_path, FLINTT_MCP_PORT="0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"flintt-mcp: {message}")
    assert done.stderr.count("\n") == 1


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
