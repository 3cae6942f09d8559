"""Leads: the documented fields, what is billable, filters, pages, and that they appear as their job goes on."""

from __future__ import annotations

import pytest

from tests.sandbox.flowmaticx.flowmaticx_client import data_of, failure, job_of, start

pytestmark = pytest.mark.anyio

LEAD_FIELDS = (
    "id businessName category email emailStatus decisionMakerName decisionMakerRole phone website domain address city "
    "postalCode country rating reviewsCount icebreaker emailSubject emailBody aiInsight keyword isBillable createdAt"
)


async def whole(client, **filters):
    """Every lead that a filter leaves, page by page, as the text's own loop does it."""
    found, offset = [], 0
    while True:
        page = await data_of(client, "leads", limit=100, offset=offset, **filters)
        found += page["leads"]
        if len(found) >= page["total"]:
            return found
        offset += 100


async def test_a_lead_has_exactly_the_documented_fields(leads):
    page = await data_of(leads, "leads", limit=1)

    assert list(page) == ["leads", "total", "limit", "offset"]
    assert " ".join(page["leads"][0]) == LEAD_FIELDS


async def test_only_billable_leads_are_listed_unless_the_others_are_asked_for(leads):
    every, billable = await whole(leads, billable_only=False), await whole(leads)

    assert [lead for lead in every if lead["isBillable"]] == billable
    assert (len(every), len(billable)) == (1978, 1546)
    assert {lead["emailStatus"] for lead in billable} == {"VALID", "RISKY"}


async def test_valid_leads_are_billable_invalid_ones_never_and_risky_ones_when_they_were_wanted(leads):
    # The first of these jobs was started with include_risky, the second without.
    for job_id, risky in ((10047, True), (10042, False)):
        found = await whole(leads, job_id=job_id, billable_only=False)
        assert {(lead["emailStatus"], lead["isBillable"]) for lead in found} == {
            ("VALID", True),
            ("RISKY", risky),
            ("INVALID", False),
        }


async def test_pages_are_the_whole_without_repetition_newest_first(leads):
    every = await whole(leads, billable_only=False)

    assert len({lead["id"] for lead in every}) == len(every)
    assert [(lead["createdAt"], lead["id"]) for lead in every] == sorted(
        ((lead["createdAt"], lead["id"]) for lead in every), reverse=True
    )
    assert (await data_of(leads, "leads", offset=5000))["leads"] == []


async def test_an_email_status_filters_together_with_the_rest(leads):
    counts = {
        status: (await data_of(leads, "leads", email_status=status, billable_only=False))["total"]
        for status in ("VALID", "RISKY", "INVALID")
    }

    assert sum(counts.values()) == 1978
    assert min(counts.values()) > 100
    assert (await data_of(leads, "leads", email_status="INVALID"))["total"] == 0
    assert all(lead["emailStatus"] == "RISKY" for lead in await whole(leads, email_status="RISKY", job_id=10047))


async def test_leads_appear_as_their_job_goes_on_and_agree_with_its_counts(leads, clock):
    job_id = (await start(leads))["job_id"]
    seen = []
    for _ in range(16):
        job = await job_of(leads, job_id)
        billable = (await data_of(leads, "leads", job_id=job_id))["total"]
        every = (await data_of(leads, "leads", job_id=job_id, billable_only=False))["total"]
        assert (job["processedLeads"], job["creditsUsed"]) == (every, 2 * billable)
        seen.append(every)
        clock.forward(seconds=10)

    assert seen[0] == 0 < seen[5] < seen[10] < seen[15]
    assert seen == sorted(seen)


async def test_the_newest_lead_is_created_when_its_job_ends(leads, clock):
    job_id = (await start(leads))["job_id"]
    clock.forward(minutes=5)
    newest = (await data_of(leads, "leads", job_id=job_id, billable_only=False, limit=1))["leads"][0]

    assert newest["createdAt"] == (await job_of(leads, job_id))["finishedAt"]


async def test_without_ai_a_lead_has_no_texts(leads, clock):
    job_id = (await start(leads, ai_enabled=False))["job_id"]
    clock.forward(minutes=5)
    texts = ("icebreaker", "emailSubject", "emailBody", "aiInsight")

    assert {lead[name] for lead in await whole(leads, job_id=job_id) for name in texts} == {None}
    assert all(lead[name] for lead in await whole(leads, job_id=10042) for name in texts)


@pytest.mark.parametrize(
    ("location", "city", "country"),
    [
        ("Leeds, UK", "Leeds", "GB"),
        ("Ulverton, United Kingdom", "Ulverton", "GB"),
        ("Porto, Portugal", "Porto", None),
        ("大阪", "大阪", None),
    ],
)
async def test_leads_lie_where_they_were_looked_for(leads, clock, location, city, country):
    job_id = (await start(leads, location=location, keyword="泥水匠 #plaster"))["job_id"]
    clock.forward(minutes=5)
    found = await whole(leads, job_id=job_id)

    assert {(lead["city"], lead["country"]) for lead in found} == {(city, country)}
    assert {lead["keyword"] for lead in found} == {"泥水匠 #plaster"}
    assert all(lead["email"].endswith("@" + lead["domain"]) and lead["domain"].endswith(".example") for lead in found)


@pytest.mark.parametrize(
    "params",
    [{"job_id": 0}, {"job_id": "x"}, {"billable_only": "maybe"}, {"email_status": "valid"}, {"limit": 101}],
    ids=str,
)
async def test_a_parameter_that_does_not_fit_is_refused_by_name(leads, params):
    status, code, message = failure(await leads.get("leads", params=params))

    assert (status, code) == (400, "VALIDATION_ERROR")
    assert message.startswith(f"{next(iter(params))}: ")


async def test_a_job_that_is_not_there_is_not_found(leads):
    assert failure(await leads.get("leads", params={"job_id": 7})) == (
        404,
        "NOT_FOUND",
        "No such job in this workspace",
    )
