"""list_findings: what signals found, newest first, by company, signal, confidence and time, with how much was read for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fake_api import open_fake
from tests.offers.insight.asking import refused, told
from tests.offers.insight.test_reading import Api

pytestmark = pytest.mark.anyio

DAYS = {"r1": "2026-01-10", "r2": "2026-03-10", "r3": "2026-03-20"}
RUNS = [
    {"id": id, "signal_id": f"s{1 + (id == 'r2')}", "status": "completed", "started_at": f"{day}T06:00:00Z"}
    for id, day in DAYS.items()
]
LISTS: Mapping[str, Any] = {
    "companies": [
        {"id": "c1", "name": "Acme", "domain": "acme.io"},
        {"id": "c2", "name": "Nova"},
        {"id": "c3", "name": "NOVA"},
    ],
    "signals": [{"id": "s1", "name": "Hiring"}, {"id": "s2", "name": "Funding"}],
    "runs": RUNS,
}


def finding(id: str, company: Any, confidence: Any, *links: str, valid: bool = True) -> dict[str, Any]:
    sources = [{"url": link} for link in links]
    return {
        "id": id,
        "company_name": company,
        "confidence": confidence,
        "is_valid": valid,
        "signal_summary": f"about {id}",
        "why_now": None,
        "evidence_sources": sources,
    }


JUDGED = {
    "r1": [finding("old", "Acme", 0.9)],
    "r2": [finding("rejected", "ACME ", 0.2, valid=False), finding("twin", "Nova", 0.5)],
    "r3": [finding("new", "acme", 0.94, "https://a.example", "https://b.example"), finding("odd", None, "high")],
}


def answer(path: str, given: Mapping[str, str]) -> Any:
    id = path.rpartition("/")[2]
    return {"validation_results": JUDGED[id], "raw_results": []} if id in JUDGED else LISTS[path]


async def found(folder: Path, **arguments: Any) -> tuple[list[str], str, list[str]]:
    """Ids of the findings, the coverage of runs, and the runs that were read."""
    api = Api(answer)
    async with open_fake(folder, api) as app:
        caller = app.credentials.with_secrets({"flintt": "flt_a"})
        page = await told(app, "list_findings", caller, **arguments)
    table = page["findings"]
    assert ("hint" in page) is arguments.get("valid_only", True)
    read = sorted(path.rpartition("/")[2] for path in api.asked if path.rpartition("/")[2] in JUDGED)
    return (
        [dict(zip(table["columns"], row, strict=True))["id"] for row in table["rows"]],
        page["coverage"].partition(";")[0],
        read,
    )


async def test_a_finding_tells_its_links_its_run_and_its_signal(tmp_path: Path) -> None:
    async with open_fake(tmp_path, Api(answer)) as app:
        caller = app.credentials.with_secrets({"flintt": "flt_a"})
        page = await told(app, "list_findings", caller, company="Acme")
    table = page.pop("findings")
    shared = table.get("same_in_all", {})
    assert [shared | dict(zip(table["columns"], row, strict=True)) for row in table["rows"]] == [
        {
            "found_at": "2026-03-20T06:00:00Z",
            "company_name": "acme",
            "company_id": "c1",
            "summary": "about new",
            "why_now": None,
            "confidence": 0.94,
            "is_valid": True,
            "evidence": ["https://a.example", "https://b.example"],
            "signal": "Hiring",
            "signal_id": "s1",
            "run_id": "r3",
            "id": "new",
        },
        {
            "found_at": "2026-01-10T06:00:00Z",
            "company_name": "Acme",
            "company_id": "c1",
            "summary": "about old",
            "why_now": None,
            "confidence": 0.9,
            "is_valid": True,
            "evidence": [],
            "signal": "Hiring",
            "signal_id": "s1",
            "run_id": "r1",
            "id": "old",
        },
    ]
    assert page == {
        "count": 2,
        "complete": True,
        "total": 2,
        "hint": "rejected findings are not listed: valid_only false lists them too",
        "coverage": "findings of 3 of 3 runs, since 2025-12-20; runs 3 of 3; companies 3 of 3; signals 2 of 2",
    }


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ({}, ["new", "odd", "twin", "old"]),
        ({"valid_only": False}, ["new", "odd", "rejected", "twin", "old"]),
        ({"company": "c1", "valid_only": False}, ["new", "rejected", "old"]),
        ({"company": "ACME.io"}, ["new", "old"]),
        ({"company": "c3"}, ["twin"]),
        ({"company": "nobody"}, []),
        ({"min_confidence": 0.9}, ["new", "old"]),
    ],
)
async def test_findings_are_told_newest_first_by_company_and_confidence(
    tmp_path: Path, arguments: dict[str, Any], ids: list[str]
) -> None:
    assert (await found(tmp_path, **arguments))[0] == ids


@pytest.mark.parametrize(
    ("arguments", "ids", "coverage", "read"),
    [
        ({"signal_id": "s2"}, ["twin"], "findings of 1 of 1 runs, since 2025-12-10", ["r2"]),
        ({"since": "2026-03-10"}, ["new", "odd", "twin"], "findings of 2 of 3 runs, since 2026-03-10", ["r2", "r3"]),
        (
            {"since": "2026-03-10T06:00:01Z"},
            ["new", "odd"],
            "findings of 1 of 3 runs, since 2026-03-10T06:00:01Z",
            ["r3"],
        ),
        ({"until": "2026-03-10"}, ["twin", "old"], "findings of 2 of 2 runs, since 2025-12-10", ["r1", "r2"]),
        ({"until": "2026-03-10T05:00:00Z"}, ["old"], "findings of 1 of 1 runs, since 2025-10-12", ["r1"]),
        ({"until": "2025-01-01"}, [], "findings of 0 of 0 runs", []),
    ],
)
async def test_runs_of_other_signals_and_times_are_not_read(
    tmp_path: Path, arguments: dict[str, Any], ids: list[str], coverage: str, read: list[str]
) -> None:
    assert await found(tmp_path, **arguments) == (ids, coverage, read)


@pytest.mark.parametrize("name", ["since", "until"])
async def test_a_date_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    async with open_fake(tmp_path, Api(answer)) as app:
        caller = app.credentials.with_secrets({"flintt": "flt_a"})
        error = await refused(app, "list_findings", caller, **{name: "last month"})
    assert error.message == f"{name}: takes a date or a moment in ISO 8601, e.g. 2026-06-01 or 2026-03-20T06:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"signal_id": "s3"}, "signal_id: of no signal and no run that could be read"),
        ({"since": "2026-03-11T00:00:00Z", "until": "2026-03-10"}, "until: is before since"),
    ],
)
async def test_what_nothing_can_fit_is_refused_and_not_told_as_no_findings(
    tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    async with open_fake(tmp_path, Api(answer)) as app:
        caller = app.credentials.with_secrets({"flintt": "flt_a"})
        error = await refused(app, "list_findings", caller, **arguments)
    assert error.message == message
