"""What a list tells beside its rows: whose they are, which are not in it, and what there is when nothing is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flintt_mcp.calls.reply import Refused, objects_of
from flintt_mcp.calls.wording import told
from flintt_mcp.rest.sending.message import TransportFault
from tests.apis.toolbox import ask, open_sandboxed
from tests.certain import of_kind, structured
from tests.fake_api import FakeApi, call, open_fake

pytestmark = pytest.mark.anyio

DEALS = [{"id": "d1", "company_id": "c1", "stage": "won"}, {"id": "d2", "company_id": "c2", "stage": "lost"}]
COMPANIES = [{"id": "c1", "name": "Acme"}, {"id": "c2", "name": "Globex"}]


async def deals(tmp_path: Path, *answers: Any, **arguments: Any) -> tuple[dict[str, Any], int]:
    """A list of deals, and how many requests it took."""
    fake = FakeApi()
    fake.will_answer(*answers)
    async with open_fake(tmp_path, fake) as app:
        return dict(structured(await call(app, "list_prospects", arguments))), len(fake.requests)


async def test_a_deal_is_told_with_its_company_instead_of_an_id(tmp_path: Path) -> None:
    found, _ = await deals(tmp_path, DEALS, COMPANIES)
    assert found["prospects"] == {
        "columns": ["id", "company_name", "stage"],
        "rows": [["d1", "Acme", "won"], ["d2", "Globex", "lost"]],
    }
    assert found["not_shown"] == ["company_id"]


async def test_where_a_company_is_not_known_its_id_is_told(tmp_path: Path) -> None:
    found, _ = await deals(tmp_path, DEALS, COMPANIES[:1])
    assert objects_of(found["prospects"]) == [
        {"id": "d1", "company_name": "Acme", "stage": "won", "company_id": "c1"},
        {"id": "d2", "company_name": None, "stage": "lost", "company_id": "c2"},
    ]


async def test_where_companies_cannot_be_read_deals_are_told_without_them(tmp_path: Path) -> None:
    found, _ = await deals(tmp_path, DEALS, TransportFault("refused", sent=False))
    assert found["prospects"]["columns"] == ["id", "stage", "company_id"]


@pytest.mark.parametrize(
    ("fields", "requests", "columns"),
    [
        ("id,stage", 1, ["id", "stage"]),
        ("company_name", 2, ["company_name"]),
        ("all", 2, ["id", "company_id", "stage", "company_name"]),
    ],
)
async def test_companies_are_read_only_for_who_sees_their_names(
    tmp_path: Path, fields: str, requests: int, columns: list[str]
) -> None:
    found, made = await deals(tmp_path, DEALS, *([COMPANIES] * (requests - 1)), fields=fields)
    assert (found["prospects"]["columns"], made) == (columns, requests)


async def test_a_stage_that_no_deal_has_is_answered_with_those_there_are(tmp_path: Path) -> None:
    found, made = await deals(tmp_path, [], DEALS, stage="Won!")
    assert (found["count"], found["complete"], made) == (0, True, 2)
    assert found["hint"] == "nothing has that stage; there is lost, won"


async def test_a_workspace_without_deals_says_so(tmp_path: Path) -> None:
    found, _ = await deals(tmp_path, [], [], stage="won")
    assert found["hint"] == "nothing has that stage; there is none"


async def test_stages_of_a_capped_list_are_those_that_the_api_gives(tmp_path: Path) -> None:
    many = [{"id": f"d{number}", "stage": "won"} for number in range(100)]
    found, _ = await deals(tmp_path, [], many, stage="lost")
    assert found["hint"] == "nothing has that stage; there is won among the rows that the API gives"


async def test_leads_that_cost_nothing_are_said_to_be_left_out_until_they_are_asked_for(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_sandboxed(data_dir, monkeypatch) as app:
        unasked = structured(await ask(app, "flowmaticx_list_leads", limit=1))
        asked = structured(await ask(app, "flowmaticx_list_leads", limit=1, billable_only=False))
    assert unasked["hint"] == "leads that cost nothing are not listed: billable_only false lists them too"
    assert "hint" not in asked


async def test_a_draft_that_cannot_be_paused_is_not_asked_to_be_corrected(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_sandboxed(data_dir, monkeypatch) as app:
        signal = structured(await ask(app, "create_signal", name="New"))["signal"]
        refused = await ask(app, "update_signal", signal_id=signal["id"], status="paused")
    lines = told(of_kind(Refused, refused).error, "update_signal").split("\n")
    assert lines[2].startswith(
        "Next: a draft can be neither paused nor resumed: leave status out until a person has built it"
    )


async def test_raw_finds_that_are_evidence_are_counted_and_not_told_again(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_sandboxed(data_dir, monkeypatch) as app:
        runs = objects_of(structured(await ask(app, "list_runs", limit=50))["runs"])
        run = next(row for row in runs if row["valid_count"])
        told_run = structured(await ask(app, "get_run", run_id=run["id"]))
    evidence = {part["url"] for row in objects_of(told_run["validation_results"]) for part in row["evidence_sources"]}
    raw = {row["source_url"] for row in objects_of(told_run["raw_results"])}
    assert evidence.isdisjoint(raw)
    left = run["raw_count"] - len(objects_of(told_run["raw_results"]))
    assert told_run["hint"] == f"{left} raw_results stand in validation_results and are not told again"
