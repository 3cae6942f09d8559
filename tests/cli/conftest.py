"""`say` runs a command line in this process, with a data folder of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from flintt_mcp.cli.main import run

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
        code = run(words)
        out, err = capsys.readouterr()
        return code, out, err

    return say
