"""The rows of a workspace that one question needs, read just now with the caller's key, with how complete they are.

In: a call, and the tables and columns that its question reads. Out: a `Snapshot`. What several tables stand on is read once; what a
question does not read is not fetched. Only results of ended runs are kept beyond the call (`kept_runs.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.narrowing import Narrowing
from flintt_mcp.errors import FlinttError
from flintt_mcp.offers.insight.at_once import each
from flintt_mcp.offers.insight.coverage import Coverage, Part, together
from flintt_mcp.offers.insight.deals import Deals
from flintt_mcp.offers.insight.effort import Effort
from flintt_mcp.offers.insight.errors import stops
from flintt_mcp.offers.insight.findings import Findings, judgements, raw_finds, since_when
from flintt_mcp.offers.insight.kept_runs import KeptRuns
from flintt_mcp.offers.insight.lists import Listed, ListSource, Row, why
from flintt_mcp.offers.insight.names import ids_by_name
from flintt_mcp.offers.insight.tables import (
    CANDIDATES,
    COMPANIES,
    FINDINGS,
    LEADS,
    PAYMENT_RUNS,
    PROSPECTS,
    RAW_FINDS,
    RUNS,
    SIGNALS,
    TABLES,
    Table,
)
from flintt_mcp.rest.upstream import Upstream

Wanted = Mapping[str, Collection[str]]
"""The tables that a question reads, each with the columns it reads of it."""
Rows = Mapping[str, Sequence[Row]]
"""Rows by table."""
_OF_RUNS = (FINDINGS.name, RAW_FINDS.name)
_READ_AFTER = {FINDINGS.name: RUNS.name, RAW_FINDS.name: RUNS.name, CANDIDATES.name: PAYMENT_RUNS.name}
"""Tables whose rows are asked for row by row of another one."""
_Read = tuple[Sequence[Row], Part]
"""The rows of a table, and how complete they are."""


class Snapshot(msgspec.Struct, frozen=True):
    """Rows by table, as the API sent them or as `findings.py` makes them, how complete they are, and runs `left` or `failed`."""

    rows: Rows
    coverage: Coverage
    left: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()


class Snapshots:
    """Takes snapshots. `toolsets` names those that are on; Flintt's own tables are there always.

    A table whose list the operator switched off by name, among `excluded`, cannot be asked about.
    """

    def __init__(
        self,
        upstream: Upstream,
        toolsets: Collection[str],
        excluded: Collection[str],
        kept: KeptRuns,
        now: Callable[[], float],
    ) -> None:
        self._now = now
        flintt = COMPANIES.toolset
        on = [table for table in TABLES.values() if table.toolset is flintt or table.toolset.name in toolsets]
        self._tables = {table.name: table for table in on if table.operation not in excluded}
        self._lists = {table.name: ListSource(table.toolset, table.operation, upstream) for table in on}
        self._deals = Deals(PROSPECTS.toolset, PROSPECTS.operation, upstream)
        self._findings = Findings(flintt, "get_run", upstream, kept)

    def tables_for(self, call: Call) -> list[Table]:
        """The tables that this caller can ask about: those whose API it has a key for, and has not left out."""
        caller, flintt = call.caller, COMPANIES.toolset
        narrowing = caller.narrowing or Narrowing()
        return [
            table
            for table in self._tables.values()
            if table.operation not in narrowing.excluded
            and (
                table.toolset is flintt
                or (table.toolset.api.name in caller.secrets and narrowing.leaves_toolset(table.toolset.name))
            )
        ]

    async def take(self, call: Call, wanted: Wanted, since: str | None = None) -> Snapshot:
        """The rows of these tables; findings since then, or of 90 days when nobody says.

        Raises:
            FlinttError: a list cannot be read at all, or the key is not good any more.
        """
        effort = Effort(self._now)
        lists = await self._lists_of(call, _needed(wanted), effort)
        found = {name: lists[name] for name in wanted if name in lists}
        if not wanted.keys().isdisjoint(_OF_RUNS):
            found |= await self._results(call, lists, since, effort)
        if CANDIDATES.name in wanted:
            found[CANDIDATES.name] = await self._candidates(call, lists[PAYMENT_RUNS.name][0], effort)
        # Rows that were found through a list which is not whole are not whole either.
        beneath = [part for name, (_, part) in lists.items() if name not in wanted and not part.whole]
        parts = dict.fromkeys([*(found[name][1] for name in wanted), *beneath])
        return Snapshot({name: found[name][0] for name in wanted}, together(parts))

    async def judged(
        self, call: Call, pick: Callable[[Rows], Sequence[Row]], since: str | None = None, also: Collection[str] = ()
    ) -> Snapshot:
        """What the runs that `pick` takes judged since then, valid or not, newest first, beside all companies, signals and runs,
        and the lists `also`.

        Raises:
            FlinttError: a list cannot be read at all, or the key is not good any more.
        """
        effort = Effort(self._now)
        names = dict.fromkeys((RUNS.name, COMPANIES.name, SIGNALS.name, *also))
        lists = await self._lists_of(call, list(names), effort)
        rows = {name: read[0] for name, read in lists.items()}
        asked = pick(rows)
        read = await self._findings.read(call, asked, since_when(asked) if since is None else since, effort)
        found = {FINDINGS.name: list(judgements(read.results, ids_by_name(rows[COMPANIES.name])))}
        return Snapshot(
            rows | found, together((read.part, *(part for _, part in lists.values()))), read.left, read.failed
        )

    async def _lists_of(self, call: Call, names: Sequence[str], effort: Effort) -> dict[str, _Read]:
        """The rows of tables that are one list each."""

        async def one(name: str) -> _Read:
            if name == PROSPECTS.name:
                return await self._deals.read(call, effort)
            fixed = {"billable_only": False} if name == LEADS.name else {}
            listed = await self._lists[name].all(call, effort, fixed)
            return listed.rows, listed.part(name)

        outcomes = await each(names, one)
        for outcome in outcomes:
            if isinstance(outcome, FlinttError):
                raise outcome
        return {name: outcome for name, outcome in zip(names, outcomes, strict=True) if isinstance(outcome, tuple)}

    async def _results(
        self, call: Call, lists: Mapping[str, _Read], since: str | None, effort: Effort
    ) -> dict[str, _Read]:
        """Findings and raw finds, which come with each other."""
        runs = lists[RUNS.name][0]
        read = await self._findings.read(call, runs, since_when(runs) if since is None else since, effort)
        ids = ids_by_name(lists[COMPANIES.name][0]) if COMPANIES.name in lists else {}
        return {
            FINDINGS.name: ([row for row in judgements(read.results, ids) if row["is_valid"]], read.part),
            RAW_FINDS.name: (list(raw_finds(read.results, ids)), read.part),
        }

    async def _candidates(self, call: Call, runs: Sequence[Row], effort: Effort) -> _Read:
        """The candidates of every payment run that has any."""
        asked = [run for run in runs if run.get("candidate_count") != 0]

        async def of_run(run: Row) -> Listed:
            return await self._lists[CANDIDATES.name].all(call, effort, {"run_id": str(run.get("id"))})

        outcomes = [stops(outcome) for outcome in await each(asked, of_run, effort.seconds_left)]
        read = [outcome for outcome in outcomes if isinstance(outcome, Listed)]
        missing = [
            outcome.missing if isinstance(outcome, Listed) else why(outcome)
            for outcome in outcomes
            if not isinstance(outcome, Listed) or outcome.missing
        ]
        told = f"{CANDIDATES.name} of {len(runs) - len(asked) + len(read)} of {len(runs)} payment runs"
        part = Part(f"{told} ({missing[0]})", whole=False) if missing else Part(told)
        return [row for listed in read for row in listed.rows], part


def _needed(wanted: Wanted) -> list[str]:
    """The lists to read for these tables, each once; companies too where findings name them by their id."""
    needed = [_READ_AFTER.get(name, name) for name in wanted]
    if any("company_id" in wanted.get(name, ()) for name in _OF_RUNS):
        needed.append(COMPANIES.name)
    return list(dict.fromkeys(needed))
