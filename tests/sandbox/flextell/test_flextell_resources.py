"""The six operations of the resource API."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.anyio
NOW = "2026-09-30T09:00:00Z"
JSON = {"Content-Type": "application/json"}


async def ids(client, path, **params):
    """All ids of a list, page by page."""
    found = []
    cursor = None
    while True:
        page = (await client.get(path, params={**params, **({"cursor": cursor} if cursor else {})})).json()
        found += [row["id"] for row in page["data"]]
        cursor = page["meta"]["cursor"]
        assert page["meta"]["has_more"] is (cursor is not None)
        if cursor is None:
            assert page["meta"]["total"] == len(found)
            return found


async def test_a_page_is_in_the_documented_envelope_and_its_cursor_in_the_documented_form(flextell):
    page = (await flextell.get("companies", params={"limit": 2})).json()

    assert page.keys() == {"data", "meta"}
    assert [row["id"] for row in page["data"]] == ["res_001", "res_002"]
    assert page["meta"] == {"cursor": "cursor_eyJpZCI6InJlc18wMDIifQ", "has_more": True, "total": 12}


@pytest.mark.parametrize("limit", [1, 5, 12, 100])
async def test_pages_of_any_size_together_are_the_whole_list(flextell, limit):
    assert await ids(flextell, "companies", limit=limit) == [f"res_{number:03d}" for number in range(1, 13)]


async def test_a_list_goes_on_where_it_was_when_the_last_resource_seen_is_deleted(flextell):
    cursor = (await flextell.get("companies", params={"limit": 3})).json()["meta"]["cursor"]
    await flextell.delete("companies/res_003")
    page = (await flextell.get("companies", params={"limit": 1, "cursor": cursor})).json()

    assert [row["id"] for row in page["data"]] == ["res_004"]


async def test_a_name_nobody_used_yet_is_an_empty_list(flextell):
    answer = await flextell.get("unheard-of")

    assert (answer.status_code, answer.json()) == (
        200,
        {"data": [], "meta": {"cursor": None, "has_more": False, "total": 0}},
    )


async def test_a_resource_lives_from_create_to_delete(flextell, clock):
    created = await flextell.post("deals", json={"name": "Big", "value": 12.5, "tags": ["a"], "owner": {"id": 7}})
    resource = created.json()["data"]
    where = f"deals/{resource['id']}"
    clock.forward(minutes=1)
    replaced = (await flextell.put(where, json={"name": "Bigger", "owner": {"id": 7, "city": None}})).json()["data"]
    merged = (await flextell.patch(where, json={"owner": {"id": None, "city": "Rome"}, "open": True})).json()["data"]

    assert created.status_code == 201
    assert list(resource) == ["id", "name", "value", "tags", "owner", "created_at", "updated_at"]
    assert resource["created_at"] == resource["updated_at"] == NOW
    own = {"id": resource["id"], "created_at": NOW, "updated_at": "2026-09-30T09:01:00Z"}
    assert replaced == own | {"name": "Bigger", "owner": {"id": 7, "city": None}}
    assert merged == own | {"name": "Bigger", "owner": {"city": "Rome"}, "open": True}
    assert (await flextell.get(where)).json() == {"data": merged}
    assert (await flextell.delete(where)).json() == {"data": {"id": resource["id"], "deleted": True}}
    assert (await flextell.get(where)).status_code == 404
    assert (await flextell.get("deals")).json()["data"] == []


async def test_an_id_is_never_given_twice(flextell):
    first = (await flextell.post("deals", json={})).json()["data"]["id"]
    await flextell.delete(f"deals/{first}")

    assert (await flextell.post("deals", json={})).json()["data"]["id"] > first


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("where", ["companies/res_999", "contacts/res_001", "companies/res_1", "companies/nothing"])
async def test_what_is_not_there_under_that_name_is_404(flextell, method, where):
    body = None if method in ("GET", "DELETE") else {"name": "x"}
    answer = await flextell.request(method, where, json=body)

    assert (answer.status_code, answer.json()) == (404, {"error": "not_found", "message": "No such resource."})


async def test_a_list_may_hang_below_a_resource_and_goes_with_it(flextell):
    note = (await flextell.post("companies/res_001/notes", json={"text": "hello"})).json()["data"]

    assert (await flextell.get("companies/res_001/notes")).json()["data"] == [note]
    assert (await flextell.get(f"companies/res_001/notes/{note['id']}")).json()["data"] == note
    assert (await flextell.get(f"companies/res_002/notes/{note['id']}")).status_code == 404
    assert (await flextell.get(f"notes/{note['id']}")).status_code == 404
    await flextell.delete("companies/res_001")
    for answer in (
        await flextell.get("companies/res_001/notes"),
        await flextell.get(f"companies/res_001/notes/{note['id']}"),
        await flextell.post("companies/res_001/notes", json={}),
    ):
        assert answer.status_code == 404


async def test_a_resource_may_be_sent_back_as_it_came(flextell):
    resource = (await flextell.get("companies/res_001")).json()["data"]
    answer = (await flextell.put("companies/res_001", json=resource)).json()["data"]

    assert answer == resource | {"updated_at": NOW}


@pytest.mark.parametrize(
    ("method", "where"), [("POST", "companies"), ("PUT", "companies/res_001"), ("PATCH", "companies/res_001")]
)
async def test_an_id_cannot_be_chosen_or_changed(flextell, method, where):
    answer = await flextell.request(method, where, json={"id": "res_002"})

    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_resource")


@pytest.mark.parametrize(
    ("content", "headers", "status", "error"),
    [
        (b"{", JSON, 400, "invalid_request"),
        (b'{"a": NaN}', JSON, 400, "invalid_request"),
        (b"\xff", JSON, 400, "invalid_request"),
        (b"[" * 50_000, JSON, 400, "invalid_request"),
        (b"[]", JSON, 422, "invalid_resource"),
        (b'"text"', JSON, 422, "invalid_resource"),
        (b'{"a": 1e999}', JSON, 422, "invalid_resource"),
        (b'{"a": "\\ud800"}', JSON, 422, "invalid_resource"),
        (b'{"\\ud800": 1}', JSON, 422, "invalid_resource"),
        (json.dumps({"a": [[[[[[[[[["deep"]]]]]]]]]]}).encode(), JSON, 422, "invalid_resource"),
        (b'{"a": "' + b"x" * 65_536 + b'"}', JSON, 413, "payload_too_large"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        (b"{}", {}, 415, "unsupported_media_type"),
    ],
    ids=range(13),
)
async def test_a_body_that_cannot_be_kept_is_refused_whole(flextell, content, headers, status, error):
    answer = await flextell.post("deals", content=content, headers=headers)

    assert (answer.status_code, answer.json().keys(), answer.json()["error"]) == (status, {"error", "message"}, error)
    assert (await flextell.get("deals")).json()["meta"]["total"] == 0


async def test_patches_cannot_grow_a_resource_past_its_bound(flextell):
    where = "deals/" + (await flextell.post("deals", json={"a": "x" * 40_000})).json()["data"]["id"]

    assert (await flextell.patch(where, json={"b": "x" * 40_000})).status_code == 422
    assert "b" not in (await flextell.get(where)).json()["data"]


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": "x"}, {"cursor": "cursor_e30"}]
)
async def test_a_query_that_no_page_gave_is_refused(flextell, query):
    answer = await flextell.get("companies", params=query)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_names_have_the_right_form_and_any_of_them_is_a_resource(flextell):
    for name in ("docs", "oauth", "openapi", "A-b_9", "x" * 100):
        assert (await flextell.post(name, json={})).status_code == 201
    for name in ("a.b", "x" * 101, "%2E%2E", "a%20b", "a%2Fb.c"):
        assert (await flextell.get(name)).status_code in (404, 422)


async def test_a_method_that_is_not_documented_is_405_and_names_those_that_are(flextell):
    answers = [await flextell.delete("companies"), await flextell.post("companies/res_001", json={})]

    assert [(answer.status_code, answer.headers["allow"]) for answer in answers] == [
        (405, "GET, POST"),
        (405, "DELETE, GET, PATCH, PUT"),
    ]
    assert answers[0].json()["error"] == "method_not_allowed"
