"""Jobs: what may be asked for, exactly one job for one Idempotency-Key, and the course a job takes by the clock alone."""

from __future__ import annotations

import anyio
import pytest

from flintt_mcp.sandbox.server import open_sandbox
from tests.sandbox.flowmaticx.flowmaticx_client import SEARCH, data_of, failure, job_of, start, talk

pytestmark = pytest.mark.anyio

JOB_FIELDS = (
    "id workflowType keyword location requestedLeads foundLeads processedLeads creditsUsed status progress createdAt "
    "startedAt finishedAt"
)


async def test_a_new_job_answers_at_once_with_its_price_and_what_is_left(leads):
    before = (await data_of(leads, "credits"))["creditsRemaining"]
    started = await start(leads)

    assert started == {
        "job_id": started["job_id"],
        "status": "queued",
        "estimated_credits": 100,
        "credits_remaining": before - 100,
    }
    assert (await data_of(leads, "credits"))["creditsRemaining"] == before - 100


async def test_a_job_waits_runs_and_completes_as_the_one_in_the_text(leads, clock):
    job_id = (await start(leads))["job_id"]
    seen = []
    for seconds in (0, 5, 60, 69, 1):
        clock.forward(seconds=seconds)
        seen.append(await job_of(leads, job_id))

    assert " ".join(seen[0]) == JOB_FIELDS
    assert [(job["status"], job["progress"], job["startedAt"], job["finishedAt"]) for job in seen] == [
        ("QUEUED", 0, None, None),
        ("RUNNING", 0, "2026-09-30T09:00:05Z", None),
        ("RUNNING", 46, "2026-09-30T09:00:05Z", None),
        ("RUNNING", 99, "2026-09-30T09:00:05Z", None),
        ("COMPLETED", 100, "2026-09-30T09:00:05Z", "2026-09-30T09:02:15Z"),
    ]
    assert [job["createdAt"] for job in seen] == ["2026-09-30T09:00:00Z"] * 5


async def test_counts_only_grow_and_found_leads_are_processed_a_little_later(leads, clock):
    job_id = (await start(leads))["job_id"]
    seen = []
    for _ in range(30):
        seen.append(await job_of(leads, job_id))
        clock.forward(seconds=5)

    for name in ("foundLeads", "processedLeads", "creditsUsed", "progress"):
        values = [job[name] for job in seen]
        assert values == sorted(values)
    assert all(job["processedLeads"] <= job["foundLeads"] <= job["requestedLeads"] for job in seen)
    assert any(job["processedLeads"] < job["foundLeads"] for job in seen)
    assert 45 <= seen[-1]["foundLeads"] == seen[-1]["processedLeads"] <= 50


@pytest.mark.parametrize(("keyword", "status", "progress"), [("x #FAIL", "FAILED", 40), ("#timeout", "TIMED_OUT", 75)])
async def test_a_job_that_ends_badly_keeps_and_charges_only_what_it_found(leads, clock, keyword, status, progress):
    before = (await data_of(leads, "credits"))["creditsUsed"]
    job_id = (await start(leads, keyword=keyword, leads_requested=100))["job_id"]
    clock.forward(minutes=10)

    job = await job_of(leads, job_id)
    assert (job["status"], job["progress"]) == (status, progress)
    assert 0 < job["processedLeads"] == job["foundLeads"] <= progress
    assert (await data_of(leads, "credits"))["creditsUsed"] == before + job["creditsUsed"]
    assert job["creditsUsed"] == 2 * (await data_of(leads, "leads", job_id=job_id))["total"]


async def test_a_job_goes_on_through_a_restart_and_looks_the_same_from_two_processes(data_dir, clock):
    async with open_sandbox(data_dir, clock=clock) as sandbox, talk(sandbox.app, "main") as client:
        job_id = (await start(client))["job_id"]
    clock.forward(seconds=70)
    async with (
        open_sandbox(data_dir, clock=clock) as one,
        open_sandbox(data_dir, clock=clock) as other,
        talk(one.app, "main") as first,
        talk(other.app, "main") as second,
    ):
        job = await job_of(first, job_id)
        assert job["status"] == "RUNNING"
        assert await job_of(second, job_id) == job
        assert await data_of(first, "leads", job_id=job_id) == await data_of(second, "leads", job_id=job_id)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"workflow_type": "google_maps"}, "workflow_type: should be 'GOOGLE_MAPS', 'LINKEDIN', "),
        ({"keyword": ""}, "keyword: String should have at least 1 character"),
        ({"keyword": "a\nb"}, "keyword: must be one line of text"),
        ({"keyword": None}, "keyword: should be a valid string"),
        ({"location": " "}, "location: must be one line of text"),
        ({"leads_requested": 0}, "leads_requested: should be greater than or equal to 1"),
        ({"leads_requested": 501}, "leads_requested: should be less than or equal to 500"),
        ({"leads_requested": "50"}, "leads_requested: should be a valid integer"),
        ({"leads_requested": 1.5}, "leads_requested: should be a valid integer"),
        ({"leads_requested": True}, "leads_requested: should be a valid integer"),
        ({"ai_enabled": "yes"}, "ai_enabled: should be a valid boolean"),
        ({"leads": 5}, "leads: unknown field"),
    ],
    ids=str,
)
async def test_what_does_not_fit_is_refused_by_name_and_nothing_starts(leads, change, message):
    status, code, told = failure(await leads.post("jobs", json=SEARCH | change))

    assert (status, code) == (400, "VALIDATION_ERROR")
    assert told.startswith(message)
    assert (await data_of(leads, "jobs"))["total"] == 40


