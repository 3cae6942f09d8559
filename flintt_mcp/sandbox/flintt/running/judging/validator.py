"""Judges items: the interface that any validator fills, and what it is given and gives back.

In: an item about a company and the description of a signal. Out: a `Judgement`. The sandbox brings one that works offline
(`judging.TextValidator`); one that asks a model would implement the same method, may take its time, and raises `CannotJudge`
for an item that it gives up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Subject:
    """What is judged: one item about one company, and what the signal looks for. `names` are the company's in the item."""

    description: str
    company: str
    names: Sequence[str]
    title: str
    text: str
    url: str
    published_at: datetime | None
    today: datetime


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a validator thinks of one item. `confidence` is as sure as it says it is, from 0 to 1."""

    is_valid: bool
    confidence: float
    summary: str
    why_now: str | None
    topic: str | None = None


class CannotJudge(Exception):
    """This item cannot be judged now; its run ends as partial. The text goes into the log: it holds nothing of the item."""


class Validator(Protocol):
    """Whatever judges."""

    async def judge(self, subject: Subject) -> Judgement:
        """Judge one item.

        Raises:
            CannotJudge: not possible.
        """
        ...
