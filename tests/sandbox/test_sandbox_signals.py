from __future__ import annotations

from uuid import UUID, uuid4

import pytest

pytestmark = pytest.mark.anyio


async def seeded(client, name: str) -> dict:
    return next(signal for signal in (await client.get("signals")).json() if signal["name"] == name)


async def change(client, name: str, body: dict):
    return await client.patch(f"signals/{(await seeded(client, name))['id']}", json=body)


async def test_a_new_signal_is_a_draft(flintt):
    answer = await flintt.post("signals", json={"name": "Series B", "description": "Who raises", "frequency": "weekly"})
    signal = answer.json()

    assert answer.status_code == 201
    assert (await flintt.get(f"signals/{signal['id']}")).json() == signal
    assert (await flintt.get("signals")).json()[0] == signal
    assert UUID(signal.pop("id")).version == 4
    assert signal == {
        "name": "Series B",
        "description": "Who raises",
        "frequency": "weekly",
        "schedule": None,
        "status": "draft",
        "tool_count": 0,
        "last_run_at": None,
        "created_at": "2026-09-30T09:00:00Z",
    }


@pytest.mark.parametrize(
    ("body", "frequency", "schedule"),
    [
        ({}, None, None),
        ({"schedule": "0 8 * * 1-5"}, None, "0 8 * * 1-5"),
        ({"schedule": ""}, None, None),
        ({"schedule": None, "frequency": None}, None, None),
        ({"schedule": "", "frequency": "daily"}, "daily", None),
        ({"schedule": "0 8 * * *", "frequency": None}, None, "0 8 * * *"),
    ],
)
async def test_a_signal_looks_by_frequency_or_by_schedule_or_only_when_asked(flintt, body, frequency, schedule):
    signal = (await flintt.post("signals", json={"name": "Any"} | body)).json()

    assert (signal["frequency"], signal["schedule"]) == (frequency, schedule)


@pytest.mark.parametrize(
    "schedule",
    [
        "* * * * *",
        "*/15 0-6 1,15 * *",
        "0 9 * JAN-MAR MON",
        "0 0 L * *",
        "0 0 29 2 *",
        "30 8 * * 1#1",
        "*/60 */24 * * *",
    ],
)
async def test_a_cron_expression_with_five_fields_is_kept_as_it_was_sent(flintt, schedule):
    assert (await flintt.post("signals", json={"name": "Any", "schedule": schedule})).json()["schedule"] == schedule


@pytest.mark.parametrize(
    "schedule",
    [
        "daily",
        "@daily",
        " ",
        "0 8 * *",
        "0 0 8 * * *",
        "60 * * * *",
        "* 24 * * *",
        "0 0 31 2 *",
        "*/0 * * * *",
        "0 8 * * 5-1",
        "٣ * * * *",
        "0 8 * * \x00",
        "0," * 60 + "0 * * * *",
        7,
    ],
)
async def test_a_schedule_that_is_no_cron_expression_or_never_fires_is_refused(flintt, schedule):
    answer = await flintt.post("signals", json={"name": "Any", "schedule": schedule})

    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "schedule"])


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ("*/90 * * * *", "Must have steps that fit their field"),
        ("0 */25 * * *", "Must have steps that fit their field"),
        ("0 0 1-31/32 * *", "Must have steps that fit their field"),
        ("0 0 1 */13 *", "Must have steps that fit their field"),
        ("0 0 * * */8", "Must have steps that fit their field"),
        ("0,5/90 * * * *", "Must have steps that fit their field"),
        ("0 8 * * 1-5\n", "Must be one line"),
        ("0 8\n* * 1-5", "Must be one line"),
        ("0 8\t* * 1-5", "Must be one line"),
        ("0 8\u2028* * 1-5", "Must be one line"),
        ("0 8\xa0* * 1-5", "Must be one line"),
    ],
)
async def test_a_cron_expression_that_says_something_else_than_it_does_is_refused_with_the_reason(
    flintt, schedule, told
):
    answer = await flintt.post("signals", json={"name": "Any", "schedule": schedule})

    (problem,) = answer.json()["detail"]
    assert (answer.status_code, problem["loc"]) == (422, ["body", "schedule"])
    assert problem["msg"].startswith(told)


async def test_frequency_and_schedule_together_are_refused(flintt):
    body = {"frequency": "daily", "schedule": "0 8 * * *"}
    refusal = {"detail": [{"loc": ["body"], "msg": "Send frequency or schedule, not both", "type": "value_error"}]}
    made = await flintt.post("signals", json={"name": "Any"} | body)
    changed = await change(flintt, "Cloud migrations", body)

    assert (made.status_code, made.json()) == (422, refusal)
    assert (changed.status_code, changed.json()) == (422, refusal)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a" * 161),
        ("name", ""),
        ("name", None),
        ("description", "nul\x00"),
        ("description", "a" * 5001),
        ("frequency", "hourly"),
        ("tool_count", 3),
        ("last_run_at", None),
    ],
)
async def test_a_field_that_does_not_fit_is_refused_by_name_in_a_create_and_in_a_change(flintt, field, value):
    made = await flintt.post("signals", json={"name": "Any"} | {field: value})
    changed = await change(flintt, "Cloud migrations", {field: value})

    assert (made.status_code, made.json()["detail"][0]["loc"]) == (422, ["body", field])
    assert (changed.status_code, changed.json()["detail"][0]["loc"]) == (422, ["body", field])


