from __future__ import annotations

from uuid import uuid4

import pytest

from flintt_mcp.sandbox.flintt.changes import insert

pytestmark = pytest.mark.anyio

RUN_FIELDS = [
    "id",
    "signal_id",
    "status",
    "run_mode",
    "started_at",
    "ended_at",
    "results_count",
    "completed_at",
    "raw_count",
    "valid_count",
    "deal_count",
]


@pytest.fixture
async def signal_id(flintt) -> str:
    """A draft, to be given runs that a test knows."""
    return next(s["id"] for s in (await flintt.get("signals")).json() if s["name"] == "Sustainability reports due")


@pytest.fixture
async def add_run(sandbox, flintt, signal_id):
    """Add a run to that signal, as the part that runs signals would."""
    user = (await flintt.get("companies")).json()[0]["user_id"]

    async def add(**fields) -> str:
        row = {"id": str(uuid4()), "user_id": user, "signal_id": signal_id, "run_mode": "manual", "status": "completed"}
        return await sandbox.database.write(insert, "flintt_runs", row | {"queued_at": "2026-09-29T05:00:00Z"} | fields)

    return add


async def dates(client, signal_id: str, **bounds: str) -> list[str]:
    answer = await client.get(f"signals/{signal_id}/runs", params=bounds)
    assert answer.status_code == 200
    return [run["started_at"] for run in answer.json()]


async def test_runs_of_a_signal_come_newest_first_with_the_fields_of_both_editions(flintt):
    signal = next(s for s in (await flintt.get("signals")).json() if s["name"] == "Cloud migrations")
    runs = (await flintt.get(f"signals/{signal['id']}/runs")).json()
    started = [run["started_at"] for run in runs]

    assert len(runs) == 12
    assert all(list(run) == RUN_FIELDS and run["signal_id"] == signal["id"] for run in runs)
    assert started == sorted(started, reverse=True)
    assert signal["last_run_at"] == started[0]


async def test_a_finished_run_a_failed_run_and_a_pending_run_show_what_is_known(flintt, signal_id, add_run):
    times = {"started_at": "2026-09-29T05:00:02Z", "ended_at": "2026-09-29T05:04:00Z"}
    counts = {"raw_count": 12, "valid_count": 5, "deal_count": 2}
    await add_run(queued_at="2026-09-29T06:00:00Z", status="pending")
    await add_run(status="failed", **times)
    await add_run(status="partial", **times, **counts)
    pending, partial, failed = [
        [run[field] for field in RUN_FIELDS[2:]] for run in (await flintt.get(f"signals/{signal_id}/runs")).json()
    ]

    assert pending == ["pending", "manual", None, None, 0, None, 0, 0, 0]
    assert partial == ["partial", "manual", *times.values(), 5, times["ended_at"], 12, 5, 2]
    assert failed == ["failed", "manual", *times.values(), 0, None, 0, 0, 0]


A, B, C = "2026-03-19T23:59:59Z", "2026-03-20T06:00:00Z", "2026-03-20T23:59:59Z"


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        ({}, [C, B, A]),
        ({"from_date": "2026-03-20"}, [C, B]),
        ({"to_date": "2026-03-20"}, [C, B, A]),
        ({"to_date": "2026-03-19"}, [A]),
        ({"from_date": "2026-03-20", "to_date": "2026-03-20"}, [C, B]),
        ({"from_date": B, "to_date": B}, [B]),
        ({"from_date": "2026-03-20T06:00:00.000001Z"}, [C]),
        ({"to_date": "2026-03-20T05:59:59.999999Z"}, [A]),
        ({"from_date": "2026-03-20T08:00:00+02:00", "to_date": "2026-03-20T01:00:00-05:00"}, [B]),
        ({"from_date": "2026-03-20T06:00:00"}, [C, B]),
        ({"from_date": "2026-03-21", "to_date": "2026-03-19"}, []),
        ({"from_date": "0001-01-01T00:00:00+14:00", "to_date": "9999-12-31T23:59:59-12:00"}, [C, B, A]),
        ({"to_date": "9999-12-31"}, [C, B, A]),
        ({"to_date": "20260319"}, [A]),
    ],
)
async def test_runs_are_found_between_two_dates_both_included(flintt, signal_id, add_run, bounds, found):
    for started in (B, A, C):
        await add_run(started_at=started, queued_at=started)

    assert await dates(flintt, signal_id, **bounds) == found


@pytest.mark.parametrize("field", ["from_date", "to_date"])
@pytest.mark.parametrize("value", ["yesterday", "", "2026-13-01", "2026-02-30", "1700000000", "10000-01-01"])
async def test_a_bound_that_is_no_date_is_refused(flintt, signal_id, field, value):
    answer = await flintt.get(f"signals/{signal_id}/runs", params={field: value})

    assert (answer.status_code, answer.json()["detail"][0]) == (
        422,
        {
            "loc": ["query", field],
            "msg": "not an ISO 8601 date or date and time, such as 2026-03-20 or 2026-03-20T06:00:00Z",
            "type": "value_error",
        },
    )


