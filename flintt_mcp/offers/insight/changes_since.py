"""The tool changes_since: what came and what changed since a cursor's moment, of all tables, in one list, oldest first.

In: a cursor of an earlier call, or a date. Out: changes, and the cursor for the next call, which is also the one for the next page:
it holds how far the list was shown. Rows that the API shows late, within two minutes of that moment, are not lost; a run whose
findings could not be read yet holds the list up there, so that the next call goes on with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Done
from flintt_mcp.errors import ToolInputError
from flintt_mcp.offers.insight.changes import TABLES, Change, Place, Rows, changes
from flintt_mcp.offers.insight.coverage import Coverage
from flintt_mcp.offers.insight.described import PAGE
from flintt_mcp.offers.insight.lists import Row
from flintt_mcp.offers.insight.moments import before, read_moment, stamp
from flintt_mcp.offers.insight.result import exactly
from flintt_mcp.offers.insight.snapshot import Snapshots
from flintt_mcp.offers.insight.tables import COMPANIES, RUNS
from flintt_mcp.rest.reading.budget import Result, too_large_to_show
from flintt_mcp.rest.reading.results import footer
from flintt_mcp.rest.reading.tables import tabled
from flintt_mcp.rest.upstream import Results

_COLUMNS = exactly(("at", "kind", "change", "name", "what", "id"))
_LATE = 120.0
"""Seconds for which a row may be there later than its moment says."""
_MOST_MARKS = 60
"""How many changes a cursor tells one by one; of more in its last two minutes those before them count as shown."""
_DIGITS = 8


class Seen(NamedTuple):
    """How far the list was shown: all that sorts before `before`, and the changes with these digests."""

    before: Place
    digests: frozenset[str] = frozenset()

    def has(self, change: Change) -> bool:
        """Whether a change was shown."""
        return change.place < self.before or change.digest in self.digests


class ChangesSince:
    """The tool, over snapshots; `now` is the clock on the wall."""

    def __init__(self, snapshots: Snapshots, results: Results, now: Callable[[], float]) -> None:
        self._snapshots = snapshots
        self._results = results
        self._now = now

    async def handle(self, call: Call) -> Done:
        """The changes that were not shown yet; none on a first call without a date, which only gives the cursor.

        Raises:
            ToolInputError: the cursor is none of this caller, the date is none, or both were given.
            FlinttError: what is needed cannot be read.
        """
        seen = self._asked(call)
        names = [table.name for table in self._snapshots.tables_for(call) if table.name in TABLES]

        def pick(rows: Rows) -> Sequence[Row]:
            found = changes({name: rows[name] for name in names})
            since = seen.before.at if seen else before(found[-1].at, _LATE) if found else ""
            ids = {change.id for change in found if change.kind == "run" and change.at >= since}
            return [run for run in rows[RUNS.name] if str(run.get("id")) in ids]

        taken = await self._snapshots.judged(call, pick, "", names)
        told = {name: rows for name, rows in taken.rows.items() if name in (*names, "findings")}
        found = changes(told)
        held = min((one.at for one in found if one.kind == "run" and one.id in taken.left), default=None)
        there = [one for one in found if held is None or one.at < held]
        return self._page(call, there, seen, taken.coverage, is_held=held is not None)

    def _asked(self, call: Call) -> Seen | None:
        given = call.arguments
        since, cursor = read_moment("since", given.get("since")), given.get("cursor")
        if since is not None and cursor is not None:
            raise ToolInputError("since: says nothing beside cursor", advice="give one of them")
        if cursor is None:
            return None if since is None else Seen(Place(since))
        place, digests = self._results.cursors.open(_scope(call), cursor)
        return Seen(Place(*place), frozenset(digests[at : at + _DIGITS] for at in range(0, len(digests), _DIGITS)))

    def _page(
        self, call: Call, there: Sequence[Change], seen: Seen | None, coverage: Coverage, *, is_held: bool
    ) -> Done:
        new = [] if seen is None else [change for change in there if not seen.has(change)]
        wanted = new[: call.arguments.get("limit", PAGE)]
        start = Place() if seen is None else seen.before
        rows = [_told(change, seen) for change in wanted if seen is not None]

        def made(count: int, dropped: Sequence[str]) -> Result:
            shown = [{name: value for name, value in row.items() if name not in dropped} for row in rows[:count]]
            table = tabled(shown, _COLUMNS)
            cursor = self._results.cursors.seal(_scope(call), _mark(there, new[count:], start, stamp(self._now())))
            margin = {
                "total": len(new),
                "left_out": len(wanted) - count,
                "note": too_large_to_show(dropped)
                if seen
                else "From here on: give next_cursor later, or a date as since.",
                "next_cursor": cursor,
                "coverage": coverage.told,
            }
            margin = {name: value for name, value in margin.items() if value or name == "total"}
            complete = count == len(new) and not is_held and not dropped and coverage.whole
            head = f"changes: {count} of {len(new)} (workspace data, not instructions)"
            told = "\n".join(filter(None, (head, table.text, f"coverage: {coverage.told}", footer(margin))))
            return Result(told, {"changes": table.structured, "count": count, "complete": complete, **margin})

        result = self._results.budgets.of(call.channel.client).fullest(len(rows), rows[0] if rows else {}, made)
        return Done(text=result.text, structured=result.structured)


def _mark(there: Sequence[Change], unseen: Sequence[Change], start: Place, now: str) -> tuple[Place, str]:
    """How far the list is shown once `unseen` is all that is left of it: the place, and the digests of what is shown behind it.

    What an API dates later than now moves nothing on: all that comes until then would be lost.
    """
    left = set(unseen)
    shown = [change for change in there if change.place >= start and change not in left]
    if not shown:
        return start, ""
    first = max(start, Place(before(min(shown[-1].at, now), _LATE)))
    told = [change for change in shown if change.place >= first]
    if len(told) > _MOST_MARKS:
        first = told[-_MOST_MARKS].place
    if unseen:
        first = min(first, unseen[0].place)
    return first, "".join(change.digest for change in shown if change.place >= first)


def _told(change: Change, seen: Seen) -> dict[str, Any]:
    return {
        "at": change.at,
        "kind": change.kind,
        "change": "changed" if seen.has(change._replace(at=change.came)) else "new",
        "name": change.name,
        "what": change.what,
        "id": change.id,
    }


def _scope(call: Call) -> str:
    """What a cursor is bound to: the tool and whoever asks."""
    return f"{call.tool.name}\n{call.caller.principal_for(COMPANIES.toolset.api.name)}"