async def test_a_name_of_160_characters_fits(flintt):
    assert (await flintt.post("signals", json={"name": "é" * 160})).status_code == 201


async def test_a_status_cannot_be_given_when_creating(flintt):
    answer = await flintt.post("signals", json={"name": "Any", "status": "active"})

    assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, "extra_forbidden")


@pytest.mark.parametrize(
    ("name", "body", "changed"),
    [
        ("Cloud migrations", {"name": "Moves"}, {"name": "Moves"}),
        ("Cloud migrations", {"description": "New"}, {"description": "New"}),
        ("Cloud migrations", {"description": None}, {"description": None}),
        ("Cloud migrations", {"description": ""}, {"description": ""}),
        ("Cloud migrations", {"frequency": "daily"}, {"frequency": "daily"}),
        ("Cloud migrations", {"frequency": None}, {"frequency": None}),
        ("Cloud migrations", {"schedule": "0 8 * * *"}, {"schedule": "0 8 * * *", "frequency": None}),
        ("Cloud migrations", {"schedule": None}, {}),
        ("Cloud migrations", {"status": "paused"}, {"status": "paused"}),
        ("Cloud migrations", {}, {}),
        ("Public tenders won", {"schedule": None}, {"schedule": None}),
        ("Public tenders won", {"schedule": ""}, {"schedule": None}),
        ("Public tenders won", {"frequency": "weekly"}, {"schedule": None, "frequency": "weekly"}),
        ("Public tenders won", {"status": "active", "name": "On"}, {"status": "active", "name": "On"}),
        ("Sustainability reports due", {"status": "active"}, {"status": "active"}),
    ],
)
async def test_a_change_touches_what_it_names_and_nothing_else(flintt, name, body, changed):
    before = await seeded(flintt, name)
    answer = await flintt.patch(f"signals/{before['id']}", json=body)

    assert (answer.status_code, answer.json()) == (200, before | changed)
    assert (await flintt.get(f"signals/{before['id']}")).json() == before | changed


@pytest.mark.parametrize("status", ["active", "paused"])
async def test_a_draft_that_is_not_built_refuses_a_status_and_the_whole_change(flintt, status):
    before = await seeded(flintt, "Competitor churn")
    answer = await flintt.patch(f"signals/{before['id']}", json={"status": status, "name": "Other"})

    assert (answer.status_code, answer.json()) == (
        422,
        {
            "detail": [
                {
                    "loc": ["body", "status"],
                    "msg": "This signal is a draft that has not been built: build it in the Flintt app, then set its status",
                    "type": "signal_not_built",
                }
            ]
        },
    )
    assert await seeded(flintt, "Competitor churn") == before


@pytest.mark.parametrize("status", ["draft", "deleted", None, 1])
async def test_a_status_is_active_or_paused(flintt, status):
    answer = await change(flintt, "Cloud migrations", {"status": status})

    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "status"])


async def test_deleting_a_signal_takes_its_runs_and_results_and_nothing_else(flintt, sandbox):
    signal = await seeded(flintt, "Cloud migrations")
    runs = (await flintt.get(f"signals/{signal['id']}/runs")).json()

    def rows(connection, table: str) -> int:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    before = {t: await sandbox.database.read(rows, t) for t in ("flintt_raw_results", "flintt_validation_results")}
    details = [(await flintt.get(f"runs/{run['id']}")).json() for run in runs]
    answer = await flintt.delete(f"signals/{signal['id']}")

    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert (await flintt.get(f"signals/{signal['id']}")).status_code == 404
    assert (await flintt.get(f"runs/{runs[0]['id']}")).status_code == 404
    assert len((await flintt.get("signals")).json()) == 11
    assert await sandbox.database.read(rows, "flintt_runs") == 122 - len(runs)
    for table, field in (("flintt_raw_results", "raw_results"), ("flintt_validation_results", "validation_results")):
        assert await sandbox.database.read(rows, table) == before[table] - sum(len(d[field]) for d in details)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_a_signal_that_is_not_there_is_a_404_and_an_id_that_is_none_a_422(flintt, method):
    body = {"json": {"name": "x"}} if method == "PATCH" else {}
    missing = await flintt.request(method, f"signals/{uuid4()}", **body)
    wrong = await flintt.request(method, "signals/not-an-id", **body)

    assert (missing.status_code, missing.json()) == (404, {"detail": "Signal not found"})
    assert (wrong.status_code, wrong.json()["detail"][0]["loc"]) == (422, ["path", "signal_id"])


async def test_a_deleted_signal_cannot_be_deleted_again(flintt):
    signal = await seeded(flintt, "Cloud migrations")
    await flintt.delete(f"signals/{signal['id']}")

    assert (await flintt.delete(f"signals/{signal['id']}")).status_code == 404


async def test_the_seeded_signals_show_all_statuses_and_kinds_of_timing(flintt):
    signals = (await flintt.get("signals")).json()

    assert sorted(signal["status"] for signal in signals) == ["active"] * 7 + ["draft"] * 2 + ["paused"] * 3
    assert {signal["frequency"] for signal in signals} == {"daily", "weekly", "monthly", None}
    assert sum(signal["schedule"] is not None for signal in signals) == 3
    assert [signal["last_run_at"] is None for signal in signals] == [signal["status"] == "draft" for signal in signals]
