"""The tool list_findings: what signals found out, the newest first, each with all its links, its run and its signal.

In: which company, signal, confidence and time. Runs of other signals or times are not read. Out: findings as a page, and how
complete the ground is that they were sought in. A company is its id, its domain or its name as findings tell it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Done
from flintt_mcp.errors import ToolInputError
from flintt_mcp.offers.insight import cells
from flintt_mcp.offers.insight.findings import date_of
from flintt_mcp.offers.insight.lists import Row
from flintt_mcp.offers.insight.moments import read_moment
from flintt_mcp.offers.insight.names import folded
from flintt_mcp.offers.insight.result import exactly, page_of
from flintt_mcp.offers.insight.snapshot import Snapshots
from flintt_mcp.offers.insight.tables import COMPANIES, FINDINGS, RUNS, SIGNALS
from flintt_mcp.rest.upstream import Results

_COLUMNS = exactly(
    (
        *("found_at", "company_name", "company_id", "summary", "why_now", "confidence", "is_valid", "evidence"),
        *("signal", "signal_id", "run_id", "id"),
    )
)


class ListFindings:
    """The tool, over snapshots."""

    def __init__(self, snapshots: Snapshots, results: Results) -> None:
        self._snapshots = snapshots
        self._results = results

    async def handle(self, call: Call) -> Done:
        """The findings that are asked for.

        Raises:
            FlinttError: a date is none, the signal is unknown, or what is needed cannot be read.
        """
        given = call.arguments
        since = read_moment("since", given.get("since"))
        until = read_moment("until", given.get("until"))
        if since and until and since[: len(until)] > until:
            raise ToolInputError("until: is before since")
        of = _run_of(given.get("signal_id"), until)
        taken = await self._snapshots.judged(call, lambda rows: [run for run in rows[RUNS.name] if of(run)], since)
        _refuse_unknown(given.get("signal_id"), taken.rows)
        fits = _fits(given, taken.rows[COMPANIES.name])
        signals = {row.get("id"): row.get("name") for row in taken.rows[SIGNALS.name]}
        found = [_told(row, signals) for row in taken.rows[FINDINGS.name] if fits(row)]
        return page_of(call, self._results, "findings", _COLUMNS, found, taken.coverage)


def _refuse_unknown(signal_id: str | None, rows: Mapping[str, Sequence[Row]]) -> None:
    """No findings of a signal that nobody knows would look like a signal that found nothing."""
    ids = {row.get("id") for row in rows[SIGNALS.name]} | {run.get("signal_id") for run in rows[RUNS.name]}
    if signal_id is not None and signal_id not in ids:
        raise ToolInputError("signal_id: of no signal and no run that could be read", advice="list_signals tells ids")


def _run_of(signal_id: str | None, until: str | None) -> Callable[[Row], bool]:
    """Whether a run is of that signal and not after `until`; a date means to its end."""

    def of(run: Row) -> bool:
        in_time = until is None or date_of(run)[: len(until)] <= until
        return in_time and signal_id in (None, run.get("signal_id"))

    return of


def _fits(given: Mapping[str, Any], companies: Sequence[Row]) -> Callable[[Row], bool]:
    """Whether a finding is about the company, as sure and as valid as is asked for."""
    company, least, valid_only = given.get("company"), given.get("min_confidence"), given.get("valid_only", True)
    names = set() if company is None else _names_of(company, companies)

    def fits(row: Row) -> bool:
        confidence, name = cells.plain(row["confidence"]), row["company_name"]
        sure = least is None or (isinstance(confidence, int | float) and confidence >= least)
        about = company is None or (isinstance(name, str) and folded(name) in names)
        return sure and about and (row["is_valid"] or not valid_only)

    return fits


def _names_of(company: str, companies: Sequence[Row]) -> set[str]:
    """The folded names that a company may have in findings."""
    meant = folded(company)
    own = [row for row in companies if company == row.get("id") or meant == folded(str(row.get("domain") or ""))]
    return {meant, *(folded(name) for row in own if isinstance(name := row.get("name"), str))}


def _told(row: Row, signals: Mapping[Any, Any]) -> dict[str, Any]:
    return {**row, "confidence": cells.plain(row["confidence"]), "signal": signals.get(row["signal_id"])}
