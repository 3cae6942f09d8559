"""A lock on a file: one at a time, given back however its holder ends, and private."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from flintt_mcp.state.file_lock import hold, hold_in_turn
from tests.certain import there

pytestmark = pytest.mark.anyio

HOLDER = """
import sys
from pathlib import Path
from flintt_mcp.state.file_lock import hold

with hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "turn.lock"


async def test_a_lock_is_private_and_its_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "data" / "turn.lock"
    for _ in range(2):
        async with hold_in_turn(path, 10):
            pass
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent)] == [0o600, 0o700]


def test_a_folder_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), hold(tmp_path / "gone" / "turn.lock"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_nobody_else_holds_it_meanwhile_not_even_this_process(path: Path) -> None:
    with hold(path), pytest.raises(BlockingIOError), hold(path):
        pass
    with hold(path):
        pass


def test_a_process_that_is_killed_gives_it_back(path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert there(holder.stdout).readline() == b"held\n"
        with pytest.raises(BlockingIOError), hold(path):
            pass
        holder.send_signal(signal.SIGKILL)
    with hold(path):
        pass


async def test_tasks_take_turns_and_one_that_goes_away_while_it_waits_leaves_nothing_behind(path: Path) -> None:
    done: list[str] = []

    async def work(name: str) -> None:
        async with hold_in_turn(path, 10):
            done.append(f"{name} begins")
            await anyio.lowlevel.checkpoint()
            done.append(f"{name} ends")

    with hold(path), anyio.move_on_after(0):
        await work("gone")
    async with anyio.create_task_group() as group:
        for name in ("a", "b"):
            group.start_soon(work, name)
    assert done in (
        ["a begins", "a ends", "b begins", "b ends"],
        ["b begins", "b ends", "a begins", "a ends"],
    )


async def test_whoever_waits_too_long_is_told(path: Path) -> None:
    with hold(path), pytest.raises(TimeoutError):
        async with hold_in_turn(path, 0.1):
            pass
