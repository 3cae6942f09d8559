"""The tool commit_import: does what a preview said, at a bounded rate, and goes on where it stopped when it is called again.

In: the id of a preview, and which doubtful rows a person wants added or left out. Out: a row for each once all are done; until then
how many are left and what to do. It works for 45 seconds a call; a client that follows tasks has it work a little at each look.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Done
from flintt_mcp.calls.standing import Begun, Stage, Standing, Watched
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import local
from flintt_mcp.errors import FlinttError, ToolInputError
from flintt_mcp.offers.imports.described import commit_import
from flintt_mcp.offers.imports.kept import Imports, Kept, Outcome, Progress
from flintt_mcp.offers.imports.pages import Rows, counted, opened, page
from flintt_mcp.offers.imports.plan import Planned
from flintt_mcp.offers.imports.work import Means, Work, left, makes_company, wanted
from flintt_mcp.offers.imports.workspace import Workspace
from flintt_mcp.rest.upstream import Results
from flintt_mcp.text import excerpt

SECONDS, A_LOOK = 45.0, 4.0
"""For how long one call works, and one look of a client that follows tasks."""
_PAUSE = 0.5
_NAMES_SHOWN = 20
_SHOWN = 80
_RANGE = re.compile(r"(\d{1,3})(?:\s*-\s*(\d{1,3}))?")


class CommitImport:
    """The tool, and the one that a task looks at."""

    def __init__(self, means: Means, imports: Imports, workspace: Workspace, results: Results) -> None:
        self._means = means
        self._imports = imports
        self._workspace = workspace
        self._results = results

    @property
    def tool(self) -> Tool:
        """The tool as a client sees it."""
        one = commit_import(self.handle)
        watched = Watched("import_id", local("import_id"), _standing, pause=2.0)
        looked = dataclasses.replace(one, handle=self.look, watched=watched)
        begins = Begun(looked, lambda done: {"import_id": (done.structured or {})["import_id"]}, stops=True)
        return dataclasses.replace(one, facts=self.facts, begins=begins)

    async def handle(self, call: Call) -> Done:
        """A turn of work, or a page of what came of it.

        Raises:
            ToolInputError: there is no such import of this caller, or add or skip name rows that are none of its doubtful ones.
            StoreFailed: the server cannot keep what it does; nothing was sent.
        """
        place = opened(call, self._results)
        kept = await self._imports.find(call.arguments["import_id"], call.writer or "")
        if place is not None:
            return self._shown(call, kept, None, place[1])
        decided = _decided(call.arguments, kept.plan.rows)
        kept = _with(kept, decided)
        return await self._turn(call, kept, 0.0 if call.channel.follows else SECONDS)

    async def look(self, call: Call) -> Done:
        """As `handle`, for the look of a task."""
        return await self._turn(call, await self._imports.find(call.arguments["import_id"], call.writer or ""), A_LOOK)

    async def facts(self, call: Call) -> str:
        """What a person is told who approves the import.

        Raises:
            ToolInputError: as for `handle`.
        """
        kept = await self._imports.find(call.arguments["import_id"], call.writer or "")
        progress = kept.progress.and_then(_decided(call.arguments, kept.plan.rows))
        rows = left(kept.plan.rows, progress)
        made = [row for row in rows if makes_company(row, progress)]
        deals = sum(row.deal is not None and (row.number in progress.add or not row.deal_there) for row in rows)
        names = [excerpt(str(row.company["name"]), _SHOWN) for row in made]
        more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        return (
            f"Add {len(made)} companies and {deals} deals to Flintt, all in one import\n"
            f"Companies: {', '.join(names[:_NAMES_SHOWN]) or 'none'}{more}\n"
            f"Rows left out: {len(kept.plan.rows) - len(rows)}"
        )

    async def _turn(self, call: Call, kept: Kept, seconds: float) -> Done:
        """Wait for whoever is at work on it, then work."""
        who, worker = call.writer or "", secrets.token_hex(8)
        until = self._means.now() + seconds
        before = sum(not outcome.open for outcome in kept.progress.outcomes.values())
        while not await self._imports.take(kept.id, who, worker):
            if self._means.now() >= until:
                return self._shown(call, await self._imports.find(kept.id, who), None)
            await self._means.sleep(_PAUSE)
        latest = await self._imports.find(kept.id, who)
        kept = Kept(kept.id, latest.plan, latest.progress.and_then(kept.progress))
        work = Work(self._means, self._imports, self._workspace, call, kept)
        stopped = await work.go_on(worker, until - self._means.now())
        kept = Kept(kept.id, kept.plan, work.progress)
        after = sum(not outcome.open for outcome in kept.progress.outcomes.values())
        return self._shown(call, kept, stopped, changed=after > before)

    def _shown(
        self, call: Call, kept: Kept, stopped: FlinttError | None, start: int = 0, *, changed: bool = False
    ) -> Done:
        rows, progress = kept.plan.rows, kept.progress
        open_rows = left(rows, progress)
        outcomes = progress.outcomes.values()
        told: dict[str, Any] = {"import_id": kept.id, "companies": counted(each.result for each in outcomes)}
        deals = counted(each.deal for each in outcomes)
        told |= {"deals": deals} if deals else {}
        told |= {"left": len(open_rows)}
        if stopped is not None:
            told["stopped"] = f"{excerpt(stopped.message, 300)}. What was done is kept"
        told["next"] = _next(len(open_rows), stopped)
        shown = [row for row in rows if not open_rows or progress.outcomes.get(row.number, Outcome()).why]
        return page(call, self._results, _as_rows(shown, progress), told, start, "yes" if changed else "no")


def _next(open_rows: int, stopped: FlinttError | None) -> str:
    if not open_rows:
        return "all rows are done: tell the person what became of them"
    again = "call commit_import again with the same arguments: it goes on where it stopped, and no row is made twice"
    return again if stopped is None or not stopped.advice else f"{excerpt(stopped.advice, 300)}; then {again}"


def _with(kept: Kept, decided: Progress) -> Kept:
    """The import with what was decided now."""
    return Kept(kept.id, kept.plan, kept.progress.and_then(decided), kept.busy)


def _decided(given: Mapping[str, Any], rows: Sequence[Planned]) -> Progress:
    """What a call says of rows.

    Raises:
        ToolInputError: it names rows that there are none of, or adds what makes nothing.
    """
    add, skip = (_numbers(name, given.get(name, ""), len(rows)) for name in ("add", "skip"))
    doubtful = {row.number for row in rows if row.result in ("exists", "likely", "duplicate")}
    makes = {row.number for row in rows if row.result == "create"}
    if add - doubtful - makes:
        raise ToolInputError(
            f"add: row {min(add - doubtful - makes)} is invalid and makes nothing",
            advice="correct it and preview again, or leave it out",
        )
    if add & skip:
        raise ToolInputError(f"row {min(add & skip)} stands in add and in skip", advice="decide, and call again")
    return Progress({}, add & doubtful, skip)


def _numbers(name: str, text: str, most: int) -> frozenset[int]:
    """The row numbers of a text like "3, 7-9"."""
    numbers: set[int] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _RANGE.fullmatch(part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= first <= last <= most:
            raise ToolInputError(
                f"{name}: takes row numbers from 1 to {most}, e.g. 3,7-9", advice="correct the arguments and call again"
            )
        numbers.update(range(first, last + 1))
    return frozenset(numbers)


def _standing(done: Done) -> Standing:
    """Where an import stands by a result of `look`."""
    told = done.structured or {}
    count, then = told["left"], told["next"]
    made = ", ".join(f"{number} {word}" for word, number in told["companies"].items()) or "none yet"
    said = f"The import has {count} rows left (companies: {made})"
    if not count:
        return Standing(stage=Stage.DONE, said=f"The import is done (companies: {made})", next=then, told=done)
    stopped = told.get("stopped")
    return Standing(stage=Stage.WORKING, said=f"{said}. It stopped: {stopped}" if stopped else said, told=done)


def _as_rows(rows: Sequence[Planned], progress: Progress) -> Rows:
    return [_as_row(row, progress) for row in rows]


def _as_row(row: Planned, progress: Progress) -> dict[str, Any]:
    outcome = progress.outcomes.get(row.number)
    result = {"id": row.id, "result": row.result if row.result != "create" else "", "why": row.why}
    if row.number in progress.skip:
        result |= {"result": "left out", "why": ""}
    elif outcome is not None:
        result = {"id": outcome.id or row.id, "result": outcome.result or row.result, "why": outcome.why or row.why}
        result |= {"deal": outcome.deal, "deal_id": outcome.deal_id}
    elif wanted(row, progress):
        result |= {"result": "waits"}
    deal = {} if "deal" in result else {"deal": row.deal_there}
    return {"row": row.number, "company": excerpt(str(row.company.get("name", "")), _SHOWN), **deal, **result}
