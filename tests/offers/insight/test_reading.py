"""How rows are read where the API has bounds or fails: what is missing is told, and a key that goes bad shows nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from flintt_mcp.calls.narrowing import Narrowing
from flintt_mcp.errors import Unauthorized
from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse
from tests.fake_api import open_fake
from tests.offers.insight.asking import query, refused, told

pytestmark = pytest.mark.anyio

Answer = Callable[[str, Mapping[str, str]], Any]
RUNS = [
    {"id": f"r{n}", "signal_id": "s", "status": "completed", "started_at": f"2026-03-{n % 28 + 1:02}T06:00:00Z"}
    for n in range(120)
]


class Api:
    """Answers by path and query; an answer that is a number is a status."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.asked: list[str] = []

    async def __call__(self, request: UpstreamRequest) -> UpstreamResponse:
        parts = urlsplit(request.url)
        path = parts.path.partition("/v1/")[2]
        self.asked.append(path)
        found = self._answer(path, {name: values[0] for name, values in parse_qs(parts.query).items()})
        status, body = (found, {"detail": "no"}) if isinstance(found, int) else (200, found)
        return UpstreamResponse(status, {}, json.dumps(body).encode())


def deals(stage: str, count: int) -> list[dict[str, Any]]:
    return [{"id": f"{stage}{n}", "stage": stage, "estimated_value": 1.1} for n in range(count)]


async def coverage_of_deals(folder: Path, stages: Mapping[str, Any]) -> dict[str, Any]:
    latest = (deals("won", 60) + deals("lost", 60))[:100]
    api = Api(lambda path, given: stages.get(given["stage"], []) if "stage" in given else latest)
    async with open_fake(folder, api) as app:
        caller = app.credentials.with_secrets({"flintt": "flt_a"})
        return await told(
            app, "query_workspace", caller, sql="SELECT count(*), sum(estimated_value_cents) FROM prospects"
        )


async def test_deals_beyond_the_cap_are_read_stage_by_stage(tmp_path: Path) -> None:
    found = await coverage_of_deals(tmp_path, {"won": deals("won", 90), "lost": deals("lost", 70)})
    assert found["rows"]["rows"] == [[160, 160 * 110]]
    assert (found["coverage"], found["complete"]) == ("prospects 160 (2 stages seen, none at the cap of 100)", True)


async def test_a_stage_at_the_cap_and_one_that_fails_are_named(tmp_path: Path) -> None:
    found = await coverage_of_deals(tmp_path, {"won": deals("won", 100), "lost": 500})
    assert found["rows"]["rows"] == [[140, 140 * 110]]
    assert "at the cap of 100, so there may be more: won" in found["coverage"]
    assert "not read: lost (" in found["coverage"]
    assert found["complete"] is False


def of_runs(results: Callable[[str], Any]) -> Answer:
    def answer(path: str, given: Mapping[str, str]) -> Any:
        if path == "runs":
            offset, limit = int(given["offset"]), int(given["limit"])
            return RUNS[offset : offset + limit]
        return [] if path == "companies" else results(path.rpartition("/")[2])

    return answer


def found_in(run: str) -> dict[str, Any]:
    judged = {"id": f"v-{run}", "is_valid": True, "confidence": 0.9, "company_name": "Acme", "signal_summary": "S"}
    return {"run": {"id": run, "status": "completed"}, "raw_results": [], "validation_results": [judged]}


async def test_results_of_ended_runs_are_read_once_and_for_their_caller_alone(tmp_path: Path) -> None:
    api = Api(of_runs(found_in))
    async with open_fake(tmp_path, api) as app:
        one, other = (app.credentials.with_secrets({"flintt": key}) for key in ("flt_one", "flt_other"))
        for caller, requests in ((one, 120), (one, 0), (other, 120), (other, 0)):
            api.asked.clear()
            assert await query(app, "SELECT count(*) FROM findings", caller) == [(120,)]
            assert sum(path.startswith("signals/") for path in api.asked) == requests


async def test_a_run_that_is_gone_counts_for_none_and_one_that_fails_is_told(tmp_path: Path) -> None:
    statuses = {"r3": 404, "r4": 500}
    async with open_fake(tmp_path, Api(of_runs(lambda run: statuses.get(run) or found_in(run)))) as app:
        caller = app.credentials.with_secrets({"flintt": "flt_a"})
        found = await told(app, "query_workspace", caller, sql="SELECT count(*) FROM findings")
    assert (found["rows"]["rows"], found["complete"]) == ([[118]], False)
    assert found["coverage"].startswith("findings of 118 of 119 runs, since ")
    assert "(1 more of that time were not read: " in found["coverage"]


async def test_a_key_that_is_revoked_in_the_middle_shows_nothing(tmp_path: Path) -> None:
    async with open_fake(tmp_path, Api(of_runs(lambda run: 401 if run == "r60" else found_in(run)))) as app:
        caller = app.credentials.with_secrets({"flintt": "flt_a"})
        error = await refused(app, "query_workspace", caller, sql="SELECT * FROM findings")
    assert isinstance(error, Unauthorized)


async def test_a_list_that_gives_one_page_again_and_again_ends_and_says_so(tmp_path: Path) -> None:
    async with open_fake(tmp_path, Api(lambda path, given: RUNS[:50])) as app:
        caller = app.credentials.with_secrets({"flintt": "flt_a"})
        found = await told(app, "query_workspace", caller, sql="SELECT count(*) FROM runs")
    assert (found["rows"]["rows"], found["complete"]) == ([[50]], False)
    assert found["coverage"] == "runs 50 (the API gives the same page again)"


async def test_a_row_that_goes_while_pages_are_read_is_noticed(tmp_path: Path) -> None:
    def answer(path: str, given: Mapping[str, str]) -> Any:
        offset = int(given["offset"])
        return RUNS[:50] if offset == 0 else RUNS[offset + 3 : offset + 53]

    async with open_fake(tmp_path, Api(answer)) as app:
        caller = app.credentials.with_secrets({"flintt": "flt_a"})
        found = await told(app, "query_workspace", caller, sql="SELECT count(*) FROM runs")
    assert found["complete"] is False
    assert "the list changed while it was read" in found["coverage"]


async def test_findings_of_a_list_of_runs_that_is_cut_are_not_called_complete(tmp_path: Path) -> None:
    def same_page(path: str, given: Mapping[str, str]) -> Any:
        return RUNS[:50] if path == "runs" else of_runs(found_in)(path, given)

    async with open_fake(tmp_path, Api(same_page)) as app:
        caller = app.credentials.with_secrets({"flintt": "flt_a"})
        found = await told(app, "query_workspace", caller, sql="SELECT count(*) FROM findings")
    assert (found["rows"]["rows"], found["complete"]) == ([[50]], False)
    assert "runs 50 (" in found["coverage"]


@pytest.mark.parametrize("by", ["the operator", "the request"])
async def test_a_table_whose_list_is_excluded_cannot_be_asked_about(tmp_path: Path, by: str) -> None:
    excluded = ("list_companies",)
    settings: dict[str, Any] = {"exclude_tools": excluded} if by == "the operator" else {}
    async with open_fake(tmp_path, Api(of_runs(found_in)), **settings) as app:
        caller = app.credentials.with_secrets({"flintt": "flt_a"})
        if by == "the request":
            caller = replace(caller, narrowing=Narrowing(excluded=frozenset(excluded)))
        error = await refused(app, "query_workspace", caller, sql="SELECT * FROM companies")
        assert await query(app, "SELECT count(*) FROM runs", caller) == [(120,)]
    assert "no such table: companies" in error.message
