"""Works on an import: row after row, each an ordinary call of create_company and then create_prospect with an intent of its own.

In: an import whose turn it is, and the keys of the call at hand. Out: what came of each row, saved every two seconds, and why the
work stopped before its end, if it did. A row's intent is named by import and row: whoever goes on after a kill gets what was done.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import anyio
import msgspec
from msgspec.structs import replace

from flintt_mcp.calls.call import ALLOW_DUPLICATE, INTENT, Call, QuietChannel, Under
from flintt_mcp.calls.reply import Ask, Done, Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.errors import (
    AlreadyThere,
    CallRefused,
    FlinttError,
    NotFound,
    Rejected,
    StoreFailed,
    ToolInputError,
    UnknownTool,
)
from flintt_mcp.offers.imports.kept import Imports, Kept, Outcome, Progress, Result
from flintt_mcp.offers.imports.plan import Planned
from flintt_mcp.offers.imports.there import COMPANY, DEAL, There
from flintt_mcp.offers.imports.workspace import Workspace
from flintt_mcp.text import excerpt

logger = logging.getLogger(__name__)

APART = 0.05
"""Seconds from the begin of one row to that of the next, at least: twenty rows a second at most."""
_SAVED_EVERY = 2.0
_WHY_SHOWN = 200
_NEVER = (AlreadyThere, ToolInputError, Rejected, NotFound)
"""What says that this row will not be made, and nothing about the others."""


class Means(msgspec.Struct, frozen=True):
    """What work stands on: the pipeline, tools by name, a clock in seconds that only goes forward, and a way to wait."""

    run: Callable[[Call], Awaitable[Reply]]
    tool: Callable[[str], Tool | None]
    now: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]


def wanted(row: Planned, progress: Progress) -> bool:
    """Whether anything is to be made of a row."""
    if row.result == "invalid" or row.number in progress.skip:
        return False
    return makes_company(row, progress) or row.makes_deal or (row.number in progress.add and row.deal is not None)


def makes_company(row: Planned, progress: Progress) -> bool:
    """Whether a company is to be made of a row that is wanted; of one that is surely there `add` adds its deal, if any."""
    return row.result == "create" or (row.number in progress.add and (row.result != "exists" or row.deal is None))


def left(rows: Sequence[Planned], progress: Progress) -> list[Planned]:
    """The rows that are still to be made."""
    over = {number for number, outcome in progress.outcomes.items() if not outcome.open}
    return [row for row in rows if wanted(row, progress) and row.number not in over]


class Work:
    """One turn of work on one import, with the keys of `call`."""

    def __init__(self, means: Means, imports: Imports, workspace: Workspace, call: Call, kept: Kept) -> None:
        self._means = means
        self._imports = imports
        self._workspace = workspace
        self._call = call
        self._kept = kept
        self.progress = kept.progress
        self._unsaved: dict[int, Outcome] = {}

    async def go_on(self, worker: str, seconds: float) -> FlinttError | None:
        """Work for so long; answers why it stopped before the end of its rows and of its time, if it did."""
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._saving, worker)
                stopped = await self._rows(self._means.now() + seconds)
                group.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._save(worker, ends=True)
        return stopped

    async def _saving(self, worker: str) -> None:
        while True:
            await self._means.sleep(_SAVED_EVERY)
            await self._save(worker)

    async def _save(self, worker: str, *, ends: bool = False) -> None:
        """Save what came of rows. What was made is made, also when the store fails now: the rows' own intents know of it."""
        fresh, self._unsaved = self._unsaved, {}
        progress = Progress(fresh, self.progress.add, self.progress.skip)
        try:
            await self._imports.save(self._kept.id, self._call.writer or "", worker, progress, ends=ends)
        except StoreFailed:
            self._unsaved = {**fresh, **self._unsaved}
            logger.exception("what came of an import could not be saved; the intents of its rows hold it")

    async def _rows(self, until: float) -> FlinttError | None:
        rows = left(self._kept.plan.rows, self.progress)
        if not rows:
            return None
        try:
            there = await self._workspace.read(self._call, deals=any(row.deal is not None for row in rows))
        except FlinttError as error:
            return error
        for done, row in enumerate(rows):
            begun = self._means.now()
            if begun >= until:
                return None
            await self._call.channel.progress(done, len(rows), f"row {row.number}")
            outcome, stop = await self._row(row, there)
            self._note(row.number, outcome)
            if stop is not None:
                return stop
            await self._means.sleep(max(0.0, begun + APART - self._means.now()))
        return None

    def _note(self, number: int, outcome: Outcome) -> None:
        self._unsaved[number] = outcome
        self.progress = replace(self.progress, outcomes={**self.progress.outcomes, number: outcome})

    async def _row(self, row: Planned, there: There) -> tuple[Outcome, FlinttError | None]:
        """What came of a row, and the error after which no other row is begun."""
        outcome = self.progress.outcomes.get(row.number, Outcome())
        more = {ALLOW_DUPLICATE: True} if row.number in self.progress.add else {}
        if makes_company(row, self.progress) and not outcome.id:
            made = _judged(await self._part(COMPANY, {**row.company, **more}, f"{row.number}", there), "company")
            if made.result == outcome.result == "unknown":
                made = _found(made, there.exactly(row.company))
            outcome = Outcome(made.result, made.id, why=made.why, open=made.open)
            if not made.id:
                return outcome, made.stop
        if row.deal is None or (row.deal_there and not more):
            return outcome, None
        id = outcome.id or row.id or self._of(row.of)
        if not id:
            return Outcome(deal="failed", why=f"the company of row {row.of} was not made"), None
        given = {**row.deal, "company_id": id, **more}
        made = _judged(await self._part(DEAL, given, f"{row.number}-deal", there), "prospect")
        if made.result == outcome.deal == "unknown":
            made = _found(made, there.deal(id, row.deal))
        return Outcome(outcome.result, id, made.result, made.id, made.why, made.open), made.stop

    def _of(self, number: int) -> str:
        outcome = self.progress.outcomes.get(number)
        return "" if outcome is None else outcome.id

    async def _part(self, name: str, given: Mapping[str, Any], place: str, there: There) -> Reply:
        """One call of another tool, as a part of this one."""
        tool, call = self._means.tool(name), self._call
        if tool is None:
            raise UnknownTool(
                f"{name} is switched off here", advice="tell the person; only the operator can switch it on"
            )
        arguments = {**given, INTENT: f"{self._kept.id}-{place}"}
        part = Call(tool, arguments, call.caller, QuietChannel(call.channel.kind), under=Under(there.twin))
        return await self._means.run(part)


class _Made(msgspec.Struct, frozen=True):
    """What a part came to, and the error that stops all others."""

    result: Result
    id: str = ""
    why: str = ""
    stop: FlinttError | None = None

    @property
    def open(self) -> bool:
        """Whether the next commit has to go on with it."""
        return self.result in ("", "unknown")


def _judged(reply: Reply, noun: str) -> _Made:
    if isinstance(reply, Done):
        return _Made("created", str((reply.structured or {}).get(noun, {}).get("id", "")))
    if isinstance(reply, Ask):
        raise TypeError("a part of a call asks nothing")
    error = reply.error
    why = excerpt(error.message, _WHY_SHOWN)
    if isinstance(error, AlreadyThere):
        return _Made("exists", why=why)
    if error.changed != "no":
        told = excerpt(f"{error.message}; {error.advice}", _WHY_SHOWN)
        return _Made("unknown", why=told, stop=None if type(error) is CallRefused else error)
    return _Made("failed", why=why) if isinstance(error, _NEVER) else _Made("", why=why, stop=error)


def _found(made: _Made, id: str) -> _Made:
    """A part of which nobody can say whether it was made, where something just like it is there by now."""
    return _Made("exists", id, "the answer was lost, and this is there") if id else made