async def test_all_runs_are_listed_in_pages_that_join_without_a_gap(flintt):
    first = (await flintt.get("runs")).json()
    all_runs = [run for offset in (0, 50, 100) for run in (await flintt.get("runs", params={"offset": offset})).json()]
    started = [run["started_at"] for run in all_runs]

    assert len(first) == 50
    assert len({run["id"] for run in all_runs}) == len(all_runs) == 120
    assert started == sorted(started, reverse=True)
    assert (await flintt.get("runs", params={"offset": 120})).json() == []
    assert (await flintt.get("runs", params={"limit": 2, "offset": 1})).json() == first[1:3]


async def test_runs_are_filtered_by_signal(flintt):
    signal = next(s for s in (await flintt.get("signals")).json() if s["name"] == "Cloud migrations")
    filtered = (await flintt.get("runs", params={"signal_id": signal["id"], "limit": 100})).json()

    assert filtered == (await flintt.get(f"signals/{signal['id']}/runs")).json()
    assert (await flintt.get("runs", params={"signal_id": str(uuid4())})).json() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "many"),
        ("limit", str(2**64)),
        ("offset", "-1"),
        ("offset", str(2**63)),
        ("offset", str(2**64)),
        ("signal_id", "none"),
    ],
)
async def test_a_page_that_does_not_fit_is_refused(flintt, field, value):
    answer = await flintt.get("runs", params={field: value})

    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", field])


async def test_the_largest_page_numbers_are_served(flintt):
    assert len((await flintt.get("runs", params={"limit": 100})).json()) == 100
    assert (await flintt.get("runs", params={"offset": 2**53 - 1})).json() == []


async def test_the_detail_of_a_run_holds_what_it_collected_and_the_judgement_on_it(flintt):
    run = next(run for run in (await flintt.get("runs")).json() if run["status"] == "completed")
    detail = (await flintt.get(f"signals/{run['signal_id']}/runs/{run['id']}")).json()
    raw, judged = detail["raw_results"], detail["validation_results"]

    assert list(detail) == ["run", "raw_results", "validation_results"]
    assert detail["run"] == run
    assert (len(raw), sum(result["is_valid"] for result in judged)) == (run["raw_count"], run["results_count"])
    assert list(raw[0]) == ["id", "company_name", "signal", "source_url", "source_type", "created_at"]
    assert raw[0]["id"].startswith("rr_")
    assert judged[0]["id"].startswith("vr_")
    assert [result["company_name"] for result in raw] == [result["company_name"] for result in judged]
    assert judged[0] == {
        "id": judged[0]["id"],
        "is_valid": judged[0]["is_valid"],
        "confidence": judged[0]["confidence"],
        "company_name": raw[0]["company_name"],
        "signal_summary": judged[0]["signal_summary"],
        "why_now": judged[0]["why_now"],
        "evidence_sources": [{"url": raw[0]["source_url"], "title": judged[0]["evidence_sources"][0]["title"]}],
    }


async def test_the_flat_detail_is_the_nested_one_with_the_fields_of_the_run_on_top(flintt):
    for run in (await flintt.get("runs", params={"limit": 20})).json():
        nested = (await flintt.get(f"signals/{run['signal_id']}/runs/{run['id']}")).json()

        assert (await flintt.get(f"runs/{run['id']}")).json() == run | nested


async def test_a_run_is_not_found_under_another_signal(flintt):
    runs = (await flintt.get("runs", params={"limit": 100})).json()
    stranger = next(run["signal_id"] for run in runs if run["signal_id"] != runs[0]["signal_id"])
    answer = await flintt.get(f"signals/{stranger}/runs/{runs[0]['id']}")

    assert (answer.status_code, answer.json()) == (404, {"detail": "Run not found"})


async def test_what_is_not_there_is_a_404(flintt, signal_id):
    for path, what in (
        (f"runs/{uuid4()}", "Run"),
        (f"signals/{signal_id}/runs/{uuid4()}", "Run"),
        (f"signals/{uuid4()}/runs", "Signal"),
    ):
        answer = await flintt.get(path)

        assert (answer.status_code, answer.json()) == (404, {"detail": f"{what} not found"})


async def test_an_id_that_is_none_is_refused(flintt, signal_id):
    for path, field in (
        ("runs/x", "run_id"),
        (f"signals/{signal_id}/runs/x", "run_id"),
        ("signals/x/runs", "signal_id"),
    ):
        answer = await flintt.get(path)

        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["path", field])
