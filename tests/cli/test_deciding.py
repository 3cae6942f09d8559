"""`flintt-mcp call` asks whoever sits at the terminal, `flintt-mcp approve` decides for another process, --yes is a person's."""

from __future__ import annotations

import io
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import flintt_mcp.cli.deciding
import flintt_mcp.serving.logs
from flintt_mcp.cli.main import run

SIGNAL = "331e6dbc-ac37-53c7-8cc8-a602506c7eb0"
DELETE = ["call", "delete_signal", "--signal_id", SIGNAL, "--sandbox"]
READ = ["call", "get_signal", "--signal_id", SIGNAL, "--sandbox"]


class Terminal(io.StringIO):
    """What a person types; the streams of the test count as a terminal while it is there."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def folder(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLINTT_MCP_DATA_DIR", str(data_dir))
    monkeypatch.delenv("FLINTT_MCP_APPROVE", raising=False)
    monkeypatch.setattr(flintt_mcp.serving.logs, "configure_logging", lambda settings: None)


def sits_at_the_terminal(monkeypatch: pytest.MonkeyPatch, types: str) -> None:
    streams = SimpleNamespace(stdin=Terminal(types), stderr=Terminal(), stdout=Terminal())
    monkeypatch.setattr(flintt_mcp.cli.deciding, "sys", streams)


@pytest.mark.parametrize(("types", "code"), [("yes\n", 0), ("perhaps\nYES\n", 0), ("no\n", 1), ("", 1)], ids=repr)
def test_a_call_asks_at_the_terminal(
    types: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sits_at_the_terminal(monkeypatch, types)
    assert run(DELETE) == code
    said = capsys.readouterr().err
    assert "Goes with it: 12 runs, 82 finds, 38 valid results" in said
    assert ("The person declined this call: nothing was sent" in said) == (code == 1)
    assert run(READ) == 1 - code


def test_without_a_terminal_a_call_says_where_a_person_decides_and_approve_decides_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data_dir: Path
) -> None:
    assert run(DELETE) == 1
    said = capsys.readouterr().err
    found = re.search(r"run `flintt-mcp approve [^`]*(int_[\w-]+)`", said)
    assert found is not None, said
    assert run(["approve", found[1]]) == 2
    assert "works at a terminal alone" in capsys.readouterr().err
    with monkeypatch.context() as patched:
        sits_at_the_terminal(patched, "yes\n")
        assert run(["approve", found[1]]) == 0
        assert run(["approve", found[1]]) == 2
    assert run(READ) == 0
    assert run(["call", "get_approval", "--intent", found[1], "--sandbox", "--json"]) == 0
    assert re.search(r"\"state\": \"done\"", capsys.readouterr().out)
    assert run(READ) == 1


def test_yes_is_refused_where_nobody_sits_unless_the_policy_allows_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run([*DELETE, "--yes"]) == 2
    assert "--yes is for a person at a terminal" in capsys.readouterr().err
    assert run(READ) == 0
    policy = tmp_path / "policy.toml"
    policy.write_text("yes_in_scripts = true\n", "utf-8")
    assert run([*DELETE, "--yes", "--policy", str(policy)]) == 0
    assert run(READ) == 1


def test_a_call_that_waits_for_a_person_is_decided_by_the_person_who_makes_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(DELETE) == 1
    assert "approval_required" in capsys.readouterr().err
    sits_at_the_terminal(monkeypatch, "yes\n")
    assert run(DELETE) == 0
    assert run(READ) == 1


def test_a_wrong_policy_stops_the_command_with_its_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("stop = false\nstpo = true\n", "utf-8")
    assert run([*READ, "--policy", str(policy)]) == 2
    assert f"--policy: {policy}, line 2: stpo is no key of a policy here" in capsys.readouterr().err
