"""Does every task once, on the server over a sandbox of its own, and says what it took.

In: nothing but where to report progress. Out: one `Replayed` a task. The server runs in this process: nothing here is timed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import anyio
from mcp import Client

from bench.tasks import TASKS, Task
from bench.tasks.desk import Desk
from bench.tasks.truth import the_truth
from flintt_mcp.app import open_app
from flintt_mcp.settings import Settings

MOST_CALLS = 40
"""What the fourteen tasks of the trial may take together."""
MOST_CHARACTERS = 60_000


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one task took. `fault` says why it was not done right."""

    name: str
    trial: bool
    calls: int
    characters: int
    fault: str = ""


def measure(progress: Callable[[str], None]) -> list[Replayed]:
    """All tasks, in their order."""
    with tempfile.TemporaryDirectory() as folder:
        found = anyio.run(_replay, Path(folder))
    progress(f"tasks: {len(found)} done")
    return found


def of_the_trial(found: Sequence[Replayed]) -> tuple[int, int]:
    """Calls and characters of the trial's tasks together."""
    trial = [item for item in found if item.trial]
    return sum(item.calls for item in trial), sum(item.characters for item in trial)


async def _replay(folder: Path) -> list[Replayed]:
    settings = Settings(sandbox=True, data_dir=str(folder), toolsets=("all",), approve=("none",))
    async with open_app(settings, {}) as app, Client(app.server()) as client:
        return [await done(task, client, folder, datetime.now(UTC).isoformat()) for task in TASKS]


async def done(task: Task, client: Client, folder: Path, now: str) -> Replayed:
    """One task, done once; `now` is what a clock at the sandbox in that folder shows, in ISO 8601."""
    desk = Desk(client)
    try:
        answer = await task.steps(desk)
    except (AssertionError, KeyError, ValueError) as error:
        return Replayed(task.name, task.trial, desk.calls, desk.characters, f"{type(error).__name__}: {error}"[:200])
    with the_truth(folder, now) as truth:
        right = answer == task.truth(truth)
    fault = (
        ""
        if right and desk.calls <= task.most_calls
        else "a wrong answer"
        if not right
        else "more calls than it may take"
    )
    return Replayed(task.name, task.trial, desk.calls, desk.characters, fault)
