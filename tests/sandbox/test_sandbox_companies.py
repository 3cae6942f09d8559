from __future__ import annotations

from uuid import UUID

import pytest

pytestmark = pytest.mark.anyio


async def names(client, search: str | None = None) -> list[str]:
    answer = await client.get("companies", params={} if search is None else {"name": search})
    return [company["name"] for company in answer.json()]


async def test_a_company_with_only_a_name_shows_every_field(flintt, sandbox):
    answer = await flintt.post("companies", json={"name": "Acme Corp"})
    company = answer.json()

    assert answer.status_code == 201
    assert UUID(company.pop("id")).version == 4
    assert UUID(company.pop("user_id"))
    assert company == {
        "name": "Acme Corp",
        "domain": None,
        "sector": None,
        "size": None,
        "website": None,
        "estimated_revenue": None,
        "logo_url": None,
        "linkedin_url": None,
        "enrichment_data": {},
        "created_at": "2026-09-30T09:00:00Z",
        "updated_at": "2026-09-30T09:00:00Z",
    }


async def test_a_company_takes_the_optional_fields_of_both_editions(flintt):
    fields = {
        "name": "Acme Corp",
        "domain": "acme.com",
        "sector": "SaaS",
        "size": "51-200",
        "website": "https://acme.com",
        "estimated_revenue": "€4M",
        "logo_url": "https://acme.com/logo.png",
        "linkedin_url": "https://linkedin.com/company/acme",
    }
    company = (await flintt.post("companies", json=fields)).json()

    assert {field: company[field] for field in fields} == fields
    assert (await flintt.get("companies")).json()[0] == company


async def test_companies_come_most_recently_updated_first_and_then_newest_first(flintt, clock):
    await flintt.post("companies", json={"name": "First"})
    await flintt.post("companies", json={"name": "Second"})
    clock.forward(seconds=1)
    await flintt.post("companies", json={"name": "Third"})
    companies = (await flintt.get("companies")).json()
    stamps = [company["updated_at"] for company in companies]

    assert [company["name"] for company in companies[:3]] == ["Third", "Second", "First"]
    assert stamps == sorted(stamps, reverse=True)


@pytest.mark.parametrize("search", ["élan rob", "ÉLAN ROB", "ROBOTIQUE", "E\u0301lan"])
async def test_a_name_is_found_by_any_part_in_any_case_and_unicode_form(flintt, search):
    assert await names(flintt, search) == ["Élan Robotique"]


@pytest.mark.parametrize(
    ("search", "found"), [("0% L", ["100% Linen"]), ("h_s", ["North_Star Labs"]), ("\\", []), ("'", 1)]
)
async def test_wildcards_and_quotes_are_letters_like_any_other(flintt, search, found):
    assert (await names(flintt, search) == found) or (found == 1 and await names(flintt, search) == ["O'Malley Dental"])


async def test_percent_and_underscore_alone_find_only_names_that_hold_them(flintt):
    assert await names(flintt, "%") == ["100% Linen"]
    assert await names(flintt, "_") == ["North_Star Labs"]


async def test_a_search_for_nothing_finds_everything_and_for_the_unknown_nothing(flintt):
    assert await names(flintt, "") == await names(flintt)
    assert await names(flintt, "no such company") == []


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({}, [("name", "missing")]),
        ({"name": None}, [("name", "string_type")]),
        ({"name": 7}, [("name", "string_type")]),
        ({"name": ""}, [("name", "string_too_short")]),
        ({"name": "   "}, [("name", "value_error")]),
        ({"name": "two\nlines"}, [("name", "value_error")]),
        ({"name": "Acme\n"}, [("name", "value_error")]),
        ({"name": "nul\x00"}, [("name", "value_error")]),
        ({"name": "a" * 201}, [("name", "string_too_long")]),
        ({"name": "Acme", "colour": "red"}, [("colour", "extra_forbidden")]),
        ({"name": "Acme", "id": "1"}, [("id", "extra_forbidden")]),
        ({"name": "Acme", "website": "acme.com"}, [("website", "value_error")]),
        ({"name": "Acme", "logo_url": "javascript:alert(1)"}, [("logo_url", "value_error")]),
        ({"name": "Acme", "linkedin_url": "https://a b"}, [("linkedin_url", "value_error")]),
        ({"name": "Acme", "domain": "https://acme.com"}, [("domain", "value_error")]),
        ({"name": "Acme", "domain": "acme"}, [("domain", "value_error")]),
        ({"name": "Acme", "website": "https://" + "a" * 2048}, [("website", "string_too_long")]),
        ({"nme": "Acme", "size": 4}, [("name", "missing"), ("size", "string_type"), ("nme", "extra_forbidden")]),
    ],
)
async def test_a_company_that_does_not_fit_is_refused_field_by_field(flintt, body, refused):
    before = await names(flintt)
    answer = await flintt.post("companies", json=body)

    assert answer.status_code == 422
    assert [(fault["loc"], fault["type"]) for fault in answer.json()["detail"]] == [
        (["body", field], kind) for field, kind in refused
    ]
    assert await names(flintt) == before


async def test_a_refusal_says_what_is_wrong_without_the_value(flintt):
    answer = await flintt.post("companies", json={"name": "Acme", "website": "secret-site", "colour": "red"})

    assert answer.json() == {
        "detail": [
            {
                "loc": ["body", "website"],
                "msg": "Must be a web address that begins with https:// or http://",
                "type": "value_error",
            },
            {"loc": ["body", "colour"], "msg": "Extra fields are not permitted", "type": "extra_forbidden"},
        ]
    }


async def test_an_overlong_search_is_refused(flintt):
    answer = await flintt.get("companies", params={"name": "a" * 201})

    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", "name"])


async def test_odd_characters_in_a_search_find_nothing(flintt):
    assert await names(flintt, "a\x00b") == []
    assert (await flintt.get("companies?name=%ff%fe")).json() == []
