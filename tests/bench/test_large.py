"""The large workspace of the bench: as large as it says, paged as the API pages, and judged by the targets."""

from __future__ import annotations

from bench import slow_api
from bench.large import Large
from bench.report import text
from bench.results import Results, verdicts
from bench.slow_api import found


def test_lists_are_as_large_and_as_cut_as_those_of_the_api() -> None:
    assert len(found("/v1/companies")) == slow_api.COMPANIES
    stages = {row["stage"] for row in found("/v1/prospects")}
    deals = [row["id"] for stage in stages for row in found(f"/v1/prospects?stage={stage}")]
    assert (len(found("/v1/prospects")), len(set(deals)), len(deals)) == (100, slow_api.DEALS, slow_api.DEALS)
    pages = [row["id"] for offset in range(0, slow_api.RUNS, 50) for row in found(f"/v1/runs?limit=50&offset={offset}")]
    assert len(set(pages)) == len(pages) == slow_api.RUNS


def test_every_run_has_its_results_and_half_of_them_are_of_the_last_90_days() -> None:
    runs = [row for offset in range(0, slow_api.RUNS, 50) for row in found(f"/v1/runs?limit=50&offset={offset}")]
    run = found(f"/v1/signals/s7/runs/{runs[7]['id']}")
    assert (run["id"], len(run["validation_results"])) == (runs[7]["id"], slow_api.RESULTS)
    recent = [row for row in runs if row["started_at"] >= "2026-07-02T06:00:00Z"]
    assert len(recent) == slow_api.RUNS // 2 + 1


def test_what_is_too_slow_or_too_large_misses_its_target() -> None:
    results = Results("quick", {}, large=Large(query=1.0, first=10.5, second=0.5, growth=81.0))
    assert [(verdict.value, verdict.met) for verdict in verdicts(results)] == [
        (1.0, True),
        (10.5, False),
        (0.5, True),
        (81.0, False),
    ]
    assert "large: findings, s: 10.50 <= 10" in text(results)
    failed = Results("quick", {}, large=Large(fault="no rows"))
    assert (verdicts(failed), failed.faults()) == ([], ["large workspace: no rows"])
