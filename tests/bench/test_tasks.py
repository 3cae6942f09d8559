"""The tasks of the bench on the seeded sandbox: every answer is what the database says, in as few calls as it is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from bench.tasks import TASKS, Task
from bench.tasks.changing import CHANGING
from bench.tasks.desk import Desk
from bench.tasks.replay import MOST_CALLS, MOST_CHARACTERS, Replayed, done, of_the_trial
from bench.tasks.truth import the_truth
from flintt_mcp.sandbox.ground.seeding import EPOCH
from tests.apis.toolbox import open_sandboxed

pytestmark = pytest.mark.anyio

NOW = EPOCH.isoformat()


async def test_every_task_is_done_right_in_few_calls_and_the_trial_in_forty(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Replayed] = []
    async with open_sandboxed(data_dir, monkeypatch) as app, Client(app.server()) as client:
        for task in TASKS:
            desk = Desk(client)
            answer = await task.steps(desk)
            with the_truth(data_dir, NOW) as truth:
                assert answer == task.truth(truth), task.name
            assert answer, task.name
            assert desk.calls <= task.most_calls, task.name
            found.append(Replayed(task.name, task.trial, desk.calls, desk.characters))
    calls, characters = of_the_trial(found)
    assert (calls <= MOST_CALLS, characters <= MOST_CHARACTERS) == (True, True), (calls, characters)


def test_there_are_at_least_twenty_and_more_than_half_are_of_the_trial() -> None:
    assert len({task.name for task in TASKS}) == len(TASKS) >= 20
    assert len([task for task in TASKS if task.trial]) >= 13


@pytest.mark.parametrize("task", CHANGING, ids=lambda task: task.name)
async def test_before_it_is_done_the_database_says_that_it_is_not(task: Task, data_dir: Path) -> None:
    """What was there already is found by its id, whether or not the server finds it."""
    with the_truth(data_dir, NOW) as truth:
        assert (task.truth(truth) is None) is (task.name != "add what is there")


async def test_a_wrong_answer_and_one_call_too_many_are_faults(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = TASKS[0]

    async def wrong(desk: Desk) -> Any:
        return (await first.steps(desk))[:-1]

    async def dear(desk: Desk) -> Any:
        for _ in range(first.most_calls):
            await first.steps(desk)
        return await first.steps(desk)

    async with open_sandboxed(data_dir, monkeypatch) as app, Client(app.server()) as client:
        faults = [
            (await done(replace(first, steps=steps), client, data_dir, NOW)).fault
            for steps in (first.steps, wrong, dear)
        ]
    assert faults == ["", "a wrong answer", "more calls than it may take"]