@pytest.mark.parametrize("field", SEARCH)
async def test_every_required_field_is_missed_by_name(leads, field):
    search = {name: value for name, value in SEARCH.items() if name != field}

    assert failure(await leads.post("jobs", json=search)) == (400, "VALIDATION_ERROR", f"{field}: Field required")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "The body is not valid JSON"),
        (b"\xff", "The request could not be read"),
        (b"[]", "The body must be a JSON object, sent with Content-Type: application/json"),
        (b"", "The body must be a JSON object, sent with Content-Type: application/json"),
        (
            b'{"keyword": "\\ud800"}',
            "workflow_type: Field required; keyword: should be a valid string, unable to parse",
        ),
    ],
    ids=range(5),
)
async def test_a_body_that_is_no_json_object_is_a_validation_error(leads, content, message):
    answer = failure(await leads.post("jobs", content=content, headers={"Content-Type": "application/json"}))

    assert answer[:2] == (400, "VALIDATION_ERROR")
    assert answer[2].startswith(message)


async def test_whole_numbers_may_be_written_with_a_point_and_limits_are_included(leads):
    assert (await start(leads, leads_requested=1.0))["estimated_credits"] == 2
    assert failure(await leads.post("jobs", json=SEARCH | {"leads_requested": 500}))[1] == "INSUFFICIENT_CREDITS"


async def test_a_known_idempotency_key_returns_its_job_as_it_is_now(leads, clock):
    first = await start(leads, key="my-job-ref-abc123")
    clock.forward(seconds=30)
    again = await start(leads, key="my-job-ref-abc123")
    # The text puts no condition on the body: whatever else it asks for, the job of the key is meant.
    other = await start(leads, key="my-job-ref-abc123", keyword="florist", leads_requested=500)

    assert again == other == first | {"status": "running"}
    assert (await data_of(leads, "jobs"))["total"] == 41


async def test_another_key_and_no_key_start_another_job(leads):
    ids = {(await start(leads, key=key, leads_requested=5))["job_id"] for key in ("a", "A", "b", None, None)}

    assert len(ids) == 5


async def test_a_key_belongs_to_its_workspace_and_a_refused_request_does_not_use_it_up(leads, pilot):
    ours = await start(leads, key="same", leads_requested=5)
    assert failure(await pilot.post("jobs", json=SEARCH, headers={"Idempotency-Key": "same"}))[0] == 403
    theirs = await start(pilot, key="same", leads_requested=5, ai_enabled=False)

    assert theirs["job_id"] != ours["job_id"]


@pytest.mark.parametrize("key", ["", "two words", "k" * 256, "\xe9"], ids=range(4))
async def test_an_idempotency_key_is_visible_ascii_of_at_most_255_characters(leads, key):
    answer = await leads.post("jobs", json=SEARCH, headers={"Idempotency-Key": key.encode("latin-1")})

    assert failure(answer)[:2] == (400, "VALIDATION_ERROR")


async def test_requests_with_one_key_at_once_start_one_job_also_in_two_processes(data_dir, clock):
    answers = []

    async def send(sandbox) -> None:
        async with talk(sandbox.app, "main") as client:
            answers.append(await start(client, key="once"))

    async with open_sandbox(data_dir, clock=clock) as one, open_sandbox(data_dir, clock=clock) as other:
        async with anyio.create_task_group() as group:
            for number in range(12):
                group.start_soon(send, (one, other)[number % 2])
        async with talk(one.app, "main") as client:
            assert (await data_of(client, "jobs"))["total"] == 41
            remaining = (await data_of(client, "credits"))["creditsRemaining"]

    assert answers == [answers[0]] * 12
    assert answers[0]["credits_remaining"] == remaining


async def test_requests_at_once_never_spend_more_than_there_is(pilot, sandbox):
    statuses = []

    async def send() -> None:
        async with talk(sandbox.app, "pilot") as client:
            statuses.append(
                (await client.post("jobs", json=SEARCH | {"leads_requested": 20, "ai_enabled": False})).status_code
            )

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(send)

    assert sorted(statuses) == [200] * 2 + [402] * 6
    assert (await data_of(pilot, "credits"))["creditsRemaining"] == 20


async def test_the_list_is_newest_first_and_its_pages_are_the_whole(leads):
    whole = (await data_of(leads, "jobs"))["jobs"]
    pages = [await data_of(leads, "jobs", limit=15, offset=offset) for offset in (0, 15, 30, 45)]

    assert [job for page in pages for job in page["jobs"]] == whole
    assert [job["id"] for job in whole] == sorted((job["id"] for job in whole), reverse=True)
    assert [(page["total"], page["limit"], page["offset"]) for page in pages] == [(40, 15, n) for n in (0, 15, 30, 45)]


async def test_a_status_filters_by_what_jobs_are_now(leads, clock):
    job_id = (await start(leads))["job_id"]
    found = {}
    for status, seconds in (("QUEUED", 5), ("RUNNING", 130), ("COMPLETED", 0)):
        found[status] = [job["id"] for job in (await data_of(leads, "jobs", status=status, limit=100))["jobs"]]
        clock.forward(seconds=seconds)

    assert (found["QUEUED"], found["RUNNING"], found["COMPLETED"][0]) == ([job_id], [job_id], job_id)
    assert len(found["COMPLETED"]) == 38
    assert (await data_of(leads, "jobs", status="FAILED"))["total"] == 1
    assert (await data_of(leads, "jobs", status="TIMED_OUT"))["total"] == 2


@pytest.mark.parametrize(
    "params",
    [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"offset": -1}, {"offset": 2**53}, {"status": "completed"}],
    ids=str,
)
async def test_a_parameter_that_does_not_fit_is_refused_by_name(leads, params):
    status, code, message = failure(await leads.get("jobs", params=params))

    assert (status, code) == (400, "VALIDATION_ERROR")
    assert message.startswith(f"{next(iter(params))}: ")
