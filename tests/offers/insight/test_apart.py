"""The processes that answer questions: one that died while it waited is replaced before anybody notices."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from flintt_mcp.offers.insight.apart import Apart
from flintt_mcp.offers.insight.engine import Answer

pytestmark = pytest.mark.anyio


def waiting_processes() -> list[int]:
    """The processes of this one that wait for work."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()
    return [int(pid) for pid in children if b"anyio" in Path(f"/proc/{pid}/cmdline").read_bytes()]


async def test_a_process_that_died_while_it_waited_is_replaced() -> None:
    apart = Apart(1)
    assert isinstance(await apart.answer("a", {}, "SELECT 1", {}, {}), Answer)
    there = waiting_processes()
    assert there
    for pid in there:
        os.kill(pid, signal.SIGKILL)
    answer = await apart.answer("a", {}, "SELECT 2 AS two", {}, {})
    assert isinstance(answer, Answer), answer
