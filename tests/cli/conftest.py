"""`say` runs a command line in this process, with a data folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from flintt_mcp.cli.main import run

Said = tuple[int, str, str]
"""Exit code, stdout and stderr of one command line."""


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Runs a command line in this process, with a data folder of its own."""
    monkeypatch.setenv("FLINTT_MCP_DATA_DIR", str(tmp_path / "data"))

    def say(*words: str) -> Said:
        code = run(words)
        out, err = capsys.readouterr()
        return code, out, err

    return say
