"""Who gets in and how everything is refused: keys, scopes, plans, the rate limit, and the one envelope of all errors."""

from __future__ import annotations

import json

import httpx2
import pytest

from flintt_mcp.sandbox.flowmaticx.keys import SANDBOX_KEYS
from tests.sandbox.flowmaticx.flowmaticx_client import SEARCH, data_of, failure, start, talk

pytestmark = pytest.mark.anyio

ROUTES = (("GET", "credits"), ("GET", "jobs"), ("GET", "leads"), ("POST", "jobs"))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer lg_live_unknown",
        "Basic lg_live_sandbox_key",
        "lg_live_sandbox_key",
        "Bearer \xff",
    ],
    ids=range(8),
)
async def test_without_a_good_key_every_route_is_unauthorized_before_anything_else_is_read(sandbox, header):
    async with talk(sandbox.app, None) as anyone:
        headers = {} if header is None else {"Authorization": header.encode("latin-1")}
        for method, path in ROUTES:
            response = await anyone.request(method, path, headers=headers, content=b"{" if method == "POST" else None)
            assert failure(response)[:2] == (401, "UNAUTHORIZED")
            assert response.headers["www-authenticate"] == "Bearer"


async def test_an_unknown_and_a_revoked_key_look_the_same(sandbox, leads):
    unknown = await leads.get("jobs", headers={"Authorization": "Bearer lg_live_sandbox_kez"})
    await sandbox.database.write(
        lambda connection: connection.execute("UPDATE flowmaticx_api_keys SET revoked_at = 'x'")
    )

    assert failure(await leads.get("jobs")) == failure(unknown) == (401, "UNAUTHORIZED", "Invalid API key")


async def test_the_scheme_is_read_in_any_case(leads):
    assert (await leads.get("jobs", headers={"Authorization": f"bEARER {SANDBOX_KEYS['main']}"})).status_code == 200


async def test_a_key_does_only_what_its_scopes_say_and_the_refusal_names_the_missing_one(scoped):
    answers = [await scoped.request(method, path, json=SEARCH) for method, path in ROUTES]

    assert [failure(answer) for answer in answers if answer.status_code == 403] == [
        (403, "FORBIDDEN", "This API key lacks the scope credits:read"),
        (403, "FORBIDDEN", "This API key lacks the scope leads:read"),
    ]
    assert [answer.status_code for answer in answers] == [403, 200, 403, 402]


async def test_api_access_needs_the_agency_plan(sandbox):
    async with talk(sandbox.app, "starter") as starter:
        for method, path in ROUTES:
            assert failure(await starter.request(method, path, json=SEARCH)) == (
                403,
                "PLAN_FEATURE_LOCKED",
                "API access requires the Agency plan",
            )


async def test_without_a_subscription_nothing_starts_and_there_is_no_balance(sandbox):
    async with talk(sandbox.app, "lapsed") as lapsed:
        for answer in (await lapsed.get("credits"), await lapsed.post("jobs", json=SEARCH)):
            assert failure(answer) == (400, "NO_SUBSCRIPTION", "This workspace has no active subscription")
        assert (await data_of(lapsed, "jobs"))["total"] == 0


async def test_the_smallest_plan_has_no_ai_and_few_leads_in_one_job(pilot):
    ai = await pilot.post("jobs", json=SEARCH | {"leads_requested": 25})
    many = await pilot.post("jobs", json=SEARCH | {"leads_requested": 26, "ai_enabled": False})

    assert failure(ai)[:2] == (403, "PLAN_FEATURE_LOCKED")
    assert failure(many) == (400, "PLAN_LIMIT_EXCEEDED", "Your plan allows up to 25 leads per job")
    assert (await start(pilot, leads_requested=25, ai_enabled=False))["estimated_credits"] == 50


async def test_the_example_of_the_text_needs_20_credits_and_has_5(scoped):
    answer = await scoped.post("jobs", json=SEARCH | {"leads_requested": 10})

    assert failure(answer) == (402, "INSUFFICIENT_CREDITS", "Need 20 credits, have 5")


async def test_three_hundred_requests_a_minute_pass_and_the_next_is_told_when_to_come_back(leads, clock):
    for number in range(300):
        clock.forward(seconds=0.1 if number else 0)
        assert (await leads.get("jobs", params={"limit": 1})).status_code == 200

    clock.forward(seconds=0.1)
    refused = await leads.get("jobs")
    assert failure(refused)[:2] == (429, "RATE_LIMITED")
    assert refused.headers["retry-after"] == "30"

    clock.forward(seconds=30)
    assert (await leads.get("jobs")).status_code == 200
    assert (await leads.get("jobs")).headers["retry-after"] == "1"


async def test_the_limit_is_each_key_s_own_and_refused_requests_do_not_count(leads, scoped, clock):
    for _ in range(310):
        answer = await leads.get("credits")
    assert answer.status_code == 429
    assert (await scoped.get("jobs")).status_code == 200

    clock.forward(seconds=60)
    assert (await leads.get("credits")).status_code == 200


async def test_workspaces_never_see_each_other(leads, scoped):
    theirs = (await data_of(scoped, "jobs"))["jobs"]
    ours = (await data_of(leads, "jobs", limit=100))["jobs"]

    assert len(theirs) == 2
    assert {job["id"] for job in theirs}.isdisjoint(job["id"] for job in ours)
    assert failure(await leads.get("leads", params={"job_id": theirs[0]["id"]}))[:2] == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "", 404, "NOT_FOUND"),
        ("GET", "jobs/10042", 404, "NOT_FOUND"),
        ("GET", "jobs/", 404, "NOT_FOUND"),
        ("GET", "api/v1/%ff", 404, "NOT_FOUND"),
        ("DELETE", "jobs", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "leads", 405, "METHOD_NOT_ALLOWED"),
        ("PUT", "credits", 405, "METHOD_NOT_ALLOWED"),
    ],
)
async def test_unknown_paths_and_methods_are_refused_in_the_same_envelope(leads, method, path, status, code):
    answer = await leads.request(method, path)

    assert failure(answer)[:2] == (status, code)
    if status == 405:
        assert answer.headers["allow"] == ("GET, POST" if path == "jobs" else "GET")


async def test_a_defect_is_told_in_the_same_envelope(sandbox, leads):
    await sandbox.database.write(lambda connection: connection.execute("DROP TABLE flowmaticx_leads"))

    assert failure(await leads.get("leads")) == (500, "INTERNAL_ERROR", "Something went wrong on our side")


async def test_the_openapi_document_knows_every_route_its_scope_and_no_foreign_error(leads):
    document = (await leads.get("openapi.json")).json()
    operations = {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }

    assert {route: operation["x-required-scope"] for route, operation in operations.items()} == {
        ("POST", "/jobs"): "jobs:write",
        ("GET", "/jobs"): "jobs:read",
        ("GET", "/leads"): "leads:read",
        ("GET", "/credits"): "credits:read",
    }
    assert "HTTPValidationError" not in json.dumps(document)
    assert document["components"]["securitySchemes"]["ApiKey"]["scheme"] == "bearer"


async def test_people_find_a_page_of_operations(sandbox):
    transport = httpx2.ASGITransport(app=sandbox.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox") as browser:
        assert 'href="flowmaticx/docs"' in (await browser.get("/")).text
        assert "<code>/credits</code>" in (await browser.get("/flowmaticx/docs")).text
