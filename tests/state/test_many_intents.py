"""What a claim costs does not grow with what was done before it: measured in steps of SQLite's machine, not in time."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from flintt_mcp.calls.intent import State, Wanted
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.state.intents import StoredIntents
from flintt_mcp.state.journal import Journal
from flintt_mcp.state.server_file import server_file
from tests.clock import SetClock

pytestmark = pytest.mark.anyio

PAUSE = Wanted(
    caller="somebody", tool="update_signal", effect=Effect.UPDATE, canonical='{"status":"paused"}', remembered=0.0
)


@pytest.mark.parametrize("equal", [True, False], ids=["the same call", "other arguments"])
async def test_the_hundredth_write_costs_what_the_tenth_did(tmp_path: Path, clock: SetClock, equal: bool) -> None:
    file, steps = server_file(tmp_path), [0]
    intents = StoredIntents(file, b"k" * 32, clock.seconds, Journal(b"k" * 32))

    def count() -> None:
        steps[0] += 1

    async def write(number: int) -> int:
        wanted = PAUSE if equal else replace(PAUSE, canonical=f'{{"status":"{number}"}}')
        steps[0] = 0
        intent, ours = await intents.claim(wanted, State.EXECUTING, clock.seconds() + 60)
        assert ours
        await intents.step(intent, State.DONE, ends_at=clock.seconds())
        clock.forward(seconds=1)
        return steps[0]

    await write(0)
    await file.write(lambda connection: connection.set_progress_handler(count, 1))
    costs = [await write(number) for number in range(1, 101)]
    file.close()
    assert costs[99] < 1.5 * costs[9]
    assert costs[9] > 100  # it was counted
