"""What signals found: one request for each run, eight at a time, the newest first.

In: the runs of a workspace, and since when. Out: their results as rows, newest run first, and how many runs of how many that is.
Runs that have ended are read once an hour; one that is gone meanwhile counts for none. Nothing is made up for one not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from flintt_mcp.calls.call import Call
from flintt_mcp.catalogue.operation import Toolset
from flintt_mcp.errors import FlinttError, NotFound
from flintt_mcp.offers.insight.at_once import each
from flintt_mcp.offers.insight.cells import moment
from flintt_mcp.offers.insight.coverage import Part
from flintt_mcp.offers.insight.effort import Effort
from flintt_mcp.offers.insight.errors import stops
from flintt_mcp.offers.insight.kept_runs import KeptRuns
from flintt_mcp.offers.insight.lists import TIME_IS_UP, Row, why
from flintt_mcp.offers.insight.names import folded
from flintt_mcp.rest.endpoint import Endpoint
from flintt_mcp.rest.upstream import Upstream

DAYS = 90
"""How far before the newest run findings are read unasked."""
_ENDED = ("completed", "partial", "failed")
_SHOWN_EVERY = 25
_DATES = ("started_at", "ended_at", "completed_at", "created_at")


class Read(msgspec.Struct, frozen=True):
    """The results of runs, how complete they are, and the ids of runs that were not read: `left` are those for which no room was,
    where another call reads on; of `failed` ones the API did not tell the results.
    """

    results: list[Results]
    part: Part
    left: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()


class Results(msgspec.Struct, frozen=True):
    """The results of one run, as the API sent them."""

    run: Row
    judged: list[Any]
    raw: list[Any]


def date_of(run: Row) -> str:
    """The date of a run: its start, or its end where the API tells no start; empty while it waits."""
    return next((str(moment(run[name])) for name in _DATES if isinstance(run.get(name), str)), "")


def since_when(runs: Sequence[Row]) -> str:
    """From when on findings are read unasked: 90 days before the newest run. Empty where no run tells a date."""
    newest = max(map(date_of, runs), default="")
    try:
        return (datetime.fromisoformat(newest) - timedelta(days=DAYS)).date().isoformat()
    except (ValueError, OverflowError):
        return ""


class Findings:
    """The results of runs, from the operation get_run of a toolset."""

    def __init__(self, toolset: Toolset, operation: str, upstream: Upstream, kept: KeptRuns) -> None:
        row = next(row for row in toolset.operations if row.name == operation)
        self._endpoint = Endpoint(toolset.api, row, upstream)
        self._kept = kept

    async def read(self, call: Call, runs: Sequence[Row], since: str, effort: Effort) -> Read:
        """The results of the runs since then, and how much of all that is.

        Raises:
            FlinttError: the key is not good any more.
        """
        wanted = sorted((run for run in runs if date_of(run) >= since and run.get("id")), key=date_of, reverse=True)
        done = 0

        async def one(run: Row) -> Results | None:
            nonlocal done
            results = await self._one(call, run, effort)
            done += 1
            if done % _SHOWN_EVERY == 0:
                await call.channel.progress(done, len(wanted), f"findings of {done} of {len(wanted)} runs")
            return results

        outcomes = [stops(outcome) for outcome in await each(wanted, one, effort.seconds_left)]
        found = [outcome for outcome in outcomes if isinstance(outcome, Results)]
        ended = [(str(run["id"]), outcome) for run, outcome in zip(wanted, outcomes, strict=True)]
        left = frozenset(id for id, outcome in ended if outcome is None)
        failed = frozenset(id for id, outcome in ended if not isinstance(outcome, Results | NotFound | None))
        return Read(found, _part(found, outcomes, len(runs), since), left, failed)

    async def _one(self, call: Call, run: Row, effort: Effort) -> Results | None:
        """The results of one run; None where there is no room for one request more.

        Raises:
            FlinttError: the API does not tell them.
        """
        if run.get("raw_count") == 0 and not run.get("results_count") and run.get("status") in _ENDED:
            return Results(run, [], [])
        who, id = call.caller.principal_for(self._endpoint.api.name), str(run["id"])
        kept = self._kept.get(who, id)
        if kept is not None:
            return _read(run, msgspec.json.decode(kept))
        if not effort.spend():
            return None
        given = {"run_id": id, **({"signal_id": str(run["signal_id"])} if run.get("signal_id") else {})}
        answer = await (await self._endpoint.call(replace(call, arguments=given))).answer()
        if not isinstance(answer.json, Mapping):
            raise answer.unlike_its_description()
        results = _read(run, answer.json)
        if _has_ended(answer.json):
            told = {"validation_results": results.judged, "raw_results": results.raw}
            self._kept.put(who, id, msgspec.json.encode(told))
        return results


def _has_ended(answer: Mapping[str, Any]) -> bool:
    """Whether the run had ended when its results were told."""
    run = answer.get("run", answer)
    return isinstance(run, Mapping) and run.get("status") in _ENDED


def _read(run: Row, answer: Mapping[str, Any]) -> Results:
    sections = [answer.get(name) for name in ("validation_results", "raw_results")]
    judged, raw = [
        [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else [] for rows in sections
    ]
    return Results(run, judged, raw)


def _part(found: Sequence[Results], outcomes: Sequence[Results | FlinttError | None], runs: int, since: str) -> Part:
    gone = sum(isinstance(outcome, NotFound) for outcome in outcomes)
    unread = len(outcomes) - len(found) - gone
    told = f"findings of {len(found)} of {runs - gone} runs"
    if since:
        told += f", since {since}"
    if not unread:
        return Part(told)
    reason = next(why(outcome) for outcome in outcomes if not isinstance(outcome, Results | NotFound))
    more = "; ask again to go on, what was read is kept for an hour" if reason == TIME_IS_UP else ""
    return Part(f"{told} ({unread} more of that time were not read: {reason}{more})", whole=False)


def judgements(results: Sequence[Results], company_ids: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """What runs judged, valid or not, as rows of findings; `evidence` holds all links."""
    for result in results:
        for row in result.judged:
            links = [
                source["url"] for source in _dicts(row.get("evidence_sources")) if isinstance(source.get("url"), str)
            ]
            yield {
                **_of_run(result.run, row, company_ids),
                "is_valid": bool(row.get("is_valid", True)),
                "confidence": row.get("confidence"),
                "summary": row.get("signal_summary"),
                "why_now": row.get("why_now"),
                "evidence": links,
                "evidence_url": next(iter(links), None),
                "found_at": date_of(result.run) or None,
            }


def raw_finds(results: Sequence[Results], company_ids: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """What runs collected, as rows of raw_finds."""
    for result in results:
        for row in result.raw:
            yield {**row, **_of_run(result.run, row, company_ids)}


def _of_run(run: Row, row: Row, company_ids: Mapping[str, str]) -> dict[str, Any]:
    name = row.get("company_name")
    return {
        "id": row.get("id"),
        "run_id": run.get("id"),
        "signal_id": run.get("signal_id"),
        "company_id": company_ids.get(folded(name)) if isinstance(name, str) else None,
        "company_name": name,
    }


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
