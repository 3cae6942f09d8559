from __future__ import annotations

from uuid import UUID

import pytest

pytestmark = pytest.mark.anyio


async def some_company(client) -> dict:
    return (await client.get("companies")).json()[0]


async def test_a_deal_for_a_company_shows_every_field(flintt):
    company = await some_company(flintt)
    body = {"company_id": company["id"], "stage": "qualified", "next_step": "Send proposal", "estimated_value": 12000}
    answer = await flintt.post("prospects", json=body)
    deal = answer.json()

    assert answer.status_code == 201
    assert UUID(deal.pop("id")).version == 4
    assert deal == {
        "user_id": company["user_id"],
        "company_id": company["id"],
        "name": None,
        "email": None,
        "title": None,
        "linkedin_url": None,
        "stage": "qualified",
        "next_step": "Send proposal",
        "estimated_value": 12000,
        "lead_score": None,
        "visibility": "active",
        "days_in_stage": 0,
        "created_at": "2026-09-30T09:00:00Z",
        "updated_at": "2026-09-30T09:00:00Z",
    }
    assert '"estimated_value":12000,' in answer.text


async def test_a_person_without_a_company_is_a_deal_too_and_starts_as_prospect(flintt):
    person = {
        "name": "Amélie Moreau",
        "email": "amelie@acme.com",
        "title": "VP Sales",
        "linkedin_url": "https://linkedin.com/in/amelie",
    }
    deal = (await flintt.post("prospects", json=person)).json()

    assert {field: deal[field] for field in person} == person
    assert (deal["company_id"], deal["stage"]) == (None, "prospect")
    assert (await flintt.get("prospects", params={"limit": 1})).json() == [deal]


async def test_days_in_stage_are_counted_when_asked_for(flintt, clock):
    await flintt.post("prospects", json={"name": "Ana Silva"})
    clock.forward(days=4, hours=23)
    four = (await flintt.get("prospects", params={"stage": "prospect", "limit": 1})).json()[0]
    clock.forward(days=-40)
    early = (await flintt.get("prospects", params={"stage": "prospect", "limit": 1})).json()[0]

    assert (four["days_in_stage"], early["days_in_stage"]) == (4, 0)


@pytest.mark.parametrize(("limit", "count"), [(None, 50), (1, 1), (50, 50), (100, 100)])
async def test_a_limit_from_1_to_100_is_kept_and_50_without_one(flintt, limit, count):
    answer = await flintt.get("prospects", params={} if limit is None else {"limit": limit})

    assert (answer.status_code, len(answer.json())) == (200, count)


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "", "1.5", "99999999999999999999999"])
async def test_any_other_limit_is_refused(flintt, limit):
    answer = await flintt.get("prospects", params={"limit": limit})

    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", "limit"])


async def test_a_stage_filter_finds_exactly_that_stage_most_recently_updated_first(flintt):
    deals = (await flintt.get("prospects", params={"stage": "negotiating", "limit": 100})).json()
    stamps = [deal["updated_at"] for deal in deals]

    assert len(deals) > 10
    assert {deal["stage"] for deal in deals} == {"negotiating"}
    assert stamps == sorted(stamps, reverse=True)


@pytest.mark.parametrize("stage", ["Negotiating", "nego", "%", "no-such-stage", ""])
async def test_a_stage_that_no_deal_has_finds_nothing(flintt, stage):
    assert (await flintt.get("prospects", params={"stage": stage})).json() == []


@pytest.mark.parametrize("company", ["00000000-0000-4000-8000-000000000000", "other"])
async def test_a_company_that_is_not_in_the_workspace_is_a_404_and_nothing_is_added(flintt, other, company):
    before = (await flintt.get("prospects")).json()
    company_id = (await some_company(other))["id"] if company == "other" else company
    answer = await flintt.post("prospects", json={"company_id": company_id})

    assert (answer.status_code, answer.json()) == (404, {"detail": "Company not found"})
    assert (await flintt.get("prospects")).json() == before


@pytest.mark.parametrize("body", [{}, {"company_id": None, "name": None}, {"stage": "qualified"}])
async def test_a_deal_needs_a_company_or_a_name(flintt, body):
    answer = await flintt.post("prospects", json=body)

    assert (answer.status_code, answer.json()) == (
        422,
        {"detail": [{"loc": ["body"], "msg": "company_id or name is required", "type": "value_error"}]},
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("company_id", "not-a-uuid"),
        ("company_id", 7),
        ("name", " "),
        ("email", "nobody"),
        ("email", "a@b"),
        ("title", "a" * 201),
        ("linkedin_url", "linkedin.com/in/x"),
        ("stage", "Qualified"),
        ("stage", None),
        ("stage", ""),
        ("stage", "a" * 101),
        ("next_step", "nul\x00"),
        ("next_step", "a" * 2001),
        ("estimated_value", -1),
        ("estimated_value", "12"),
        ("estimated_value", True),
        ("estimated_value", 10**400),
        ("estimated_value", 2**70),
        ("lead_score", 80),
        ("days_in_stage", 3),
    ],
)
async def test_a_field_that_does_not_fit_is_refused_by_name(flintt, field, value):
    answer = await flintt.post("prospects", json={"name": "Ana Silva"} | {field: value})

    assert answer.status_code == 422
    assert [fault["loc"] for fault in answer.json()["detail"]] == [["body", field]]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_a_value_that_is_no_finite_number_is_refused(flintt, number):
    content = f'{{"name": "Ana", "estimated_value": {number}}}'
    answer = await flintt.post("prospects", content=content, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "estimated_value"])


@pytest.mark.parametrize("value", [0, 0.01, 1234.5, 10**15])
async def test_a_deal_value_comes_back_as_it_was_sent(flintt, value):
    deal = (await flintt.post("prospects", json={"name": "Ana", "estimated_value": value})).json()

    assert deal["estimated_value"] == value
