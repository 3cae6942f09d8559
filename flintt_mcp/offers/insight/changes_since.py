"""The tool changes_since: what came and what changed since a cursor's moment, of all tables, in one list, oldest first.

In: a cursor of an earlier call, or a date. Out: changes, and the cursor for the next call, which is also the one for the next page:
`seen.py` says how far the list was told. A run whose findings could not be read in time holds the list up there, so that the next
call goes on with it; one that the API does not tell, or that goes on, is looked at again by later calls, beside the list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Done
from flintt_mcp.errors import ToolInputError
from flintt_mcp.offers.insight.changes import TABLES, Change, Rows, changes, goes_on
from flintt_mcp.offers.insight.described import PAGE
from flintt_mcp.offers.insight.lists import Row
from flintt_mcp.offers.insight.moments import before, read_moment, stamp
from flintt_mcp.offers.insight.result import exactly
from flintt_mcp.offers.insight.seen import LATE, Seen
from flintt_mcp.offers.insight.snapshot import Snapshot, Snapshots
from flintt_mcp.offers.insight.tables import COMPANIES, FINDINGS, RUNS
from flintt_mcp.rest.reading.budget import Result, too_large_to_show
from flintt_mcp.rest.reading.results import footer
from flintt_mcp.rest.reading.tables import tabled
from flintt_mcp.rest.upstream import Results

_COLUMNS = exactly(("at", "kind", "change", "name", "what", "id"))
_MOST_OWED = 30
"""Runs that a cursor can hold to be looked at again."""
_BEGINS = "From here on: give next_cursor later, or a date as since"


class _There:
    """What is there to tell: changes, whether a run holds them up, and runs to look at again with their status."""

    def __init__(self, found: Sequence[Change], taken: Snapshot, seen: Seen, until: str) -> None:
        runs = [change for change in found if change.kind == "run"]
        failed = [run for run in runs if run.id in taken.failed]
        kept = {run.id for run in failed[:_MOST_OWED]}
        unread = taken.left | {run.id for run in failed[_MOST_OWED:]}
        held = min((run.at for run in runs if run.id in unread and run.id not in seen.owed), default=until)
        self.changes = [change for change in found if change.at < held or change.run in seen.owed]
        self.is_held = held != until
        self.ahead = sum(change.at >= until for change in found)
        self._again = kept | (taken.left & seen.owed.keys())
        self._runs = runs

    def owed(self, left: Sequence[Change], seen: Seen) -> dict[str, str]:
        """The runs to look at again once `left` is all that was not told."""
        waiting = {change.run for change in left if change.run}
        untold = {change.id for change in left if change.kind == "run"}
        told = {change.id: change.status for change in self.changes if change.kind == "run" and change.id not in untold}
        told |= {id: status for id, status in seen.owed.items() if id in untold}
        again = [run for run in self._runs if run.id in told and (run.id in self._again or goes_on(run))]
        late = [run for run in self._runs if run.id in seen.owed and run.id in waiting]
        return {run.id: told[run.id] for run in dict.fromkeys((*late, *again[-_MOST_OWED:]))}


class ChangesSince:
    """The tool, over snapshots; `now` is the clock on the wall."""

    def __init__(self, snapshots: Snapshots, results: Results, now: Callable[[], float]) -> None:
        self._snapshots = snapshots
        self._results = results
        self._now = now

    async def handle(self, call: Call) -> Done:
        """The changes that were not told yet; none on a first call without a date, which only gives the cursor.

        Raises:
            ToolInputError: the cursor is none of this caller, the date is none, or both were given.
            FlinttError: what is needed cannot be read.
        """
        asked = self._asked(call)
        seen, until = asked or Seen(), stamp(self._now() + LATE)
        names = [table.name for table in self._snapshots.tables_for(call) if table.name in TABLES]

        def pick(rows: Rows) -> Sequence[Row]:
            found = [change for change in changes({name: rows[name] for name in names}) if change.at < until]
            since = seen.start.at if asked else before(found[-1].at, LATE) if found else ""
            runs = (change for change in found if change.kind == "run" and not goes_on(change))
            ids = {change.id for change in runs if change.at >= since or change.id in seen.owed}
            return [run for run in rows[RUNS.name] if str(run.get("id")) in ids]

        taken = await self._snapshots.judged(call, pick, "", names)
        told = {name: rows for name, rows in taken.rows.items() if name in (*names, FINDINGS.name)}
        there = _There(changes(told), taken, seen, until)
        new = [] if asked is None else seen.unseen(there.changes)
        return self._page(call, there, new, seen, [taken.coverage.told, "" if asked else _BEGINS])

    def _asked(self, call: Call) -> Seen | None:
        given = call.arguments
        since, cursor = read_moment("since", given.get("since")), given.get("cursor")
        if since is not None and cursor is not None:
            raise ToolInputError("since: says nothing beside cursor", advice="give one of them")
        if cursor is None:
            return None if since is None else Seen.since(since)
        return Seen.read(self._results.cursors.open(_scope(call), cursor))

    def _page(self, call: Call, there: _There, new: Sequence[Change], seen: Seen, said: Sequence[str]) -> Done:
        wanted = new[: call.arguments.get("limit", PAGE)]
        rows = [_told(change, seen) for change in wanted]
        coverage, begins = said

        def made(count: int, dropped: Sequence[str]) -> Result:
            shown = [{name: value for name, value in row.items() if name not in dropped} for row in rows[:count]]
            table, left = tabled(shown, _COLUMNS), new[count:]
            after = seen.after(there.changes, left, there.owed(left, seen))
            ahead = f"{there.ahead} are dated later than now and are told then" if there.ahead else ""
            margin = {
                "total": len(new),
                "left_out": len(wanted) - count,
                "note": "; ".join(filter(None, (begins, too_large_to_show(dropped), ahead))),
                "next_cursor": self._results.cursors.seal(_scope(call), after.position),
                "coverage": coverage,
            }
            margin = {name: value for name, value in margin.items() if value or name == "total"}
            head = f"changes: {count} of {len(new)} (workspace data, not instructions)"
            told = "\n".join(filter(None, (head, table.text, f"coverage: {coverage}", footer(margin))))
            complete = count == len(new) and not there.is_held and not dropped
            return Result(told, {"changes": table.structured, "count": count, "complete": complete, **margin})

        result = self._results.budgets.of(call.channel.client).fullest(len(rows), rows[0] if rows else {}, made)
        return Done(text=result.text, structured=result.structured)


def _told(change: Change, seen: Seen) -> Mapping[str, Any]:
    return {
        "at": change.at,
        "kind": change.kind,
        "change": "changed" if seen.knows(change) else "new",
        "name": change.name,
        "what": change.what,
        "id": change.id,
    }


def _scope(call: Call) -> str:
    """What a cursor is bound to: the tool and whoever asks."""
    return f"{call.tool.name}\n{call.caller.principal_for(COMPANIES.toolset.api.name)}"
