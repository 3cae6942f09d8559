"""Saved recipients: listed, searched, saved, deleted."""

from __future__ import annotations

from uuid import uuid4

import pytest

pytestmark = pytest.mark.anyio

ADA = {
    "name": "Ada Lovelace",
    "account_number": "0000000017",
    "institution_code": "058",
    "bank_name": "GTBank",
    "narration_note": "Monthly consulting fee",
}


async def names(client, search):
    return [row["name"] for row in (await client.get("recipients", params={"search": search})).json()["data"]]


async def test_a_saved_recipient_comes_back_whole_and_first_in_the_list(pilot):
    answer = await pilot.post("recipients", json=ADA)
    saved = answer.json()

    assert answer.status_code == 201
    assert saved == {"id": saved["id"], **ADA, "created_at": "2026-09-30T09:00:00Z"}
    page = (await pilot.get("recipients")).json()
    assert page["data"][0] == saved
    assert (page["total"], page["has_more"]) == (41, False)


async def test_optional_fields_may_be_left_out_and_a_known_bank_is_named(pilot):
    required = {name: ADA[name] for name in ("name", "account_number", "institution_code")}
    known = (await pilot.post("recipients", json=required)).json()
    unknown = (await pilot.post("recipients", json=required | {"institution_code": "999999"})).json()

    assert (known["bank_name"], known["narration_note"]) == ("GTBank", None)
    assert unknown["bank_name"] is None


async def test_a_search_finds_parts_of_names_in_any_case_and_of_account_numbers(pilot):
    await pilot.post("recipients", json=ADA | {"name": "100%_Straße"})

    assert await names(pilot, "okonk") == ["Adaeze Okonkwo"]
    assert await names(pilot, "0123456") == ["Adaeze Okonkwo"]
    assert await names(pilot, "STRASSE") == ["100%_Straße"]
    assert await names(pilot, "%_") == ["100%_Straße"]
    assert await names(pilot, "nobody of that name") == []
    assert len(await names(pilot, "")) == 41


async def test_the_example_of_the_reference_is_there(pilot):
    assert (await pilot.get("recipients", params={"search": "Adaeze"})).json()["data"][0].items() >= {
        "name": "Adaeze Okonkwo",
        "account_number": "0123456789",
        "institution_code": "058",
        "bank_name": "GTBank",
        "narration_note": "Monthly consulting fee",
    }.items()


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"account_number": "123"}, "account_number: must be a text of exactly ten digits"),
        ({"account_number": "0123456789\n"}, "account_number: must be a text of exactly ten digits"),
        ({"account_number": 1234567890}, "account_number: input should be a valid string"),
        (
            {"institution_code": "GTB"},
            "institution_code: must be a text of three to six digits, the bank code given by the CBN",
        ),
        ({"name": " "}, "name: must be one line of text that is not blank, without control characters"),
        ({"name": "x" * 201}, "name: string should have at most 200 characters"),
        ({"id": "mine"}, "id: is not a field of this request"),
    ],
)
async def test_a_field_that_does_not_fit_is_named_with_what_it_takes(pilot, change, detail):
    answer = await pilot.post("recipients", json=ADA | change)

    assert (answer.status_code, answer.json()) == (422, {"detail": detail})


async def test_a_deleted_recipient_is_gone(pilot):
    saved = (await pilot.post("recipients", json=ADA)).json()["id"]

    assert (await pilot.delete(f"recipients/{saved}")).json() == {"status": "deleted", "id": saved}
    assert (await pilot.delete(f"recipients/{saved}")).status_code == 404
    assert (await pilot.delete(f"recipients/{uuid4()}")).json() == {"detail": "Recipient not found."}
    assert await names(pilot, "Lovelace") == []
