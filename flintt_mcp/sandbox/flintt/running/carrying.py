"""Carries out one run: reads each source, finds the companies, judges what was found, ends the run.

In: the database, a fetcher, a validator, a `Task` that was taken. Out: durable steps (`ledger`). The network and the judging happen
between the steps, never within one. Stopped at any point, it is begun again with what is left; what was written stays.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread

from flintt_mcp.sandbox.flintt.running.finding.matching import Matcher
from flintt_mcp.sandbox.flintt.running.findings import Found, Reading, unjudged
from flintt_mcp.sandbox.flintt.running.judging.validator import CannotJudge, Judgement, Subject, Validator
from flintt_mcp.sandbox.flintt.running.ledger import Lost, finish_run, record_failure, record_source, take_run
from flintt_mcp.sandbox.flintt.running.outcomes import record_judgements
from flintt_mcp.sandbox.flintt.running.sources.entries import Unreadable
from flintt_mcp.sandbox.flintt.running.sources.fetching import Fetcher, SourceFailed
from flintt_mcp.sandbox.flintt.running.sources.identity import Item
from flintt_mcp.sandbox.flintt.running.sources.parsing import read_content
from flintt_mcp.sandbox.flintt.running.task import Source, Task
from flintt_mcp.sandbox.ground.clock import Clock
from flintt_mcp.sqlite import Database

logger = logging.getLogger(__name__)

JUDGED_AT_ONCE = 20
"""Judgements written in one transaction; so many are made again after a kill."""


class _NotRead(Exception):
    """A source was not read; the text says why, and is for its owner."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """Whoever carries out runs: the runner's number, and what it works with."""

    database: Database
    clock: Clock
    fetcher: Fetcher
    validator: Validator
    number: int
    reached: Callable[[str], None] = lambda _step: None
    """Told after each step; tests look, and kill, here."""

    async def carry_out(self, run_id: str) -> None:
        """Carry out a run, or what is left of it."""
        try:
            task = await self.database.write(take_run, self.number, run_id, self.clock())
            if task is None:
                return
            self.reached("taken")
            if not task.given_up:
                await self._read(task)
                await self._judge(task)
            status = await self.database.write(finish_run, self.number, task, self.clock())
            self.reached("finished")
            logger.info("run %s of signal %s: %s", run_id, task.signal_id, status)
        except Lost:
            logger.info("run %s was taken by another runner or deleted", run_id)

    async def _read(self, task: Task) -> None:
        matcher = Matcher(task.names)
        for source in task.sources:
            try:
                reading = await self._look_at(source, matcher)
            except _NotRead as failure:
                logger.info("source %d of signal %s: %s", source.position, task.signal_id, failure)
                await self.database.write(record_failure, self.number, task, source, str(failure), self.clock())
            else:
                await self.database.write(record_source, self.number, task, source, reading, self.clock())
            self.reached("read")

    async def _look_at(self, source: Source, matcher: Matcher) -> Reading:
        """What a source holds. Whatever it raises is this source's problem alone.

        Raises:
            _NotRead: the source cannot be read; the reason is its text.
        """
        try:
            content = await self.fetcher.fetch(source.kind, source.address)
            items = await read_content(content, source.items_at, self.clock())
            return await to_thread.run_sync(_look_through, matcher, items)
        except (SourceFailed, Unreadable) as failure:
            raise _NotRead(str(failure)) from None
        except Exception as error:  # of a parser, on input that nobody thought of: its text may hold some of it
            raise _NotRead(f"reading it broke off ({type(error).__name__} in {_place_of(error)})") from None

    async def _judge(self, task: Task) -> None:
        waiting = await self.database.read(unjudged, task)
        for start in range(0, len(waiting), JUDGED_AT_ONCE):
            judged = [
                (found, judgement)
                for found in waiting[start : start + JUDGED_AT_ONCE]
                if (judgement := await self._judge_one(task, found)) is not None
            ]
            await self.database.write(record_judgements, self.number, task, judged, self.clock())
            self.reached("judged")

    async def _judge_one(self, task: Task, found: Found) -> Judgement | None:
        subject = Subject(
            description=task.description,
            company=found.company,
            names=found.names,
            title=found.title,
            text=found.text,
            url=found.url,
            published_at=found.published_at,
            today=self.clock(),
        )
        try:
            return await self.validator.judge(subject)
        except CannotJudge as failure:
            logger.warning("raw result %s was not judged: %s", found.raw_result_id, failure)
        except Exception as error:  # one item must not keep the others from being judged; its text may hold some of it
            told = f"{type(error).__name__} in {_place_of(error)}"
            logger.warning("raw result %s was not judged: the validator broke off (%s)", found.raw_result_id, told)
        return None


def _place_of(error: Exception) -> str:
    """The function that raised, for whoever mends it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).stem}.{frame.name}"


def _look_through(matcher: Matcher, items: Sequence[Item]) -> Reading:
    """The items that name a company."""
    looked_at = [(item, matcher.find(item.title, item.text)) for item in items]
    return Reading(len(items), [(item, mentions) for item, mentions in looked_at if mentions])
