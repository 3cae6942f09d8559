"""Who gets in, and who sees what; the seed; what is written about it."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.anyio
UNAUTHORIZED = {"error": "unauthorized", "message": "The access token is missing or invalid."}


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Basic flextell_sandbox_token",
        "flextell_sandbox_token",
        "Bearer \xff",
    ],
    ids=range(8),
)
async def test_without_a_good_token_every_operation_is_401_in_the_documented_words(stranger, header):
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    for method, where in (
        ("GET", "companies"),
        ("DELETE", "companies/res_001"),
        ("POST", "companies"),
        ("GET", "docs"),
    ):
        answer = await stranger.request(method, where, headers=headers)

        assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)
        assert answer.headers["www-authenticate"].startswith('Bearer realm="flextell"')


async def test_neither_user_reaches_what_is_the_others(flextell, second):
    own = (await second.post("contacts", json={"name": "Mine"})).json()["data"]["id"]

    assert (await second.get("companies")).json()["meta"]["total"] == 0
    assert (await second.get("contacts")).json()["meta"]["total"] == 4
    for client, where in (
        (flextell, f"contacts/{own}"),
        (second, "contacts/res_013"),
        (second, "companies/res_001/notes"),
    ):
        assert (await client.get(where)).status_code == 404
    assert (await flextell.delete(f"contacts/{own}")).status_code == 404
    assert (await flextell.patch(f"contacts/{own}", json={"name": "Yours"})).status_code == 404
    assert (await second.get(f"contacts/{own}")).json()["data"]["name"] == "Mine"


async def test_the_seed_is_a_small_business_whose_parts_belong_together(flextell):
    rows = {}
    for name in ("companies", "contacts", "tickets", "invoices"):
        rows[name] = (await flextell.get(name, params={"limit": 100})).json()["data"]
    companies = {row["id"] for row in rows["companies"]}

    assert {name: len(found) for name, found in rows.items()} == {
        "companies": 12,
        "contacts": 24,
        "tickets": 18,
        "invoices": 8,
    }
    assert {row["company_id"] for row in rows["contacts"]} == companies
    assert {row["contact_id"] for row in rows["tickets"]} <= {row["id"] for row in rows["contacts"]}
    assert all(row["total"] == sum(line["amount"] for line in row["lines"]) for row in rows["invoices"])
    assert all(row["company_id"] in companies for row in rows["invoices"])


async def test_the_documents_are_public_and_name_every_answer(stranger):
    document = (await stranger.get("openapi.json")).json()
    page = (await stranger.get("docs.html")).text
    declared = {
        f"{method.upper()} {path}": " ".join(sorted(operation["responses"]))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }

    assert declared == {
        "GET /{resource}": "200 400 401 403 422",
        "POST /{resource}": "201 400 401 403 413 415 422",
        "GET /{resource}/{id}": "200 401 403 404 422",
        "PUT /{resource}/{id}": "200 400 401 403 404 413 415 422",
        "PATCH /{resource}/{id}": "200 400 401 403 404 413 415 422",
        "DELETE /{resource}/{id}": "200 401 403 404 422",
        "GET /{parent}/{parent_id}/{resource}": "200 400 401 403 404 422",
        "POST /{parent}/{parent_id}/{resource}": "201 400 401 403 404 413 415 422",
        "GET /{parent}/{parent_id}/{resource}/{id}": "200 401 403 404 422",
        "PUT /{parent}/{parent_id}/{resource}/{id}": "200 400 401 403 404 413 415 422",
        "PATCH /{parent}/{parent_id}/{resource}/{id}": "200 400 401 403 404 413 415 422",
        "DELETE /{parent}/{parent_id}/{resource}/{id}": "200 401 403 404 422",
    }
    assert all("security" in operation for methods in document["paths"].values() for operation in methods.values())
    assert "/{resource}/{id}" in page
    assert not re.search(r"<script|<link|<img|https?://", page)


async def test_nothing_a_person_could_use_to_sign_in_is_stored_as_it_is(sandbox, data_dir, flextell):
    await flextell.post("deals", json={"name": "x"})
    content = b"".join(path.read_bytes() for path in data_dir.iterdir())

    for secret in (b"flextell_sandbox_token", b"flextell_sandbox_second_token", b"flextell_sandbox_client_secret"):
        assert secret not in content
