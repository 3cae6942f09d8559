"""What a shell is told when a person presses Tab, asked as the shell code of argcomplete asks."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from flintt_mcp.hosts import HOST_NAMES
from tests.processes import COMMAND, environment


def completions(line: str, home: Path) -> list[str]:
    """The words that complete this line."""
    answer = home / "answer"
    asked = {"COMP_LINE": line, "COMP_POINT": str(len(line)), "COMP_TYPE": "9", "_ARGCOMPLETE": "1", "IFS": "\v"}
    env = environment(home, _ARGCOMPLETE_STDOUT_FILENAME=str(answer), _ARGCOMPLETE_SUPPRESS_SPACE="1", **asked)
    done = subprocess.run([COMMAND], env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")
    return answer.read_text().split("\v")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("flintt-mcp ins", ["install"]),
        ("flintt-mcp install c", [name for name in HOST_NAMES if name.startswith("c")]),
        ("flintt-mcp install cursor --dry", ["--dry-run"]),
        ("flintt-mcp call list_comp", ["list_companies"]),
        ("flintt-mcp call flowpilot_get_w", ["flowpilot_get_wallet_balance"]),
        ("flintt-mcp call list_companies --na", ["--name"]),
        ("flintt-mcp call create_signal --frequency ", ["daily", "weekly", "monthly"]),
        ("flintt-mcp completion ", ["bash", "zsh", "fish"]),
    ],
)
def test_a_line_is_completed(line: str, words: list[str], tmp_path: Path) -> None:
    assert [word.strip() for word in completions(line, tmp_path)] == words


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_code(say, shell: str) -> None:
    code, out, err = say("completion", shell)
    assert (code, err) == (0, "")
    assert "flintt-mcp" in out
    if shell == "bash":
        subprocess.run(["bash", "-c", out], check=True, timeout=30, env={"PATH": os.defpath})
