"""Sessions that ended are remembered until they would have ended by themselves, and never more of them than are of use."""

from __future__ import annotations

from pathlib import Path

import pytest

from flintt_mcp.state import ended_sessions
from flintt_mcp.state.ended_sessions import EndedSessions
from flintt_mcp.state.server_file import server_file

pytestmark = pytest.mark.anyio


async def test_what_ended_is_known_to_the_next_process_until_its_time_is_over(tmp_path: Path) -> None:
    now = [100.0]
    database = server_file(tmp_path)
    await EndedSessions(database, lambda: now[0]).add(b"a", 200)
    await EndedSessions(database, lambda: now[0]).add(b"b", 150)
    await EndedSessions(database, lambda: now[0]).add(b"b", 150)
    database.close()
    again = server_file(tmp_path)
    assert await EndedSessions(again, lambda: now[0]).all() == {b"a": 200, b"b": 150}
    now[0] = 150.0
    assert await EndedSessions(again, lambda: now[0]).all() == {b"a": 200}
    again.close()


async def test_to_ask_makes_no_file(tmp_path: Path) -> None:
    assert await EndedSessions(server_file(tmp_path), lambda: 0.0).all() == {}
    assert not any(tmp_path.iterdir())  # noqa: ASYNC240 (an empty folder)


async def test_of_many_those_are_kept_that_last_longest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ended_sessions, "MOST", 3)
    database = server_file(tmp_path)
    ended = EndedSessions(database, lambda: 0.0)
    for number in range(1, 6):
        await ended.add(bytes([number]), number)
    assert await ended.all() == {bytes([number]): number for number in (5, 4, 3)}
    database.close()
