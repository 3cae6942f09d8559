"""One task: what a person asks, how it is done, and what is true."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bench.tasks.desk import Desk
from bench.tasks.truth import Truth


@dataclass(frozen=True, slots=True)
class Task:
    """A question of a person.

    `steps` does the calls and returns the answer; `truth` finds the same in the database. `trial` marks the kinds of task that an
    agent was given which had nothing but endpoints: 14 tasks took it 97 calls and 343,000 characters, and two were not finished.
    `most_calls` is what it may take; only imports and waits take more than four.
    """

    name: str
    question: str
    steps: Callable[[Desk], Awaitable[Any]]
    truth: Callable[[Truth], Any]
    trial: bool = False
    most_calls: int = 4
