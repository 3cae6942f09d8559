"""What any endpoint does with bodies and addresses that make no sense, and when the sandbox itself fails."""

from __future__ import annotations

import httpx2
import pytest

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}
NOT_JSON = {"detail": "The body is not valid JSON."}
NOT_AN_OBJECT = {
    "detail": [
        {
            "loc": ["body"],
            "msg": "The body must be a JSON object, sent with Content-Type: application/json",
            "type": "model_attributes_type",
        }
    ]
}


@pytest.mark.parametrize("path", ["companies", "prospects", "signals"])
@pytest.mark.parametrize("content", [b"{", b"name=Acme", b'{"name": "a"} trailing', b"\xff\xfe"])
async def test_a_body_that_is_not_json_is_a_400(flintt, path, content):
    answer = await flintt.post(path, content=content, headers=JSON)

    assert (answer.status_code, answer.json()) == (400, NOT_JSON)


@pytest.mark.parametrize("content", [b"[" * 200_000, b'{"estimated_value": ' + b"9" * 5000 + b"}"])
async def test_a_body_that_python_cannot_read_is_a_400_too(flintt, content):
    answer = await flintt.post("prospects", content=content, headers=JSON)

    assert answer.status_code == 400
    assert list(answer.json()) == ["detail"]


@pytest.mark.parametrize("content", [b"[]", b'"text"', b"7", b"true"])
async def test_a_body_that_is_no_object_is_refused(flintt, content):
    answer = await flintt.post("companies", content=content, headers=JSON)

    assert (answer.status_code, answer.json()) == (422, NOT_AN_OBJECT)


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain"}])
async def test_a_body_that_is_not_sent_as_json_is_refused_with_the_way_out(flintt, headers):
    answer = await flintt.post("companies", content=b'{"name": "Acme"}', headers=headers)

    assert (answer.status_code, answer.json()) == (422, NOT_AN_OBJECT)


async def test_no_body_at_all_is_refused(flintt):
    answer = await flintt.post("companies", headers=JSON)

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body"]


@pytest.mark.parametrize(
    "content",
    [
        b'{"name": "\\ud800"}',
        b'{"name": "x", "\\udfff": 1}',
        b'{"name": "x", "' + b"a" * 5000 + b'": 1}',
        b'{"name": {"deep": ["er"]}}',
    ],
)
async def test_lone_surrogates_and_huge_names_are_refused_in_an_answer_that_is_utf_8_and_short(flintt, content):
    answer = await flintt.post("companies", content=content, headers=JSON)

    assert answer.status_code == 422
    assert len(answer.content.decode()) < 500


async def test_an_address_that_is_not_there_is_a_404(flintt, sandbox):
    for path in ("nothing", "companies/", "/", "/nothing", "/flintt/", "/flintt/v2/companies"):
        answer = await flintt.get(path if not path.startswith("/") else f"http://sandbox{path}")
        if path == "/":
            assert answer.status_code == 200
        else:
            assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("companies", "GET, POST"),
        ("signals", "GET, POST"),
        ("signals/9a6c1703-26a7-599b-b566-7020e56ebc46", "DELETE, GET, PATCH"),
        ("runs", "GET"),
    ],
)
async def test_a_method_that_is_not_there_is_a_405_that_names_those_that_are(flintt, path, allow):
    answer = await flintt.put(path, json={})

    assert (answer.status_code, answer.json(), answer.headers["allow"]) == (
        405,
        {"detail": "Method Not Allowed"},
        allow,
    )


async def test_a_failure_of_the_sandbox_is_a_500_that_tells_nothing_of_its_inside(sandbox):
    def damage(connection):
        connection.execute("DROP TABLE flintt_validation_results")

    await sandbox.database.write(damage)
    transport = httpx2.ASGITransport(app=sandbox.app, raise_app_exceptions=False)
    headers = {"X-API-Key": sandbox.flintt_key}
    async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox/flintt/v1/", headers=headers) as client:
        run = (await client.get("runs")).json()[0]
        answer = await client.get(f"runs/{run['id']}")

    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})
