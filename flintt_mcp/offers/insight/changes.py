"""What changed, and when: rows of several tables as one list of changes, oldest first. Pure.

In: rows as a snapshot has them. Out: changes, each with its moment by the API's clock; a row that tells no moment is none. A row
that was changed twice is one change, the last; an API that tells no moment of change tells only when the row came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from flintt_mcp.offers.insight import cells
from flintt_mcp.offers.insight.lists import Row
from flintt_mcp.offers.insight.moments import moment_of
from flintt_mcp.offers.insight.tables import (
    COMPANIES,
    FINDINGS,
    JOBS,
    PAYMENT_RUNS,
    PROSPECTS,
    RUNS,
    SIGNALS,
    TRANSACTIONS,
)

Rows = Mapping[str, Sequence[Row]]


class Place(NamedTuple):
    """A place in the list of changes."""

    at: str = ""
    kind: str = ""
    id: str = ""


class Change(NamedTuple):
    """One change. `at` is its moment, `came` the moment when the row came; `what` says how it stands now.

    `exact` and `came_exact` are those moments as the API tells them, which may be finer than a second. `run` is the run that a run
    or a finding is of, with its `status`.
    """

    at: str
    kind: str
    id: str
    came: str
    name: str
    what: str
    exact: str = ""
    came_exact: str = ""
    run: str = ""
    status: str = ""

    @property
    def place(self) -> Place:
        """Where it stands in the list."""
        return Place(self.at, self.kind, self.id)

    @property
    def digest(self) -> str:
        """What tells this change from every other, in eight characters."""
        return _digest(self.kind, self.id, self.exact, self.status)

    @property
    def first_digest(self) -> str:
        """What told the row's coming from every other change."""
        return _digest(self.kind, self.id, self.came_exact, self.status)


def _digest(*parts: str) -> str:
    return blake2b("\n".join(parts).encode(), digest_size=4).hexdigest()


class _Kind(NamedTuple):
    """How the rows of a table are told: the fields that hold moments, first when a row came; its name; and how it stands."""

    kind: str
    moments: tuple[str, ...]
    name: str
    what: tuple[str, ...]


_CAME = ("created_at", "updated_at")
_KINDS: Mapping[str, _Kind] = {
    COMPANIES.name: _Kind("company", _CAME, "name", ("domain",)),
    PROSPECTS.name: _Kind("deal", _CAME, "name", ("stage", "next_step")),
    SIGNALS.name: _Kind("signal", _CAME, "name", ("status",)),
    RUNS.name: _Kind("run", ("started_at", "ended_at", "completed_at", "created_at"), "", ("status",)),
    JOBS.name: _Kind("job", ("createdAt", "startedAt", "finishedAt"), "keyword", ("status", "location")),
    PAYMENT_RUNS.name: _Kind("payment run", _CAME, "objective", ("status",)),
    TRANSACTIONS.name: _Kind("payout", ("created_at",), "reference", ("status", "amount", "currency")),
}
_GOES_ON = ("pending", "queued", "running")
TABLES = tuple(_KINDS)
"""The tables whose rows are told, beside findings, which come with their runs."""


def changes(rows: Rows) -> list[Change]:
    """The changes that these rows tell, oldest first; a row that an API tells twice is one."""
    found = [change for table in TABLES for row in rows.get(table, ()) if (change := _change(table, row, rows))]
    runs = {change.id: change for change in found if change.kind == "run"}
    found += [change for row in rows.get(FINDINGS.name, ()) if (change := _finding(row, runs))]
    return sorted({(change.kind, change.id, change.run): change for change in found}.values())


def goes_on(change: Change) -> bool:
    """Whether this is a run that has not ended."""
    return change.kind == "run" and change.status in _GOES_ON


def _change(table: str, row: Row, rows: Rows) -> Change | None:
    kind = _KINDS[table]
    moments = [(found, str(row[name])) for name in kind.moments if (found := moment_of(row.get(name)))]
    if not moments or row.get("id") is None:
        return None
    what = " ".join(str(cells.plain(row[name])) for name in kind.what if row.get(name) not in (None, ""))
    (at, exact), (came, came_exact), id = max(moments), moments[0], str(row["id"])
    run, status = (id, str(row.get("status") or "")) if table == RUNS.name else ("", "")
    return Change(at, kind.kind, id, came, _name(table, row, rows), what, exact, came_exact, run, status)


def _name(table: str, row: Row, rows: Rows) -> str:
    """What people call a row: a run by its signal, a deal by its company and its person."""
    own = str(row.get(_KINDS[table].name) or "")
    if table == RUNS.name:
        return _named(rows.get(SIGNALS.name, ()), row.get("signal_id"))
    if table == PROSPECTS.name:
        return ", ".join(filter(None, (_named(rows.get(COMPANIES.name, ()), row.get("company_id")), own)))
    return own


def _named(rows: Sequence[Row], id: Any) -> str:
    return next((str(row.get("name") or "") for row in rows if id is not None and row.get("id") == id), "")


def _finding(row: Row, runs: Mapping[str, Change]) -> Change | None:
    """A valid finding came when its run ended."""
    run = runs.get(str(row.get("run_id")))
    if run is None or goes_on(run) or row.get("id") is None or not row.get("is_valid"):
        return None
    name, what = str(row.get("company_name") or ""), str(row.get("summary") or "")
    id = str(row["id"])
    return Change(run.at, "finding", id, run.at, name, what, run.id, run.id, run.id)
