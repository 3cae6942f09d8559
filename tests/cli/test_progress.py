"""How far a call is, told to a person at a terminal and to nobody else."""

from __future__ import annotations

import io

import pytest

from flintt_mcp.cli.progress import TerminalChannel

pytestmark = pytest.mark.anyio


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


async def test_a_person_sees_one_line_that_is_taken_away_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("COLUMNS", "20")
    channel = TerminalChannel()
    await channel.progress(3, 12, "findings of 3 of 12 runs")
    await channel.progress(4, None, "a\x1b[31m\nb")
    channel.clear()
    assert terminal.getvalue().split("\r\x1b[K") == ["", "3/12 findings of 3 ", "4 a [31m b", ""]


async def test_what_is_no_terminal_gets_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    await TerminalChannel().progress(1, 2, "runs")
    TerminalChannel().clear()
    assert capsys.readouterr() == ("", "")
